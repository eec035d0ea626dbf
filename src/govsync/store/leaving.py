"""Taking a space off this desk whose membership has ended (R38).

What the desk holds of it becomes what was deleted there: so every unchanged file and folder goes by the ordinary rules,
and with the ordinary care. What the server lacks is put on the list of `rescues` before, in the same transaction.
"""

from govsync.protocol.session import SpaceState
from govsync.store import dirty, rescues
from govsync.store.database import Store

_IN = "space = ?1 AND lid NOT IN (SELECT root_lid FROM space WHERE id = ?1)"
_UNSENT = "(l_hash IS NULL OR l_hash IS NOT b_hash OR b_rev IS NULL OR presence = 'local_only')"
_LEFT_OVER = "kind != 'file' AND presence = 'local_only'"
"""Folders in which something lies that never goes to a server: they stay, as this desk's own (R12)."""


def left(store: Store) -> list[bytes]:
    """Lists the spaces that are to be taken off this desk."""
    rows = store.all("SELECT id FROM space WHERE state = ? ORDER BY id", (SpaceState.REVOKED,))
    return [id for (id,) in rows]


def under_way(store: Store, space: bytes) -> bool:
    """Says whether a sent operation or a step on the disk has no outcome yet: it is waited for."""
    return bool(
        store.value(
            "SELECT EXISTS (SELECT 1 FROM op WHERE space = ?1) OR EXISTS (SELECT 1 FROM intent i JOIN node n"
            " ON n.lid = i.lid WHERE n.space = ?1)",
            (space,),
        )
    )


def let_go(store: Store, space: bytes) -> list[int]:
    """Lets everything go that the server has, and puts the rest on the list to be rescued; to be called until nothing is
    left. Answers all nodes of the space."""
    every = [lid for (lid,) in store.all(f"SELECT lid FROM node WHERE {_IN} ORDER BY lid", (space,))]
    unsent = store.all(
        f"SELECT lid FROM node WHERE {_IN} AND kind = 'file' AND presence IN ('here', 'local_only') AND {_UNSENT}"
        " ORDER BY lid",
        (space,),
    )
    # What the server refused waits no longer for the server; what could not be rescued yet waits on.
    store.run(
        f"UPDATE dirty SET not_before_ms = 0 WHERE lid IN (SELECT lid FROM node WHERE {_IN})"
        " AND lid NOT IN (SELECT lid FROM rescue)",
        (space,),
    )
    rescues.add(store, [lid for (lid,) in unsent])
    store.run(
        "UPDATE node SET r_dead = 1, r_parent = coalesce(r_parent, l_parent), r_name = coalesce(r_name, l_name),"
        " r_key = coalesce(r_key, l_key), r_place = coalesce(r_place, x''), r_seq = coalesce(r_seq, 0),"
        f" r_size = coalesce(r_size, 0), r_exec = coalesce(r_exec, 0) WHERE {_IN}",
        (space,),
    )
    store.run(
        "UPDATE node SET b_parent = l_parent, b_name = l_name, b_place = coalesce(b_place, x''),"
        f" b_exec = coalesce(b_exec, l_exec) WHERE {_IN} AND presence = 'here'",
        (space,),
    )
    dirty.add(store, every)
    return every


def end(store: Store, space: bytes) -> bool:
    """Forgets a space of which nothing is left but folders that are this desk's own; False while there is more."""
    if store.value(f"SELECT 1 FROM node WHERE {_IN} AND NOT ({_LEFT_OVER}) LIMIT 1", (space,)) is not None:
        return False
    lids = store.all("SELECT lid FROM node WHERE space = ? ORDER BY lid", (space,))
    for table in ("node", "dirty", "problem", "hold_item"):
        store.many(f"DELETE FROM {table} WHERE lid = ?", lids)
    store.run("DELETE FROM hold WHERE space = ?", (space,))
    store.run("DELETE FROM sent WHERE space = ?", (space,))
    store.run("DELETE FROM mark WHERE space = ?", (space,))
    store.run("DELETE FROM space WHERE id = ?", (space,))
    return True
