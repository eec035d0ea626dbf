"""The horizon: up to when things count as old, whatever the clock of a replica says (R36).

It advances by no more than the time since the last collection began, 48 h at most, and never beyond the clock: one that
shows 2036 for a day makes nothing older than two days more. The other way round, what happens is never dated before the
horizon: a version that is replaced while a clock shows 2000 would otherwise be replaced long ago as soon as the clock is
right again, and go with its whole retention still before it.
"""

from sqlalchemy import Connection, func, select

from govsync.server import directory
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import take_turns

HOUR_MS = 3_600_000
MOST_STEP_MS = 48 * HOUR_MS
_HORIZON, _LAST = "collect_horizon", "collect_last"


def due(server: Server) -> bool:
    """Says whether the last collection, of whichever replica, began an hour ago; a clock that jumped counts as that."""
    with server.database.begin(write=False) as tx:
        last = directory.setting(tx, _LAST)
    return last is None or abs(server.clock.time_ms() - int(last)) >= HOUR_MS


def advance(server: Server) -> int:
    """Begins a collection; answers the horizon for it."""
    now_ms = server.clock.time_ms()
    with server.database.begin() as tx:
        take_turns(tx, "collect")
        last = int(directory.setting(tx, _LAST) or now_ms)
        horizon = int(directory.setting(tx, _HORIZON) or _began(tx, now_ms))
        horizon = min(now_ms, horizon + min(max(0, now_ms - last), MOST_STEP_MS))
        directory.set_setting(tx, _LAST, str(now_ms).encode())
        directory.set_setting(tx, _HORIZON, str(horizon).encode())
    return horizon


def _began(tx: Connection, now_ms: int) -> int:
    """Answers when the database began: its first collection may come when the clock has jumped already."""
    began: int | None = tx.execute(select(func.min(tables.epoch.c.at_ms))).scalar()
    return now_ms if began is None else began


def moment(server: Server, tx: Connection) -> int:
    """Answers the time at which what happens now is said to have happened."""
    return max(server.clock.time_ms(), int(directory.setting(tx, _HORIZON) or 0))
