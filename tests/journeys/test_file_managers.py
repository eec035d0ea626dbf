"""The extension inside Nemo and Caja themselves, on a screen and beside a real agent: emblems, entries of the menu, and what they do.

`tests/packaging/test_file_manager.py` goes through all that it can meet, with a stub of the file manager.
"""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.journeys.person import Person
from tests.journeys.programs import GOVSYNC
from tests.journeys.site import until
from tests.journeys.test_desktop import person, windows
from tests.project.sources import ROOT

__all__ = ["person"]
pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

NAME = "b.txt"
OPTIONS = {"nemo": (f"GovSync/{NAME}",), "caja": ("--no-desktop", "--browser", "GovSync")}
"""How each shows the folder: Nemo selects the file that it is told of, in Caja it is clicked."""
_POINTS = 40
"""So many green points an emblem has at least that says that a file is in sync."""


@pytest.fixture(params=OPTIONS)
def manager(request: pytest.FixtureRequest, person: Person) -> Iterator[str]:
    """A file manager that runs the extension and shows the synced folder."""
    name: str = request.param
    if shutil.which(name) is None:
        pytest.fail(f"{name} missing: packaging/install-screen.sh installs it")
    person.write(NAME, b"one")
    person.do("wait")
    command = person.base / "govsync"
    path = f"PYTHONPATH={shlex.quote(':'.join(sys.path))}"
    command.write_text(f'#!/bin/sh\n{path} exec {shlex.join(GOVSYNC)} "$@"\n')
    command.chmod(0o755)
    data = person.base / "usr" / "share"
    theirs = {"PYTHONPATH", "VIRTUAL_ENV", "NO_AT_BRIDGE"}  # It runs the system's Python.
    env = {key: value for key, value in person.env.items() if key not in theirs} | {
        "PATH": "/usr/bin:/bin", "XDG_DATA_HOME": str(data), "DESTDIR": str(person.base), "GOVSYNC_LANGUAGE": "en",
        "GOVSYNC_COMMAND": str(command),
    }  # fmt: skip
    subprocess.run([ROOT / "packaging" / "install-file-manager.sh"], env=env, check=True)
    with (person.base / "manager.log").open("wb") as log:
        process = subprocess.Popen([name, *OPTIONS[name]], cwd=person.base, env=env, stdout=log, stderr=log)
        try:
            yield name
        finally:
            process.terminate()
            process.wait(20)


def green(person: Person, manager: str) -> int:
    """Answers how many points of the view of the folder are as green as the emblem; elsewhere other things are green."""
    views = [each.box for each in person.reader.seen("Icon View", manager)]
    if not views:
        return -1
    picture = person.screen.picture(views[0])
    seen = bytes(picture.constBits())  # Blue, green, red, and what is no colour, of each point.
    return sum(g > r + 60 and g > b + 60 for b, g, r in zip(seen[::4], seen[1::4], seen[2::4], strict=True))


def entries(person: Person, manager: str) -> set[str]:
    """Answers the names of our entries in a menu that is open."""
    items = person.reader.seen("GovSync: ", manager)
    return {each.name for each in items if each.role == "menu item"}


def open_menu(person: Person, manager: str) -> None:
    """Opens the menu of what is selected, as soon as the file manager knows of it."""

    def is_open() -> bool:
        if entries(person, manager):
            return True
        person.screen.press("Escape")
        for each in person.reader.seen(NAME, manager):
            if each.role == "icon":
                person.screen.click(each.box)
        person.screen.press("Menu")
        return False

    until(is_open, "our entries in the menu")


def click(person: Person, manager: str, name: str) -> None:
    person.screen.click(next(each.box for each in person.reader.seen(name, manager)))


def links(person: Person) -> list[str]:
    """Answers of which files there are links."""
    return [each["path"] for each in json.loads(person.do("link", "list", "--json"))]


def test_a_file_manager_shows_how_a_file_is_and_what_can_be_done_with_it(
    person: Person, manager: str
) -> None:
    until(lambda: green(person, manager) >= _POINTS, "the emblem")
    open_menu(person, manager)
    person.picture(manager)
    assert entries(person, manager) == {
        "GovSync: Copy link",
        "GovSync: Show on the web",
        "GovSync: Versions…",
    }
    click(person, manager, "GovSync: Copy link")
    until(lambda: links(person) == [NAME], "the link")
    assert not windows(person), "it is in the clipboard, so no window has to show it"
    person.do("stop")
    until(lambda: green(person, manager) == 0, "what nobody knows any more has no emblem")
    person.do("start")
    until(lambda: green(person, manager) >= _POINTS, "the emblem of an agent that is back")
    open_menu(person, manager)
    click(person, manager, "GovSync: Versions…")
    person.sees("A version that you bring back becomes the newest one; none is lost.")
