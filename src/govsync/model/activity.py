"""What a desk lists for people: activity, problems, questions, conflicts, versions, trash, differences.

One row a thing, made of texts and numbers alone, so that the window and the command line show the same. The names of the
fields are the keys of `--json` and a contract (docs/reference/cli.md); fields are only added. Times are RFC 3339 in UTC,
ids are opaque texts, paths are relative to the synced folder. Rows that come by the hundred thousand are left out of garbage
collection: nothing in them can lead back to them, and to look through them kept the window for 80 ms.
"""

from typing import Literal

import msgspec


class ActivityRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened; `user` and `device` are empty where it was this desk, and `user` where the server names nobody.
    Kinds: `text.sentences.ACTIVITIES`."""

    at: str
    kind: str
    path: str
    user: str = ""
    device: str = ""
    detail: str = ""
    id: str = ""


class ProblemRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that a person has to know or decide: what it is, and what can be done about it, in the language of the
    sources; `facts` are what another language fills its own sentences with (`text.sentences`)."""

    id: str
    code: str
    path: str
    message: str
    action: str
    since: str
    facts: dict[str, str] = {}


class SentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What had gone before a question was asked; `id` brings it back: for `trash restore` where it was deleted, as
    `--revision` of `restore` where it was rewritten."""

    path: str
    id: str


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A question that waits for an answer (R28): how many files it is about, the first hundred of them, and what of its
    kind had been sent before there were too many."""

    id: str
    kind: str
    count: int
    paths: tuple[str, ...]
    since: str
    sent: tuple[SentRow, ...] = ()


class FolderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that the server has: how many bytes the files in it hold, whether there are folders in it, and whether it is
    to lie on this desk; None where some of it is left out (R26)."""

    path: str
    size: int
    folders: bool
    here: bool | None


class ConflictRow(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions of one file: `path` kept the name, `copy` lies beside it (R22)."""

    id: str
    path: str
    copy: str
    user: str
    device: str
    at: str


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One content that a file had, and who saved it; `current` is the one it has now."""

    revision: str
    at: str
    user: str
    device: str
    size: int
    hash: str
    current: bool


class FolderBack(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that was brought back as it was: where it is, how many files are in it, and how many things that were in it
    then are not, with the first hundred of them: what is kept no longer, and shared folders, which are spaces of their own."""

    path: str
    count: int
    left: int
    left_paths: tuple[str, ...]


class TrashRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was deleted and can come back; `size` in bytes, 0 for a folder."""

    id: str
    path: str
    deleted: str
    user: str
    device: str
    size: int


class ShareRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with whom a folder is shared: where it lies and what it is called, with whom (as `--with` takes it), and in
    which role; `title` and `detail` say who that is, `you` whether it is you."""

    path: str
    name: str
    with_: str = msgspec.field(name="with")
    kind: str
    role: str
    title: str
    detail: str
    you: bool


class FoundRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with whom one could share, as `--with` takes it; `title` and `detail` say who that is."""

    with_: str = msgspec.field(name="with")
    kind: str
    title: str
    detail: str


class LinkAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A new link: its address, told this once, and until when it opens."""

    id: str
    url: str
    expires: str


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A link that still opens something: what, for whom (`viewer`, `uploader`), who made it where and when, and what bounds it;
    `downloads_left` is None where there may be any number."""

    id: str
    path: str
    role: str
    at: str
    expires: str
    user: str
    device: str
    password: bool
    downloads_left: int | None


class RoomRow(msgspec.Struct, frozen=True, kw_only=True):
    """How full a space is that a person reaches; `quota_bytes` is 0 where it may hold any number of bytes."""

    id: str
    name: str
    kind: str
    used_bytes: int
    quota_bytes: int


PathState = Literal["none", "in_sync", "syncing", "problem"]


class PathRow(msgspec.Struct, frozen=True, kw_only=True):
    """How a file or folder is, with all that is in it: `in_sync` (the server has it just so), `syncing` (something of it is on
    its way, or was not looked at yet), `problem` (something of it needs a person), or `none` (nothing is known of it: it lies
    elsewhere, or is left alone); and whether it is a folder that is shared."""

    path: str
    state: PathState
    shared: bool


class DifferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A path at which folder and server are not equal: `content`, `only here` or `only on the server`."""

    path: str
    difference: str
