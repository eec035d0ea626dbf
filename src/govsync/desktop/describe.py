"""How each kind of row is shown: pure functions from what the agent lists to what is drawn."""

from pathlib import PurePosixPath

from PySide6.QtCore import Qt

from govsync.desktop.desk import Desk
from govsync.desktop.widgets.rows import Shown
from govsync.model.activity import ActivityRow, ConflictRow, HoldRow, ProblemRow
from govsync.text.catalog import said
from govsync.text.glance import did
from govsync.text.sentences import is_count, message
from govsync.text.units import shown_name
from govsync.text.window import question

_ICONS = {
    "mkdir": "folder-plus", "put": "file", "move": "move", "delete": "trash", "revive": "history", "offer": "history",
    "hold_opened": "question", "hold_approved": "question", "hold_rejected": "question", "hold_lifted": "question",
    "conflict_copy": "files", "second_version": "files", "renamed_aside": "files", "rescued": "shield",
    "damaged": "problems", "space_added": "sharing", "mount": "sharing", "mount_renamed": "sharing", "share": "sharing",
    "mount_ended": "sharing", "space_revoked": "sharing", "space_deleted": "sharing", "space_left": "sharing", "united": "sync",
}  # fmt: skip
_TONES = {
    "put": "blue", "mkdir": "blue", "revive": "green", "offer": "green", "conflict_copy": "amber", "damaged": "amber",
    "second_version": "amber", "renamed_aside": "amber", "hold_opened": "amber", "rescued": "amber",
}  # fmt: skip


def name_and_place(path: str) -> tuple[str, str]:
    """Answers a path's last name, and the folders above it, as they may be shown."""
    pure = PurePosixPath(path)
    above = str(pure.parent)
    return shown_name(pure.name or path or "/"), "" if above == "." else shown_name(above)


def activity(desk: Desk, row: ActivityRow) -> Shown:
    """Shows something that happened."""
    title, where = name_and_place(row.path)
    kind, icon = row.kind, _ICONS.get(row.kind, "info")
    if is_count(row):
        kind = kind.removesuffix("_many")
        icon = "files" if kind == "put" else _ICONS.get(kind, "info")
    if not row.path and (folder := desk.path("")) is not None:
        title = shown_name(folder.name)
    return Shown(
        icon=icon, tone=_TONES.get(kind, "grey"), title=title, where=where, second=shown_name(did(row)),
        right=desk.near(row.at),
    )  # fmt: skip


def concern(desk: Desk, row: HoldRow | ConflictRow | ProblemRow) -> Shown:
    """Shows what a person has to know or decide."""
    if isinstance(row, HoldRow):
        return Shown(
            icon="question", tone="amber", title=question(row).happened, second=said("A question; there is no hurry."),
            right=desk.near(row.since), cut=Qt.TextElideMode.ElideRight,
        )  # fmt: skip
    if isinstance(row, ConflictRow):
        title, where = name_and_place(row.path)
        return Shown(
            icon="files", tone="blue", title=said("Two versions of {name}", name=title), where=where,
            second=shown_name(said("Both are kept. The other one is by {who}.", who=row.user or row.device or "?")),
            right=desk.near(row.at),
        )  # fmt: skip
    title, where = name_and_place(row.path)
    return Shown(
        icon="problems", tone="red", title=title, where=where, second=shown_name(message(row)),
        right=desk.near(row.since),
    )  # fmt: skip
