"""Lives of the database: a new epoch begins when it was put back from a copy, whether an operator says so or a desk's
cursor gives it away (R33, R34).

Sequences are compared within one epoch only, and commits carry theirs, so that nobody goes on as if nothing was lost. The
chain of a cursor proves nothing to a server that has lost what was chained, so anybody with a desk can make this happen;
it costs every desk a reading of everything and loses nothing, and it happens by itself at most once an hour.
"""

from sqlalchemy import select

from govsync.server import directory
from govsync.server.context import Server
from govsync.server.db import tables

QUIET_MS = 3_600_000


def restored(server: Server) -> bytes:
    """Begins a new epoch because an operator says that this is a copy; answers it."""
    with server.database.begin() as tx:
        return directory.begin_epoch(server, tx)


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
