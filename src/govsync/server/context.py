"""What every server function is handed: the database, the blob store, the clock, ids, limits, and what is fresh."""

from typing import Protocol

import msgspec

from govsync.model.ids import Ids
from govsync.protocol.limits import Limits
from govsync.server.blobs.interface import Blobs
from govsync.server.bounds import Bounds
from govsync.server.db.connect import Database
from govsync.server.fresh import Fresh


class Clock(Protocol):
    """Tells the time; the only one that reads the system's clock is made in `server.app`."""

    def time_ms(self) -> int:
        """Answers milliseconds since the Unix epoch."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Bundles what a server function may use; it holds no state of its own but for what is `fresh`."""

    database: Database
    blobs: Blobs
    clock: Clock
    ids: Ids
    limits: Limits
    bounds: Bounds = Bounds()
    least_client: str = ""
    """The oldest version of a desk that is borne with (`releases`)."""
    fresh: Fresh = msgspec.field(default_factory=Fresh)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Says on whose behalf a function runs: proven by an access token, or made by `admin` and the tests."""

    user: bytes
    device: bytes
    login: str = ""
    adds_only: bool = False
    """Whatever the user may: somebody else acts in that name, who adds and is shown nothing (R37)."""
