"""A folder as it was at an earlier moment, brought back beside what there is (docs/decisions/0032)."""

import datetime
import time

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until

pytestmark = pytest.mark.journey


def now(desk: Desk) -> str:
    """Answers a moment that lies between what was done before and what comes after."""
    desk.wait()
    time.sleep(0.05)
    found = datetime.datetime.now(datetime.UTC).isoformat()
    time.sleep(0.05)
    return found


def back(desk: Desk, *arguments: str, code: int = 0) -> str:
    done = desk.call("restore", *arguments)
    assert done.returncode == code, done
    return done.stdout.strip()


def test_a_folder_comes_back_as_it_was_beside_what_there_is(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    plans = office.folder / "Plans"
    (plans / "deep").mkdir(parents=True)
    (plans / "deep" / "a.txt").write_bytes(b"first")
    (plans / "large.bin").write_bytes(b"large" * 100_000)
    (plans / "run.sh").write_bytes(b"run")
    (plans / "run.sh").chmod(0o755)
    then = now(office)
    (plans / "deep" / "a.txt").write_bytes(b"second")
    (plans / "large.bin").unlink()
    (plans / "new.txt").write_bytes(b"new")
    office.wait()
    before = office.files()
    made = back(office, str(plans), "--as-of", then)
    assert made.startswith(f"{plans} (as of ")
    name = made.rpartition("/")[2]
    again = back(office, str(plans), "--as-of", then)
    assert again == f"{made} 2"
    expected = {
        f"{name}/deep/a.txt": b"first",
        f"{name}/large.bin": b"large" * 100_000,
        f"{name}/run.sh": b"run",
    }
    for desk in (office, home):
        until(lambda desk=desk: expected.items() <= desk.files().items(), "the folder as it was")
        desk.wait()
    assert (office.folder / name / "run.sh").stat().st_mode & 0o100
    assert {path: each for path, each in office.files().items() if "(as of" not in path} == before
    assert "unfinished" not in "".join(home.files())


def test_what_was_not_there_then_and_what_is_taken_is_refused_and_changes_nothing(site: Site) -> None:
    office = site.desk("office")
    early = now(office)
    plans = office.folder / "Plans"
    plans.mkdir()
    (plans / "a.txt").write_bytes(b"one")
    late = now(office)
    before = office.files()
    assert "[not_then" in office.call("restore", str(plans), "--as-of", early).stderr
    taken = office.call("restore", str(plans), "--as-of", late, "--to", str(plans))
    assert "[name_taken" in taken.stderr
    assert "[not_found" in office.call("restore", str(plans / "a.txt"), "--as-of", late).stderr
    assert office.call("restore", str(plans)).returncode == 64
    assert office.files() == before
    other = office.folder / "Elsewhere"
    assert back(office, str(plans), "--as-of", late, "--to", str(other)) == str(other)
    until(lambda: office.files().get("Elsewhere/a.txt") == b"one", "the folder elsewhere")


def test_a_folder_of_the_team_may_come_back_into_ones_own(site: Site) -> None:
    """The whole folder of a division lies in the own space: nothing of it is sent or changed there."""
    office = site.desk("office")
    office.join_team()
    team = office.folder / "Planning"
    (team / "a.txt").write_bytes(b"team")
    then = now(office)
    (team / "a.txt").unlink()
    made = back(office, str(team), "--as-of", then)
    until(
        lambda: office.files().get(f"{made.rpartition('/')[2]}/a.txt") == b"team",
        "the team's folder as it was",
    )
    assert not (team / "a.txt").exists()
