"""What may be asked of a running agent: one message a command, and the type of its answer, in one place.

`class Pause(Request[None])`: the answer to `Pause` is None. A message is a JSON object whose `command` names it. Fields
and messages are only added, so that the command line of one version can stop the agent of another; what the other side
does not know it says with `agent_differs`.
"""

from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

import msgspec

from govsync.model.activity import (
    ActivityRow,
    ConflictRow,
    DifferenceRow,
    HoldRow,
    ProblemRow,
    TrashRow,
    VersionRow,
)
from govsync.model.status import Status

Answer = TypeVar("Answer")

MOST_ROWS = 100_000
MOST_SECONDS = 366 * 86_400

Path = Annotated[str, msgspec.Meta(pattern=r"^[^\0]+\Z")]
"""An absolute path: a text that the operating system takes."""


class Request(msgspec.Struct, Generic[Answer], frozen=True, tag_field="command", kw_only=True):
    """Asks the agent for something that is answered with an `Answer`, or with a Failure."""


def answer_of(kind: type[Request[Any]]) -> Any:
    """Answers the type with which a kind of request is answered."""
    return get_args(kind.__orig_bases__[0])[0]  # type: ignore[attr-defined]


class GetStatus(Request[Status], frozen=True, tag="status"):
    """Asks how the desk is."""


class Waited(StrEnum):
    """Says how a `Wait` ended."""

    DONE = "done"
    KEPT_BACK = "kept_back"
    TIMED_OUT = "timed_out"


class Wait(Request[Waited], frozen=True, tag="wait"):
    """Asks to be answered when all that folder and server hold now is in sync (R43)."""

    timeout_s: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Verify(Request[tuple[DifferenceRow, ...]], frozen=True, tag="verify"):
    """Asks to read every file and to compare it with the server by content."""


class Pause(Request[None], frozen=True, tag="pause"):
    """Asks to pause, for so many seconds or until `Resume`."""

    seconds: Annotated[int, msgspec.Meta(ge=1, le=MOST_SECONDS)] | None = None


class Resume(Request[None], frozen=True, tag="resume"):
    """Asks to go on after a pause."""


class SyncNow(Request[None], frozen=True, tag="sync_now"):
    """Asks to look at everything now."""


class ListProblems(Request[tuple[ProblemRow, ...]], frozen=True, tag="problems"):
    """Asks what a person has to know or decide."""


class ListHolds(Request[tuple[HoldRow, ...]], frozen=True, tag="holds"):
    """Asks for the questions that wait."""


class Approve(Request[None], frozen=True, tag="approve"):
    """Lets the operations of a question go; without an id, those of all."""

    id: str | None = None


class Reject(Request[None], frozen=True, tag="reject"):
    """Takes the operations of a question back; without an id, those of all."""

    id: str | None = None


class ListActivity(Request[tuple[ActivityRow, ...]], frozen=True, tag="activity"):
    """Asks for what happened, newest first."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROWS)] = 100


class ListConflicts(Request[tuple[ConflictRow, ...]], frozen=True, tag="conflicts"):
    """Asks for the files of which both versions were kept."""


class Resolve(Request[None], frozen=True, tag="resolve"):
    """Settles a conflict: the copy stays (`mine`), the file with the name (`theirs`), or both do."""

    id: str
    keep: Literal["mine", "theirs", "both"]


class ListVersions(Request[tuple[VersionRow, ...]], frozen=True, tag="versions"):
    """Asks for the versions of the file at an absolute path, newest first."""

    path: Path


class Restore(Request[str], frozen=True, tag="restore"):
    """Brings a version back as a new one, or writes it to another file; answers where it is. Paths are absolute."""

    path: Path
    revision: str
    to: Path | None = None


class ListTrash(Request[tuple[TrashRow, ...]], frozen=True, tag="trash"):
    """Asks for what was deleted and can come back."""


class RestoreFromTrash(Request[None], frozen=True, tag="trash_restore"):
    """Brings deleted things back where they were."""

    ids: tuple[str, ...]


class Rewind(Request[int], frozen=True, tag="rewind"):
    """Takes the files of the folder at an absolute path back to a moment (RFC 3339); answers how many."""

    path: Path
    to: str


class SetSetting(Request[None], frozen=True, tag="set_setting"):
    """Sets one of the person's settings."""

    key: str
    value: str


class Stop(Request[None], frozen=True, tag="stop"):
    """Asks the agent to end."""


AnyRequest = (
    GetStatus | Wait | Verify | Pause | Resume | SyncNow | ListProblems | ListHolds | Approve | Reject | ListActivity
    | ListConflicts | Resolve | ListVersions | Restore | ListTrash | RestoreFromTrash | Rewind | SetSetting | Stop
)  # fmt: skip
