"""Changes of the disk that are under way: durable before they begin, gone in the transaction that records them (R16).

The step and the note are bytes here: what they mean is the business of `local` and of the engine.
"""

from collections.abc import Iterable, Sequence

import msgspec

from govsync.store.database import Store


class Intent(msgspec.Struct, frozen=True):
    """One change under way: which node, the encoded step, the engine's encoded note."""

    lid: int
    step: bytes
    note: bytes
    id: int = 0


def record(store: Store, new: Sequence[Intent]) -> range:
    """Makes intents durable (with the transaction around it); answers their ids in order."""
    first = store.next_id("intent")
    rows = [(id, row.lid, row.step, row.note) for id, row in enumerate(new, first)]
    store.insert("intent (id, lid, step, note)", rows)
    return range(first, first + len(rows))


def all_intents(store: Store) -> list[Intent]:
    """Lists all intents in the order in which they were recorded."""
    return [
        Intent(lid, step, note, id)
        for id, lid, step, note in store.all("SELECT id, lid, step, note FROM intent ORDER BY id")
    ]


def any_in(store: Store, space: bytes) -> bool:
    """Says whether a change of the disk is under way for a node of this space."""
    query = "SELECT 1 FROM intent i JOIN node n ON n.lid = i.lid WHERE n.space = ? LIMIT 1"
    return store.value(query, (space,)) is not None


def drop(store: Store, ids: Iterable[int]) -> None:
    """Ends intents."""
    store.many("DELETE FROM intent WHERE id = ?", ((id,) for id in ids))
