"""What becomes of names that lost their file: a move, a deletion, or nothing at all (R2.3 to R2.5, R3, R24, R25).

People's programs save by renaming and deleting, so a name that lost its file says nothing at once. Its node is in a
*gap*; a new name that holds what seems to be its file **waits for it**: it is a node of its own, read but not decided
about, so that neither a move nor a second file is told before the gap is over. A name that is filled again meanwhile
keeps its node (`observe`), and what waited for it is new after all. Times are handed in; when a gap is over is the
engine's business.
"""

from collections.abc import Iterable, Sequence

from govsync.model.nodes import Kind, Presence
from govsync.store import dirty, evidence, holds, local_tree, manifests, paths, protection, spaces
from govsync.store.database import Store, pieces

YOUNG_MS = 1_500
"""A name that vanished less than this ago is not decided about, though its folder's gap has lasted its longest."""
LONGEST_MS = 15_000
"""How long vanished names wait for new files to be read, before they are believed to be gone."""
_UNREAD = "presence = 'here' AND kind = 'file' AND l_hash IS NULL"
_NEW = "r_parent IS NULL AND presence = 'here' AND kind = 'file'"
_UNSENT = (
    "r_parent IS NULL AND b_parent IS NULL AND NOT EXISTS (SELECT 1 FROM op_cover o WHERE o.lid = node.lid)"
)


def open_for(store: Store, lids: Sequence[int], now_ms: int) -> None:
    """Opens the gap of nodes that are no longer where they were; what lies in a mount is where its mount is (R25)."""
    lids = with_mounted(store, lids)
    store.many(
        "UPDATE node SET presence = 'gap', since_ms = ? WHERE lid = ? AND presence IN ('here', 'obscured')",
        ((now_ms, lid) for lid in lids),
    )
    evidence.drop(store, lids)  # They were seen to go: what comes to their names is a person's work.
    spaces.sync_mounts(store)
    dirty.add(store, lids)


def with_mounted(store: Store, lids: Sequence[int]) -> list[int]:
    """Adds to nodes what lies in the spaces that are mounted at them, and in those mounted there in turn."""
    found = list(lids)
    roots: dict[int, int] = dict(
        store.all("SELECT mount_lid, root_lid FROM space WHERE mount_lid IS NOT NULL ORDER BY id")
    )
    for lid in found:
        if lid in roots:
            found += local_tree.below(store, roots.pop(lid))[1:]
    return found


def is_open(store: Store, parent: int) -> bool:
    """Says whether a name of a folder is in a gap, or another name waits for one of its nodes."""
    found: int | None = store.value(
        "SELECT EXISTS (SELECT 1 FROM node WHERE l_parent = ?1 AND presence = 'gap') OR EXISTS (SELECT 1 FROM node m"
        " JOIN node n ON n.lid = m.waits_for WHERE m.waits_for IS NOT NULL AND n.l_parent = ?1)",
        (parent,),
    )
    return bool(found)


def close(store: Store, folder: int, now_ms: int) -> bool:
    """Decides what the vanished names of a folder mean, now that it was quiet and has been listed once more.

    A file for which a new name waits, or whose content turned up as exactly one new file and nowhere else, was moved;
    anything else is missing. Nothing is decided when new files must be read first, nor about what vanished a moment ago.
    Answers whether nothing is left to decide.
    """
    parent = paths.inner(store, folder)
    all_lost = store.all(
        "SELECT lid, since_ms FROM node WHERE l_parent = ? AND presence = 'gap' ORDER BY lid", (parent,)
    )
    lost = [(lid, since) for lid, since in all_lost if not 0 <= now_ms - (since or 0) < YOUNG_MS]
    gone = _with_all_in(store, [lid for lid, _ in lost])
    if _may_be_unread(store, gone) and any(now_ms - (since or 0) < LONGEST_MS for _, since in lost):
        return False
    _follow(store, gone)
    _believe(store, gone)
    holds.ask_to_leave(store, gone, now_ms)
    _release(store, parent)
    return len(lost) == len(all_lost)


def end_with(store: Store, folder: int) -> None:
    """Decides what the vanished names of a folder mean that is no more itself: it will never be listed again. Of what lay in
    a mount nothing is believed to be deleted (R25)."""
    ask_back_mounted(store, folder)
    gone = [lid for lid in _with_all_in(store, [folder]) if lid != folder]
    _follow(store, gone)
    _believe(store, gone)
    _release(store, folder)


def _with_all_in(store: Store, lost: Sequence[int]) -> list[int]:
    """Lists vanished nodes and all that is in them. What a look has found in one since it vanished, because the way to it was
    there again for a moment, has vanished with it."""
    gone = [below for lid in lost for below in local_tree.below(store, lid)]
    store.many(
        "UPDATE node SET presence = 'gap' WHERE lid = ? AND presence IN ('here', 'obscured')",
        ((lid,) for lid in set(gone).difference(lost)),
    )
    return gone


def _may_be_unread(store: Store, gone: Sequence[int]) -> bool:
    """Says whether a new file that was not read yet could turn out to be one of these: then it has its size."""
    for marks, piece in pieces(gone):
        found = store.value(
            f"SELECT 1 FROM node WHERE {_UNREAD} AND r_parent IS NULL AND waits_for IS NULL AND size IN"
            f" (SELECT size FROM node n WHERE lid IN ({marks}) AND presence = 'gap' AND l_hash IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM node m WHERE m.waits_for = n.lid AND m.presence = 'here')) LIMIT 1",
            piece,
        )
        if found is not None:
            return True
    return False


def _follow(store: Store, gone: Sequence[int]) -> None:
    """Finds the vanished files that lie at a new name now."""
    news = store.value(f"SELECT 1 FROM node WHERE {_NEW} LIMIT 1")
    if news is None:
        return
    for marks, piece in pieces(gone):
        rows = store.all(
            f"SELECT lid, l_hash, size, space FROM node WHERE lid IN ({marks}) AND presence = 'gap' AND kind = 'file' ORDER BY lid",
            piece,
        )
        for lid, content_hash, size, space in rows:
            target = _waiting(store, lid)
            if target is None and content_hash is not None and size:
                target = _only_match(store, content_hash, space)
            if target is not None:
                _take_place(store, lid, target)


def _waiting(store: Store, lid: int) -> int | None:
    found: int | None = store.value(
        f"SELECT lid FROM node WHERE waits_for = ? AND presence = 'here' AND {_UNSENT} ORDER BY lid LIMIT 1",
        (lid,),
    )
    return found


def _only_match(store: Store, content_hash: bytes, space: bytes) -> int | None:
    """A node never changes its space: what moved into another is new there (R24)."""
    lost = store.all(
        "SELECT lid FROM node WHERE presence = 'gap' AND l_hash = ? AND space = ?", (content_hash, space)
    )
    found = store.all(
        f"SELECT lid FROM node WHERE {_NEW} AND l_hash = ? AND space = ? AND waits_for IS NULL AND {_UNSENT}",
        (content_hash, space),
    )
    return int(found[0][0]) if len(lost) == 1 and len(found) == 1 else None


def _take_place(store: Store, lid: int, target: int) -> None:
    """The vanished node is the new one: it takes over what the disk shows of it."""
    store.run(
        f"UPDATE node SET ({local_tree.SHOWN}, l_hash, since_ms) = (SELECT {local_tree.SHOWN}, l_hash, NULL FROM node"
        " WHERE lid = ?1) WHERE lid = ?2",
        (target, lid),
    )
    manifests.copy(store, target, lid)
    protection.inherit(store, target, lid, own=False)
    local_tree.forget(store, target)
    dirty.add(store, [lid])


def _believe(store: Store, gone: Sequence[int]) -> None:
    """What was found nowhere is missing; what the server never heard of is forgotten."""
    missing: list[int] = []
    for lid, kind, presence, unknown, sent in list(_rows(store, gone)):
        if presence == Presence.LOCAL_ONLY:
            let_go(store, [lid])
        elif presence == Presence.GAP and unknown and not sent:
            local_tree.forget(store, lid)
        elif presence == Presence.GAP:
            missing.append(lid)
            if kind == Kind.MOUNT:
                ask_back_mounted(store, lid)
    store.many(
        "UPDATE node SET presence = 'missing', since_ms = NULL WHERE lid = ?", ((lid,) for lid in missing)
    )
    # It may wait for long yet, but not for what it was waited with: there is no such file any more.
    store.many("DELETE FROM problem WHERE lid = ? AND name = '' AND waiting = 1", ((lid,) for lid in missing))
    spaces.sync_mounts(store)
    dirty.add(store, missing)


def let_go(store: Store, lids: Sequence[int]) -> None:
    """Forgets what was this desk's own and is gone; what the server has alive may come again."""
    for lid in lids:
        if store.value("SELECT r_parent IS NOT NULL AND r_dead = 0 FROM node WHERE lid = ?", (lid,)):
            local_tree.ask_back(store, [lid])
            dirty.add(store, [lid])
        else:
            local_tree.forget(store, lid)


def _rows(store: Store, lids: Sequence[int]) -> Iterable[tuple[int, str, str, bool, bool]]:
    for marks, piece in pieces(lids):
        yield from store.all(
            "SELECT lid, kind, presence, r_parent IS NULL AND b_parent IS NULL,"
            " EXISTS (SELECT 1 FROM op_cover o WHERE o.lid = node.lid) FROM node"
            f" WHERE lid IN ({marks}) ORDER BY lid",
            piece,
        )


def ask_back_mounted(store: Store, mount: int) -> None:
    """The disappearance of a mount deletes nothing in its space, nor in those mounted in it: all comes back (R25)."""
    inside = with_mounted(store, [mount])[1:]
    rows = list(_rows(store, inside))
    for lid in [lid for lid, _kind, _presence, unknown, sent in rows if unknown and not sent]:
        local_tree.forget(store, lid)
    back = [lid for lid, _kind, _presence, unknown, sent in rows if sent or not unknown]
    local_tree.ask_back(store, back)
    dirty.add(store, back)


def _release(store: Store, parent: int) -> None:
    """What waited for a node of this folder that kept its name, or for one that is decided about, is new after all."""
    rows = store.all(
        "SELECT m.lid FROM node m LEFT JOIN node n ON n.lid = m.waits_for WHERE m.waits_for IS NOT NULL AND (n.lid IS NULL"
        " OR n.presence NOT IN ('gap', 'here') OR n.presence = 'here' AND n.l_parent = ?) ORDER BY m.lid",
        (parent,),
    )
    store.many("UPDATE node SET waits_for = NULL WHERE lid = ?", rows)
    dirty.add(store, [lid for (lid,) in rows])
