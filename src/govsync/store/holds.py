"""What is held back until a person says so, and what was sent of its kind a moment before (R28)."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from govsync.model.nodes import Kind
from govsync.store import activity, dirty, paths
from govsync.store.database import Store, pieces

HoldKind = Literal["deletions", "rewrites", "leaving"]

ANSWERED_MS = 60_000
"""How long, at most, an operation that was on its way when a hold opened is taken for one from before it."""
_STILL = (
    "CASE WHEN h.kind IN ('deletions', 'leaving')"
    " THEN n.presence IN ('gap', 'missing') AND n.r_dead = 0 AND n.b_parent IS NOT NULL"
    " ELSE n.presence = 'gap' OR n.presence = 'here' AND n.r_dead = 0 AND"
    " (n.l_hash IS NULL OR n.l_hash IS NOT n.b_hash AND n.l_hash IS NOT n.r_hash) END"
)
"""Whether a held node is still what it was held for: gone from the disk, or of a content that the server lacks."""
_REWRITTEN = (
    "n.presence = 'here' AND n.kind = 'file' AND n.r_dead = 0 AND n.b_hash IS NOT NULL AND n.l_hash IS NOT NULL"
    " AND n.l_hash IS NOT n.b_hash AND n.r_hash IS n.b_hash"
)
_NOT_APPROVED = (
    "NOT EXISTS (SELECT 1 FROM hold_item i JOIN hold h ON h.id = i.hold WHERE i.lid = n.lid AND h.kind = ?"
    " AND h.state = 'approved')"
)


class SentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node whose deletion or new content had gone before the hold opened; `rev` is the revision that it had."""

    node: bytes
    path: str
    rev: bytes | None


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """An open hold, as it is listed."""

    id: int
    space: bytes
    kind: HoldKind
    count: int
    since_ms: int
    paths: tuple[str, ...]
    sent: tuple[SentRow, ...]


def opened(store: Store, space: bytes, kind: HoldKind, at_ms: int) -> int:
    """Answers the open hold of a kind in a space; opens one where there is none, to which belongs what has just been
    sent of that kind."""
    found: int | None = store.value(
        "SELECT id FROM hold WHERE space = ? AND kind = ? AND state = 'open' ORDER BY id LIMIT 1",
        (space, kind),
    )
    if found is not None:
        return found
    hold = store.run(
        "INSERT INTO hold (space, kind, since_ms, state) VALUES (?, ?, ?, 'open')", (space, kind, at_ms)
    )
    store.run("UPDATE sent SET hold = ? WHERE space = ? AND kind = ? AND hold IS NULL", (hold, space, kind))
    return hold


def add(store: Store, hold: int, lids: Sequence[int]) -> None:
    """Puts nodes into a hold."""
    store.many("INSERT OR IGNORE INTO hold_item (lid, hold) VALUES (?, ?)", ((lid, hold) for lid in lids))


def ask_to_leave(store: Store, gone: Sequence[int], at_ms: int) -> None:
    """Asks about those of these that are mounts of shared folders in the own space: whoever deletes one here may have meant
    to leave it, and nobody deletes it for the others so (R25). Until that is answered it stays away."""
    for marks, piece in pieces(gone):
        for mount, space in store.all(
            "SELECT n.lid, s.id FROM node n JOIN space s ON s.mount_lid = n.lid JOIN space own ON own.id = n.space"
            f" WHERE n.lid IN ({marks}) AND n.presence = 'missing' AND n.r_dead = 0 AND s.kind = 'shared'"
            " AND s.state = 'member' AND own.kind = 'personal' ORDER BY n.lid",
            piece,
        ):
            add(store, opened(store, space, "leaving", at_ms), [mount])
            activity.note(store, at_ms, "hold_opened", paths.shown(store, mount))


def add_folders(store: Store) -> None:
    """Puts into open holds the folders that are gone, too, and cannot go before what is held in them."""
    while store.changed(
        "INSERT OR IGNORE INTO hold_item (lid, hold) SELECT p.lid, i.hold FROM hold h JOIN hold_item i ON i.hold = h.id"
        " JOIN node n ON n.lid = i.lid JOIN node p ON p.lid = n.l_parent WHERE h.state = 'open'"
        " AND h.kind = 'deletions' AND p.presence = 'missing'"
    ):
        pass  # Each round goes one folder up.


def kind_of_open(store: Store, hold: int) -> HoldKind | None:
    """Answers what an open hold is about; None when it is not open."""
    kind: HoldKind | None = store.value("SELECT kind FROM hold WHERE id = ? AND state = 'open'", (hold,))
    return kind


def end(store: Store, hold: int, state: str) -> list[int]:
    """Ends an open hold as `approved`, `rejected` or `lifted`; answers its nodes, none when it was not open."""
    if not store.changed("UPDATE hold SET state = ? WHERE id = ? AND state = 'open'", (state, hold)):
        return []
    lids = [lid for (lid,) in store.all("SELECT lid FROM hold_item WHERE hold = ? ORDER BY lid", (hold,))]
    if state != "approved":
        store.run("DELETE FROM hold_item WHERE hold = ?", (hold,))
    store.run("DELETE FROM sent WHERE hold = ?", (hold,))
    return lids


def approved(store: Store, lid: int, kind: HoldKind) -> bool:
    """Says whether a person has let this operation of the node go."""
    return store.value(
        "SELECT 1 FROM hold_item i JOIN hold h ON h.id = i.hold WHERE i.lid = ? AND h.kind = ? AND h.state = 'approved'",
        (lid, kind),
    ) is not None  # fmt: skip


def let_moved_go(store: Store, lids: Sequence[int]) -> None:
    """Lets the deletions of nodes go that lie in another space by now: nothing is lost by them, however many they are, so
    nobody is asked (R24)."""
    for marks, piece in pieces(lids):
        for lid, space in store.all(
            f"SELECT lid, space FROM node WHERE lid IN ({marks}) ORDER BY lid", piece
        ):
            hold: int | None = store.value(
                "SELECT id FROM hold WHERE space = ? AND kind = 'deletions' AND state = 'approved' ORDER BY id LIMIT 1",
                (space,),
            )
            if hold is None:
                hold = store.run(
                    "INSERT INTO hold (space, kind, since_ms, state) VALUES (?, 'deletions', 0, 'approved')",
                    (space,),
                )
            add(store, hold, [lid])


def release(store: Store) -> list[int]:
    """Takes out of holds the nodes that are no longer what they were held for: back on the disk, as the server has them,
    or, once approved, sent. Answers these nodes, which may have something else to decide."""
    rows = store.all(
        "SELECT i.hold, i.lid FROM hold h JOIN hold_item i ON i.hold = h.id JOIN node n ON n.lid = i.lid"
        f" WHERE h.state IN ('open', 'approved') AND NOT ({_STILL}) ORDER BY i.hold, i.lid"
    )
    store.many("DELETE FROM hold_item WHERE hold = ? AND lid = ?", rows)
    released = [lid for _, lid in rows]
    dirty.add(store, released)
    return released


def empty(store: Store) -> list[int]:
    """Answers the open holds that have no nodes left."""
    rows = store.all(
        "SELECT h.id FROM hold h WHERE h.state = 'open' AND NOT EXISTS (SELECT 1 FROM hold_item i WHERE i.hold = h.id)"
        " ORDER BY h.id"
    )
    return [id for (id,) in rows]


def open_holds(store: Store) -> list[HoldRow]:
    """Lists the open holds with the paths of their first hundred files, and of what was sent before."""
    found = []
    for id, space, kind, since_ms in store.all(
        "SELECT id, space, kind, since_ms FROM hold WHERE state = 'open' ORDER BY id"
    ):
        held = "FROM hold_item i JOIN node n ON n.lid = i.lid WHERE i.hold = ? AND (n.kind = 'file' OR ? = 'leaving')"
        count = int(store.value(f"SELECT count(*) {held}", (id, kind)))
        first = store.all(f"SELECT i.lid {held} ORDER BY i.lid LIMIT 100", (id, kind))
        found.append(
            HoldRow(
                id=id,
                space=space,
                kind=kind,
                count=count,
                since_ms=since_ms,
                paths=tuple(paths.shown(store, lid) for (lid,) in first),
                sent=_sent_before(store, id),
            )
        )
    return found


def _sent_before(store: Store, hold: int) -> tuple[SentRow, ...]:
    rows = store.all(
        "SELECT node_id, path, rev FROM sent WHERE hold = ? ORDER BY at_ms, path, node_id LIMIT 1000", (hold,)
    )
    return tuple(SentRow(node=node, path=path, rev=rev) for node, path, rev in rows)


def count(store: Store) -> int:
    """Counts the open holds."""
    return int(store.value("SELECT count(*) FROM hold WHERE state = 'open'"))


def any_items(store: Store) -> bool:
    """Says whether any node is in a hold, open or approved."""
    return store.value("SELECT 1 FROM hold_item LIMIT 1") is not None


def divide(store: Store, space: bytes, target: bytes) -> None:
    """Gives holds of their own to nodes that another space has now: each is counted, and asked about, in its space."""
    for hold, kind, since_ms, state in store.all(
        "SELECT DISTINCT h.id, h.kind, h.since_ms, h.state FROM hold h JOIN hold_item i ON i.hold = h.id"
        " JOIN node n ON n.lid = i.lid WHERE h.space = ? AND n.space = ? ORDER BY h.id",
        (space, target),
    ):
        new = store.run(
            "INSERT INTO hold (space, kind, since_ms, state) VALUES (?, ?, ?, ?)",
            (target, kind, since_ms, state),
        )
        store.run(
            "UPDATE hold_item SET hold = ?1 WHERE hold = ?2 AND EXISTS"
            " (SELECT 1 FROM node n WHERE n.lid = hold_item.lid AND n.space = ?3)",
            (new, hold, target),
        )
        store.run("UPDATE sent SET hold = ? WHERE hold = ? AND space = ?", (new, hold, target))
        if store.value("SELECT 1 FROM hold_item WHERE hold = ? LIMIT 1", (hold,)) is None:
            store.run("UPDATE sent SET hold = NULL WHERE hold = ?", (hold,))
            store.run("DELETE FROM hold WHERE id = ?", (hold,))


# What is counted


def deletions(store: Store, space: bytes, since_ms: int) -> int:
    """Counts the files that are gone from the disk and alive on the server, without approved ones and those that were moved
    (a new name waits for them, or they wait for their arrival in another space), and those that this desk has sent as
    deleted since a moment."""
    waiting = store.value(
        "SELECT count(*) FROM node n WHERE n.space = ? AND n.kind = ? AND n.presence IN ('gap', 'missing')"
        " AND n.r_dead = 0 AND n.b_parent IS NOT NULL AND n.after_lid IS NULL AND NOT EXISTS"
        f" (SELECT 1 FROM node m WHERE m.waits_for = n.lid AND m.presence = 'here') AND {_NOT_APPROVED}",
        (space, Kind.FILE, "deletions"),
    )
    sent = store.value(
        "SELECT count(*) FROM sent WHERE space = ? AND kind = 'deletions' AND at_ms >= ?", (space, since_ms)
    )
    return int(waiting) + int(sent)


def rewrites(store: Store, space: bytes, since_ms: int) -> int:
    """Counts the files whose content is new here and was not sent yet, approved ones left out, or was sent since a
    moment; each once, however often a program saves it."""
    return int(
        store.value(
            f"SELECT count(*) FROM (SELECT n.node_id FROM dirty d JOIN node n ON n.lid = d.lid WHERE n.space = ?"
            f" AND {_REWRITTEN} AND {_NOT_APPROVED} UNION"
            " SELECT node_id FROM sent WHERE space = ? AND kind = 'rewrites' AND at_ms >= ?)",
            (space, "rewrites", space, since_ms),
        )
    )


def files(store: Store, space: bytes) -> int:
    """Counts the files that the server has in a space."""
    return int(
        store.value(
            "SELECT count(*) FROM node WHERE space = ? AND kind = ? AND r_dead = 0 AND r_parent IS NOT NULL",
            (space, Kind.FILE),
        )
    )


def note_deleted(store: Store, space: bytes, lids: Sequence[int]) -> None:
    """Remembers the files of a deletion that the server has done; what a person approved counts no more."""
    for marks, piece in pieces(lids):
        rows = store.all(
            f"SELECT lid, node_id, r_rev FROM node WHERE lid IN ({marks}) AND kind = 'file'", piece
        )
        for lid, node_id, rev in rows:
            if not approved(store, lid, "deletions"):
                _note(store, node_id, "deletions", space, paths.shown(store, lid), rev)


def note_rewritten(store: Store, space: bytes, lid: int, base_rev: bytes) -> None:
    """Remembers a file of which the server has taken a new content, with the revision that it had before the first one."""
    if not approved(store, lid, "rewrites"):
        node_id = store.value("SELECT node_id FROM node WHERE lid = ?", (lid,))
        _note(store, node_id, "rewrites", space, paths.shown(store, lid), base_rev)


def _note(store: Store, node_id: bytes, kind: HoldKind, space: bytes, path: str, rev: bytes | None) -> None:
    store.run(
        "INSERT INTO sent (node_id, kind, space, path, rev, at_ms) VALUES (?, ?, ?, ?, ?, 0)"
        " ON CONFLICT (node_id, kind) DO UPDATE SET path = excluded.path, at_ms = 0",
        (node_id, kind, space, path, rev),
    )


def stamp(store: Store, now_ms: int) -> None:
    """Dates what was noted in this transaction: whoever takes in an answer has no clock. What was on its way when a hold
    opened belongs to it as well."""
    store.run(
        "UPDATE sent SET at_ms = ?1, hold = coalesce(hold, (SELECT h.id FROM hold h WHERE h.space = sent.space"
        " AND h.kind = sent.kind AND h.state = 'open' AND h.since_ms >= ?2)) WHERE at_ms = 0",
        (now_ms, now_ms - ANSWERED_MS),
    )


def forget_sent(store: Store, before_ms: int) -> None:
    """Forgets what was sent before a moment, but for what an open hold lists."""
    store.run("DELETE FROM sent WHERE at_ms > 0 AND at_ms < ? AND hold IS NULL", (before_ms,))
