"""Contents over chunks: what is asked, sent and fetched, in which portions, against a server of a dictionary."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.content.hashes import chunk_hash
from govsync.content.manifests import Manifest, manifest_of
from govsync.model.codes import Code
from govsync.model.operations import AnyOperation, Delete
from govsync.model.problems import Failure
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes, Trash
from govsync.protocol.commits import ChunksAnswer, CommitAnswer, Done, Missing, MissingAnswer, Want
from govsync.protocol.limits import DEFAULT
from govsync.protocol.session import Heads, Me, Spaces
from govsync.remote.chunked import ChunkedRemote

SPACE = bytes(16)
LIMITS = msgspec.structs.replace(
    DEFAULT, hashes_per_question=4, keys_per_question=3, chunks_body_bytes=2_000, fetch_body_bytes=2_000, wants_per_fetch=5
)  # fmt: skip
KIB = 1024


class Store:
    """A server that knows chunks and revisions; it notes what it was asked."""

    def __init__(self) -> None:
        self.held: dict[bytes, bytes] = {}
        self.revisions: dict[bytes, Manifest] = {}
        self.questions: list[Missing] = []
        self.bodies: list[list[bytes]] = []
        self.fetches: list[list[Want]] = []
        self.manifests = 0
        self.known_questions: list[Known] = []
        self.quota_left: int | None = None
        self.refuses: set[bytes] = set()

    def add(self, *chunks: bytes) -> tuple[bytes, Manifest]:
        manifest = manifest_of(chunks)
        rev = len(self.revisions).to_bytes(16, "big")
        self.revisions[rev] = manifest
        self.held.update((chunk_hash(data), data) for data in chunks)
        return rev, manifest

    def missing(self, space: bytes, question: Missing) -> MissingAnswer:
        self.questions.append(question)
        if self.quota_left is not None and question.growth_bytes > self.quota_left:
            raise Failure(Code.QUOTA)
        flags = tuple(digest not in self.held for digest in question.hashes)
        return MissingAnswer(missing=flags, quota_left_bytes=self.quota_left)

    def chunks(self, space: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> ChunksAnswer:
        sent = list(chunks)
        self.bodies.append([data for _, data in sent])
        stored = tuple(chunk_hash(data) == digest and digest not in self.refuses for digest, data in sent)
        self.held.update(pair for pair, good in zip(sent, stored, strict=True) if good)
        return ChunksAnswer(stored=stored)

    def fetch(self, space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        self.fetches.append(list(wants))
        for want in wants:
            for chunk in self.revisions[want.rev].chunks[want.start : want.end]:
                yield self.held[chunk.hash]

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        self.manifests += 1
        return self.revisions[rev]

    def known(self, space: bytes, question: Known) -> KnownAnswer:
        self.known_questions.append(question)
        return KnownAnswer(
            keys=tuple(key[0] == 1 for key in question.keys),
            contents=tuple(name == "yes" for name, _ in question.contents),
        )

    # What these tests never ask

    def me(self) -> Me:
        raise NotImplementedError

    def spaces(self, have: Sequence[bytes]) -> Spaces:
        raise NotImplementedError

    def heads(self) -> Heads:
        raise NotImplementedError

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        raise NotImplementedError

    def nodes(self, space: bytes, after: bytes | None) -> Nodes:
        raise NotImplementedError

    def commit(
        self, space: bytes, epoch: bytes, operations: Sequence[AnyOperation], inline: Sequence[bytes]
    ) -> CommitAnswer:
        raise NotImplementedError

    def trash(self, space: bytes, before: int | None) -> Trash:
        raise NotImplementedError


class Content:
    """A content on this desk; `changed` names a chunk that is no longer there, `other` one that is another now."""

    def __init__(self, *chunks: bytes, changed: int | None = None, other: int | None = None) -> None:
        self.manifest = manifest_of(chunks)
        self.read: list[int] = []
        self._chunks, self._changed, self._other = chunks, changed, other

    def chunk(self, index: int) -> bytes:
        if index == self._changed:
            raise Failure(Code.CHANGED)
        self.read.append(index)
        return bytes(len(self._chunks[index])) if index == self._other else self._chunks[index]


class Sink:
    """Assembles; `own` are chunks that this desk holds, `done` those that came in an earlier life."""

    def __init__(self, own: Iterable[bytes] = (), done: Sequence[bytes] = ()) -> None:
        self._own = {chunk_hash(data): data for data in own}
        self.pieces = list(done)

    def have(self, digest: bytes) -> bytes | None:
        return self._own.get(digest)

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def resume_at(self) -> int:
        return len(self.pieces)


class Wanted:
    """A revision to be fetched."""

    def __init__(self, rev: bytes, manifest: Manifest, sink: Sink | None = None) -> None:
        self.rev, self.hash, self.size_bytes = rev, manifest.content_hash, manifest.size_bytes
        self.sink = sink or Sink()
        self.opened: list[Manifest] = []

    def open(self, manifest: Manifest) -> Sink:
        self.opened.append(manifest)
        return self.sink

    @property
    def content(self) -> bytes:
        assert len(self.opened) == 1
        return b"".join(self.sink.pieces)


def remote(store: Store) -> ChunkedRemote:
    return ChunkedRemote(store, LIMITS)  # type: ignore[arg-type]


def piece(number: int, size_bytes: int = 300) -> bytes:
    return number.to_bytes(4, "big") * (size_bytes // 4)


# Up


def test_only_what_is_missing_is_read_and_sent() -> None:
    store = Store()
    store.add(piece(1))
    content = Content(piece(1), piece(2), piece(3))
    remote(store).upload(SPACE, [content], 0)
    assert content.read == [1, 2]
    assert store.bodies == [[piece(2), piece(3)]]


def test_many_small_contents_travel_together() -> None:
    store = Store()
    remote(store).upload(SPACE, [Content(piece(number)) for number in range(3)], 0)
    assert store.bodies == [[piece(0), piece(1), piece(2)]]


@given(st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=6), st.sets(st.integers(0, 30)))
def test_afterwards_nothing_is_missing_and_no_limit_was_passed(
    contents: list[list[int]], there: set[int]
) -> None:
    store = Store()
    for number in there:
        store.add(piece(number))
    passed: Counter[int] = Counter()
    sources = [Content(*map(piece, numbers)) for numbers in contents]
    remote(store).upload(SPACE, sources, 0, lambda source, more: passed.update({source: more}))
    assert passed == {n: each.manifest.size_bytes for n, each in enumerate(sources) if each.manifest.chunks}
    wanted = {number for numbers in contents for number in numbers}
    assert {chunk_hash(piece(number)) for number in wanted} <= store.held.keys()
    assert all(len(question.hashes) <= LIMITS.hashes_per_question for question in store.questions)
    assert all(sum(map(len, body)) <= LIMITS.chunks_body_bytes for body in store.bodies)
    sent = [data for body in store.bodies for data in body]
    assert sorted(sent) == sorted(map(piece, wanted - there))


def test_what_has_passed_is_what_the_server_holds() -> None:
    store, large = Store(), [piece(number) for number in range(8)]
    store.add(large[0])
    passed: list[tuple[int, int]] = []

    def hear(_: int, more: int) -> None:
        passed.append((len(store.held), more))

    remote(store).upload(SPACE, [Content(*large)], 0, hear)
    assert len(store.bodies) > 1
    assert [held for held, _ in passed] == sorted(held for held, _ in passed)
    assert all(count <= held for count, (held, _) in enumerate(passed, 1))
    assert passed[0] == (1, 300), "at once of what was there"


def test_the_growth_is_announced_before_a_byte_moves() -> None:
    store = Store()
    store.quota_left = 2_000
    with pytest.raises(Failure) as caught:
        remote(store).upload(SPACE, [Content(*map(piece, range(10)))], 2_001)
    assert caught.value.code is Code.QUOTA
    assert store.bodies == []


def test_the_growth_is_announced_once() -> None:
    store = Store()
    store.quota_left = 10_000
    assert remote(store).upload(SPACE, [Content(*map(piece, range(10)))], 3_000) == 10_000
    assert [question.growth_bytes for question in store.questions] == [3_000, 0, 0]


def test_a_source_that_changed_is_named() -> None:
    store = Store()
    with pytest.raises(Failure) as caught:
        remote(store).upload(SPACE, [Content(piece(1)), Content(piece(2), piece(3), changed=1)], 0)
    assert (caught.value.code, caught.value.facts) == (Code.CHANGED, {"index": 1})


def test_a_chunk_that_is_another_now_is_a_change_of_its_file_and_not_stored() -> None:
    store = Store()
    with pytest.raises(Failure) as caught:
        remote(store).upload(SPACE, [Content(piece(1)), Content(piece(2), piece(3), other=1)], 0)
    assert (caught.value.code, caught.value.facts) == (Code.CHANGED, {"index": 1})
    assert sorted(store.held) == sorted(map(chunk_hash, (piece(1), piece(2))))


def test_a_chunk_that_was_damaged_on_the_way_is_no_success() -> None:
    store = Store()
    store.refuses.add(chunk_hash(piece(2)))
    with pytest.raises(Failure) as caught:
        remote(store).upload(SPACE, [Content(piece(1)), Content(piece(2))], 0)
    assert (caught.value.code, caught.value.facts) == (Code.CHUNK_BAD, {"index": 1})


# Down


def test_small_revisions_come_together_without_their_manifests() -> None:
    store = Store()
    wants = [Wanted(*store.add(piece(number, 40))) for number in range(7)]
    remote(store).download(SPACE, wants)
    assert [want.content for want in wants] == [piece(number, 40) for number in range(7)]
    assert [len(fetch) for fetch in store.fetches] == [5, 2]
    assert store.manifests == 0


def test_an_empty_revision_is_opened_and_nothing_is_written() -> None:
    store = Store()
    empty, other = Wanted(*store.add()), Wanted(*store.add(piece(1)))
    remote(store).download(SPACE, [empty, other])
    assert (empty.content, other.content) == (b"", piece(1))


def large(count: int) -> list[bytes]:
    """Chunks that are together more than one can be, at the smallest."""
    return [piece(number, 40 * KIB) for number in range(count)]


WIDE = msgspec.structs.replace(LIMITS, fetch_body_bytes=400 * KIB)


def test_a_large_revision_comes_in_portions() -> None:
    store, chunks = Store(), large(7)
    want = Wanted(*store.add(*chunks))
    ChunkedRemote(store, WIDE).download(SPACE, [want])  # type: ignore[arg-type]
    assert want.content == b"".join(chunks)
    assert [[(each.start, each.end) for each in fetch] for fetch in store.fetches] == [
        [(0, 2)], [(2, 4)], [(4, 6)], [(6, 7)],
    ]  # fmt: skip


@given(done=st.integers(0, 9), own=st.sets(st.integers(0, 8)))
def test_what_the_desk_has_is_not_fetched(done: int, own: set[int]) -> None:
    store, chunks = Store(), large(9)
    sink = Sink((chunks[number] for number in own), chunks[:done])
    want = Wanted(*store.add(*chunks), sink=sink)
    ChunkedRemote(store, WIDE).download(SPACE, [want])  # type: ignore[arg-type]
    assert want.content == b"".join(chunks)
    fetched = {number for [each] in store.fetches for number in range(each.start, each.end)}
    assert fetched == set(range(done, 9)) - own
    assert all((each.end - each.start) * 40 * KIB <= WIDE.fetch_body_bytes for [each] in store.fetches)


def test_what_came_before_the_line_broke_is_kept() -> None:
    store, chunks = Store(), large(7)
    want = Wanted(*store.add(*chunks))
    whole = store.fetch

    def broken(space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        for count, data in enumerate(whole(space, wants)):
            if len(store.fetches) > 1 and count == 1:
                raise Failure(Code.OFFLINE)
            yield data

    store.fetch = broken  # type: ignore[method-assign]
    with pytest.raises(Failure) as caught:
        ChunkedRemote(store, WIDE).download(SPACE, [want])  # type: ignore[arg-type]
    assert caught.value.code is Code.OFFLINE
    assert want.sink.pieces == chunks[:3]


def test_a_manifest_of_another_content_opens_nothing() -> None:
    store, chunks = Store(), large(5)
    rev, manifest = store.add(*chunks)
    store.revisions[rev] = manifest_of(reversed(chunks))
    want = Wanted(rev, manifest)
    with pytest.raises(Failure) as caught:
        ChunkedRemote(store, WIDE).download(SPACE, [want])  # type: ignore[arg-type]
    assert caught.value.code is Code.HASH_MISMATCH
    assert want.opened == []


def test_a_small_revision_of_other_bytes_opens_nothing() -> None:
    store = Store()
    rev, manifest = store.add(piece(1))
    store.held[manifest.chunks[0].hash] = piece(2)
    want = Wanted(rev, manifest)
    with pytest.raises(Failure) as caught:
        remote(store).download(SPACE, [want])
    assert caught.value.code is Code.CHUNK_BAD
    assert want.opened == []


@pytest.mark.parametrize("answered", [(1,), (1, 2, 3), ()])
def test_an_answer_of_too_few_or_too_many_chunks_is_no_answer(answered: tuple[int, ...]) -> None:
    store = Store()
    wants = [Wanted(*store.add(piece(number, 40))) for number in (1, 2)]
    store.fetch = lambda space, wants: (piece(number, 40) for number in answered)  # type: ignore[method-assign]
    with pytest.raises(Failure) as caught:
        remote(store).download(SPACE, wants)
    assert caught.value.code is Code.NOT_OUR_SERVER


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_or_too_many_answers_are_no_answer(count: int) -> None:
    """They would speak of other things than was asked, and whoever lays them side by side would stumble."""
    store = Store()
    store.known = lambda space, question: KnownAnswer(keys=(True,) * count, contents=(True,) * count)  # type: ignore[method-assign]
    store.missing = lambda space, question: MissingAnswer(missing=(True,) * count)  # type: ignore[method-assign]
    store.chunks = lambda space, chunks: ChunksAnswer(stored=(True,) * count)  # type: ignore[method-assign]
    store.commit = lambda *asked: CommitAnswer(outcomes=(Done(seq=1),) * count, head=1)  # type: ignore[method-assign]
    operation = Delete(key=SPACE, node=SPACE, place=SPACE)
    lacking = Store()
    lacking.chunks = store.chunks  # type: ignore[method-assign]
    for ask in (
        lambda: remote(store).known(SPACE, Known(keys=(b"1", b"2"))),
        lambda: remote(store).known(SPACE, Known(contents=(("a", b"1"), ("b", b"2")))),
        lambda: remote(store).upload(SPACE, [Content(piece(1), piece(2))], 0),
        lambda: remote(lacking).upload(SPACE, [Content(piece(1), piece(2))], 0),
        lambda: remote(store).commit(SPACE, SPACE, [operation, operation], []),
    ):
        with pytest.raises(Failure) as caught:
            ask()
        assert caught.value.code is Code.NOT_OUR_SERVER


def test_a_revision_that_is_not_empty_is_not_taken_for_empty() -> None:
    store = Store()
    want = Wanted(*store.add(piece(1)))
    want.size_bytes = 0
    with pytest.raises(Failure) as caught:
        remote(store).download(SPACE, [want])
    assert caught.value.code is Code.HASH_MISMATCH
    assert want.opened == []


# Several requests under way

BOUND_S = 10


def test_bodies_are_under_way_at_the_same_time() -> None:
    store = Store()
    meeting, take = Barrier(2), store.chunks

    def met(space: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> ChunksAnswer:
        meeting.wait(BOUND_S)  # Each waits for another: one by one, none would ever be answered.
        return take(space, chunks)

    store.chunks = met  # type: ignore[method-assign]
    content = Content(*(piece(number, 400) for number in range(4)))
    with ThreadPoolExecutor(2) as pool:
        ChunkedRemote(store, LIMITS, pool).upload(SPACE, [content], 0)  # type: ignore[arg-type]
    assert sorted(map(len, store.bodies)) == [2, 2]
    assert store.held.keys() == {chunk.hash for chunk in content.manifest.chunks}


def test_a_source_that_changed_is_named_and_nothing_is_left_under_way() -> None:
    store = Store()
    contents = [Content(piece(1, 1_000), piece(2, 1_000)), Content(piece(3, 1_000), changed=0)]
    with ThreadPoolExecutor(2) as pool:
        with pytest.raises(Failure) as caught:
            ChunkedRemote(store, LIMITS, pool).upload(SPACE, contents, 0)  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.facts) == (Code.CHANGED, {"index": 1})
        assert len(store.bodies) == 2


def test_the_next_portion_is_asked_for_while_one_is_written() -> None:
    store, chunks = Store(), large(6)
    asked, whole = [Event() for _ in range(4)], store.fetch
    asked[3].set()  # There is no portion after the last one.

    def told(space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        asked[wants[0].start // 2].set()
        yield from whole(space, wants)

    class Waiting(Sink):
        def write(self, data: bytes) -> None:
            assert asked[len(self.pieces) // 2 + 1].wait(BOUND_S)
            super().write(data)

    store.fetch = told  # type: ignore[method-assign]
    want = Wanted(*store.add(*chunks), sink=Waiting())
    with ThreadPoolExecutor(2) as pool:
        ChunkedRemote(store, WIDE, pool).download(SPACE, [want])  # type: ignore[arg-type]
    assert want.content == b"".join(chunks)


def test_no_more_is_asked_for_than_two_portions_ahead_of_what_is_written() -> None:
    store, chunks = Store(), large(12)
    wants: list[Wanted] = []

    class Counting(Sink):
        def write(self, data: bytes) -> None:
            assert len(store.fetches) <= len(self.pieces) // 2 + 2
            super().write(data)

    wants.append(Wanted(*store.add(*chunks), sink=Counting()))
    with ThreadPoolExecutor(2) as pool:
        ChunkedRemote(store, WIDE, pool).download(SPACE, wants)  # type: ignore[arg-type]
    assert wants[0].content == b"".join(chunks)


@pytest.mark.parametrize("pooled", [True, False])
def test_no_answer_is_left_open_by_a_disk_that_refuses_it(pooled: bool) -> None:
    """What is left to the collector of garbage is closed at any moment: also by a thread that holds what closing it waits for."""
    store, chunks = Store(), large(6)
    opened, closed, whole = [], [], store.fetch
    ahead = Event()

    def told(space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        opened.append(wants)
        if len(opened) == 2:
            ahead.set()
        try:
            yield from whole(space, wants)
        finally:
            closed.append(wants)

    class Full(Sink):
        def write(self, data: bytes) -> None:
            assert not pooled or ahead.wait(BOUND_S)
            raise Failure(Code.DISK_FULL)

    store.fetch = told  # type: ignore[method-assign]
    want = Wanted(*store.add(*chunks), sink=Full())
    with ThreadPoolExecutor(2) as pool, pytest.raises(Failure) as caught:
        ChunkedRemote(store, WIDE, pool if pooled else None).download(SPACE, [want])  # type: ignore[arg-type]
    assert caught.value.code is Code.DISK_FULL
    assert len(opened) == (2 if pooled else 1)
    assert sorted(map(str, closed)) == sorted(map(str, opened)), (
        "while the failure is still held, and its frames with it"
    )


# Questions


def test_a_long_question_is_asked_in_parts() -> None:
    store = Store()
    keys = tuple(bytes([number % 2]) * 16 for number in range(7))
    contents = tuple(("yes" if number % 3 else "no", bytes(32)) for number in range(4))
    answer = remote(store).known(SPACE, Known(keys=keys, contents=contents))
    assert answer.keys == tuple(number % 2 == 1 for number in range(7))
    assert answer.contents == tuple(number % 3 != 0 for number in range(4))
    assert all(len(each.keys) + len(each.contents) <= 3 for each in store.known_questions)
