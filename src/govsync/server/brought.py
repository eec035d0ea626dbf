"""What a commit brings: whether the content of each operation is whole, here, and the caller's to refer to.

Rows of chunks are looked up again in every commit, under the lock of the space, whatever `missing` said before (R36).
A content counts as here when its chunks are stored and usable (R37), travel with the commit, or lie in another space of
which the caller may read the named revision now (R24). What is wrong with one operation's content is that operation's
answer; the others go on (I10).
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from govsync.content import manifests
from govsync.content.chunks import SCHEME
from govsync.content.manifests import Manifest
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Lacking, Refused
from govsync.server import contents, reading
from govsync.server.ahead import Ahead, content_of, most_manifest_bytes
from govsync.server.chunk import Chunk
from govsync.server.contents import Holding, PutAway
from govsync.server.context import Caller, Server
from govsync.server.sources import Sources

Content = tuple[bytes | None, tuple[bytes, ...]]
"""A manifest as a revision keeps it: encoded, or None and the chunks that hold it."""


class Brought:
    """The contents of one commit."""

    def __init__(
        self,
        server: Server,
        tx: Connection,
        caller: Caller,
        space: bytes,
        reader: bool,
        ahead: Ahead,
    ) -> None:
        self._server, self._tx, self._caller, self._space = server, tx, caller, space
        self._reader = reader
        self._now_ms = server.clock.time_ms()
        self._inline = ahead.inline
        self._ahead = ahead
        self._here: dict[bytes, Holding] = {}
        self._there: dict[bytes, tuple[bytes, Holding]] = {}
        """Chunks that another space has and the caller reads there, with that space."""
        self._manifests: dict[bytes, Manifest] = {}
        self._contents: dict[bytes, Content] = {}
        self._sources = Sources(tx, caller)
        self._used: dict[bytes, None] = {}
        self.sent: dict[bytes, Chunk] = {}
        """Chunks that came along and are stored, once `write` has ended."""
        self._large_bytes = 0
        self._later: set[bytes] = set()
        """Operations whose manifests are more than one commit may hold in memory; those before them have their effect."""

    def read(self, operations: Sequence[ask.AnyOperation]) -> None:
        """Reads the manifests of all operations, and learns in few queries which of their chunks are here."""
        bringing = [found for operation in operations if (found := content_of(operation)) is not None]
        for operation in bringing:
            self._contents[operation.key] = (operation.manifest, operation.manifest_chunks)
            self._read_source(operation)
        wanted: dict[bytes, None] = {}
        for operation in bringing:
            encoded, holding_it = self._contents[operation.key]
            wanted.update(dict.fromkeys(holding_it))
            if encoded is not None:
                self._decode(operation.key, encoded)
        wanted.update((c.hash, None) for manifest in self._manifests.values() for c in manifest.chunks)
        self._look_up(list(wanted))
        for operation in bringing:
            if self._contents[operation.key][0] is None:
                self._read_large(operation.key)

    def check(self, operation: ask.AnyOperation) -> Lacking | Refused | None:
        """Says what is wrong with the content that an operation brings; None where it is whole and here."""
        bringing = content_of(operation)
        if bringing is None:
            return None
        encoded, holding_it = self._contents[bringing.key]
        if holding_it and (absent := self._absent(holding_it)):
            return Lacking(hashes=absent)
        if encoded is None and not holding_it:
            # A source that may not be read, and one that is not there, answer alike (I8).
            return Refused(code=Code.NOT_FOUND if _has_source(bringing) else Code.MANIFEST_BAD)
        if bringing.key in self._later:
            return Refused(code=Code.BUSY_RETRY)
        manifest = self._manifests.get(bringing.key)
        if manifest is None or manifest.scheme != SCHEME or bringing.scheme != SCHEME:
            return Refused(code=Code.MANIFEST_BAD)
        if manifest.content_hash != bringing.hash or manifest.size_bytes != bringing.size_bytes:
            return Refused(code=Code.HASH_MISMATCH)
        # By a comprehension: to begin a generator costs more than the one chunk that most contents have.
        if not [chunk for chunk in manifest.chunks if self._size(chunk.hash) != chunk.size_bytes]:
            return None
        absent = self._absent(dict.fromkeys(chunk.hash for chunk in manifest.chunks))
        return Lacking(hashes=absent) if absent else Refused(code=Code.MANIFEST_BAD)

    def use(self, operation: ask.AnyOperation) -> Content:
        """Answers the manifest of an operation that has an effect; its chunks will be there when `write` ends."""
        content = self._contents[operation.key]
        for digest in content[1]:
            self._used[digest] = None
        for chunk in self._manifests[operation.key].chunks:
            self._used[chunk.hash] = None
        return content

    def write(self) -> None:
        """Stores, copies or renews every chunk that is used."""
        renewed: list[bytes] = []
        copied: dict[bytes, list[bytes]] = {}
        for digest in self._used:
            holding = self._here.get(digest)
            if holding is not None:
                if holding.device is not None or contents.stale(holding, self._now_ms):
                    renewed.append(digest)
            elif digest in self._inline:
                self.sent[digest] = self._inline[digest]
            else:
                copied.setdefault(self._there[digest][0], []).append(digest)
        contents.renew(self._tx, self._space, renewed, self._now_ms, used=True)
        stored = contents.only(PutAway(list(self._ahead.packs), self.sent), self.sent.keys())
        contents.insert_stored(self._tx, self._space, stored, self._now_ms, None, reader=True)
        for space, digests in copied.items():
            # The other space is not locked: what was there a moment ago may just have been removed.
            if contents.copy_chunks(self._tx, space, self._space, digests, self._now_ms) < len(digests):
                raise Failure(Code.BUSY_RETRY)

    def _size(self, digest: bytes) -> int | None:
        """Answers the plain size of a chunk that may be referred to, None for one that must be sent."""
        holding = self._here.get(digest)
        if contents.usable(holding, self._caller, self._reader):
            return holding.size_bytes  # type: ignore[union-attr]
        if digest in self._inline:
            return len(self._inline[digest].plain)
        return self._there[digest][1].size_bytes if digest in self._there else None

    def _absent(self, hashes: Iterable[bytes]) -> tuple[bytes, ...]:
        return tuple(digest for digest in hashes if self._size(digest) is None)

    def _look_up(self, hashes: Sequence[bytes]) -> None:
        self._here.update(contents.holdings(self._tx, self._space, hashes))

    def _decode(self, key: bytes, encoded: bytes, inline: bool = True) -> None:
        limits = self._server.limits
        if inline and len(encoded) > limits.manifest_inline_bytes:
            return
        try:
            self._manifests[key] = manifests.decode(
                encoded, max_chunks=limits.manifest_chunks, max_chunk_bytes=limits.chunk_bytes
            )
        except Failure:
            return  # `check` finds no manifest, and refuses this operation alone.

    def _read_large(self, key: bytes) -> None:
        """Reads a manifest that is stored as chunks, if they are here and no more than a manifest can have."""
        _, holding_it = self._contents[key]
        sizes = [self._size(digest) for digest in holding_it]
        most = most_manifest_bytes(self._server.limits)
        size_bytes = sum(size or 0 for size in sizes)
        if not holding_it or None in sizes or size_bytes > most:
            return
        self._large_bytes += size_bytes
        if self._large_bytes > most:
            self._later.add(key)
            return
        joined: list[bytes] = []
        for digest in holding_it:
            if digest in self._inline:
                joined.append(self._inline[digest].plain)
                continue
            if digest in self._ahead.read:
                joined.append(self._ahead.read[digest])
                continue
            space = self._space if digest in self._here else self._there[digest][0]
            try:
                joined.extend(reading.read(self._server, reading.find(self._tx, space, [digest])))
            except Failure as failure:
                if failure.code is not Code.CHUNK_LOST:
                    raise
                # It counts as missing from now on: the desk sends it again.
                reading.mark_lost(self._tx, space, digest)
                self._here.pop(digest, None)
                self._there.pop(digest, None)
                return
        self._decode(key, b"".join(joined), inline=False)
        if key in self._manifests:
            self._look_up([chunk.hash for chunk in self._manifests[key].chunks])

    # From another space

    def _read_source(self, operation: ask.Put | ask.Offer) -> None:
        """Takes the manifest of a revision that the caller may read now, and knows of its chunks."""
        row = self._sources.revision(operation)
        if row is None:
            return
        space: bytes = row.space
        holding_it = reading.manifest_hashes(row)
        self._contents[operation.key] = (row.manifest, tuple(holding_it))
        if space == self._space:
            return
        self._look_up_there(space, holding_it)
        if row.manifest is not None:
            self._decode(operation.key, row.manifest)
        else:
            self._read_large(operation.key)
        if operation.key in self._manifests:
            self._look_up_there(space, [chunk.hash for chunk in self._manifests[operation.key].chunks])

    def _look_up_there(self, space: bytes, hashes: Sequence[bytes]) -> None:
        found = contents.holdings(self._tx, space, hashes)
        self._there.update((digest, (space, holding)) for digest, holding in found.items())


def _has_source(operation: ask.Put | ask.Offer) -> bool:
    return isinstance(operation, ask.Put) and operation.source is not None
