"""Operations that were sent and have no outcome yet: frozen, whatever becomes of the file meanwhile (R32)."""

from collections.abc import Sequence

import msgspec

from govsync.model.operations import AnyOperation
from govsync.store.database import Store


class OpRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sent operation: what was asked, for which node, and which nodes it speaks for."""

    operation: AnyOperation
    lid: int
    space: bytes
    covers: tuple[int, ...]


def record_sent(store: Store, rows: Sequence[OpRow]) -> None:
    """Makes operations durable (with the transaction around it) before they are sent."""
    store.many(
        "INSERT INTO op (key, lid, space, body) VALUES (?, ?, ?, ?)",
        ((row.operation.key, row.lid, row.space, msgspec.msgpack.encode(row.operation)) for row in rows),
    )
    store.many(
        "INSERT INTO op_cover VALUES (?, ?)", ((lid, row.operation.key) for row in rows for lid in row.covers)
    )


def sent(store: Store, space: bytes) -> list[OpRow]:
    """Lists the operations on a space without an outcome, in the order in which they were sent."""
    covers: dict[bytes, list[int]] = {}
    rows = store.all("SELECT key, lid, body FROM op WHERE space = ? ORDER BY turn", (space,))
    if rows:
        for lid, key in store.all("SELECT lid, key FROM op_cover ORDER BY lid"):
            covers.setdefault(key, []).append(lid)
    return [
        OpRow(
            operation=msgspec.msgpack.decode(body, type=AnyOperation),
            lid=lid,
            space=space,
            covers=tuple(covers[key]),
        )
        for key, lid, body in rows
    ]


def any_sent(store: Store, space: bytes) -> bool:
    """Says whether a space has operations without an outcome."""
    return store.value("SELECT 1 FROM op WHERE space = ? LIMIT 1", (space,)) is not None


def drop(store: Store, key: bytes) -> None:
    """Ends an operation."""
    store.run("DELETE FROM op_cover WHERE key = ?", (key,))
    store.run("DELETE FROM op WHERE key = ?", (key,))
