"""What a desk lists for people: activity, problems, questions, conflicts, versions, trash, differences.

One row a thing, made of texts and numbers alone, so that the window and the command line show the same. The names of the
fields are the keys of `--json` and a contract (docs/reference/cli.md); fields are only added. Times are RFC 3339 in UTC,
ids are opaque texts, paths are relative to the synced folder.
"""

import msgspec


class ActivityRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; `user` and `device` are empty where it was this desk. Kinds: `text.sentences.ACTIVITIES`."""

    at: str
    kind: str
    path: str
    user: str = ""
    device: str = ""
    detail: str = ""


class ProblemRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person has to know or decide: what it is, and what can be done about it."""

    id: str
    code: str
    path: str
    message: str
    action: str
    since: str


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


class TrashRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was deleted and can come back; `size` in bytes, 0 for a folder."""

    id: str
    path: str
    deleted: str
    user: str
    device: str
    size: int


class DifferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A path at which folder and server are not equal: `content`, `only here` or `only on the server`."""

    path: str
    difference: str
