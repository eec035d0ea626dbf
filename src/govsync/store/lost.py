"""What desk and server had agreed on and the server has lost since: kept until it is given back (R34).

A row that is `offered` keeps its node out of every plan: before anything is decided about the node, the server must say
what became of its history. Any other only says what the next content of the node was made upon.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from govsync.model.nodes import Place
from govsync.store import dirty, local_tree
from govsync.store.database import Store, pieces


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """The lost facts of one node. `rev` None: no content of it was lost, or it is a folder; `over`: what the server shows
    instead, where that is known to be older; `moved`: the server has the node, and lost only that it was moved here."""

    lid: int
    place: Place
    place_key: bytes
    epoch: bytes
    seq: int
    rev: bytes | None = None
    hash: bytes | None = None
    over: bytes | None = None
    moved: bool = False
    offered: bool = False
    group: int = 0


_COLUMNS = "lid, parent, name, place, epoch, seq, rev, hash, over, moved, offered"


def _lost(row: tuple[Any, ...]) -> Lost:
    lid, parent, name, place_key, epoch, seq, rev, content_hash, over, moved, offered = row
    return Lost(
        lid=lid, place=Place(parent, name), place_key=place_key, epoch=epoch, seq=seq, rev=rev, hash=content_hash,
        over=over, moved=bool(moved), offered=bool(offered),
    )  # fmt: skip


def keep(store: Store, lost: Lost) -> None:
    """Remembers what was lost of a node."""
    store.run(
        f"INSERT OR REPLACE INTO lost ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            lost.lid, lost.place.parent, lost.place.name, lost.place_key, lost.epoch, lost.seq, lost.rev, lost.hash,
            lost.over, lost.moved, lost.offered,
        ),
    )  # fmt: skip


def get(store: Store, lid: int) -> Lost | None:
    """Answers what was lost of a node, or None."""
    return get_many(store, [lid]).get(lid)


def get_many(store: Store, lids: Sequence[int]) -> dict[int, Lost]:
    """Answers what was lost of nodes, without those that have lost nothing."""
    return {
        row[0]: _lost(row)
        for marks, piece in pieces(lids)
        for row in store.all(f"SELECT {_COLUMNS} FROM lost WHERE lid IN ({marks})", piece)
    }


def offers(store: Store, space: bytes, limit: int, after: int = 0) -> Sequence[Lost]:
    """Answers what is to be offered in a space next, behind a node, as far as no answer is awaited."""
    rows = store.all(
        f"SELECT {', '.join('l.' + column for column in _COLUMNS.split(', '))} FROM lost l JOIN node n ON n.lid = l.lid"
        " WHERE l.offered = 1 AND n.space = ? AND NOT EXISTS (SELECT 1 FROM op_cover o WHERE o.lid = l.lid)"
        " AND l.lid > ? ORDER BY l.lid LIMIT ?",
        (space, after, limit),
    )
    return [_lost(row) for row in rows]


def any_offers(store: Store) -> bool:
    """Says whether anything is still to be offered."""
    return store.value("SELECT 1 FROM lost WHERE offered = 1 LIMIT 1") is not None


def drop(store: Store, lid: int) -> None:
    """Forgets what was lost of a node: it is back, or what the server shows is all that counts now."""
    store.run("DELETE FROM lost WHERE lid = ?", (lid,))
    dirty.add(store, [lid])


def given_back(store: Store, lid: int, place: bool) -> None:
    """Notes that the lost content of a node has its place in the history again, or its lost place is told."""
    lost = get(store, lid)
    if lost is None:
        return
    left = (
        msgspec.structs.replace(lost, moved=False)
        if place
        else msgspec.structs.replace(lost, rev=None, offered=False)
    )
    if left.moved or left.rev is not None:
        keep(store, left)
    else:
        drop(store, lid)


def change(store: Store, lost: Lost) -> None:
    """Plans the node as any other from now on, because what it is now is not what was lost.

    What the server shows of its content is agreed on only where it is known to be older; else there are two contents
    that do not know each other.
    """
    node = local_tree.node(store, lost.lid)
    if lost.over is not None and node.remote is not None and node.remote.rev == lost.over:
        local_tree.agree_content(store, lost.lid, lost.over, node.remote.hash, node.remote.exec)
    if node.remote is None or lost.over is not None:
        keep(store, msgspec.structs.replace(lost, offered=False))
        dirty.add(store, [lost.lid])
    else:
        drop(store, lost.lid)
