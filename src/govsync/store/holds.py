"""What is held back until a person says so (R28)."""

from collections.abc import Sequence

import msgspec

from govsync.model.nodes import Kind
from govsync.store import paths
from govsync.store.database import Store


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """An open hold, as it is listed."""

    id: int
    space: bytes
    kind: str
    count: int
    since_ms: int
    paths: tuple[str, ...]


def opened(store: Store, space: bytes, kind: str, at_ms: int) -> int:
    """Answers the open hold of a kind in a space; opens one where there is none."""
    found: int | None = store.value(
        "SELECT id FROM hold WHERE space = ? AND kind = ? AND state = 'open' ORDER BY id LIMIT 1",
        (space, kind),
    )
    if found is not None:
        return found
    return store.run(
        "INSERT INTO hold (space, kind, since_ms, state) VALUES (?, ?, ?, 'open')", (space, kind, at_ms)
    )


def add(store: Store, hold: int, lids: Sequence[int]) -> None:
    """Puts nodes into a hold."""
    store.many("INSERT OR IGNORE INTO hold_item (hold, lid) VALUES (?, ?)", ((hold, lid) for lid in lids))


def end(store: Store, hold: int, state: str) -> list[int]:
    """Ends an open hold as `approved`, `rejected` or `lifted`; answers its nodes, none when it was not open."""
    if not store.changed("UPDATE hold SET state = ? WHERE id = ? AND state = 'open'", (state, hold)):
        return []
    lids = [lid for (lid,) in store.all("SELECT lid FROM hold_item WHERE hold = ? ORDER BY lid", (hold,))]
    if state != "approved":
        store.run("DELETE FROM hold_item WHERE hold = ?", (hold,))
    return lids


def approved(store: Store, lid: int) -> bool:
    """Says whether a person has let the node's deletion go."""
    return store.value(
        "SELECT 1 FROM hold_item i JOIN hold h ON h.id = i.hold WHERE i.lid = ? AND h.state = 'approved'", (lid,)
    ) is not None  # fmt: skip


def open_holds(store: Store) -> list[HoldRow]:
    """Lists the open holds with their first hundred paths."""
    found = []
    for id, space, kind, since_ms in store.all(
        "SELECT id, space, kind, since_ms FROM hold WHERE state = 'open' ORDER BY id"
    ):
        count = int(store.value("SELECT count(*) FROM hold_item WHERE hold = ?", (id,)))
        first = store.all("SELECT lid FROM hold_item WHERE hold = ? ORDER BY lid LIMIT 100", (id,))
        shown = tuple(paths.shown(store, lid) for (lid,) in first)
        found.append(HoldRow(id=id, space=space, kind=kind, count=count, since_ms=since_ms, paths=shown))
    return found


def count(store: Store) -> int:
    """Counts the open holds."""
    return int(store.value("SELECT count(*) FROM hold WHERE state = 'open'"))


def causes_gone(store: Store) -> list[int]:
    """Lists open holds none of whose nodes is missing from the disk any more."""
    rows = store.all(
        "SELECT h.id FROM hold h WHERE h.state = 'open' AND NOT EXISTS (SELECT 1 FROM hold_item i JOIN node n"
        " ON n.lid = i.lid WHERE i.hold = h.id AND n.presence IN ('missing', 'gap')) ORDER BY h.id"
    )
    return [id for (id,) in rows]


def deletions_waiting(store: Store, space: bytes) -> int:
    """Counts the files that are gone from the disk and alive on the server, approved ones left out."""
    return int(
        store.value(
            "SELECT count(*) FROM node n WHERE n.space = ? AND n.kind = ? AND n.presence IN ('gap', 'missing')"
            " AND n.r_dead = 0 AND n.b_parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hold_item i JOIN hold h"
            " ON h.id = i.hold WHERE i.lid = n.lid AND h.state = 'approved')",
            (space, Kind.FILE),
        )
    )


def deletions_sent(store: Store, space: bytes, since_ms: int) -> int:
    """Counts the files that this desk has sent as deleted since a moment."""
    store.run("DELETE FROM deletion WHERE at_ms > 0 AND at_ms < ?", (since_ms,))
    return int(store.value("SELECT coalesce(sum(files), 0) FROM deletion WHERE space = ?", (space,)))


def files(store: Store, space: bytes) -> int:
    """Counts the files that the server has in a space."""
    return int(
        store.value(
            "SELECT count(*) FROM node WHERE space = ? AND kind = ? AND r_dead = 0 AND r_parent IS NOT NULL",
            (space, Kind.FILE),
        )
    )
