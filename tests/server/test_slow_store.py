"""A store that answers slowly keeps nobody waiting who does not ask it for anything: it is asked outside every transaction."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from govsync.server import contents
from govsync.server.check import check
from tests.server.desk import LARGE, Desk, noise
from tests.server.line import LIMIT_S
from tests.server.office import Office
from tests.server.test_packs import Watched, objects

PIECE = 60_000
MANY = {f"{number}.bin": noise(PIECE, number) for number in range(contents.PACK_FROM_BYTES // PIECE + 1)}


class Slow(Watched):
    """A store whose answers wait until it is let go."""

    def __init__(self, office: Office) -> None:
        super().__init__(office.server.blobs)
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.slow = False

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        self._wait()
        super().put_new(key, pieces)

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        self._wait()
        return super().get_range(key, offset, size_bytes)

    def _wait(self) -> None:
        if self.slow:
            self.asked.set()
            assert self.go_on.wait(LIMIT_S)


@pytest.fixture
def store(office: Office) -> Iterator[Slow]:
    store = Slow(office)
    office.server = msgspec.structs.replace(office.server, blobs=store)
    yield store
    store.go_on.set()


def while_it_waits(store: Slow, slow: Callable[[], object], meanwhile: Callable[[], object]) -> object:
    """Does one thing while another waits for the store; answers what the other came to."""
    with ThreadPoolExecutor(2) as pool:
        store.slow = True
        waiting = pool.submit(slow)
        assert store.asked.wait(LIMIT_S)
        try:
            pool.submit(meanwhile).result(LIMIT_S)
            assert not waiting.done()
        finally:
            store.go_on.set()
        return waiting.result(LIMIT_S)


def put_many(desk: Desk) -> object:
    return desk.do(*(desk.put(name, data) for name, data in MANY.items()), inline=tuple(MANY.values()))


def test_a_pack_that_is_long_in_the_writing_keeps_no_other_commit_waiting(office: Office, store: Slow):
    anna, boris = Desk(office), Desk(office, "boris")

    def others() -> None:
        boris.do(boris.put("small", b"of another space"), inline=(b"of another space",))
        anna.do(anna.put("small", b"of the same space"), inline=(b"of the same space",))

    while_it_waits(store, lambda: put_many(anna), others)
    assert len(objects(office)) == 1
    assert {entry.state.name for entry in anna.journal().entries} >= {*MANY, "small"}
    assert check(office.server) == []


def test_a_large_manifest_that_is_long_in_the_reading_keeps_no_other_commit_waiting(
    office: Office, store: Slow, monkeypatch: pytest.MonkeyPatch
):
    """The manifest of a very large file lies in the store itself, and a commit has to read it."""
    office.server = msgspec.structs.replace(
        office.server, limits=msgspec.structs.replace(office.server.limits, inline_chunk_bytes=10)
    )
    anna, boris = Desk(office), Desk(office, "boris")
    put = anna.put("large", LARGE)
    assert put.manifest is not None
    anna.send(LARGE, put.manifest)
    from govsync.content.hashes import chunk_hash

    large = msgspec.structs.replace(put, manifest=None, manifest_chunks=(chunk_hash(put.manifest),))
    while_it_waits(store, lambda: anna.do(large), lambda: boris.do(boris.mkdir("folder")))
    assert check(office.server) == []


def test_what_was_stored_ahead_for_a_commit_that_had_no_effect_is_nobodys(office: Office, store: Slow):
    anna = Desk(office)
    operations = [anna.put(name, data, parent=anna.key()) for name, data in MANY.items()]
    anna.commit(*operations, inline=tuple(MANY.values()))
    [pack] = objects(office)
    put_many(anna)
    assert {stored.key for stored in objects(office)} > {pack.key}
    assert check(office.server) == []
