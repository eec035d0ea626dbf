"""What is taken for granted of this system is so; and where it is not, `govsync doctor --self-test` says it."""

import contextlib
import os
import sys
import tempfile

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import assumptions
from govsync.system.assuming import Untrue
from govsync.system.assumptions import ASSUMPTIONS, Tried, try_all

pytestmark = pytest.mark.windows

WINE = {
    "capital letters can be changed alone": "a rename that changes capital letters alone does nothing",
    "a save is told of": "folders that are there before are not watched",
    "a folder is told of under its new name": "a folder that was renamed is told of under its old name",
    "a new file is told from an old one by its birth": "the birth time is the time of the last change",
    "the line is known to be metered or not": "GetNetworkConnectivityHint is missing",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.wine_differs(WINE[name])] if name in WINE else [])
        for name in ASSUMPTIONS
    ],
)
def test_it_is_so_here_and_leaves_nothing(tmp_path, name):
    ASSUMPTIONS[name](tmp_path)


def fails_with(error):
    def check(_):
        raise error

    return check


def test_each_is_said_and_the_next_is_tried(monkeypatch, tmp_path):
    written = []

    def write(folder):
        (folder / "deep").mkdir()
        (folder / "deep" / "a").write_bytes(b"a")
        written.append(folder)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    checks = {
        "one": fails_with(Untrue("seen otherwise")), "two": fails_with(Failure(Code.BUSY, what="a")),
        "three": fails_with(OSError(28, "no space")), "four": write,
    }  # fmt: skip
    monkeypatch.setattr(assumptions, "ASSUMPTIONS", checks)
    found = list(try_all())
    assert [(each.check, each.result) for each in found] == [
        ("one", "FAIL"), ("two", "FAIL"), ("three", "FAIL"), ("four", "PASS"),
    ]  # fmt: skip
    assert found[0] == Tried("one", "FAIL", "seen otherwise")
    assert found[1].detail.startswith("busy")
    assert found[2].detail.startswith("disk_full")
    assert written[0].parent == tmp_path
    assert os.listdir(tmp_path) == []


class Silent:
    """A watcher that says nothing."""

    def __init__(self, *_):
        pass

    def start(self):
        pass

    def stop(self):
        pass


class Believing(assumptions.DiskFileSystem):
    """A disk on which nobody ever writes."""

    def lease(self, _):
        return True

    def written_by_somebody(self, *_):
        return False


class Anybody(contextlib.AbstractContextManager):
    """A lock that everybody gets."""

    def __init__(self, *_):
        pass

    def __exit__(self, *_):
        return None

    def release(self):
        pass


LIES = [
    ("a small file is replaced as a whole", "replace_file", lambda path, data: path.write_bytes(b"old")),
    ("names in every script are kept as they are", "_NAMES", ("a", "a/b")),
    ("who has a file open for writing is seen", "DiskFileSystem", Believing),
    ("a lock is held by one", "Lock", Anybody),
    ("a save is told of", "Watcher", Silent),
    ("a folder is told of under its new name", "Watcher", Silent),
    ("a rename replaces nothing", "probe", lambda folder: probed(folder, noreplace=False)),
    ("what was renamed is the same file", "probe", lambda folder: probed(folder, truthful=False)),
    (
        "the number of a file means the same tomorrow",
        "probe",
        lambda folder: probed(folder, stable_inodes=False),
    ),
    (
        "a new file is told from an old one by its birth",
        "probe",
        lambda folder: probed(folder, birth_times=False),
    ),
    ("the folder is on a disk of this machine", "probe", lambda folder: probed(folder, network="nfs")),
]
real_probe = assumptions.probe


def probed(folder, **otherwise):
    import msgspec

    return msgspec.structs.replace(real_probe(folder), **otherwise)


@pytest.mark.parametrize(("name", "what", "lie"), LIES, ids=[name for name, *_ in LIES])
def test_a_system_that_does_otherwise_is_found_out(tmp_path, monkeypatch, name, what, lie):
    monkeypatch.setattr(assumptions, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(assumptions, what, lie)
    with pytest.raises((Untrue, Failure)):
        ASSUMPTIONS[name](tmp_path)


@pytest.mark.parametrize("says", [False, True])
def test_a_stranger_at_the_other_end_is_found_out(tmp_path, monkeypatch, says):
    monkeypatch.setattr(assumptions.ipc, "is_own", lambda _: says)
    with contextlib.nullcontext() if says else pytest.raises(Untrue):
        ASSUMPTIONS["programs of one person reach each other"](tmp_path)


@pytest.mark.skipif(sys.platform != "win32", reason="there are no named pipes here")
def test_a_pipe_that_others_may_open_is_found_out(tmp_path, monkeypatch):
    from govsync.system.windows import persons

    me = persons.own()
    monkeypatch.setattr(persons, "only_for", lambda _: persons.Descriptor(f"O:{me}D:P(A;;GA;;;WD)"))
    with pytest.raises(Untrue):
        ASSUMPTIONS["the pipe is for this person alone"](tmp_path)
