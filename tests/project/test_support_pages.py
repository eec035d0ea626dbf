"""The pages for IT name everything that they are looked into for: checks, codes, paths, exit codes."""

import re

import pytest

from govsync.cli import output
from govsync.model.codes import CODES, Code
from govsync.system.places import Places, places
from govsync.text.findings import CHECKS
from tests.project.sources import ROOT

IT = ROOT / "docs" / "it"
OF_SERVERS = {
    Code.BAD_REQUEST, Code.CHUNK_LOST, Code.FRAME_BAD, Code.INTERNAL, Code.MANIFEST_BAD, Code.OPERATION_UNKNOWN,
    Code.STORE_FULL, Code.STORE_UNAVAILABLE, Code.TABLES_NEWER, Code.TOO_LARGE, Code.TOO_MANY_OPERATIONS, Code.WRONG_KIND, Code.CLIENT_TOO_OLD,
}  # fmt: skip
"""What IT acts on, and no examination of a desk finds."""


def text(name: str) -> str:
    return (IT / name).read_text(encoding="utf-8")


def test_every_check_of_the_examination_has_a_row():
    first = re.findall(r"^\| `([a-z ]+)` \|", text("troubleshooting.md"), re.M)
    assert first == list(dict.fromkeys(first))
    assert set(first) == set(CHECKS)


def test_every_code_on_which_it_acts_at_a_desk_is_explained():
    named = set(re.findall(r"`([a-z_]+)`", text("troubleshooting.md")))
    # A damaged database mends itself, and where too few folders can be watched the check of the watcher says so.
    by_itself = {Code.STORE_DAMAGED, Code.WATCH_LIMIT}
    assert {
        code for code, meaning in CODES.items() if meaning.actor == "it"
    } - OF_SERVERS - by_itself <= named


def test_every_code_that_these_pages_name_exists():
    for name in ("troubleshooting.md", "network.md"):
        looks_like_one = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text(name)))
        assert looks_like_one <= set(Code) | {"in_sync"}, name


@pytest.mark.parametrize(
    "field", ["settings", "store", "identity", "credentials", "logs", "socket", "lock", "rescued"]
)
def test_every_place_of_a_home_is_listed(field, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    found: Places = places({})
    assert str(getattr(found, field)).replace("/home/anna", "`~", 1) in text("places.md")


def test_every_exit_code_is_listed():
    listed = re.findall(r"^\| (\d+) \|", text("places.md"), re.M)
    codes = (output.DONE, output.FAILED, output.TIMED_OUT, output.NOT_RUNNING, output.KEPT_BACK, output.USAGE)
    assert [int(code) for code in listed] == list(codes)
