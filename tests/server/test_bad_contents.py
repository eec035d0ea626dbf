"""Contents that are not what they are said to be: nothing of them is kept, each is told why, and no memory goes (I3, I16)."""

import os
import struct
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from backports import zstd

from govsync.content.chunks import SCHEME
from govsync.content.hashes import chunk_hash, content_hash
from govsync.content.manifests import ChunkRef, Manifest, encode
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.protocol.commits import ChunksAnswer, Commit, CommitAnswer, Done, Lacking, Nothing, Refused
from govsync.protocol.limits import DEFAULT, MIB
from govsync.protocol.wire import CHUNK, DOCUMENT, decode_framed
from govsync.server.db import tables
from tests.server.conftest import Served
from tests.server.desk import LARGE, Desk, manifest, rows
from tests.server.line import Answer, in_space

RAW, ZSTD = 0, 1


def frame(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", len(body), kind) + body


def chunk(digest: bytes, size_bytes: int, encoding: int, data: bytes) -> bytes:
    """Answers the frame of a chunk, whatever is wrong with it."""
    return frame(CHUNK, struct.pack(">32sIB", digest, size_bytes, encoding) + data)


def send(served: Served, *frames: bytes) -> Answer:
    body = frame(DOCUMENT, msgspec.msgpack.encode(Nothing())) + b"".join(frames)
    return served.caller.call("POST", in_space(served.desk.space, "chunks"), body)


def stored(answer: Answer) -> tuple[bool, ...]:
    assert answer.status == 200, answer
    return decode_framed([answer.body], ChunksAnswer, len(answer.body))[0].stored


def commit(served: Served, operations: Iterable[ask.AnyOperation], *frames: bytes) -> Answer:
    message = Commit(epoch=served.desk.epoch, operations=tuple(operations))
    body = frame(DOCUMENT, msgspec.msgpack.encode(message)) + b"".join(frames)
    return served.caller.call("POST", in_space(served.desk.space, "commits"), body)


def outcomes(answer: Answer) -> list[Done | Refused | Lacking]:
    assert answer.status == 200, answer
    return list(decode_framed([answer.body], CommitAnswer, len(answer.body))[0].outcomes)


def nothing_is_kept(served: Served) -> None:
    assert rows(served.office, tables.chunk) == []
    assert list(served.office.server.blobs.list()) == []
    assert [entry.op for entry in served.desk.journal().entries] == ["mount"]


@contextmanager
def within(limit_bytes: int) -> Iterator[None]:
    """Fails where more memory than this is taken meanwhile."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit_bytes
    finally:
        tracemalloc.stop()


# Chunks


@pytest.mark.parametrize(
    "bad",
    [
        chunk(chunk_hash(b"other"), 3, RAW, b"abc"),
        chunk(bytes(32), 3, RAW, b"abc"),
        chunk(chunk_hash(b"abc"), 4, RAW, b"abc"),
        chunk(chunk_hash(b"abc"), 2, RAW, b"abc"),
        chunk(chunk_hash(b""), 0, RAW, b""),
        chunk(chunk_hash(b"abc"), 3, ZSTD, b"abc"),
        chunk(chunk_hash(b"abc"), 3, ZSTD, zstd.compress(b"abc")[:-1]),
        chunk(chunk_hash(b"abc"), 3, ZSTD, zstd.compress(b"abc") + b"more"),
        chunk(chunk_hash(bytes(100)), 10, ZSTD, zstd.compress(bytes(100))),
        chunk(chunk_hash(bytes(100)), 1000, ZSTD, zstd.compress(bytes(100))),
    ],
    ids=["another hash", "no hash", "longer", "shorter", "empty", "not zstd", "cut", "more", "bomb", "less"],
)
def test_a_chunk_that_is_not_what_it_says_is_told_and_the_others_are_kept(served: Served, bad: bytes):
    good = chunk(chunk_hash(LARGE), len(LARGE), ZSTD, zstd.compress(LARGE))
    assert stored(send(served, bad, good, bad)) == (False, True, False)
    assert {row["hash"] for row in rows(served.office, tables.chunk)} == {chunk_hash(LARGE)}


@pytest.mark.parametrize(
    "cut", [lambda body: body[:-1], lambda body: body[:3], lambda body: body + b"\0", lambda body: b""]
)
def test_frames_that_are_cut_are_refused_as_a_whole(served: Served, cut):  # type: ignore[no-untyped-def]
    whole = frame(DOCUMENT, msgspec.msgpack.encode(Nothing())) + chunk(chunk_hash(b"abc"), 3, RAW, b"abc")
    path = in_space(served.desk.space, "chunks")
    assert served.caller.call("POST", path, cut(whole)).code is Code.FRAME_BAD
    nothing_is_kept(served)


@pytest.mark.parametrize("kind", [0, 3, 255])
def test_a_frame_of_a_kind_that_nobody_knows_is_refused(served: Served, kind: int):
    assert send(served, frame(kind, b"")).code is Code.FRAME_BAD
    assert send(served, frame(CHUNK, b"short")).code is Code.FRAME_BAD
    nothing_is_kept(served)


def test_a_frame_that_announces_more_than_it_brings_reserves_nothing(served: Served):
    with within(8 * MIB):
        assert send(served, struct.pack(">IB", 0xFFFFFFFF, CHUNK)).code is Code.FRAME_BAD
        assert send(served, struct.pack(">IB", 15 * MIB, CHUNK)).code is Code.FRAME_BAD


def test_a_chunk_above_the_limit_is_refused_before_it_is_unpacked(served: Served):
    size = DEFAULT.chunk_bytes + 1
    bomb = chunk(chunk_hash(b""), 1 << 31, ZSTD, zstd.compress(bytes(64 * MIB)))
    with within(8 * MIB):
        assert send(served, bomb).code is Code.TOO_LARGE
    assert send(served, chunk(chunk_hash(bytes(size)), size, RAW, bytes(size))).code is Code.TOO_LARGE
    nothing_is_kept(served)


def _bombs(count: int, size_bytes: int) -> list[bytes]:
    """Small frames that become very much, each something else."""
    found = []
    for number in range(count):
        plain = number.to_bytes(4, "big") + bytes(size_bytes - 4)
        found.append(chunk(chunk_hash(plain), size_bytes, ZSTD, zstd.compress(plain)))
    return found


def test_many_chunks_that_become_very_much_are_refused(served: Served):
    bombs = _bombs(2_000, DEFAULT.inline_chunk_bytes)
    assert sum(map(len, bombs)) < MIB
    with within(60 * MIB):
        assert send(served, *bombs).code is Code.TOO_LARGE
        assert commit(served, [served.desk.mkdir("f")], *bombs).code is Code.TOO_LARGE
    nothing_is_kept(served)


def test_a_chunk_inside_a_commit_that_is_too_large_or_damaged_refuses_the_commit(served: Served):
    folder = served.desk.mkdir("f")
    size = DEFAULT.inline_chunk_bytes + 1
    large = chunk(chunk_hash(bytes(size)), size, ZSTD, zstd.compress(bytes(size)))
    assert commit(served, [folder], large).code is Code.TOO_LARGE
    bad = chunk(bytes(32), 10, ZSTD, zstd.compress(bytes(100)))
    assert commit(served, [folder], bad).code is Code.CHUNK_BAD
    nothing_is_kept(served)


def test_a_chunk_inside_a_commit_is_known_by_its_bytes_not_by_what_is_said_of_it(served: Served):
    put = served.desk.put("a", b"expected")
    [outcome] = outcomes(commit(served, [put], chunk(chunk_hash(b"expected"), 5, RAW, b"other")))
    assert outcome == Lacking(hashes=(chunk_hash(b"expected"),))


# Manifests


def _with(
    desk: Desk, made: Manifest, encoded: bytes | None = None, name: str = "a", **more: object
) -> ask.Put:
    digest = content_hash(made.scheme, made.size_bytes, (each.hash for each in made.chunks))
    fields = {"hash": digest, "size_bytes": made.size_bytes, "manifest": encoded or encode(made)}
    return desk.put(name, **(fields | more))  # type: ignore[arg-type]


def _bad_manifests(desk: Desk) -> dict[str, tuple[ask.Put, Code]]:
    good = manifest(b"1", b"22")
    one, two = good.chunks
    many = Manifest(SCHEME, 2_000, (one,) * 2_000)
    return {
        "of another size": (_with(desk, good, size_bytes=4), Code.HASH_MISMATCH),
        "of another content": (_with(desk, good, hash=bytes(32)), Code.HASH_MISMATCH),
        "whose sizes are not its chunks'": (
            _with(desk, Manifest(SCHEME, 4, (ChunkRef(one.hash, 2), two))), Code.MANIFEST_BAD,
        ),
        "that disagrees with itself": (_with(desk, Manifest(SCHEME, 9, good.chunks)), Code.MANIFEST_BAD),
        "with an empty chunk": (_with(desk, Manifest(SCHEME, 2, (ChunkRef(one.hash, 0), two))), Code.MANIFEST_BAD),
        "with a chunk that is too large": (
            _with(desk, Manifest(SCHEME, 3 * MIB, (ChunkRef(one.hash, 3 * MIB),))), Code.MANIFEST_BAD,
        ),
        "of another scheme": (_with(desk, Manifest("md5-none", 3, good.chunks)), Code.MANIFEST_BAD),
        "whose put names another scheme": (_with(desk, good, scheme="md5-none"), Code.MANIFEST_BAD),
        "that is cut": (_with(desk, good, encode(good)[:-1]), Code.MANIFEST_BAD),
        "with more behind it": (_with(desk, good, encode(good) + b"\0"), Code.MANIFEST_BAD),
        "that promises more chunks than it has": (
            _with(desk, good, encode(good).replace(b"\0\0\0\x02", b"\xff\xff\xff\xff", 1)), Code.MANIFEST_BAD,
        ),
        "that is nothing": (_with(desk, good, b"x"), Code.MANIFEST_BAD),
        "that is missing": (_with(desk, good, manifest=None), Code.MANIFEST_BAD),
        "too large to travel inside": (_with(desk, many), Code.MANIFEST_BAD),
    }  # fmt: skip


def test_a_manifest_that_is_wrong_is_refused_alone(served: Served):
    served.desk.send(b"1", b"22")
    bad = _bad_manifests(served.desk)
    answers = outcomes(commit(served, [*(put for put, _ in bad.values()), served.desk.mkdir("f")]))
    found = {name: each.code for name, each in zip(bad, answers, strict=False) if isinstance(each, Refused)}
    assert found == {name: code for name, (_, code) in bad.items()}
    assert isinstance(answers[-1], Done)


def test_a_manifest_names_what_is_missing_once(served: Served):
    served.desk.send(b"1")
    made = manifest(b"1", b"22", b"22", b"333")
    [outcome] = outcomes(commit(served, [_with(served.desk, made)]))
    assert outcome == Lacking(hashes=(chunk_hash(b"22"), chunk_hash(b"333")))
    assert rows(served.office, tables.revision) == []


def test_manifests_that_would_fill_the_memory_wait_for_another_commit(
    served: Served,
):
    desk = served.desk
    desk.send(b"1")
    limits = msgspec.structs.replace(DEFAULT, manifest_chunks=3_000)
    desk.office.server = msgspec.structs.replace(desk.office.server, limits=limits)
    large = Manifest(SCHEME, 2_000, (ChunkRef(chunk_hash(b"1"), 1),) * 2_000)
    encoded = encode(large)
    desk.send(encoded)

    def put(name: str) -> ask.Put:
        return _with(desk, large, name=name, manifest=None, manifest_chunks=(chunk_hash(encoded),))

    first, second = put("a"), put("b")
    done, later = desk.commit(first, second)
    assert isinstance(done, Done)
    assert later == Refused(code=Code.BUSY_RETRY)
    assert isinstance(desk.commit(second)[0], Done)
    # One that no commit could hold is no manifest.
    huge = encode(Manifest(SCHEME, 4_000, (ChunkRef(chunk_hash(b"1"), 1),) * 4_000))
    desk.send(huge)
    refused = desk.refused(_with(desk, large, manifest=None, manifest_chunks=(chunk_hash(huge),), name="c"))
    assert refused.code is Code.MANIFEST_BAD


def test_random_bytes_are_refused_by_every_framed_call(served: Served):
    for name in ("chunks", "commits", "missing", "known", "fetch"):
        for body in (os.urandom(1000), frame(DOCUMENT, os.urandom(100)), frame(DOCUMENT, b"")):
            answer = served.caller.call("POST", in_space(served.desk.space, name), body)
            assert answer.code in (Code.FRAME_BAD, Code.BAD_REQUEST)
    nothing_is_kept(served)
