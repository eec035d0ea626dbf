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
    FolderBack,
    FolderRow,
    FoundRow,
    HoldRow,
    LinkAdded,
    LinkRow,
    PathRow,
    ProblemRow,
    RoomRow,
    ShareRow,
    TrashRow,
    VersionRow,
)
from govsync.model.status import Status
from govsync.settings.merge import Effective

Answer = TypeVar("Answer")

MOST_ROWS = 100_000
MOST_SECONDS = 366 * 86_400
MOST_DOWNLOADS = 1_000_000
LONGEST_WATCH_S = 60
MOST_LETTERS = 1_000
MOST_SHOWN = 1_000

Path = Annotated[str, msgspec.Meta(pattern=r"^[^\0]+\Z")]
"""An absolute path: a text that the operating system takes."""


class Request(msgspec.Struct, Generic[Answer], frozen=True, tag_field="command", kw_only=True):
    """Asks the agent for something that is answered with an `Answer`, or with a Failure."""


def answer_of(kind: type[Request[Any]]) -> Any:
    """Answers the type with which a kind of request is answered."""
    return get_args(kind.__orig_bases__[0])[0]  # type: ignore[attr-defined]


class GetStatus(Request[Status], frozen=True, tag="status"):
    """Asks how the desk is."""


class Watch(Request[Status], frozen=True, tag="watch"):
    """Asks how the desk is as soon as that is otherwise than was `seen`, and after a while in any case."""

    seen: Status | None = None
    timeout_s: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_WATCH_S)] = 30


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
    """Asks what a person has to know or decide: all of it, or a page of so many rows after the one with the id `after`."""

    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    after: str | None = None


class ListHolds(Request[tuple[HoldRow, ...]], frozen=True, tag="holds"):
    """Asks for the questions that wait."""


class Approve(Request[None], frozen=True, tag="approve"):
    """Lets the operations of a question go; without an id, those of all."""

    id: str | None = None


class Reject(Request[None], frozen=True, tag="reject"):
    """Takes the operations of a question back; without an id, those of all."""

    id: str | None = None


class ListActivity(Request[tuple[ActivityRow, ...]], frozen=True, tag="activity"):
    """Asks for what happened, newest first: before the row with the id `before`, and where path, person or device contain
    the text `matching`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROWS)] = 100
    before: str | None = None
    matching: Annotated[str, msgspec.Meta(max_length=MOST_LETTERS)] = ""


class ShowPaths(Request[tuple[PathRow, ...]], frozen=True, tag="paths"):
    """Asks how the files and folders at absolute paths are, each in its turn: what a file manager shows beside names. `Watch`
    says when it is worth asking again."""

    paths: Annotated[tuple[Path, ...], msgspec.Meta(max_length=MOST_SHOWN)]


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


class RestoreFolder(Request[FolderBack], frozen=True, tag="restore_folder"):
    """Brings the folder at an absolute path back as it was at a moment (RFC 3339), as a new folder beside it, or at the
    absolute path `to` in the synced folder, where nothing may be."""

    path: Path
    at: str
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


With = Annotated[str, msgspec.Meta(pattern=r"^[^\0]+\Z")]
"""With whom something is shared: LOGIN, `group:NAME` or `division:ORGANISATION/NAME`."""


class AddShare(Request[None], frozen=True, tag="share_add"):
    """Shares the folder at an absolute path, or gives somebody another role in one that is shared already."""

    path: Path
    who: With
    role: Literal["viewer", "uploader", "editor", "manager"]


class ListShares(Request[tuple[ShareRow, ...]], frozen=True, tag="share_list"):
    """Asks with whom the shared folder at an absolute path is shared; without a path, with whom each is."""

    path: Path | None = None


class ListShareActivity(Request[tuple[ActivityRow, ...]], frozen=True, tag="share_activity"):
    """Asks the server what happened in the shared folder at an absolute path, newest first."""

    path: Path
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROWS)] = 100


class RemoveShare(Request[None], frozen=True, tag="share_remove"):
    """Ends the sharing of the folder at an absolute path with somebody."""

    path: Path
    who: With


class LeaveShare(Request[None], frozen=True, tag="share_leave"):
    """Leaves the shared folder at an absolute path: it goes from this person's desks, the others keep it."""

    path: Path


class ListRoom(Request[tuple[RoomRow, ...]], frozen=True, tag="room"):
    """Asks the server how full the spaces are that this person reaches."""


class FindMembers(Request[tuple[FoundRow, ...]], frozen=True, tag="share_find"):
    """Asks for people, groups and divisions with whom one could share, whose name or login contains a text."""

    text: Annotated[str, msgspec.Meta(min_length=2, max_length=MOST_LETTERS)]


class AddLink(Request[LinkAdded], frozen=True, tag="link_add"):
    """Makes a link to the file or folder at an absolute path, for so long and for so many downloads (None: any number)."""

    path: Path
    seconds: Annotated[int, msgspec.Meta(ge=1, le=MOST_SECONDS)]
    role: Literal["viewer", "uploader"] = "viewer"
    password: str | None = None
    downloads: Annotated[int, msgspec.Meta(ge=1, le=MOST_DOWNLOADS)] | None = None


class ListLinks(Request[tuple[LinkRow, ...]], frozen=True, tag="link_list"):
    """Asks for the links that still open something."""


class RemoveLink(Request[None], frozen=True, tag="link_remove"):
    """Ends a link."""

    id: str


class WebAddress(Request[str], frozen=True, tag="web_address"):
    """Asks for the address at which the server shows the file or folder at an absolute path, to whoever signs in there and may
    see it."""

    path: Path


class Exclude(Request[None], frozen=True, tag="exclude"):
    """Has what lies at an absolute path only on the server, not on this desk: it goes once the server has it."""

    path: Path


class Include(Request[None], frozen=True, tag="include"):
    """Has what the server has at an absolute path on this desk, too."""

    path: Path


class ListFolders(Request[tuple[FolderRow, ...]], frozen=True, tag="folders"):
    """Asks for the folders that the server has in the folder at an absolute path, with what is in each, and whether they are
    to lie on this desk."""

    path: Path


class ListSettings(Request[dict[str, Effective]], frozen=True, tag="settings"):
    """Asks for every setting with its value and where that comes from."""


class SetSetting(Request[None], frozen=True, tag="set_setting"):
    """Sets one of the person's settings."""

    key: str
    value: str


class Stop(Request[None], frozen=True, tag="stop"):
    """Asks the agent to end."""


AnyRequest = (
    GetStatus | Watch | Wait | Verify | Pause | Resume | SyncNow | ListProblems | ListHolds | Approve | Reject | ListActivity
    | ShowPaths | ListConflicts | Resolve | ListVersions | Restore | RestoreFolder | ListTrash | RestoreFromTrash | Rewind | AddShare
    | ListShares | ListShareActivity | RemoveShare | LeaveShare | ListRoom | FindMembers | AddLink | ListLinks | RemoveLink | WebAddress
    | Exclude | Include | ListFolders | ListSettings | SetSetting | Stop
)  # fmt: skip
