"""Contents over requests that move chunks: what lies between `Remote`, which the engine knows, and `Calls`.

Uploads ask first what is missing and send only that, many small chunks together. Downloads fetch many small revisions in
one request and stream large ones. Memory is bounded by one request's body, whatever the size of a file (I16). After an
answer is lost the same question is simply asked again: chunks are named by their content.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from govsync.content.hashes import chunk_hash
from govsync.content.manifests import EMPTY, Manifest, manifest_of
from govsync.model.codes import Code
from govsync.model.operations import AnyOperation
from govsync.model.problems import Failure
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes, Revisions, Trash
from govsync.protocol.commits import CommitAnswer, Missing, Want
from govsync.protocol.limits import Limits
from govsync.protocol.session import Heads, Me, Spaces
from govsync.remote.interface import Calls, Download, Sink, Source

_SINGLE_CHUNK_BYTES = 128 * 1024
"""Files up to the smallest cut are one chunk (or, when empty, none), so their manifest need not be asked for."""


class _Piece(msgspec.Struct, frozen=True):
    """One chunk of one source."""

    hash: bytes
    size_bytes: int
    source: int
    index: int


class ChunkedRemote:
    """A `Remote` over `Calls`."""

    def __init__(self, calls: Calls, limits: Limits) -> None:
        self._calls = calls
        self._limits = limits

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
            keys.extend(self._calls.known(space, part).keys)
        contents: list[bool] = []
        for start in range(0, len(question.contents), step):
            part = Known(contents=question.contents[start : start + step])
            contents.extend(self._calls.known(space, part).contents)
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
        return self._calls.commit(space, epoch, operations, inline, after)

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        """As `Remote.manifest`."""
        return self._calls.manifest(space, rev)

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions:
        """As `Remote.revisions`."""
        return self._calls.revisions(space, node, before)

    def trash(self, space: bytes, before: int | None) -> Trash:
        """As `Remote.trash`."""
        return self._calls.trash(space, before)

    # Up

    def upload(self, space: bytes, sources: Sequence[Source], growth_bytes: int) -> int | None:
        """As `Remote.upload`."""
        left: int | None = None
        for pieces in self._questions(sources):
            hashes = tuple(dict.fromkeys(piece.hash for piece in pieces))
            answer = self._calls.missing(space, Missing(hashes=hashes, growth_bytes=growth_bytes))
            left, growth_bytes = answer.quota_left_bytes, 0
            lacking = {
                digest for digest, is_missing in zip(hashes, answer.missing, strict=True) if is_missing
            }
            self._send(space, sources, [piece for piece in pieces if piece.hash in lacking])
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

    def _send(self, space: bytes, sources: Sequence[Source], pieces: Sequence[_Piece]) -> None:
        sent: set[bytes] = set()
        body: list[_Piece] = []
        size = 0
        room = self._limits.chunks_body_bytes // 2
        for piece in pieces:
            if piece.hash in sent:
                continue
            if body and size + piece.size_bytes > room:
                self._send_body(space, sources, body)
                body, size = [], 0
            sent.add(piece.hash)
            body.append(piece)
            size += piece.size_bytes
        if body:
            self._send_body(space, sources, body)

    def _send_body(self, space: bytes, sources: Sequence[Source], body: Sequence[_Piece]) -> None:
        chunks = []
        for piece in body:
            try:
                chunks.append((piece.hash, sources[piece.source].chunk(piece.index)))
            except Failure as failure:
                raise Failure(failure.code, index=piece.source) from failure
        answer = self._calls.chunks(space, chunks)
        for piece, (digest, data), stored in zip(body, chunks, answer.stored, strict=True):
            if not stored:
                # The server hashes what arrives, so it is hashed here only to know whether a person has changed the file
                # since it was read, or somebody the bytes on their way.
                changed = chunk_hash(data) != digest
                raise Failure(Code.CHANGED if changed else Code.CHUNK_BAD, index=piece.source)

    # Down

    def download(self, space: bytes, wants: Sequence[Download]) -> None:
        """As `Remote.download`."""
        small: list[tuple[Sink, Want, int]] = []
        size = 0
        for want in wants:
            if want.size_bytes > _SINGLE_CHUNK_BYTES:
                self._download_large(space, want, self._calls.manifest(space, want.rev))
                continue
            if not want.size_bytes:
                _open_empty(want)
                continue
            if small and (
                size + want.size_bytes > self._limits.fetch_body_bytes // 4
                or len(small) >= self._limits.wants_per_fetch
            ):
                self._download_small(space, small)
                small, size = [], 0
            small.append((_Late(want), Want(want.rev, 0, 1), want.size_bytes))
            size += want.size_bytes
        if small:
            self._download_small(space, small)

    def _download_small(self, space: bytes, wants: Sequence[tuple[Sink, Want, int]]) -> None:
        answers = self._fetch(space, [want for _, want, _ in wants])
        for (sink, _, _), data in zip(wants, answers, strict=True):
            sink.write(data)

    def _fetch(self, space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        """Yields the chunks that are wanted, all of them and no more; raises Failure(not_our_server) otherwise."""
        count = sum(want.end - want.start for want in wants)
        for data in self._calls.fetch(space, wants):
            count -= 1
            if count < 0:
                break
            yield data
        if count:
            raise Failure(Code.NOT_OUR_SERVER, what="chunks")

    def _download_large(self, space: bytes, want: Download, manifest: Manifest) -> None:
        if manifest.content_hash != want.hash or manifest.size_bytes != want.size_bytes:
            raise Failure(Code.HASH_MISMATCH)
        sink = want.open(manifest)
        index, count = sink.resume_at(), len(manifest.chunks)
        here: bytes | None = None
        while index < count:
            here = here if here is not None else sink.have(manifest.chunks[index].hash)
            if here is not None:
                sink.write(here)
                here = None
                index += 1
                continue
            end, size = index, 0
            while (
                here is None
                and end < count
                and size + manifest.chunks[end].size_bytes <= self._limits.fetch_body_bytes // 2
            ):
                size += manifest.chunks[end].size_bytes
                end += 1
                # What stands behind the gap is on this disk again: it is kept for after the fetch.
                here = sink.have(manifest.chunks[end].hash) if end < count else None
            for data in self._fetch(space, [Want(want.rev, index, end)]):
                sink.write(data)
            index = end


def _open_empty(want: Download) -> None:
    """An empty content has no chunks, so there is nothing to ask for."""
    if want.hash != EMPTY.content_hash:
        raise Failure(Code.HASH_MISMATCH)
    want.open(EMPTY)


class _Late:
    """A sink for a revision of one chunk: its manifest is made from the chunk when it comes, and must fit the hash."""

    def __init__(self, want: Download) -> None:
        self._want = want

    def have(self, chunk_hash: bytes) -> bytes | None:
        """As `Sink.have`."""
        return None

    def resume_at(self) -> int:
        """As `Sink.resume_at`."""
        return 0

    def write(self, data: bytes) -> None:
        """As `Sink.write`."""
        manifest = manifest_of([data])
        if manifest.content_hash != self._want.hash:
            raise Failure(Code.CHUNK_BAD)
        sink = self._want.open(manifest)
        if sink.resume_at() == 0:
            sink.write(data)
