"""Files that were kept beside another, until a person decides (R22), and what lies on the disk of a space."""

import msgspec

from govsync.store import paths
from govsync.store.database import Store


class ConflictRow(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict copy and the file that kept the name."""

    copy: int
    original: int
    mtime_ns: int


def listed(store: Store) -> list[ConflictRow]:
    """Lists the conflict copies on this disk."""
    rows = store.all(
        "SELECT c.lid, o.lid, c.mtime_ns FROM node c JOIN node o ON o.node_id = c.conflict_of"
        " WHERE c.presence = 'here' ORDER BY c.lid"
    )
    return [
        ConflictRow(copy=copy, original=original, mtime_ns=mtime_ns or 0) for copy, original, mtime_ns in rows
    ]


def settle(store: Store, copy: int) -> None:
    """Makes a conflict copy a file like any other."""
    store.run("UPDATE node SET conflict_of = NULL WHERE lid = ?", (copy,))


def on_disk(store: Store, space: bytes) -> dict[bytes, tuple[str, ...] | None]:
    """Answers where the nodes of a space lie on this disk, by node id."""
    rows = store.all(
        "SELECT lid, node_id FROM node WHERE space = ? AND presence IN ('here', 'local_only') AND l_parent > 0"
        " ORDER BY lid",
        (space,),
    )
    return {node_id: paths.disk_path(store, lid) for lid, node_id in rows}
