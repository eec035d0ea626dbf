"""Taking a space off this desk whose membership has ended (R38).

What the desk holds of it becomes what was deleted there: so every unchanged file and folder goes by the ordinary rules,
and with the ordinary care. What the server lacks is put on the list of `rescues` before, in the same transaction.
"""

from govsync.protocol.session import SpaceKind, SpaceState
from govsync.store import dirty, gaps, kept, local_tree, mounts, ops, rescues, spaces
from govsync.store.database import Store

_IN = "space = ?1 AND lid NOT IN (SELECT root_lid FROM space WHERE id = ?1)"
_UNSENT = "(l_hash IS NULL OR l_hash IS NOT b_hash OR b_rev IS NULL OR presence = 'local_only')"
_LEFT_OVER = "kind != 'file' AND presence = 'local_only'"
"""Folders in which something lies that never goes to a server: they stay, as this desk's own (R12)."""
_HERE = (
    "SELECT 1 FROM space s JOIN node n ON n.lid = s.mount_lid OR n.space = s.id WHERE s.id = ? AND"
    " (n.lid = s.mount_lid AND (n.presence IN ('gap', 'missing')"
    " OR n.r_parent IS NOT NULL AND n.r_dead = 0 AND n.presence IS NOT 'excluded')"
    " OR n.lid IS NOT s.root_lid AND n.presence IN ('here', 'local_only', 'obscured', 'parked')"
    " OR EXISTS (SELECT 1 FROM intent i WHERE i.lid = n.lid)) LIMIT 1"
)
"""Something of a space, or its mount: what was in that when it vanished may be waited for, but for good; and a mount that
the server has, as far as it was read, comes (back) to the disk (R25), which needs its space."""


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
    kept.release(store, space)
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
    _keep_at_their_origin(store, space)
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


def give_way(store: Store, space: bytes, again: bytes) -> None:
    """Has a space that the server has lost let go, since another began `again` with its folder and is shown by itself: what
    that one lacks, as far as it was read, is rescued (R35)."""
    store.run(
        "UPDATE node SET b_rev = NULL WHERE space = ?1 AND kind = 'file' AND l_hash NOT IN"
        " (SELECT r_hash FROM node WHERE space = ?2 AND r_dead = 0 AND r_hash IS NOT NULL)",
        (space, again),
    )
    spaces.freeze(store, space, SpaceState.REVOKED)


def _keep_at_their_origin(store: Store, space: bytes) -> None:
    """What was moved here from another space, and never came to the server, is not deleted there: it comes back (R24)."""
    rows = store.all(
        "SELECT n.lid FROM node m JOIN node n ON n.after_lid = m.lid WHERE m.space = ? AND m.r_parent IS NULL"
        " AND n.after_lid IS NOT NULL AND n.space != m.space ORDER BY n.lid",
        (space,),
    )
    back = [lid for (lid,) in rows]
    store.many("UPDATE node SET after_lid = NULL WHERE lid = ?", rows)
    local_tree.ask_back(store, back)
    dirty.add(store, back)


def end(store: Store, space: bytes) -> bool:
    """Forgets a space of which nothing is left but folders that are this desk's own; False while there is more."""
    if store.value(f"SELECT 1 FROM node WHERE {_IN} AND NOT ({_LEFT_OVER}) LIMIT 1", (space,)) is not None:
        return False
    _forget(store, space)
    return True


def frozen(store: Store) -> list[bytes]:
    """Lists the spaces, but for the person's own, that the server does not have for this person any more."""
    rows = store.all(
        "SELECT id FROM space WHERE state NOT IN (?, ?) AND kind != ? ORDER BY id",
        (SpaceState.MEMBER, SpaceState.REVOKED, SpaceKind.PERSONAL),
    )
    return [id for (id,) in rows]


def frozen_for_nothing(store: Store) -> list[bytes]:
    """Lists those of them of which nothing lies on this disk: who is told that everything in them stays here has nothing to
    look at."""
    return [space for space in frozen(store) if store.value(_HERE, (space,)) is None]


def forget(store: Store, space: bytes) -> None:
    """Forgets such a space. What of it lies in the trash may be nowhere else: it grows old there as what was the person's."""
    ops.drop_all(store, space)
    _keep_at_their_origin(store, space)
    own = store.value("SELECT id FROM space WHERE root_lid = ?", (spaces.personal_root(store),))
    store.run("UPDATE trash SET space = ? WHERE space = ?", (own, space))
    _forget(store, space)


def _forget(store: Store, space: bytes) -> None:
    lids = store.all("SELECT lid FROM node WHERE space = ? ORDER BY lid", (space,))
    # A mount of another space that was put into a folder of this one lies nowhere that will be looked at again (R25).
    strayed = store.all(
        "SELECT n.lid FROM node n JOIN node p ON p.lid = n.l_parent WHERE p.space = ?1 AND n.space != ?1 ORDER BY n.lid",
        (space,),
    )
    gaps.let_go(store, gaps.with_mounted(store, [lid for (lid,) in strayed]))
    spaces.sync_mounts(store)
    for table in ("node", "dirty", "problem", "hold_item", "protection"):
        store.many(f"DELETE FROM {table} WHERE lid = ?", lids)
    store.run("DELETE FROM hold_item WHERE hold IN (SELECT id FROM hold WHERE space = ?)", (space,))
    store.run("DELETE FROM hold WHERE space = ?", (space,))
    store.run("DELETE FROM sent WHERE space = ?", (space,))
    spaces.unmark(store, space)
    store.run("DELETE FROM space WHERE id = ?", (space,))
    mounts.bury_left(store)
