"""The single status object: what the icon, the window, the command line and support see, all of it and nothing else.

Its keys are a contract (docs/reference/cli.md); fields are only added.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from govsync.model.activity import ProblemRow


class State(StrEnum):
    """Says in one word how a desk is; the first that applies, in this order."""

    SIGNED_OUT = "signed_out"
    HOLD = "hold"
    PROBLEM = "problem"
    PAUSED = "paused"
    OFFLINE = "offline"
    SYNCING = "syncing"
    IN_SYNC = "in_sync"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """Counts what is still on its way, in items and bytes."""

    up: int = 0
    down: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


class RateNow(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes a second, lately."""

    up: int = 0
    down: int = 0


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is being sent or fetched: how much of it has passed."""

    path: str
    direction: Literal["up", "down"]
    done_bytes: int
    size_bytes: int


class SpaceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One space, and where it lies in the folder ("" is the folder itself)."""

    id: str
    name: str
    kind: str
    role: str
    path: str


class SessionOver(msgspec.Struct, frozen=True, kw_only=True):
    """A session that the server has ended, and whether the organisation had the synced files removed with it: then how many
    went, and how many stay because the server does not have them just so."""

    at: str
    wiped: bool
    removed: int = 0
    kept: int = 0


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a desk at one moment; times are RFC 3339."""

    state: State
    folder: str
    endpoint: str
    account: str
    device: str
    pending: Pending
    problems: int
    holds: int
    skipped: int
    waiting: int
    rate: RateNow
    paused: bool
    online: bool
    scanning: bool
    checked_at: str | None
    spaces: tuple[SpaceStatus, ...]
    last_change: str | None
    version: str
    notices: tuple[ProblemRow, ...] = ()
    """The first hundred of what is `waiting`, the synced folder itself before all else where it cannot be worked on."""
    transfers: tuple[Transfer, ...] = ()
    """The first of the files that are being sent or fetched at this moment."""
    transferring: int = 0
    """How many files that are."""
    metered: bool = False
    """Whether it is paused because the line is metered."""
    settings: int = 0
    """How often the settings have changed since the agent began: who follows them asks for them again."""
    session_over: SessionOver | None = None
    """Why nobody is signed in any more, where that was not the person's own doing."""


def state_of(
    *, signed_in: bool, holds: int, problems: int, paused: bool, online: bool, settled: bool
) -> State:
    """Answers the first state that applies; `settled`: all that R41 asks of "in sync" is so."""
    if not signed_in:
        return State.SIGNED_OUT
    if holds:
        return State.HOLD
    if problems:
        return State.PROBLEM
    if paused:
        return State.PAUSED
    if not online:
        return State.OFFLINE
    return State.IN_SYNC if settled else State.SYNCING
