"""Operations that were sent and have no outcome yet: frozen, whatever becomes of the file meanwhile (R32)."""

from collections.abc import Sequence

import msgspec

from govsync.model.documents import from_packed
from govsync.model.operations import AnyOperation, Delete
from govsync.store.database import Store, pieces


class OpRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sent operation: what was asked, for which node, and which nodes it speaks for."""

    operation: AnyOperation
    lid: int
    space: bytes
    covers: tuple[int, ...]


def record_sent(store: Store, rows: Sequence[OpRow]) -> None:
    """Makes operations durable (with the transaction around it) before they are sent."""
    store.insert(
        "op (key, lid, space, body)",
        [(row.operation.key, row.lid, row.space, msgspec.msgpack.encode(row.operation)) for row in rows],
    )
    store.insert("op_cover", [(lid, row.operation.key) for row in rows for lid in row.covers])


def sent(store: Store, space: bytes) -> list[OpRow]:
    """Lists the operations on a space without an outcome, in the order in which they were sent."""
    rows = store.all("SELECT body FROM op WHERE space = ? ORDER BY turn", (space,))
    operations = [from_packed(body, AnyOperation) for (body,) in rows]
    return without_outcome(store, operations)


def without_outcome(store: Store, operations: Sequence[AnyOperation]) -> list[OpRow]:
    """Answers those of these operations that have no outcome yet, in their order."""
    found: dict[bytes, tuple[int, bytes]] = {}
    for marks, piece in pieces([operation.key for operation in operations]):
        for key, *about in store.all(f"SELECT key, lid, space FROM op WHERE key IN ({marks})", piece):
            found[key] = (about[0], about[1])
    covers: dict[bytes, list[int]] = {}
    # Only a deletion speaks for more than its own node.
    for marks, piece in pieces([operation.key for operation in operations if isinstance(operation, Delete)]):
        for lid, key in store.all(
            f"SELECT lid, key FROM op_cover WHERE key IN ({marks}) ORDER BY lid", piece
        ):
            covers.setdefault(key, []).append(lid)
    rows: list[OpRow] = []
    for each in operations:
        if each.key in found:
            lid, space = found[each.key]
            rows.append(
                OpRow(operation=each, lid=lid, space=space, covers=tuple(covers.get(each.key, (lid,))))
            )
    return rows


def any_sent(store: Store, space: bytes) -> bool:
    """Says whether a space has operations without an outcome."""
    return store.value("SELECT 1 FROM op WHERE space = ? LIMIT 1", (space,)) is not None


def drop(store: Store, keys: Sequence[bytes]) -> None:
    """Ends operations."""
    for marks, piece in pieces(keys):
        store.run(f"DELETE FROM op_cover WHERE key IN ({marks})", piece)
        store.run(f"DELETE FROM op WHERE key IN ({marks})", piece)


def drop_all(store: Store, space: bytes) -> None:
    """Ends all operations on a space: its server has lost what they were about, so none has an outcome."""
    store.run("DELETE FROM op_cover WHERE key IN (SELECT key FROM op WHERE space = ?)", (space,))
    store.run("DELETE FROM op WHERE space = ?", (space,))
