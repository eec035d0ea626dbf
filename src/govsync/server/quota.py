"""What is charged to whom: all that a space holds, once and to its owner, however many share it (R39).

A quota is that of a person's own space, or of a division's. What was shared out of it still counts there, and so does what
was passed on to its owner since (`owners`): a share neither multiplies a quota nor escapes it.
"""

from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from govsync.protocol.session import SpaceKind
from govsync.server.db import tables
from govsync.server.db.connect import lock_space

_S = tables.space.c
_HOME = select(tables.space).where(_S.owner == bindparam("owner"), _S.kind != SpaceKind.SHARED.value)
_OTHERS = select(func.coalesce(func.sum(_S.bytes), 0)).where(
    _S.owner == bindparam("owner"), _S.id != bindparam("space")
)


def most_bytes(tx: Connection, row: Any, lock: bool = False) -> int | None:
    """Answers how many bytes a space (its row) may hold beside all else that is charged to its owner; None: any number.

    With `lock` nothing grows meanwhile that is charged to the same owner: who holds the lock of a shared space waits for that
    of its owner's own one, never the other way round.
    """
    home = row
    if row.kind == SpaceKind.SHARED:
        home = tx.execute(_HOME, {"owner": row.owner}).one_or_none()
    if home is None or not home.quota:
        return None
    if lock and home is not row:
        lock_space(tx, home.id)
    others = tx.execute(_OTHERS, {"owner": row.owner, "space": row.id}).scalar_one()
    return max(0, int(home.quota) - int(others))


def used_bytes(tx: Connection, row: Any) -> int:
    """Answers how much is charged to the owner of a space that has a quota."""
    return int(row.bytes) + int(tx.execute(_OTHERS, {"owner": row.owner, "space": row.id}).scalar_one())
