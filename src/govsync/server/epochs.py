"""Lives of the database: a new epoch begins when it was put back from a copy, whether an operator says so or a desk's
cursor gives it away (R33, R34).

Sequences are compared within one epoch only, and commits carry theirs, so that nobody goes on as if nothing was lost. The
chain of a cursor proves nothing to a server that has lost what was chained, so anybody with a desk can make this happen;
it costs every desk a reading of everything and loses nothing, and it happens by itself at most once an hour.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.changes import Cursor
from govsync.server import directory
from govsync.server.context import Server
from govsync.server.db import tables

QUIET_MS = 3_600_000


def restored(server: Server) -> bytes:
    """Begins a new epoch because an operator says that this is a copy; answers it."""
    with server.database.begin() as tx:
        return directory.begin_epoch(server, tx)


@contextmanager
def giving_away(server: Server, cursor: Cursor | None) -> Iterator[None]:
    """Begins a new epoch when what is done for a desk fails since its cursor tells of a history that is not ours."""
    try:
        yield
    except Failure as failure:
        if failure.code is Code.HISTORY_DIFFERS and cursor is not None:
            given_away(server, cursor.epoch)
        raise


def given_away(server: Server, epoch: bytes) -> None:
    """Begins a new epoch because a cursor of this `epoch` tells of a history that is not ours, unless that has happened
    already, or the epoch is young."""
    e = tables.epoch.c
    with server.database.begin() as tx:
        now = directory.epoch(tx)
        began_ms = tx.execute(select(e.at_ms).where(e.id == now)).scalar_one()
        # A clock that went back must not keep the epoch young for years.
        if now == epoch and abs(server.clock.time_ms() - began_ms) >= QUIET_MS:
            directory.begin_epoch(server, tx)
