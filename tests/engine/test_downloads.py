"""Files are fetched together, and one that cannot be had keeps back no other (I10)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from govsync.content.chunks import cut, reading
from govsync.content.manifests import Manifest, manifest_of
from govsync.engine import jobs, work
from govsync.engine.passing import Passing
from govsync.engine.work import Tools
from govsync.local.ignore import Ignore
from govsync.local.root import adopt
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.remote.interface import Download
from govsync.system.disk import DiskFileSystem
from tests import open_files

pytestmark = pytest.mark.windows

SPACE = b"s" * 16


def content(number: int) -> tuple[bytes, Manifest]:
    data = f"content {number}".encode()
    return data, manifest_of(piece for _, piece in cut(reading(data), len(data)))


class Server:
    """Gives out contents by revision; `fails` says what happens instead when one of them is asked for."""

    def __init__(self) -> None:
        self.fails: dict[bytes, Code] = {}
        self.asked: list[list[bytes]] = []
        self.given: list[bytes] = []
        self.passing = Passing()
        self.seen: list[dict[int, int]] = []

    def download(self, space: bytes, wants: Sequence[Download]) -> None:
        self.asked.append([want.rev for want in wants])
        for want in wants:
            if want.rev in self.fails:
                raise Failure(self.fails[want.rev])
            data, manifest = content(int.from_bytes(want.rev))
            self.given.append(want.rev)
            want.open(manifest).write(data)
            self.seen.append(self.passing.now())


class Desk:
    """A folder, and a server to fetch from."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self.server = Server()
        fs = DiskFileSystem(path)
        root = adopt(fs, b"r" * 16, b"d" * 16)
        self.tools = Tools(
            fs=fs,
            remote=self.server,  # type: ignore[arg-type]
            root=root,
            ignore=lambda: Ignore.of_setting(()),
            clock_ns=lambda: 0,
            rescued=lambda: DiskFileSystem(path),
            passing=self.server.passing,
        )

    def fetch(self, *sizes: int | None, count: int = 8) -> tuple[set[int], dict[int, Code]]:
        """Fetches revisions 0, 1, … of the sizes that they have, or are said to have; answers what is staged, and what
        kept others back."""
        wants = []
        for number, said in zip(range(count), (*sizes, *[None] * count), strict=False):
            data, manifest = content(number)
            size = len(data) if said is None else said
            wants.append(
                jobs.Wanted(
                    lid=number,
                    rev=rev(number),
                    hash=manifest.content_hash,
                    size_bytes=size,
                    mtime_ns=0,
                    exec=False,
                )
            )
        result = work.run(jobs.Fetch(number=1, space=SPACE, wants=tuple(wants)), self.tools)
        assert isinstance(result, jobs.Fetched)
        return {each.lid for each in result.staged}, {lid: problem.code for lid, problem in result.failed}

    def staged(self) -> set[str]:
        return {each.name for each in (self.path / ".govsync" / "staging").iterdir()}


def rev(number: int) -> bytes:
    return number.to_bytes(16)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "folder")


def test_what_is_fetched_lies_in_staging(desk):
    assert desk.fetch() == (set(range(8)), {})
    assert desk.staged() == {rev(number).hex() for number in range(8)}
    assert len(desk.server.asked) == 1


def test_while_files_are_fetched_it_can_be_seen_how_much_of_each_has_come(desk):
    desk.fetch(count=2)
    first, second = (len(content(number)[0]) for number in range(2))
    assert desk.server.seen == [{0: first, 1: 0}, {0: first, 1: second}]
    assert desk.server.passing.now() == {}


@pytest.mark.parametrize(
    "code", [Code.CHUNK_LOST, Code.NOT_FOUND, Code.MANIFEST_BAD, Code.DISK_FULL, Code.TOO_LARGE_HERE]
)
@pytest.mark.parametrize("bad", [0, 3, 7])
def test_one_that_cannot_be_had_keeps_back_no_other_and_no_other_comes_twice(desk, code, bad):
    desk.server.fails = {rev(bad): code}
    assert desk.fetch() == (set(range(8)) - {bad}, {bad: code})
    assert sorted(desk.server.given) == [rev(number) for number in range(8) if number != bad]


def test_what_does_not_fit_on_the_disk_is_said_before_anything_is_asked_for(desk):
    assert desk.fetch(1 << 60) == (set(range(1, 8)), {0: Code.DISK_FULL})
    assert all(rev(0) not in asked for asked in desk.server.asked)


def test_a_line_that_breaks_is_told_of_all_that_did_not_come(desk):
    desk.server.fails = {rev(5): Code.OFFLINE}
    assert desk.fetch() == (set(range(5)), dict.fromkeys((5, 6, 7), Code.OFFLINE))
    assert len(desk.server.asked) == 1, "it is not tried in halves"


def test_without_a_server_there_is_no_result_and_nothing_stays_open(desk):
    desk.server.fails = {rev(0): Code.NOT_OUR_SERVER}
    before = open_files.count()
    with pytest.raises(Failure) as caught:
        desk.fetch()
    assert caught.value.code is Code.NOT_OUR_SERVER
    assert open_files.count() == before
