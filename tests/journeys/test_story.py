"""A person's days with the window, by mouse and keyboard alone, on a screen with a tray: from the first start to signing out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.model.status import State
from tests.journeys.conftest import Site
from tests.journeys.person import Person, at_a_screen
from tests.journeys.programs import Forks
from tests.journeys.site import Desk, until

pytestmark = pytest.mark.journey
MANY = 8


@pytest.fixture
def person(tmp_path: Path, forks: Forks) -> Iterator[Person]:
    with at_a_screen(tmp_path, "anna", forks) as found:
        yield found


def share(person: Person, folder: str, who: str) -> None:
    """Shares a folder by the window."""
    person.click("Sharing")
    person.click("Share a folder")
    person.sees("Which folder?")
    person.screen.type(str(person.base / "GovSync" / folder))
    person.picture("which-folder")
    person.screen.press("Return")
    person.fill("With whom", who.lower()[:3])
    person.click(who)
    person.click("Share")
    person.sees(f"{who}: can edit")


def two_versions(one: Person, other: Desk, path: str) -> None:
    """Has two people change one file at once."""
    one.write(path, b"first")
    until(lambda: other.files().get(path) == b"first", f"{path} at the other desk")
    for each in (one, other):
        each.do("pause")
        each.write(path, f"by {each.base.name}".encode())
    one.do("resume")
    one.do("wait")
    other.do("resume")


def answer(person: Person) -> None:
    """Deletes many files, is asked, and says that it was not meant."""
    for number in range(MANY):
        person.write(f"Reports/{number}.txt", b"a report")
    person.do("wait")
    for number in range(MANY):
        (person.base / "GovSync" / f"Reports/{number}.txt").unlink()
    person.icon_is(State.HOLD)
    person.sees("Bring them back")
    person.picture("question")
    person.click("Bring them back")
    person.sees("Nothing needs you")


def bring_back(person: Person, path: str, content: bytes) -> None:
    """Brings the version of a file back that it had before."""
    person.click("Activity")
    person.fill("Search in activity", Path(path).name)
    rows = person.rows(lambda names: all(Path(path).name in name for name in names))
    person.screen.click(rows[0].box)
    person.menu("Menu", 3)
    rows = person.rows(lambda names: "The one it has now" in names[0] and len(names) > 1)
    person.screen.click(rows[1].box)
    person.picture("versions")
    person.click("Bring this one back")
    until(lambda: person.read(path) == content, "the version before")
    until(lambda: not person.reader.reads("Bring this one back"), "the versions go")


def test_from_the_first_start_to_signing_out(site: Site, person: Person) -> None:
    boris = site.desk("boris", "boris")
    person.start_app()
    person.icon_is(State.SIGNED_OUT)
    person.sign_in(f"http://127.0.0.1:{site.server.port}", "anna")
    person.icon_is(State.IN_SYNC)
    person.picture("in-sync")
    person.do("settings", "set", "network.upload_limit", "600 KB")
    person.do("settings", "set", "hold.deletions", str(MANY // 2))
    person.write("Plans/Interview.mov", os.urandom(1_200_000))
    person.icon_is(State.SYNCING)
    person.sees("Interview.mov")
    person.picture("a-file-is-saved")
    person.icon_is(State.IN_SYNC)
    share(person, "Plans", "Boris")
    person.picture("shared")
    until(lambda: "Plans/Interview.mov" in boris.files(), "the folder at the desk of Boris")
    person.click("Done")
    two_versions(person, boris, "Plans/Budget.txt")
    person.click("Problems")
    person.sees("Two versions of")
    person.picture("two-versions")
    person.click("Keep only this")
    person.sees("Nothing needs you")
    person.picture("settled")
    answer(person)
    until(lambda: len(list((person.base / "GovSync" / "Reports").iterdir())) == MANY, "the reports again")
    person.icon_is(State.IN_SYNC)
    boris.write("Plans/Budget.txt", b"by boris again")
    until(lambda: person.read("Plans/Budget.txt") == b"by boris again", "what Boris saved")
    bring_back(person, "Plans/Budget.txt", b"by anna")
    person.picture("brought-back")
    person.click("Settings")
    person.click("Sign out…")
    person.sees("Sign out of this device?")
    person.picture("sign-out")
    person.click("Sign out")
    person.icon_is(State.SIGNED_OUT)
    person.sees("Sign in…")
    person.picture("signed-out")
