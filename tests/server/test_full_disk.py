"""A disk under the server that is full, or can only be read: what is acknowledged is there, and the rest is told why."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from govsync.content.hashes import chunk_hash
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Done
from govsync.protocol.limits import MIB
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.owned import OwnedBlobs
from govsync.server.check import check
from govsync.server.db import tables
from govsync.server.db.connect import Database
from tests.server.desk import KIB, Desk, noise, rows
from tests.server.line import Caller, framed, in_space
from tests.server.office import Office
from tests.server.serving import serving

SIZE = 8 * MIB


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mounts a small file system of its own, where that is possible."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", ",".join((f"size={SIZE}", *options)), "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk"):
        yield tmp_path / "disk"


def fill(folder: Path) -> Path:
    """Takes all room that is left on a disk."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4 * KIB)):
            pass
    return ballast


@pytest.mark.parametrize("what", ["all", "store", "database"])
def test_what_does_not_fit_is_refused_and_goes_on_when_there_is_room(
    disk: Path, tmp_path: Path, what: str
) -> None:
    database_in = disk if what != "store" else tmp_path
    store_in = disk if what != "database" else tmp_path
    database = Database(f"sqlite:///{database_in / 'server.db'}")
    office = Office(database, store_in / "store")
    desk = Desk(office)
    kept = {desk.save(f"{number}", noise(100 * KIB, number)).rev: number for number in range(5)}
    ballast = fill(disk)
    refused: list[tuple[int, Code]] = []
    for number in range(5, 60):
        data = noise(100 * KIB if what != "database" else 40 * KIB, number)
        try:
            desk.send(data)
            [outcome] = desk.commit(desk.put(f"{number}", data))
        except Failure as failure:
            refused.append((number, failure.code))
        else:
            assert isinstance(outcome, Done)
            assert outcome.state is not None
            kept[outcome.state.rev] = number
    assert {code for _, code in refused} == {Code.STORE_FULL}
    for rev, number in kept.items():
        size = 100 * KIB if number < 5 or what != "database" else 40 * KIB
        assert desk.fetch(rev) == [noise(size, number)]
    ballast.unlink()
    for number, _ in refused:
        desk.save(f"{number}", noise(20 * KIB, number))
    assert check(office.server) == []
    assert len(desk.journal().entries) == 1 + 60
    database.close()


def test_over_http_it_is_a_code_of_its_own_and_reading_goes_on(disk: Path) -> None:
    database = Database(f"sqlite:///{disk / 'server.db'}")
    office = Office(database, disk / "store")
    desk = Desk(office)
    state = desk.save("a", noise(100 * KIB))
    token = office.sign_in("anna").access
    with serving(office.server) as address:
        caller = Caller(address, token)
        ballast = fill(disk)
        data = noise(200 * KIB, 1)
        body = framed({}, [(chunk_hash(data), data)])
        answer = caller.call("POST", in_space(desk.space, "chunks"), body)
        assert (answer.status, answer.code) == (507, Code.STORE_FULL)
        wanted = framed({"wants": [[state.rev, 0, 1]]})
        assert caller.call("POST", in_space(desk.space, "fetch"), wanted).status == 200
        assert caller.call("GET", in_space(desk.space, "changes")).status == 200
        ballast.unlink()
        assert caller.call("POST", in_space(desk.space, "chunks"), body).status == 200
    database.close()


def test_a_store_that_can_only_be_read_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with mounted(folder):
        database = Database(f"sqlite:///{tmp_path / 'server.db'}")
        office = Office(database, folder)
        desk = Desk(office)
        state = desk.save("a", noise(100 * KIB))
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        with pytest.raises(Failure) as failed:
            desk.send(noise(100 * KIB, 1))
        assert failed.value.code is Code.STORE_UNAVAILABLE
        assert len(rows(office, tables.chunk)) == 1
        assert desk.fetch(state.rev) == [noise(100 * KIB)]
        # Small contents need no store yet.
        small = desk.save("small", b"1")
        assert desk.fetch(small.rev) == [b"1"]
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        desk.save("b", noise(100 * KIB, 1))
        assert check(office.server) == []
        database.close()


def test_a_store_whose_disk_went_away_says_so_and_takes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with mounted(folder):
        blobs = FolderBlobs(folder)
        blobs.establish("mine")
    owned = OwnedBlobs(blobs, "mine")
    with pytest.raises(Failure) as failed:
        owned.put_new("00", [b"into the empty mount point"])
    assert failed.value.code is Code.STORE_UNAVAILABLE
    assert os.listdir(folder) == []
