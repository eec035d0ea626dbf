"""What files on the disk hold, as they were last read: each content with exactly the signature of its reading (R4)."""

from collections.abc import Sequence

import msgspec

from govsync.content.manifests import Manifest
from govsync.store import dirty, manifests
from govsync.store.database import Store, pieces
from govsync.store.local_tree import Disk


class Held(msgspec.Struct, frozen=True):
    """What was read of a file: what the disk showed meanwhile, what it is made of, and whether it can be executed:
    None where its disk keeps no such bit, so that it stays as it is known."""

    lid: int
    seen: Disk
    manifest: Manifest
    exec: bool | None


def record(store: Store, held: Sequence[Held]) -> set[int]:
    """Records what files hold, each once; answers the nodes of which that is known now.

    Where a name holds another file by now than the one that was read, it must be read again. A file that waits for the
    end of a gap is read, but nothing is decided about it before (R3).
    """
    there: dict[int, int] = {}
    waiting: set[int] = set()
    for marks, piece in pieces([each.lid for each in held]):
        for lid, ino, waits_for in store.all(
            f"SELECT lid, ino, waits_for FROM node WHERE lid IN ({marks}) AND presence IN ('here', 'local_only')",
            piece,
        ):
            there[lid] = ino
            if waits_for is not None:
                waiting.add(lid)
    known = [each for each in held if there.get(each.lid) == each.seen.ino]
    store.many(
        "UPDATE node SET l_hash = ?, l_exec = coalesce(?, l_exec), birth_ns = coalesce(?, birth_ns), size = ?, mtime_ns = ?, ctime_ns = ?,"
        " racy = ? WHERE lid = ?",
        (
            (
                each.manifest.content_hash, each.exec, each.seen.birth_ns, each.seen.size_bytes, each.seen.mtime_ns,
                each.seen.ctime_ns, each.seen.racy, each.lid,
            )
            for each in known
        ),
    )  # fmt: skip
    manifests.put(store, {each.lid: each.manifest for each in known})
    dirty.add(store, (each.lid for each in known if each.lid not in waiting))
    return {each.lid for each in known}


def unread(store: Store) -> list[int]:
    """Lists the files on the disk that have not been read to their end, or whose signature may deceive (R4)."""
    rows = store.all(
        "SELECT lid FROM node WHERE presence = 'here' AND kind = 'file' AND l_hash IS NULL"
        " UNION SELECT lid FROM node WHERE racy = 1 AND presence = 'here' ORDER BY lid"
    )
    return [lid for (lid,) in rows]
