"""Files whose bytes go to the folder Rescued before anything else may happen to them (R28, R38).

Such a node is busy. Once its bytes are safe there, what the disk shows counts as agreed: so the server's revision takes
its place, or it goes with what was deleted, by the ordinary rules.
"""

from collections.abc import Sequence

from govsync.model.nodes import Presence
from govsync.store import dirty
from govsync.store.database import Store

RESCUED = b""
"""The revision of what lies in Rescued: no server ever names one so."""


def add(store: Store, lids: Sequence[int]) -> None:
    """Puts files on the list; those that are not on the disk have no bytes to rescue."""
    store.many(
        "INSERT OR IGNORE INTO rescue SELECT lid FROM node WHERE lid = ? AND kind = 'file'"
        " AND presence IN ('here', 'local_only')",
        ((lid,) for lid in lids),
    )
    dirty.add(store, lids)


def due(store: Store, now_ms: int, limit: int) -> list[int]:
    """Answers files whose bytes are to be rescued now: read to their end, and their time has come."""
    rows = store.all(
        "SELECT r.lid FROM rescue r JOIN node n ON n.lid = r.lid LEFT JOIN dirty d ON d.lid = r.lid"
        " WHERE coalesce(d.not_before_ms, 0) <= ? AND n.l_hash IS NOT NULL AND n.presence IN ('here', 'local_only')"
        " AND NOT EXISTS (SELECT 1 FROM op_cover o WHERE o.lid = r.lid)"
        " AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.lid = r.lid) ORDER BY r.lid LIMIT ?",
        (now_ms, limit),
    )
    return [lid for (lid,) in rows]


def drop_gone(store: Store) -> None:
    """Takes off the list what is no longer on the disk: somebody else has taken it away."""
    rows = store.all(
        "SELECT r.lid FROM rescue r LEFT JOIN node n ON n.lid = r.lid WHERE n.lid IS NULL OR n.presence NOT IN"
        f" ('{Presence.HERE}', '{Presence.LOCAL_ONLY}', '{Presence.GAP}') ORDER BY r.lid"
    )
    store.many("DELETE FROM rescue WHERE lid = ?", rows)
    dirty.add(store, [lid for (lid,) in rows])


def done(store: Store, lid: int) -> None:
    """Notes that exactly what the disk shows of a file lies in Rescued: it counts as agreed from now on."""
    store.run(
        "UPDATE node SET presence = 'here', b_parent = coalesce(b_parent, l_parent), b_name = coalesce(b_name, l_name),"
        " b_place = coalesce(b_place, r_place, ?2), b_rev = ?2, b_hash = l_hash, b_exec = l_exec WHERE lid = ?1",
        (lid, RESCUED),
    )
    store.run("DELETE FROM rescue WHERE lid = ?", (lid,))
    dirty.add(store, [lid])


def any_left(store: Store) -> bool:
    """Says whether anything is still to be rescued."""
    return store.value("SELECT 1 FROM rescue LIMIT 1") is not None
