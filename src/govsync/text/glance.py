"""How a desk is, at a glance: a headline, what that means, and the one sentence of the icon. The state alone decides."""

import datetime

from govsync.model.activity import ActivityRow
from govsync.model.codes import Code
from govsync.model.status import State, Status
from govsync.text.catalog import Text, counted, said
from govsync.text.sentences import Standstill, detail, happened, of_end, standstill
from govsync.text.units import duration, near_moment, size

_HEADLINES: dict[State, Text] = {
    State.SIGNED_OUT: "Not signed in",
    State.PAUSED: "Paused",
    State.OFFLINE: "Offline",
    State.SYNCING: "Syncing",
    State.IN_SYNC: "In sync",
}
_KINDS: dict[str, Text] = {"personal": "your own", "team": "your division's", "shared": "shared folder"}
_TOLD_BY_SERVER = {
    "mount", "mount_ended", "role_changed", "space_added", "space_deleted", "space_revoked", "space_unknown",
}  # fmt: skip
"""What this desk only hears of: where nobody is named it was not done here."""
_ROLES: dict[str, Text] = {
    "viewer": "can view",
    "uploader": "can add files",
    "contributor": "can view and add files",
    "editor": "can edit",
    "manager": "can manage",
}


def headline(status: Status) -> str:
    """Answers the state in two or three words."""
    if status.state is State.HOLD:
        return counted("A question for you", "{count} questions for you", status.holds)
    if status.state is State.PROBLEM:
        return counted("One thing needs you", "{count} things need you", status.problems)
    if status.session_over is not None:
        return said("Signed out")
    return said(_HEADLINES[status.state])


def meaning(status: Status) -> str:
    """Answers what the state means for the person's files."""
    waiting = status.pending.up + status.pending.down
    stands = standstill(status)
    match status.state:
        case State.SIGNED_OUT if status.session_over is not None:
            return of_end(status.session_over)
        case State.SIGNED_OUT:
            return said("Your files stay here. Nothing is sent or fetched until you sign in.")
        case State.HOLD | State.PROBLEM if stands is Standstill.FOLDER:
            return said("Nothing is deleted on the server. Nothing is synced until the folder is back.")
        case State.HOLD if stands:
            return said("Nothing is lost, and there is no hurry. Nothing is sent or fetched at this moment.")
        case State.HOLD:
            return said("Nothing is lost, and there is no hurry. Everything else goes on meanwhile.")
        case State.PROBLEM if stands:
            return said("Your files are safe where they are. Nothing is sent or fetched at this moment.")
        case State.PROBLEM:
            return said("Your files are safe where they are. Everything else goes on meanwhile.")
        case State.PAUSED:
            # Nobody looks while it is paused: that nothing waits is not known.
            rest = said("Your files stay here until you go on.")
            if status.metered:
                rest = said(
                    "This line is metered. Your files stay here until there is another, or you go on."
                )
            return _waits(waiting, rest) if waiting else rest
        case State.OFFLINE:
            return _waits(
                waiting, said("The server cannot be reached. You can go on working; it catches up by itself.")
            )
        case State.SYNCING if waiting:
            return counted("{count} change is on its way.", "{count} changes are on their way.", waiting)
        case State.SYNCING:
            return said("Comparing the folder with the server.")
        case State.IN_SYNC:
            return said("The server holds what your folder shows.")


def _waits(count: int, rest: str) -> str:
    if count == 0:
        return said("Nothing waits. {rest}", rest=rest)
    return counted("{count} change waits. {rest}", "{count} changes wait. {rest}", count, rest=rest)


def tooltip(status: Status, now: datetime.datetime) -> str:
    """Answers the state in one sentence, with the moment by which it can be checked."""
    if status.state is State.IN_SYNC and status.last_change is not None:
        return said("In sync. Last change {at}.", at=near_moment(status.last_change, now))
    waiting = status.pending.up + status.pending.down
    if status.state is State.SYNCING and waiting:
        bytes_left = status.pending.bytes_up + status.pending.bytes_down
        return counted(
            "Syncing: {count} change, {left} left.", "Syncing: {count} changes, {left} left.", waiting,
            left=size(bytes_left),
        )  # fmt: skip
    if status.state in (State.PAUSED, State.OFFLINE) and waiting:
        return said(
            "{state}. {waits}", state=headline(status),
            waits=counted("{count} change waits.", "{count} changes wait.", waiting),
        )  # fmt: skip
    return said("{state}.", state=headline(status))


def without_agent(code: Code) -> tuple[str, str]:
    """Answers headline and meaning where no agent tells how the desk is."""
    if code is Code.AGENT_DIFFERS:
        return said("Updated"), said("The part that syncs is of another version. Start it anew.")
    if code is Code.TIMED_OUT:
        return said("No answer"), said("How your files are is not known now. Your files stay where they are.")
    return said("Not running"), said("Nothing is synced now. Your files stay where they are.")


def left(seconds: int) -> str:
    """Answers how long something will take, no more exactly than can be known."""
    if seconds < 60:
        return said("less than a minute left")
    rounded = seconds if seconds < 3600 else seconds // 300 * 300
    return said("about {time} left", time=duration(rounded // 60 * 60))


def did(row: ActivityRow) -> str:
    """Answers who did what, where: "Saved · Boris Petrović · boris-office"; nobody where the server named nobody."""
    what = happened(row)
    who = row.user or ("" if row.kind in _TOLD_BY_SERVER else said("here"))
    return " · ".join(part for part in (what[:1].upper() + what[1:], detail(row), who, row.device) if part)


def kind_of_space(kind: str) -> str:
    """Answers whose a space is."""
    return said(_KINDS.get(kind, kind))


def role(name: str) -> str:
    """Answers what a role lets one do."""
    return said(_ROLES.get(name, name))
