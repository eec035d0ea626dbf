"""Where contents are assembled and checked before they get a name: `.govsync/staging` (I2, I3, I12).

A staged file is complete when every chunk had its SHA-256; `place` then gives it a name. What an interrupted download
left behind, whatever a power cut made of it, is hashed again and carried over as far as it is right, so no chunk is
fetched twice. Neighbours: `remote` writes into the sinks, `reader.Pieces` offers chunks that this desk has.
Refuses to know nodes and steps.
"""

from collections.abc import Callable, Collection
from typing import Self

import msgspec

from govsync.content.hashes import chunk_hash
from govsync.content.manifests import EMPTY, Manifest, manifest_of, verify
from govsync.local.folders import OpenFolders
from govsync.local.root import Root, proven
from govsync.local.steps import STAGING
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import File, FileSystem, Folder, Shape

_OLD = ".old"

Have = Callable[[bytes], bytes | memoryview | None]
"""Answers what stands on this desk where a chunk is believed to be; it is verified here."""
Came = Callable[[int], object]
"""Hears how many bytes of a revision have come in all."""


def unseen(_: int) -> None:
    """Nobody looks on."""


class Staged(msgspec.Struct, frozen=True):
    """A complete, verified file in staging; after `Staging.flush` it survives a power cut."""

    name: str
    ino: int
    manifest: Manifest | None = None
    """What it is made of, where that is more than one chunk."""


class Staging:
    """The staging folder, open; `minimum_free_bytes` is what must stay free on the disk (`folder.minimum_free`)."""

    def __init__(self, fs: FileSystem, expected: Root, minimum_free_bytes: int) -> None:
        """Opens it; raises Failure where the root is not proven."""
        self._fs = fs
        self._folders = OpenFolders(fs, proven(fs, expected))
        try:
            self._folder = self._folders.hidden(STAGING)
        except BaseException:
            self._folders.close()
            raise
        self._minimum_free_bytes = minimum_free_bytes
        self._room_bytes: int | None = None
        """How much more may be staged, as the disk was when the first small content came."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the folder; what is staged stays."""
        self._folders.close()

    def small(
        self, name: str, data: bytes, hash: bytes, mtime_ns: int, exec: bool, write: bool = True
    ) -> Staged:
        """Stages a content that came whole, as its only chunk; `write`: whether anybody may write the file. Raises
        Failure(chunk_bad) when it is not the one named by `hash`, Failure(disk_full)."""
        if manifest_of([data] if data else []).content_hash != hash:
            raise Failure(Code.CHUNK_BAD, name=name)
        if self._room_bytes is None:
            self._room_bytes = self._fs.free_bytes() - self._minimum_free_bytes
        if self._room_bytes < len(data):
            raise Failure(Code.DISK_FULL, needed_bytes=len(data))
        with self._created(name) as file:
            file.write(data)
            self._room_bytes -= len(data)
            return _finished(file, name, mtime_ns, exec, write)

    def _created(self, name: str) -> File:
        """Makes a file in place of what an earlier attempt may have left."""
        try:
            return self._fs.create(self._folder, name)
        except Failure as failure:
            if failure.code is not Code.EXISTS:
                raise
        self._fs.unlink(self._folder, name)
        return self._fs.create(self._folder, name)

    def has_room(self, name: str, size_bytes: int) -> bool:
        """Says whether a revision fits on the disk: a download that cannot end does not begin (R17)."""
        left = [self._fs.stat(self._folder, each) for each in (name, name + _OLD)]
        begun_bytes = sum(each.size_bytes for each in left if each is not None)
        return self._fs.free_bytes() - self._minimum_free_bytes + begun_bytes >= size_bytes

    def download(
        self, name: str, rev: bytes, hash: bytes, size_bytes: int, have: Have, came: Came = unseen
    ) -> "StagedFile":
        """Makes the place for a revision that comes chunk by chunk, under a name that is always the same for it."""
        room = self._minimum_free_bytes
        return StagedFile(self._fs, self._folder, name, rev, hash, size_bytes, have, room, came)

    def flush(self) -> None:
        """Returns when everything staged so far is on the disk: once a batch, before its intents (R16)."""
        self._fs.flush_folders([self._folder])

    def sweep(self, keep: Collection[str], older_than_ns: int) -> int:
        """Removes what was last written before `older_than_ns` and is not in `keep`; answers how many (R17).

        Staging holds nothing of a person's at any moment (see `place`). The ctime tells, since a finished file carries
        its revision's mtime.
        """
        removed = 0
        for entry in self._fs.list(self._folder).entries:
            kept = entry.name in keep or entry.name.removesuffix(_OLD) in keep
            if entry.stat.shape is Shape.FILE and not kept and entry.stat.ctime_ns < older_than_ns:
                self._fs.unlink(self._folder, entry.name)
                removed += 1
        return removed


class StagedFile:
    """One revision on its way down: `remote.interface.Download`, and its `Sink` once the manifest is known."""

    def __init__(
        self,
        fs: FileSystem,
        folder: Folder,
        name: str,
        rev: bytes,
        hash: bytes,
        size_bytes: int,
        have: Have,
        minimum_free_bytes: int,
        came: Came,
    ) -> None:
        self._fs = fs
        self._folder = folder
        self._name = name
        self._came = came
        self._came_bytes = 0
        self._rev = rev
        self._hash = hash
        self._size_bytes = size_bytes
        self._have = have
        self._minimum_free_bytes = minimum_free_bytes
        self._manifest = EMPTY
        self._index = 0
        self._verified: dict[bytes, bytes | memoryview] = {}
        """Chunks that were found on this disk, until they are given back to `write`: hashed once."""
        self._file: File | None = None

    @property
    def rev(self) -> bytes:
        """Names the revision."""
        return self._rev

    @property
    def hash(self) -> bytes:
        """Names its content."""
        return self._hash

    @property
    def size_bytes(self) -> int:
        """Says how large it is."""
        return self._size_bytes

    @property
    def complete(self) -> bool:
        """Says whether every chunk has come."""
        return self._file is not None and self._index == len(self._manifest.chunks)

    def open(self, manifest: Manifest) -> Self:
        """Begins, or goes on where an earlier attempt stopped.

        Raises Failure(manifest_bad) when the manifest is not this revision's, Failure(disk_full) before any byte.
        """
        verify(manifest)
        if manifest.content_hash != self._hash or manifest.size_bytes != self._size_bytes:
            raise Failure(Code.MANIFEST_BAD, what="hash")
        self.close()
        self._manifest, self._index, self._came_bytes = manifest, 0, 0
        earlier = self._set_earlier_aside()
        self._file = self._fs.create(self._folder, self._name)
        self._file.reserve(self._size_bytes)
        if earlier:
            self._carry_over()
            self._fs.unlink(self._folder, self._name + _OLD)
        return self

    def resume_at(self) -> int:
        """Answers the index of the first chunk that is still wanted (I12)."""
        return self._index

    def have(self, wanted_hash: bytes) -> bytes | memoryview | None:
        """Answers a chunk's bytes where this desk holds them, verified, else None."""
        data = self._have(wanted_hash)
        if data is None or chunk_hash(data) != wanted_hash:
            return None
        self._verified[wanted_hash] = data
        return data

    def write(self, data: bytes | memoryview) -> None:
        """Takes the next chunk; raises Failure(chunk_bad) when it is not the expected one, Failure(disk_full)."""
        chunks = self._manifest.chunks
        if self._index == len(chunks):
            raise Failure(Code.CHUNK_BAD, index=self._index)
        wanted = chunks[self._index]
        verified = data is self._verified.pop(wanted.hash, None)
        found = wanted.hash if verified else chunk_hash(data)
        if len(data) != wanted.size_bytes or found != wanted.hash:
            raise Failure(Code.CHUNK_BAD, index=self._index)
        self._take(data)

    def finish(self, mtime_ns: int, exec: bool, write: bool = True) -> Staged:
        """Answers the complete file; raises Failure(chunk_lost) when chunks are missing."""
        if self._index != len(self._manifest.chunks):
            raise Failure(Code.CHUNK_LOST, index=self._index)
        staged = _finished(self._open_file(), self._name, mtime_ns, exec, write)
        self.close()
        several = len(self._manifest.chunks) > 1
        return msgspec.structs.replace(staged, manifest=self._manifest) if several else staged

    def close(self) -> None:
        """Ends the attempt; what came stays for the next one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _take(self, data: bytes | bytearray | memoryview) -> None:
        self._open_file().write(memoryview(data))
        self._index += 1
        self._came_bytes += len(data)
        self._came(self._came_bytes)

    def _open_file(self) -> File:
        if self._file is None:
            raise Failure(Code.GONE, name=self._name)
        return self._file

    def _set_earlier_aside(self) -> bool:
        """Renames what an earlier attempt left, so that its chunks can be carried over; says whether there is any.

        If that attempt was itself interrupted while carrying over, the older file holds at least as much. Where the
        disk has no room for both files the earlier one is given up.
        """
        fs, folder, name = self._fs, self._folder, self._name
        old = fs.stat(folder, name + _OLD)
        if old is not None:
            _remove(fs, folder, name)
        else:
            old = fs.stat(folder, name)
            if old is not None:
                fs.rename(folder, name, folder, name + _OLD)
        room_bytes = fs.free_bytes() - self._minimum_free_bytes
        if room_bytes >= self._size_bytes:
            return old is not None
        if old is None or room_bytes + old.size_bytes < self._size_bytes:
            raise Failure(Code.DISK_FULL, needed_bytes=self._size_bytes)
        fs.unlink(folder, name + _OLD)
        return False

    def _carry_over(self) -> None:
        """Copies the leading chunks that are right; the first that is not ends it."""
        offset = 0
        with self._fs.open_file(self._folder, self._name + _OLD) as old:
            for chunk in self._manifest.chunks:
                target = bytearray(chunk.size_bytes)
                count = old.read_into(offset, memoryview(target))
                if count != chunk.size_bytes or chunk_hash(target) != chunk.hash:
                    return
                self._take(target)
                offset += count


def _finished(file: File, name: str, mtime_ns: int, exec: bool, write: bool) -> Staged:
    return Staged(name, file.finish(mtime_ns, exec, write))


def _remove(fs: FileSystem, folder: Folder, name: str) -> None:
    if fs.stat(folder, name) is not None:
        fs.unlink(folder, name)
