"""Who gave somebody a space, or took it away: what the audit noted of that last.

Spaces are hung into a person's own, and taken out of it, when a desk of that person asks (`mounts`); whose doing it was is
another question. Where the audit does not answer it (an operator did it, the space came to hang elsewhere, or it was done
in the person's own name), nobody is named: that is honest, and a wrong name is not. Who may only add to a space is not told
who else is in it (docs/decisions/0026), so nobody is named there either.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from govsync.model.documents import from_packed
from govsync.protocol.activity import Told
from govsync.protocol.session import SpaceState
from govsync.server import access, directory
from govsync.server.access import MAY, Action, Memberships
from govsync.server.db import tables
from govsync.server.db.among import AMONG, pieces

LOOKED_THROUGH = 50
"""So many of the newest rows about the members of a space are looked through."""
_GAVE = (Told.SHARE, Told.MEMBER_ADDED, Told.MEMBER_ROLE)
_TOOK = (Told.MEMBER_REMOVED, Told.MEMBER_LEFT)
_A = tables.audit.c


class Attribution:
    """By whom one person came to some spaces, or lost them; `mine` are that person's memberships."""

    def __init__(self, tx: Connection, user: bytes, mine: Memberships, spaces: Iterable[bytes]) -> None:
        self._user, self._mine = user, mine
        names = access.principals(tx, [user])[user]
        self._last: dict[bytes, Any] = {}
        """Of each space the newest row that gave the person a role in it, or ended one."""
        for row in _newest(tx, (space for space in spaces if Action.READ in MAY[mine[space][1]])):
            if row.space not in self._last and not names.isdisjoint(_named(row)):
                self._last[row.space] = row

    def giver(self, space: bytes) -> bytes:
        """Answers who gave the person a space that hangs in their own now, or `NOBODY`."""
        row = self._last.get(space)
        if row is None or row.kind not in _GAVE or row.user == self._user:
            return directory.NOBODY
        return bytes(row.user)

    def taker(self, space: bytes, since_ms: int) -> bytes:
        """Answers who ended the person's membership of a space that had hung in their own since a moment, the person too
        where it was left, or `NOBODY`."""
        row = self._last.get(space) if self._mine[space][0] is SpaceState.REVOKED else None
        if row is None or row.kind not in _TOOK or row.at_ms < since_ms:
            return directory.NOBODY
        return bytes(row.user)


def _newest(tx: Connection, spaces: Iterable[bytes]) -> Iterator[Any]:
    """Yields the newest rows about the members of each space, the newest first."""
    turn = func.row_number().over(partition_by=_A.space, order_by=_A.position.desc()).label("turn")
    about = (_A.space.in_(AMONG), _A.kind.in_((*_GAVE, *_TOOK)))
    rows = select(_A.space, _A.kind, _A.user, _A.at_ms, _A.body, turn).where(*about).subquery()
    query = select(rows).where(rows.c.turn <= LOOKED_THROUGH).order_by(rows.c.turn)
    for piece in pieces(spaces):
        yield from tx.execute(query, {AMONG.key: piece})


def _named(row: Any) -> set[tuple[str, bytes]]:
    """Answers to whom a row of the audit gave, or of whom it took."""
    return {(kind, principal) for kind, principal, _ in from_packed(row.body, dict[str, Any])["members"]}
