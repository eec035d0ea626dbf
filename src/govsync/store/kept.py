"""What stays on this desk alone, because its person may only read the space that it lies in (R38).

Such a node is `local_only`: nobody is told of it, and no news of the server is about it. Why it is so is remembered here,
so that it can be offered once the person may change the space; until then it is listed as a problem, a folder for all that
lies in it.
"""

from collections.abc import Sequence

from govsync.model.codes import Code
from govsync.model.nodes import Kind, Presence
from govsync.store import dirty
from govsync.store.database import Row, Store

_HERE = "presence = 'local_only'"
_TOPMOST = (
    f"kept k JOIN node n ON n.lid = k.lid WHERE n.{_HERE} AND NOT EXISTS"
    f" (SELECT 1 FROM kept p JOIN node f ON f.lid = p.lid WHERE p.lid = n.l_parent AND f.{_HERE})"
)
_IN = f"SELECT k.lid FROM kept k JOIN node n ON n.lid = k.lid WHERE n.space = ? AND n.{_HERE}"


def keep(store: Store, lid: int, node_id: bytes, at_ms: int) -> None:
    """Makes a node this desk's own. It is another one from now on, `node_id`, than the server may have known by its id; but
    a folder that was deleted there stays the same, should it come back to life."""
    store.run("INSERT OR IGNORE INTO kept (lid, since_ms) VALUES (?, ?)", (lid, at_ms))
    store.run(
        "UPDATE node SET presence = ?, conflict_of = NULL, b_parent = NULL, b_name = NULL, b_place = NULL, b_rev = NULL,"
        " b_hash = NULL, b_exec = NULL WHERE lid = ?",
        (Presence.LOCAL_ONLY, lid),
    )
    store.run(
        "UPDATE node SET node_id = ?, r_parent = NULL, r_name = NULL, r_key = NULL, r_place = NULL, r_rev = NULL,"
        " r_seq = NULL, r_hash = NULL, r_size = NULL, r_mtime_ns = NULL, r_exec = NULL, r_dead = NULL"
        " WHERE lid = ? AND (kind = ? OR r_parent IS NULL)",
        (node_id, lid, Kind.FILE),
    )


def release(store: Store, space: bytes) -> list[int]:
    """Makes everything in a space that is kept so a new file or folder like any other; answers what was listed of it."""
    listed = [
        lid for (lid,) in store.all(f"SELECT k.lid FROM {_TOPMOST} AND n.space = ? ORDER BY k.lid", (space,))
    ]
    lids = [lid for (lid,) in store.all(f"{_IN} ORDER BY k.lid", (space,))]
    store.many("UPDATE node SET presence = 'here' WHERE lid = ?", ((lid,) for lid in lids))
    store.many("DELETE FROM kept WHERE lid = ?", ((lid,) for lid in lids))
    dirty.add(store, [*_husks_above(store, listed), *lids])
    return listed


def _husks_above(store: Store, lids: Sequence[int]) -> list[int]:
    """Makes the folders in which these lie, and which are on this disk for nothing that goes to a server, such as do: they
    are needed there (R12). Answers them, the upper ones first."""
    found: dict[int, None] = {}
    for lid in lids:
        above: int | None = store.value("SELECT l_parent FROM node WHERE lid = ?", (lid,))
        while above and store.changed(
            f"UPDATE node SET presence = 'here' WHERE lid = ? AND {_HERE}", (above,)
        ):
            found[above] = None
            above = store.value("SELECT l_parent FROM node WHERE lid = ?", (above,))
    return list(reversed(found))


def known_again(store: Store, lid: int) -> None:
    """Takes in that the server has a folder, again, that was this desk's own: it is where it was, and agreed on by nobody."""
    if store.changed(f"UPDATE node SET presence = 'here' WHERE lid = ? AND {_HERE}", (lid,)):
        store.run("DELETE FROM kept WHERE lid = ?", (lid,))


def listed(store: Store) -> list[Row]:
    """Lists what is kept so: node, code, and since when. What was moved there from another space, where it still is on the
    server, is to be moved back (R24)."""
    return [
        (lid, Code.CANNOT_MOVE_HERE if moved else Code.KEPT_HERE, since_ms)
        for lid, moved, since_ms in store.all(
            "SELECT k.lid, EXISTS (SELECT 1 FROM node s WHERE s.after_lid = k.lid), k.since_ms"
            f" FROM {_TOPMOST} ORDER BY k.since_ms, k.lid"
        )
    ]


def count(store: Store) -> int:
    """Counts what is listed so."""
    return int(store.value(f"SELECT count(*) FROM {_TOPMOST}"))
