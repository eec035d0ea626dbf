"""Folders that are somebody else's: another agent's, another home's, inside or around a synced one, another program's."""

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet

pytestmark = pytest.mark.journey


def test_a_folder_of_somebody_else_is_refused_with_a_sentence_and_nobody_is_disturbed(site: Site) -> None:
    office, other = site.desk("office"), site.desk("other")
    office.write("a/b.txt", "mine")
    meet(office, other)
    office.write("a/later.txt", "while the other one tries")
    own = other.base / "GovSync"
    for folder, code in (
        (office.folder, "folder_taken"),
        (office.folder / "a" / "inside", "folder_unfit"),
        (office.base, "folder_unfit"),
        (other.base / "home" / "inside", "folder_unfit"),
    ):
        done = other.call("folder", "set", str(folder))
        assert (done.returncode, f"[{code}" in done.stderr) == (1, True), (folder, done)
        assert done.stderr.count("\n") == 1
        assert other.json("status")["folder"] == str(own)
    assert not (office.folder / "a" / "inside").exists()
    meet(office, other)
    assert office.files() == {"a/b.txt": b"mine", "a/later.txt": b"while the other one tries"}


def test_a_second_agent_of_a_home_ends_at_once_and_says_why(site: Site) -> None:
    office = site.desk("office")
    second = office.call("run")
    assert (second.returncode, "[home_in_use" in second.stderr) == (1, True)
    office.write("a.txt", "a")
    office.wait()


def test_a_folder_that_another_program_syncs_is_taken_with_a_warning(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    theirs = office.base / "Dropbox" / "Work"
    theirs.mkdir(parents=True)
    (office.base / "Dropbox" / ".dropbox").touch()
    (theirs / "c.txt").write_text("was here before")
    assert "Dropbox syncs" in office.do("folder", "set", str(theirs))
    office.folder = theirs
    assert any(row["check"] == "other program" for row in office.json("doctor"))
    meet(office, home)
    assert home.files() == {"c.txt": b"was here before"}
