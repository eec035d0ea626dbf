"""Contents over requests that move chunks: what lies between `Remote`, which the engine knows, and `Calls`.

Uploads ask first what is missing and send only that, many small chunks together. Downloads fetch many small revisions in
one request and large ones in portions. A few requests are under way at the same time, so that the desk works on one while
the server works on another; memory is bounded by their bodies, whatever the size of a file (I16). After an answer is lost
the same question is simply asked again: chunks are named by their content.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from functools import partial
from itertools import chain
from typing import TypeVar

import msgspec

from govsync.content.hashes import chunk_hash
from govsync.content.manifests import EMPTY, Manifest, manifest_of
from govsync.content.pipeline import prefetch
from govsync.model.codes import Code
from govsync.model.operations import AnyOperation
from govsync.model.problems import Failure
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes, Revisions, Trash
from govsync.protocol.commits import CommitAnswer, Missing, Want
from govsync.protocol.limits import Limits
from govsync.protocol.session import Heads, Me, SpaceInfo, Spaces
from govsync.protocol.sharing import Directory, Members, SetMember, Share
from govsync.remote.interface import Calls, Download, Passed, Sink, Source, unseen

_SINGLE_CHUNK_BYTES = 128 * 1024
"""Files up to the smallest cut are one chunk (or, when empty, none), so their manifest need not be asked for."""

AT_ONCE = 2
"""Requests of one transfer that are under way at the same time."""

T = TypeVar("T")
Found = TypeVar("Found")
Chunks = Generator[bytes | memoryview, None, None]


class _Piece(msgspec.Struct, frozen=True):
    """One chunk of one source."""

    hash: bytes
    size_bytes: int
    source: int
    index: int


class _Portion(msgspec.Struct, frozen=True):
    """What one request asks for, and the sinks of its chunks in the order in which they come; or a chunk that this disk
    holds, and its sink."""

    sinks: Sequence[Sink]
    wants: Sequence[Want] = ()
    here: bytes | memoryview | None = None


class _Answer:
    """What a portion is answered with: its sinks, and its chunks as they come.

    Whoever does not read it to its end closes it. It is not left to the collector of garbage, which comes at any moment: also
    while its thread holds the lock of the connections, which closing an answer takes, and then waits for itself for ever.
    """

    def __init__(self, sinks: Sequence[Sink], first: bytes | memoryview, others: Chunks | None) -> None:
        self._sinks, self._first, self._others = sinks, first, others

    def write(self) -> None:
        """Hands every chunk to its sink."""
        for sink, data in zip(self._sinks, chain((self._first,), self._others or ()), strict=True):
            sink.write(data)

    def close(self) -> None:
        """Lets go of what has not come yet."""
        if self._others is not None:
            self._others.close()


class ChunkedRemote:
    """A `Remote` over `Calls`; `pool` is where requests run that are under way at the same time (None: one by one)."""

    def __init__(self, calls: Calls, limits: Limits, pool: Executor | None = None) -> None:
        self._calls = calls
        self._limits = limits
        self._pool = pool

    def me(self) -> Me:
        """As `Remote.me`."""
        return self._calls.me()

    def spaces(self, have: Sequence[bytes]) -> Spaces:
        """As `Remote.spaces`."""
        return self._calls.spaces(have)

    def heads(self) -> Heads:
        """As `Remote.heads`."""
        return self._calls.heads()

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        """As `Remote.changes`."""
        return self._calls.changes(space, cursor)

    def nodes(self, space: bytes, after: bytes | None) -> Nodes:
        """As `Remote.nodes`."""
        return self._calls.nodes(space, after)

    def known(self, space: bytes, question: Known) -> KnownAnswer:
        """As `Remote.known`; asked in parts where there is too much for one question."""
        step = self._limits.keys_per_question
        keys: list[bool] = []
        for start in range(0, len(question.keys), step):
            part = Known(keys=question.keys[start : start + step], until=question.until)
            keys.extend(_each(part.keys, self._calls.known(space, part).keys))
        contents: list[bool] = []
        for start in range(0, len(question.contents), step):
            part = Known(contents=question.contents[start : start + step])
            contents.extend(_each(part.contents, self._calls.known(space, part).contents))
        return KnownAnswer(keys=tuple(keys), contents=tuple(contents))

    def commit(
        self,
        space: bytes,
        epoch: bytes,
        operations: Sequence[AnyOperation],
        inline: Sequence[bytes],
        after: Cursor | None = None,
    ) -> CommitAnswer:
        """As `Remote.commit`."""
        answer = self._calls.commit(space, epoch, operations, inline, after)
        _each(operations, answer.outcomes)
        return answer

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        """As `Remote.manifest`."""
        return self._calls.manifest(space, rev)

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions:
        """As `Remote.revisions`."""
        return self._calls.revisions(space, node, before)

    def trash(self, space: bytes, before: int | None) -> Trash:
        """As `Remote.trash`."""
        return self._calls.trash(space, before)

    def share(self, space: bytes, request: Share) -> SpaceInfo:
        """As `Remote.share`."""
        return self._calls.share(space, request)

    def members(self, space: bytes, after: str | None) -> Members:
        """As `Remote.members`."""
        return self._calls.members(space, after)

    def set_member(self, space: bytes, change: SetMember) -> None:
        """As `Remote.set_member`."""
        self._calls.set_member(space, change)

    def leave(self, space: bytes) -> None:
        """As `Remote.leave`."""
        self._calls.leave(space)

    def directory(self, text: str) -> Directory:
        """As `Remote.directory`."""
        return self._calls.directory(text)

    # Up

    def upload(
        self, space: bytes, sources: Sequence[Source], growth_bytes: int, passed: Passed = unseen
    ) -> int | None:
        """As `Remote.upload`."""
        left: int | None = None
        for pieces in self._questions(sources):
            same: dict[bytes, list[_Piece]] = {}
            for piece in pieces:
                same.setdefault(piece.hash, []).append(piece)
            hashes = tuple(same)
            answer = self._calls.missing(space, Missing(hashes=hashes, growth_bytes=growth_bytes))
            left, growth_bytes = answer.quota_left_bytes, 0
            found = zip(hashes, _each(hashes, answer.missing), strict=True)
            lacking: list[_Piece] = []
            for digest, is_missing in found:
                if is_missing:
                    lacking.append(same[digest][0])
                else:
                    _tell(same[digest], passed)
            for body in self._send(space, sources, lacking):
                for piece in body:
                    _tell(same[piece.hash], passed)
        return left

    def _questions(self, sources: Sequence[Source]) -> Iterator[list[_Piece]]:
        pieces: list[_Piece] = []
        for number, source in enumerate(sources):
            for index, chunk in enumerate(source.manifest.chunks):
                pieces.append(_Piece(chunk.hash, chunk.size_bytes, number, index))
                if len(pieces) == self._limits.hashes_per_question:
                    yield pieces
                    pieces = []
        if pieces:
            yield pieces

    def _send(
        self, space: bytes, sources: Sequence[Source], pieces: Sequence[_Piece]
    ) -> Iterator[Sequence[_Piece]]:
        """Sends these, and yields what the server has kept; what one request could not do is raised."""
        return self._ahead(lambda body: self._send_body(space, sources, body), self._bodies(pieces))

    def _bodies(self, pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
        """Yields what goes together."""
        body: list[_Piece] = []
        size = 0
        for piece in pieces:
            if body and size + piece.size_bytes > self._limits.chunks_body_bytes // 2:
                yield body
                body, size = [], 0
            body.append(piece)
            size += piece.size_bytes
        if body:
            yield body

    def _send_body(self, space: bytes, sources: Sequence[Source], body: Sequence[_Piece]) -> Sequence[_Piece]:
        chunks = []
        for piece in body:
            try:
                chunks.append((piece.hash, sources[piece.source].chunk(piece.index)))
            except Failure as failure:
                raise Failure(failure.code, index=piece.source) from failure
        answers = _each(chunks, self._calls.chunks(space, chunks).stored)
        for piece, (digest, data), stored in zip(body, chunks, answers, strict=True):
            if not stored:
                # The server hashes what arrives, so it is hashed here only to know whether a person has changed the file
                # since it was read, or somebody the bytes on their way.
                changed = chunk_hash(data) != digest
                raise Failure(Code.CHANGED if changed else Code.CHUNK_BAD, index=piece.source)
        return body

    # Down

    def download(self, space: bytes, wants: Sequence[Download]) -> None:
        """As `Remote.download`."""
        begin = partial(self._begin, space)
        with closing(self._ahead(begin, self._portions(space, wants), _Answer.close)) as answers:
            for answer in answers:
                with closing(answer):
                    answer.write()

    def _portions(self, space: bytes, wants: Sequence[Download]) -> Iterator[_Portion]:
        small: list[Download] = []
        size = 0
        for want in wants:
            if want.size_bytes > _SINGLE_CHUNK_BYTES:
                yield from self._large(want, self._calls.manifest(space, want.rev))
                continue
            if not want.size_bytes:
                _open_empty(want)
                continue
            if small and (size + want.size_bytes > self._room or len(small) >= self._limits.wants_per_fetch):
                yield _small(small)
                small, size = [], 0
            small.append(want)
            size += want.size_bytes
        if small:
            yield _small(small)

    @property
    def _room(self) -> int:
        """How many bytes are asked for by one request: less than the server would give, since several are under way."""
        return self._limits.fetch_body_bytes // 4

    def _begin(self, space: bytes, portion: _Portion) -> _Answer:
        """Asks for a portion; its chunks are received by whoever takes them, each as it comes. So a line that breaks takes
        with it what it had not brought, and no more is in memory than one chunk."""
        if portion.here is not None:
            return _Answer(portion.sinks, portion.here, None)
        chunks = self._fetch(space, portion.wants)
        return _Answer(portion.sinks, next(chunks), chunks)

    def _fetch(self, space: bytes, wants: Sequence[Want]) -> Chunks:
        """Yields the chunks that are wanted, all of them and no more; raises Failure(not_our_server) otherwise."""
        count = sum(want.end - want.start for want in wants)
        with closing(self._calls.fetch(space, wants)) as chunks:
            for data in chunks:
                count -= 1
                if count < 0:
                    break
                yield data
        if count:
            raise Failure(Code.NOT_OUR_SERVER, what="chunks")

    def _large(self, want: Download, manifest: Manifest) -> Iterator[_Portion]:
        if manifest.content_hash != want.hash or manifest.size_bytes != want.size_bytes:
            raise Failure(Code.HASH_MISMATCH)
        sink = want.open(manifest)
        start, size = sink.resume_at(), 0
        for index in range(start, len(manifest.chunks)):
            chunk = manifest.chunks[index]
            here = sink.have(chunk.hash)
            if start < index and (here is not None or size + chunk.size_bytes > self._room):
                yield _range(sink, want.rev, start, index)
                start, size = index, 0
            if here is not None:
                yield _Portion([sink], here=here)
                start = index + 1
            else:
                size += chunk.size_bytes
        if start < len(manifest.chunks):
            yield _range(sink, want.rev, start, len(manifest.chunks))

    def _ahead(
        self, work: Callable[[T], Found], items: Iterable[T], drop: Callable[[Found], None] = lambda _: None
    ) -> Generator[Found, None, None]:
        if self._pool is None:
            yield from map(work, items)
        else:
            yield from prefetch(items, work, self._pool, AT_ONCE, drop)


def _each(questions: Sequence[object], answers: Sequence[T]) -> Sequence[T]:
    """Answers the answers, one a question; raises Failure(not_our_server) for too few or too many."""
    if len(answers) != len(questions):
        raise Failure(Code.NOT_OUR_SERVER, what="answers")
    return answers


def _tell(pieces: Sequence[_Piece], passed: Passed) -> None:
    for piece in pieces:
        passed(piece.source, piece.size_bytes)


def _small(wants: Sequence[Download]) -> _Portion:
    return _Portion([_Late(want) for want in wants], [Want(want.rev, 0, 1) for want in wants])


def _range(sink: Sink, rev: bytes, start: int, end: int) -> _Portion:
    return _Portion([sink] * (end - start), [Want(rev, start, end)])


def _open_empty(want: Download) -> None:
    """An empty content has no chunks, so there is nothing to ask for."""
    if want.hash != EMPTY.content_hash:
        raise Failure(Code.HASH_MISMATCH)
    want.open(EMPTY)


class _Late:
    """A sink for a revision of one chunk: its manifest is made from the chunk when it comes, and must fit the hash."""

    def __init__(self, want: Download) -> None:
        self._want = want

    def have(self, chunk_hash: bytes) -> bytes | memoryview | None:
        """As `Sink.have`."""
        return None

    def resume_at(self) -> int:
        """As `Sink.resume_at`."""
        return 0

    def write(self, data: bytes | memoryview) -> None:
        """As `Sink.write`."""
        manifest = manifest_of([data])
        if manifest.content_hash != self._want.hash:
            raise Failure(Code.CHUNK_BAD)
        sink = self._want.open(manifest)
        if sink.resume_at() == 0:
            sink.write(data)
