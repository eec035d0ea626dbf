"""A disk is tried for what it can do, and left as it was."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import linux, probe
from govsync.system.disk import DiskFileSystem
from govsync.system.fs import Stat

MEMORY = Path("/dev/shm")


def test_a_local_disk_is_fit(tmp_path):
    (tmp_path / "mine").write_bytes(b"kept")
    found = probe.probe(tmp_path)
    assert found.unfit is None
    assert found.exchange
    assert found.noreplace
    assert found.stable_inodes
    assert found.network is None
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_memory_is_fit():
    if not MEMORY.is_dir():
        pytest.skip("no file system in memory here")
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        assert probe.probe(Path(folder)).unfit is None


def test_what_a_crash_left_of_an_earlier_trial_is_cleared(tmp_path):
    trial = tmp_path / ".govsync-probe"
    trial.mkdir()
    (trial / "a").write_bytes(b"")
    (trial / "c").write_bytes(b"")
    assert probe.probe(tmp_path).unfit is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_of_a_trial_is_not_touched(tmp_path):
    mine = tmp_path / ".govsync-probe" / "mine"
    mine.parent.mkdir()
    mine.write_bytes(b"kept")
    with pytest.raises(Failure) as raised:
        probe.probe(tmp_path)
    assert raised.value.code is Code.EXISTS
    assert mine.read_bytes() == b"kept"


def test_a_folder_that_cannot_be_tried_says_why(tmp_path):
    with pytest.raises(Failure) as raised:
        probe.probe(tmp_path / "missing")
    assert raised.value.code is Code.GONE


class Lacking(DiskFileSystem):
    """A disk that cannot do something, in the ways that real ones show it."""

    lacks = ""

    def exchange(self, *arguments):
        if self.lacks == "exchange, unclear":
            raise Failure(Code.UNREADABLE, errno="EIO")
        if self.lacks in ("exchange", "exchange, silently"):
            return self.lacks == "exchange, silently"
        return super().exchange(*arguments)

    def rename(self, source, name, target, target_name):
        if self.lacks == "noreplace":
            raise Failure(Code.UNREADABLE, errno="EINVAL")
        taken = self.stat(target, target_name) is not None
        if self.lacks == "noreplace, unclear" and taken:
            raise Failure(Code.UNREADABLE, errno="EINVAL")
        if self.lacks == "noreplace, silently" and taken:
            self.unlink(target, target_name)
        super().rename(source, name, target, target_name)

    def birth_ns(self, folder, name, ino):
        if self.lacks == "births":
            return None
        return (
            self.stat(folder, name).mtime_ns
            if self.lacks == "births of its own"
            else super().birth_ns(folder, name, ino)
        )

    def create(self, folder, name):
        file = super().create(folder, name)
        if self.lacks == "times":
            seen = file.stat()
            file.stat = lambda: seen
        return file

    def stat(self, folder, name) -> Stat | None:
        found = super().stat(folder, name)
        if found is None or self.lacks != "inodes":
            return found
        return Stat(found.shape, found.dev, hash(name), found.size_bytes, found.mtime_ns, found.ctime_ns)


@pytest.mark.parametrize(
    ("lacks", "missing", "fit"),
    [
        ("exchange", "exchange", True),
        ("exchange, silently", "truthful", False),
        ("exchange, unclear", "truthful", False),
        ("noreplace", "noreplace", False),
        ("noreplace, silently", "noreplace", False),
        ("noreplace, unclear", "noreplace", False),
        ("births", "birth_times", True),
        ("births of its own", "birth_times", True),
        ("times", "fine_times", True),
        ("inodes", "truthful", False),
    ],
)
def test_what_a_disk_lacks_is_found(tmp_path, monkeypatch, lacks, missing, fit):
    monkeypatch.setattr(Lacking, "lacks", lacks)
    monkeypatch.setattr(probe, "DiskFileSystem", Lacking)
    found = probe.probe(tmp_path)
    assert not getattr(found, missing)
    assert (found.unfit is None) is fit
    assert list(tmp_path.iterdir()) == []


def test_a_network_disk_is_trusted_with_less(tmp_path, monkeypatch):
    monkeypatch.setattr(linux, "_magic", lambda _: 0x6969)
    found = probe.probe(tmp_path)
    assert found.unfit is None
    assert (found.network, found.leases, found.stable_inodes) == ("nfs", False, False)


def test_numbers_on_a_disk_that_counts_them_anew_are_not_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr(linux, "_magic", lambda _: 0x2011BAB0)
    found = probe.probe(tmp_path)
    assert found.unfit is None
    assert (found.network, found.stable_inodes) == (None, False)


def test_the_kind_of_a_file_system_is_read_from_the_kernel(tmp_path, monkeypatch):
    with DiskFileSystem(tmp_path).root() as root:
        assert linux.network_kind(root.fd) is None
    shown = subprocess.run(["stat", "-f", "-c", "%t", tmp_path], capture_output=True, check=True, text=True)
    monkeypatch.setitem(linux._NETWORK, int(shown.stdout, 16), "this one")
    with DiskFileSystem(tmp_path).root() as root:
        assert linux.network_kind(root.fd) == "this one"
