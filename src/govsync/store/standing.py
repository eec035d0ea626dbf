"""How single nodes are: settled, on their way, or waiting for a person; for whoever shows it beside their names.

What is below a folder counts for the folder. It is found from below: of what is unsettled, which is little nearly always, the
folders above; where there is more than `MOST`, every folder counts as having some of it.
"""

from collections.abc import Iterable

from govsync.store.database import Store

MOST = 2_000

_UNSETTLED = (
    "SELECT lid FROM dirty UNION SELECT lid FROM op_cover UNION SELECT lid FROM intent"
    " UNION SELECT lid FROM problem WHERE waiting = 1 AND name = ''"
    " UNION SELECT lid FROM node WHERE presence = 'here' AND kind = 'file' AND l_hash IS NULL"
    " UNION SELECT lid FROM lost WHERE offered = 1"
)
_WAITING = (
    "SELECT lid FROM problem WHERE waiting = 0"
    " UNION SELECT k.lid FROM kept k JOIN node n ON n.lid = k.lid WHERE n.presence = 'local_only'"
    " UNION SELECT i.lid FROM hold_item i JOIN hold h ON h.id = i.hold WHERE h.state = 'open'"
)
_ABOVE = (
    "WITH RECURSIVE up(lid) AS (SELECT lid FROM (SELECT lid FROM ({which}) LIMIT {most})"
    " UNION SELECT CASE WHEN s.mount_lid IS NULL THEN coalesce(n.l_parent, n.r_parent) ELSE s.mount_lid END"
    " FROM up JOIN node n ON n.lid = up.lid LEFT JOIN space s ON s.root_lid = n.lid) SELECT lid FROM up WHERE lid > 0"
)


class Standing:
    """What is not settled in a store at one moment, with the folders above it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._many = len(store.all(f"SELECT lid FROM ({_UNSETTLED}) LIMIT {MOST}")) == MOST
        self._unsettled = _above(store, _UNSETTLED)
        self._waiting = _above(store, _WAITING)

    def waits(self, lid: int) -> bool:
        """Says whether a node, or something in it, waits for a person."""
        return lid in self._waiting

    def settled(self, lid: int) -> bool:
        """Says whether nothing is left to do for a node, nor for anything in it; what has never been on the server, or is
        not on the disk, is not settled."""
        row = self._store.one(
            "SELECT n.kind, n.presence, n.r_parent IS NOT NULL AND n.r_dead = 0, n.l_hash IS n.r_hash,"
            " s.root_lid IS NOT NULL FROM node n LEFT JOIN space s ON s.root_lid = n.lid WHERE n.lid = ?",
            (lid,),
        )
        if row is None or lid in self._unsettled:
            return False
        kind, presence, known, same, root = row
        if kind != "file" and self._many:
            return False
        return presence == "here" and (root or (bool(known) and (kind != "file" or bool(same))))

    def seen(self, lid: int) -> tuple[int, int] | None:
        """Answers size and time of a file as it was last read, None for what is none."""
        row = self._store.one("SELECT size, mtime_ns FROM node WHERE lid = ? AND kind = 'file'", (lid,))
        return None if row is None or row[0] is None else (row[0], row[1])


def _above(store: Store, which: str) -> set[int]:
    rows: Iterable[tuple[int]] = store.all(_ABOVE.format(which=which, most=MOST))
    return {lid for (lid,) in rows}
