"""What the commands about files ask the agent, and what they make of its answer."""

import json
import os

import click
import pytest

from govsync.control.messages import (
    Exclude,
    Include,
    ListConflicts,
    ListTrash,
    ListVersions,
    Resolve,
    Restore,
    RestoreFolder,
    RestoreFromTrash,
    Rewind,
    Verify,
    WebAddress,
)
from govsync.model.activity import ConflictRow, DifferenceRow, FolderBack, TrashRow, VersionRow
from govsync.model.codes import Code
from govsync.model.problems import Failure

AT = "2026-11-24T14:00:00.000Z"
VERSION = VersionRow(revision="0a", at=AT, user="Kim", device="desk-7", size=2048, hash="ff", current=True)
TRASHED = TrashRow(id="0b", path="a/b", deleted=AT, user="Kim", device="desk-7", size=3)
CONFLICT = ConflictRow(id="7", path="a", copy="a (conflict)", user="Kim", device="desk-7", at=AT)


def test_a_path_is_meant_where_one_stands(govsync, agent, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = agent(lambda _: [VERSION]).asked
    shown = govsync("versions", "회의록.docx")
    assert shown.out.split() == ["0a", "2026-11-24", shown.out.split()[2], "Kim", "desk-7", "2.0", "KiB"]
    found = json.loads(govsync("versions", "/home/kim/a", "--json").out)
    assert set(found[0]) >= {"revision", "at", "user", "device", "size", "hash", "current"}
    assert asked == [ListVersions(path=str(tmp_path / "회의록.docx")), ListVersions(path="/home/kim/a")]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("../a", "../a"), ("b/../a", "a"), ("../../a", "../../a"), ("../" * 50 + "a", "/a"), ("./a", "a")],
)
def test_a_step_back_in_a_path_leads_out_of_a_folder(govsync, agent, tmp_path, monkeypatch, typed, meant):
    monkeypatch.chdir(tmp_path)
    asked = agent(lambda _: [VERSION]).asked
    govsync("versions", typed)
    assert asked == [ListVersions(path=os.path.normpath(tmp_path / meant))]


def test_a_path_elsewhere_is_said_to_lie_outside_the_folder_and_which_that_is(govsync, agent):
    def outside(request):
        raise Failure(Code.NOT_FOUND, path=request.path, folder="/home/kim/GovSync")

    agent(outside)
    for command in ("versions", "exclude", "web"):
        done = govsync(command, "/elsewhere")
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            "govsync: It lies outside the synced folder, which is /home/kim/GovSync. Name something in that folder."
            " [not_found path=/elsewhere]\n"
        )


def test_a_version_comes_back_here_or_elsewhere(govsync, agent, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = agent(lambda request: request.to or request.path).asked
    assert govsync("restore", "a", "--revision", "0a") == (0, f"{tmp_path / 'a'}\n", "")
    assert govsync("restore", "a", "--revision", "0a", "--to", "b").out == f"{tmp_path / 'b'}\n"
    assert asked[1] == Restore(path=str(tmp_path / "a"), revision="0a", to=str(tmp_path / "b"))


def test_the_trash_is_listed_and_things_come_back(govsync, agent):
    asked = agent(lambda request: [TRASHED] if isinstance(request, ListTrash) else None).asked
    assert govsync("trash", "list").out.endswith("  Kim  3 bytes  a/b\n")
    found = json.loads(govsync("trash", "list", "--json").out)
    assert set(found[0]) >= {"id", "path", "deleted", "user"}
    assert govsync("trash", "restore", "0b", "0c") == (0, "", "")
    assert asked[-1] == RestoreFromTrash(ids=("0b", "0c"))


@pytest.mark.parametrize("to", ["2026-11-24T14:00:00+01:00", "2026-11-24T13:00Z"])
def test_a_rewind_says_a_moment_with_its_zone(govsync, agent, to):
    asked = agent(lambda _: 3).asked
    assert govsync("rewind", "/f", "--to", to).out == "3 files are as they were then.\n"
    request = asked[0]
    assert isinstance(request, Rewind)
    assert request.to[-6] == "+"


def test_verify_ends_with_0_where_all_is_equal_and_with_4_where_something_differs(govsync, agent):
    differences: list[DifferenceRow] = []
    asked = agent(lambda _: differences).asked
    assert govsync("verify") == (0, "Everything is equal.\n", "")
    assert govsync("verify", "--json") == (0, "[]\n", "")
    differences.append(DifferenceRow(path="a/b", difference="content"))
    assert govsync("verify") == (4, "content  a/b\n", "")
    assert json.loads(govsync("verify", "--json").out) == [{"path": "a/b", "difference": "content"}]
    assert asked == [Verify()] * 4


def test_what_is_left_out_and_taken_in_is_meant_where_one_stands(govsync, agent, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = agent(lambda _: None).asked
    assert govsync("exclude", "Archive") == (0, "", "")
    assert govsync("include", "/f/Archive") == (0, "", "")
    assert asked == [Exclude(path=str(tmp_path / "Archive")), Include(path="/f/Archive")]


def test_conflicts_are_listed_and_settled(govsync, agent):
    asked = agent(lambda request: [CONFLICT] if isinstance(request, ListConflicts) else None).asked
    assert govsync("conflicts").out.endswith("  desk-7  a  a (conflict)\n")
    found = json.loads(govsync("conflicts", "--json").out)
    assert set(found[0]) >= {"id", "path", "copy", "user", "device", "at"}
    assert govsync("resolve", "7", "--keep", "theirs") == (0, "", "")
    assert asked[-1] == Resolve(id="7", keep="theirs")


def test_a_path_that_is_no_text_is_refused_before_anybody_is_asked(govsync, agent):
    asked = agent(lambda _: []).asked
    done = govsync("versions", "/home/kim/\udce4.txt")
    assert done.code == 1
    assert "[name_not_text" in done.err
    assert asked == []


def test_a_folder_comes_back_as_it_was_and_what_does_not_is_named(govsync, agent):
    back = FolderBack(path="/f/Plans (as of 2026-11-24 14.00)", count=2, left=1, left_paths=("gone.txt",))
    asked = agent(lambda _: back).asked
    done = govsync("restore", "/f/Plans", "--as-of", "2026-11-24T14:00Z", "--to", "/f/b")
    assert (done.code, done.out) == (4, f"{back.path}\n")
    assert done.err.startswith(
        "2 files are on their way, as they were then. 1 thing of then cannot come along"
    )
    assert done.err.endswith("Not brought back: gone.txt\n")
    assert asked == [RestoreFolder(path="/f/Plans", at="2026-11-24T14:00:00+00:00", to="/f/b")]


@pytest.mark.parametrize(
    "said", [(), ("--revision", "0a", "--as-of", "2026-11-24"), ("--as-of", "once upon a time")]
)
def test_what_is_to_come_back_is_said_by_one_of_two_options(govsync, agent, said):
    asked = agent(lambda _: None).asked
    assert govsync("restore", "/f/Plans", *said).code == 64
    assert asked == []


def test_the_address_on_the_web_is_printed_and_opened_where_it_is_to_be(
    govsync, agent, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", lambda address: opened.append(address) or 0)
    address = "https://drive.example.gov/web/f/AAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAB"
    asked = agent(lambda _: address).asked
    assert govsync("web", "Report.pdf") == (0, f"{address}\n", "")
    assert opened == []
    assert govsync("web", "--open", "Report.pdf").code == 0
    assert opened == [address]
    assert asked == [WebAddress(path=str(tmp_path / "Report.pdf"))] * 2
