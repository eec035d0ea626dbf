"""What lies in the desk's own trash: displaced and removed files, with what is known of each (R17)."""

import msgspec

from govsync.store.database import Store
from govsync.store.local_tree import Disk
from govsync.store.rescues import RESCUED

HAD = b"had"
"""The revision of what the server has had, where nobody remembers as which revision: no server ever names one so."""


class TrashRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the trash: under which name, from which path, with which signature; `rev` is the revision of the server
    that it equals (`rescues.RESCUED`: it lies in Rescued; `HAD`: the server told only that it had the content), or None:
    then it is unverified, and nobody may purge it."""

    name: str
    lid: int
    origin: str
    ino: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    rev: bytes | None
    at_ms: int
    space: bytes


def add(store: Store, row: TrashRow) -> None:
    """Notes a file in the trash."""
    store.run(
        "INSERT OR REPLACE INTO trash VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.name,
            row.lid,
            row.origin,
            row.ino,
            row.size_bytes,
            row.mtime_ns,
            row.ctime_ns,
            row.rev,
            row.at_ms,
            row.space,
        ),
    )


def listed(store: Store) -> list[TrashRow]:
    """Lists the trash, the oldest first."""
    return between(store, -1, 1 << 62)


def between(store: Store, after_ms: int, until_ms: int) -> list[TrashRow]:
    """Lists what came into the trash after one moment and up to another, the oldest first."""
    rows = store.all(
        "SELECT name, lid, origin, ino, size, mtime_ns, ctime_ns, rev, at_ms, space FROM trash WHERE at_ms > ? AND at_ms <= ?"
        " ORDER BY at_ms, name",
        (after_ms, until_ms),
    )
    return [
        TrashRow(
            name=row[0], lid=row[1], origin=row[2], ino=row[3], size_bytes=row[4], mtime_ns=row[5], ctime_ns=row[6],
            rev=row[7], at_ms=row[8], space=row[9],
        )
        for row in rows
    ]  # fmt: skip


def left_behind(store: Store) -> list[TrashRow]:
    """Lists what lies in the trash of spaces that are not on this desk any more (R38)."""
    known = {id for (id,) in store.all("SELECT id FROM space ORDER BY id")}
    return [row for row in listed(store) if row.space not in known]


def unverify(store: Store, name: str) -> None:
    """Notes that a file in the trash is no longer what the server has: it may not be purged."""
    store.run("UPDATE trash SET rev = NULL WHERE name = ?", (name,))


def rescued(store: Store, name: str, copied: Disk) -> str:
    """Notes that a file in the trash, as it was copied, lies in Rescued as well: it may be purged one day. Answers the
    path that it came from."""
    store.run(
        "UPDATE trash SET rev = ?, ino = ?, size = ?, mtime_ns = ?, ctime_ns = ? WHERE name = ?",
        (RESCUED, copied.ino, copied.size_bytes, copied.mtime_ns, copied.ctime_ns, name),
    )
    return str(store.value("SELECT origin FROM trash WHERE name = ?", (name,)) or "")


def drop(store: Store, name: str) -> None:
    """Notes that a file is no longer in the trash."""
    store.run("DELETE FROM trash WHERE name = ?", (name,))
