"""Memory and folder are of one age: a number beside the files says so, and no copy has its birth (R29)."""

import os
import shutil

import msgspec
import pytest

from govsync.local import seal
from govsync.model.codes import Code
from govsync.model.nodes import Seal
from govsync.model.problems import Failure
from govsync.system.disk import DiskFileSystem
from govsync.system.fs import Trust

ONE, TWO = b"1" * 16, b"2" * 16


def test_a_folder_has_no_seal_until_one_is_written(desk):
    assert seal.read(desk.fs) is None
    written = seal.write(desk.fs, desk.root, None, ONE)
    assert written.number == ONE
    assert seal.read(desk.fs) == written


def test_each_seal_is_made_anew(desk):
    one = seal.write(desk.fs, desk.root, None, ONE)
    file = desk.ino(".govsync/seal")
    two = seal.write(desk.fs, desk.root, one, TWO)
    assert two.number == TWO
    assert desk.ino(".govsync/seal") != file, (
        "a file of its own, though it may be born in the same tick of the clock"
    )
    assert two.made_ns >= one.made_ns
    assert not (desk.path / ".govsync" / "seal.new").exists()


def test_what_attributes_a_person_gives_it_does_not_matter_where_births_are_told(desk):
    written = seal.write(desk.fs, desk.root, None, ONE)
    file = desk.path / ".govsync" / "seal"
    file.chmod(0o640)
    os.utime(file, ns=(1, 1))
    assert seal.read(desk.fs) == written


def test_a_copy_has_another_seal_though_the_number_is_the_same(desk, tmp_path):
    written = seal.write(desk.fs, desk.root, None, ONE)
    shutil.copytree(desk.path, tmp_path / "copy")
    copied = seal.read(DiskFileSystem(tmp_path / "copy"))
    assert copied is not None
    assert copied.number == written.number
    assert copied != written


def test_a_seal_that_is_not_the_known_one_is_not_written_over(desk):
    """The volume was put back since the last proof: that must not be covered up."""
    old = seal.write(desk.fs, desk.root, None, ONE)
    for known in (Seal(TWO, old.made_ns), msgspec.structs.replace(old, made_ns=7)):
        with pytest.raises(Failure) as raised:
            seal.write(desk.fs, desk.root, known, b"3" * 16)
        assert raised.value.code is Code.FOLDER_REPLACED
    assert seal.read(desk.fs) == old


def test_a_seal_that_was_written_before_a_crash_may_be_written_again(desk):
    one = seal.write(desk.fs, desk.root, None, ONE)
    seal.write(desk.fs, desk.root, one, TWO)
    assert seal.write(desk.fs, desk.root, one, TWO).number == TWO


def test_where_no_birth_is_told_the_last_change_counts(desk, monkeypatch):
    monkeypatch.setattr(desk.fs, "birth_ns", lambda _folder, _name, _ino: None)
    written = seal.write(desk.fs, desk.root, None, ONE)
    assert written.made_ns == (desk.path / ".govsync" / "seal").stat().st_ctime_ns
    assert seal.read(desk.fs) == written


def test_where_nothing_lasts_the_number_counts_alone(desk, monkeypatch):
    monkeypatch.setattr(desk.fs, "trust", lambda: Trust(watched=False, identity=False))
    assert seal.write(desk.fs, desk.root, None, ONE) == Seal(ONE, 0)


def test_what_cannot_be_a_number_is_none(desk):
    (desk.path / ".govsync" / "seal").write_bytes(b"x" * 100)
    assert seal.read(desk.fs) is None
    assert seal.write(desk.fs, desk.root, Seal(TWO, 1), ONE).number == ONE


def test_no_seal_is_written_into_a_folder_that_is_not_proven(desk):
    stranger = msgspec.structs.replace(desk.root, id=b"x" * 16)
    with pytest.raises(Failure) as raised:
        seal.write(desk.fs, stranger, None, ONE)
    assert raised.value.code is Code.FOLDER_REPLACED
    assert seal.read(desk.fs) is None
