"""The window on a screen with a tray: where it opens, that there is one of it, and that keys and readers reach all of it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from govsync.desktop.window import PAGES
from govsync.model.status import State
from tests.journeys.conftest import Site
from tests.journeys.person import Person, at_a_screen
from tests.journeys.programs import Forks
from tests.journeys.reader import FOCUSABLE, FOCUSED, Where
from tests.journeys.screen import WIDTH
from tests.journeys.site import PASSWORD, until

pytestmark = pytest.mark.journey
SAYS_NOTHING = {"filler", "panel", "layered pane", "graphic", "scroll bar", "label"}
"""Roles of what only holds or adorns something else; a label is what it says."""
OTHERWISE = {"label", "cell", "filler"}
"""Words are read and not used; the rows of a list are reached by arrows; the window has the keyboard anyway."""
NEAR = 48


@pytest.fixture
def person(site: Site, tmp_path: Path, forks: Forks) -> Iterator[Person]:
    """Somebody who is signed in, and has what is worth to be seen."""
    with at_a_screen(tmp_path, "anna", forks) as found:
        found.do(
            "login", "--endpoint", f"http://127.0.0.1:{site.server.port}", "--user", "anna", "--password-stdin",
            stdin=PASSWORD,
        )  # fmt: skip
        found.do("folder", "set", str(found.base / "GovSync"))
        found.do("start")
        found.do("wait")
        yield found


def windows(person: Person) -> int:
    """Answers how many windows are seen, beside the icon."""
    return sum(box[2] > 500 for box in person.screen.windows())


def test_the_icon_opens_the_window_beside_itself_and_a_second_start_raises_it(person: Person) -> None:
    person.start_app("--minimized")
    person.icon_is(State.IN_SYNC)
    assert windows(person) == 0
    icon = person.screen.icon()
    assert icon is not None
    person.screen.click(icon)
    person.sees("The server holds what your folder shows.")
    person.picture("at-the-icon")
    left, top, width, height = person.reader.seen()[0].box
    assert icon[1] - NEAR < top + height <= icon[1]
    assert WIDTH - NEAR < left + width <= WIDTH
    assert top > 0
    person.screen.press("Escape")
    until(lambda: windows(person) == 0, "the window goes")
    assert person.start_app("--page", "problems").wait(60) == 0
    person.sees("Nothing needs you")
    assert windows(person) == 1
    assert person.start_app("--page", "settings").wait(60) == 0, "it is seen already"
    person.sees("Version ")
    assert windows(person) == 1


def keyboard(person: Person, controls: Iterable[Where]) -> Where | None:
    """Answers what has the keyboard: a row of a list says so as long as it is the current one, so the list is asked."""
    return next((each for each in controls if person.reader.has(each, FOCUSED)), None)


def by_key(person: Person, controls: Iterable[Where], before: Where | None) -> Where:
    """Goes on by a key, and answers what has the keyboard then, when that is another thing than before."""
    found: list[Where | None] = []

    def is_told() -> bool:
        found[:] = [keyboard(person, controls)]
        return found[0] not in (None, before)

    person.screen.press("Tab")
    until(is_told, "where the keyboard is")
    assert found[0] is not None
    return found[0]


def test_every_control_of_every_page_has_a_name_and_a_role_and_is_reached_by_keys(person: Person) -> None:
    person.start_app()
    person.sees("The server holds what your folder shows.")
    for number, page in enumerate(PAGES, start=1):
        person.screen.press(f"ctrl+{number}")
        until(lambda page=page: person.reader.all(page.title(), "label") != [], page)  # type: ignore[misc]
        things = person.reader.seen()
        for thing in things:
            assert thing.role not in ("", "unknown", "invalid"), (page, thing)
            assert thing.name or thing.role in SAYS_NOTHING, (page, thing)
        controls = {each.where: each for each in things if each.has(FOCUSABLE) and each.role not in OTHERWISE}
        here, met = keyboard(person, controls), set()
        while here not in met:
            met.add(here)
            here = by_key(person, controls, here)
        assert [each for where, each in controls.items() if where not in met] == [], page
