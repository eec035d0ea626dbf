"""What the engine is told. Each is a value in the one inbox; none waits for an answer.

A hint only says *look*: it may be lost, doubled, late or wrong without harm (level-driven). What the server's stream
says only means that something newer may exist; the engine reads from its own cursor.
"""

from collections.abc import Callable

import msgspec

from govsync.engine.jobs import AnyJob, Result
from govsync.model.codes import Code


class Hint(msgspec.Struct, frozen=True):
    """Says that something may have changed at `name` in the folder `path` (disk names), or anywhere in it (None)."""

    path: tuple[str, ...]
    name: str | None = None


class HintsLost(msgspec.Struct, frozen=True):
    """Says that hints were lost (overflow, watch limit, sleep): only a scan knows now."""

    reason: str


class MarkSeen(msgspec.Struct, frozen=True):
    """Says that the watcher came to a mark: what changed before it has been told (R43)."""

    name: str


class Watching(msgspec.Struct, frozen=True):
    """Says whether the folder is being watched; `reason` says why not (R44, R45)."""

    healthy: bool
    reason: str = ""


class JobDone(msgspec.Struct, frozen=True):
    """Brings a job's result."""

    job: AnyJob
    result: Result


class JobFailed(msgspec.Struct, frozen=True):
    """Says that a job ended without a result, and why; whatever it did is found by looking again."""

    job: AnyJob
    code: Code
    facts: dict[str, str]


class Beat(msgspec.Struct, frozen=True):
    """Brings the server's digest of all heads (R42); the first one opens a stream."""

    digest: int


class HeadTold(msgspec.Struct, frozen=True):
    """Says that a space has reached a sequence."""

    space: bytes
    seq: int


class Wanted(msgspec.Struct, frozen=True):
    """Says which versions of a space's files, by node and id, the server has lost and asks back."""

    space: bytes
    versions: tuple[tuple[bytes, bytes], ...]


class RightsChanged(msgspec.Struct, frozen=True):
    """Says that the list of spaces, or a role in one, is another now."""


class StreamLost(msgspec.Struct, frozen=True):
    """Says that the event stream ended; `code` says why."""

    code: Code


class SessionEnded(msgspec.Struct, frozen=True):
    """Says that this device must sign in again."""


class Cloned(msgspec.Struct, frozen=True):
    """Says that this home is a copy of one that is at work: it is signed out, and another device from the next start on
    (R49)."""


class SessionBegun(msgspec.Struct, frozen=True):
    """Says that this device is signed in."""


class Woke(msgspec.Struct, frozen=True):
    """Says that the machine slept, or its clock jumped (R46)."""


class Pause(msgspec.Struct, frozen=True):
    """A person asks to pause until a monotonic-independent wall time in ms, or for good (None)."""

    until_ms: int | None = None


class Line(msgspec.Struct, frozen=True):
    """Says whether the line costs so much that nothing is to pass for as long as it does, unless a person goes on."""

    costly: bool


class Resume(msgspec.Struct, frozen=True):
    """A person asks to go on."""


class SyncNow(msgspec.Struct, frozen=True):
    """A person asks to look at everything now."""


class Approve(msgspec.Struct, frozen=True):
    """A person lets a hold's operations go (R28)."""

    hold: int


class Reject(msgspec.Struct, frozen=True):
    """A person takes a hold's operations back (R28)."""

    hold: int


AnyEvent = (
    Hint
    | HintsLost
    | MarkSeen
    | Watching
    | JobDone
    | JobFailed
    | Beat
    | HeadTold
    | Wanted
    | RightsChanged
    | StreamLost
    | SessionEnded
    | Cloned
    | SessionBegun
    | Woke
    | Pause
    | Line
    | Resume
    | SyncNow
    | Approve
    | Reject
)

Tell = Callable[[AnyEvent], None]
"""Puts an event into the inbox, from any thread."""
