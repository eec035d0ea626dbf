"""What is fetched with a browser: a file, a part of one (RFC 9110, section 14), or a folder as a ZIP, a piece at a time.

Each piece is read when the one before it was taken, whatever the size of all, and before it is read it is judged anew
whether it still may be: after a revocation nothing new reaches anybody (I8). What a piece needs of a version that
was replaced meanwhile is still there: a version is fetched by its id.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec
from sqlalchemy import Connection, select

from govsync.content.manifests import ChunkRef
from govsync.model import names
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.commits import Want
from govsync.protocol.limits import KIB, MIB
from govsync.server import reading
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import pieces
from govsync.text.units import portable_name

PIECE_BYTES = 4 * MIB
"""What is read at a time, and a chunk more at most."""
MEMORY_BYTES = 2 * PIECE_BYTES
SMALL_BYTES = 256 * KIB
"""Files up to so many bytes are fetched together."""
ENTRY_BYTES = 2 * KIB
"""What one file in a ZIP takes at most, until the ZIP is written: its name, where it comes from, where it begins."""
_EVERY_CHUNK = 1 << 31
_FILE_MODE, _TOOL_MODE, _FOLDER_MODE = 0o100644, 0o100755, 0o040755
_UNIX, _FOLDER_BIT = 3, 0x10
_EARLIEST_S, _LATEST_S = 315_532_800, 4_354_819_198
"""The years 1980 to 2107, which a ZIP can tell."""

Piece = bytes | memoryview
_Moment = tuple[int, int, int, int, int, int]


class Item(msgspec.Struct, frozen=True):
    """A file, or a folder (`rev` None), on its way into a ZIP."""

    path: str
    rev: bytes | None
    size_bytes: int
    mtime_ns: int
    exec: bool


class Reader(msgspec.Struct, frozen=True):
    """On whose behalf contents of a space are read; `require_still` raises a Failure once that may not be any more."""

    caller: Caller
    space: bytes
    require_still: Callable[[], None]


# A file


def part(server: Server, reader: Reader, rev: bytes, start: int, end: int) -> Iterator[list[Piece]]:
    """Yields the bytes of a version from `start` to `end` (excluded), a piece at a time; raises Failure(not_found,
    chunk_lost)."""
    chunks = reading.manifest(server, reader.caller, reader.space, rev).chunks
    for want, offset in _wants(rev, chunks, start, end):
        found: list[Piece] = []
        for chunk in _fetch(server, reader, [want]):
            low, high = max(start - offset, 0), min(end - offset, len(chunk))
            found.append(memoryview(chunk)[low:high])
            offset += len(chunk)
        yield found


def _wants(rev: bytes, chunks: Sequence[ChunkRef], start: int, end: int) -> Iterator[tuple[Want, int]]:
    """Yields which chunks are to be read at a time, and where in the content they begin."""
    first = begins = offset = 0
    for number, chunk in enumerate(chunks):
        if offset + chunk.size_bytes <= start:
            first, begins = number + 1, offset + chunk.size_bytes
        offset += chunk.size_bytes
        if first <= number and (offset - begins >= PIECE_BYTES or offset >= end or number + 1 == len(chunks)):
            yield Want(rev, first, number + 1), begins
            first, begins = number + 1, offset
        if offset >= end:
            return


def _fetch(server: Server, reader: Reader, wants: Sequence[Want]) -> list[bytes]:
    reader.require_still()
    return [chunk.plain for chunk in reading.fetch(server, reader.caller, reader.space, wants)]


# A folder


def items(server: Server, folder: Any) -> list[Item]:
    """Lists what a ZIP of a folder holds, at one moment, each folder before what is in it; shared folders of others in it are
    left out. Raises Failure(too_large) where there is too much."""
    found: list[Item] = []
    most = server.bounds.link_files
    with server.database.begin(write=False) as tx:
        folders = {folder.id: ""}
        while folders:
            below: dict[bytes, str] = {}
            for row, path in _children(tx, folders, most + 1):
                is_folder = row.kind == Kind.FOLDER
                if is_folder:
                    below[row.id] = f"{path}/"
                rev, suffix = (None, "/") if is_folder else (row.rev, "")
                found.append(Item(path + suffix, rev, row.size, row.mtime_ns, bool(row.exec)))
                if len(found) > most:
                    raise Failure(Code.TOO_LARGE, limit=most)
            folders = below
    return found


def _children(tx: Connection, folders: dict[bytes, str], most: int) -> Iterator[tuple[Any, str]]:
    """Yields what lies in some folders, with a path that every system can make: signs that one of them takes for something
    else are replaced, and what would then have the name of another is counted."""
    taken: set[tuple[bytes, str]] = set()
    for row in _inside(tx, folders, most):
        safe = name = portable_name(row.name)
        turn = 1
        while (row.parent, names.key(name)) in taken:
            turn += 1
            name = names.second_name(safe, turn)
        taken.add((row.parent, names.key(name)))
        yield row, folders[row.parent] + name


def _inside(tx: Connection, folders: Iterable[bytes], most: int) -> Iterator[Any]:
    """Yields what lies in some folders, by name, but for mounts; of each part that is asked for, so many at most."""
    n = tables.node.c
    for piece in pieces(folders):
        query = select(tables.node).where(n.parent.in_(piece), n.deleted_seq.is_(None), n.kind != Kind.MOUNT)
        yield from tx.execute(query.order_by(n.parent, n.key).limit(most))


class _Out:
    """A file that is only written, from which is taken away what was written."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self.held_bytes = 0

    def write(self, data: Piece) -> int:
        self._pieces.append(data)
        self.held_bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> list[Piece]:
        """Takes away what was written."""
        taken, self._pieces, self.held_bytes = self._pieces, [], 0
        return taken


def packed(server: Server, reader: Reader, what: Iterable[Item]) -> Iterator[list[Piece]]:
    """Yields a ZIP of some files, a piece at a time. They are packed as they are: what is worth it is compressed already in
    its own format, and what is sent costs no more of the processor than it must."""
    out = _Out()
    with ZipFile(out, "w", ZIP_STORED) as archive:  # type: ignore[call-overload]  # All that is asked of it.
        for item, content in _contents(server, reader, what):
            if item.rev is None:
                archive.mkdir(_entry(item))
                continue
            with archive.open(_entry(item), "w") as entry:
                for piece in content:
                    for data in piece:
                        entry.write(data)
                    if out.held_bytes >= PIECE_BYTES:
                        yield out.taken()
    yield out.taken()


def _contents(
    server: Server, reader: Reader, what: Iterable[Item]
) -> Iterator[tuple[Item, Iterable[list[Piece]]]]:
    """Yields files with their contents, small ones fetched many at a time."""
    small: list[Item] = []
    size = 0
    for item in what:
        if item.rev is not None and item.size_bytes > SMALL_BYTES:
            yield item, part(server, reader, item.rev, 0, item.size_bytes)
            continue
        small.append(item)
        size += item.size_bytes
        if size >= PIECE_BYTES or len(small) == server.limits.wants_per_fetch:
            yield from _together(server, reader, small)
            small, size = [], 0
    yield from _together(server, reader, small)


def _together(
    server: Server, reader: Reader, small: Sequence[Item]
) -> Iterator[tuple[Item, Iterable[list[Piece]]]]:
    """Yields small files with their contents, of which each is told from the next by its size."""
    wants = [Want(item.rev, 0, _EVERY_CHUNK) for item in small if item.rev is not None]
    chunks = iter(_fetch(server, reader, wants) if wants else ())
    for item in small:
        found: list[Piece] = []
        left = item.size_bytes
        while left:
            found.append(next(chunks))
            left -= len(found[-1])
        yield item, (found,)


def _entry(item: Item) -> ZipInfo:
    entry = ZipInfo(item.path, _moment(item.mtime_ns))
    entry.file_size, entry.compress_size, entry.CRC = item.size_bytes, 0, 0  # As `ZipFile.mkdir` wants them.
    entry.create_system = _UNIX
    mode = _FOLDER_MODE if item.rev is None else _TOOL_MODE if item.exec else _FILE_MODE
    entry.external_attr = mode << 16 | (_FOLDER_BIT if item.rev is None else 0)
    return entry


def _moment(mtime_ns: int) -> _Moment:
    """Answers a time in UTC, as far as those of a ZIP go."""
    seconds = min(max(mtime_ns // 1_000_000_000, _EARLIEST_S), _LATEST_S)
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return at.year, at.month, at.day, at.hour, at.minute, at.second
