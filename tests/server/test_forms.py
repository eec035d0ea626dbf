"""A chunk is compressed once in its life, by the desk that sends it: it lies and leaves in the form in which it came."""

from pathlib import Path

import pytest
from backports import zstd

from govsync.content.compress import Encoded, Encoding
from govsync.content.hashes import chunk_hash
from govsync.protocol.commits import ChunkHead, Commit, Want
from govsync.protocol.limits import DEFAULT
from govsync.server import changes, commits, contents, packs, reading
from govsync.server.check import check
from govsync.server.chunk import Chunk
from govsync.server.db import tables
from tests.server.desk import Desk, noise, rows
from tests.server.office import Office

TEXT = b"Words that come again, words that come again. " * 200
LARGE = TEXT * 20


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'server.db'}"


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def sent(data: bytes) -> tuple[ChunkHead, bytes]:
    """As no server would compress it, so that it is known again."""
    packed = zstd.compress(data, 19)
    return ChunkHead(chunk_hash(data), len(data), "zstd"), packed


def fetched(desk: Desk, rev: bytes | None) -> Chunk:
    assert rev is not None
    [chunk] = reading.fetch(desk.office.server, desk.caller, desk.space, [Want(rev, 0, 1)])
    return chunk


@pytest.mark.parametrize("data", [TEXT, LARGE], ids=["small", "large"])
def test_what_was_sent_ahead_lies_and_leaves_as_it_came(office: Office, desk: Desk, data: bytes) -> None:
    head, packed = sent(data)
    contents.chunks(office.server, desk.caller, desk.space, [(head, packed)])
    [state] = desk.do(desk.put("a", data))
    found = fetched(desk, state.rev)
    assert (found.plain, found.encoded) == (data, Encoded(Encoding.ZSTD, packed))
    assert found.carried is found.encoded


def test_what_comes_with_a_commit_lies_and_leaves_as_it_came(office: Office, desk: Desk) -> None:
    head, packed = sent(TEXT)
    inline = contents.unpacked([(head, memoryview(packed))], DEFAULT)
    request = Commit(epoch=desk.epoch, operations=(desk.put("a", TEXT),))
    commits.commit(office.server, desk.caller, desk.space, request, inline)
    assert [row["data"] for row in rows(office, tables.chunk)] == [packed]
    [chunk] = changes.changes(office.server, Desk(office).caller, desk.space, None)[1].values()
    assert (chunk.plain, chunk.carried) == (TEXT, Encoded(Encoding.ZSTD, packed))


def test_a_form_that_is_longer_than_the_content_is_not_kept(office: Office, desk: Desk) -> None:
    data = noise(100)
    head, packed = sent(data)
    assert len(packed) > len(data)
    contents.chunks(office.server, desk.caller, desk.space, [(head, packed)])
    assert [(row["encoding"], row["data"]) for row in rows(office, tables.chunk)] == [("raw", data)]


def test_one_of_several_in_a_frame_is_taken_out_of_it(office: Office, desk: Desk) -> None:
    states = [desk.save(f"{number}", TEXT + bytes([number])) for number in range(3)]
    office.clock.now_ms += packs.WAIT_MS
    assert packs.fold(office.server) == 3
    for number, state in enumerate(states):
        found = fetched(desk, state.rev)
        assert (found.plain, found.encoded) == (TEXT + bytes([number]), None)
        assert zstd.decompress(found.carried.data) == found.plain
    assert check(office.server) == []
