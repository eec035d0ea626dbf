"""What each code, activity and state is called in a sentence, and what a person can do about it.

One table a kind; a test fails when a code has no sentence. Facts stand in braces and are filled from the problem.
"""

from govsync.model.codes import Code
from govsync.model.problems import Problem

_TRY_LATER = "Nothing: it is tried again by itself."
_ASK_IT = "Tell your IT support, with this code."

SENTENCES: dict[Code, tuple[str, str]] = {
    Code.NAME_TAKEN: ("This name is taken.", "Choose another name."),
    Code.PARENT_DEAD: ("The folder above was deleted meanwhile.", _TRY_LATER),
    Code.STALE_REV: ("A newer version was saved meanwhile.", _TRY_LATER),
    Code.STALE_PLACE: ("It was moved meanwhile.", _TRY_LATER),
    Code.UNSEEN_BELOW: ("Something new lies in the folder.", _TRY_LATER),
    Code.SUBTREE_TOO_LARGE: ("The folder is deleted in parts, because it is large.", _TRY_LATER),
    Code.WOULD_CYCLE: ("A folder cannot lie in itself.", _TRY_LATER),
    Code.NODE_DEAD: ("It was deleted meanwhile.", _TRY_LATER),
    Code.NODE_IN_SPACE: ("It belongs to another space now.", _TRY_LATER),
    Code.CONTAINS_MOUNT: ("A shared folder lies in it.", "Move the shared folder elsewhere first."),
    Code.NO_RIGHT: ("You may not change this.", "Ask whoever shares it for the right to edit."),
    Code.QUOTA: ("The space is full.", "Delete something, or ask for more room."),
    Code.BUSY_RETRY: ("The server is busy.", _TRY_LATER),
    Code.NAME_ILLEGAL: ("This name is not allowed.", "Rename it."),
    Code.NAME_TOO_LONG: ("This name is too long.", "Choose a shorter name."),
    Code.NAME_RESERVED: ("This name belongs to GovSync.", "Rename it."),
    Code.TOO_DEEP: ("It lies too deep: more than 100 folders.", "Move it further up."),
    Code.HASH_MISMATCH: ("What arrived is not what was sent.", _TRY_LATER),
    Code.MANIFEST_BAD: ("The description of the content is broken.", _ASK_IT),
    Code.OPERATION_UNKNOWN: ("The server does not know this operation.", _ASK_IT),
    Code.WRONG_KIND: ("It is a file where a folder is expected, or the reverse.", _ASK_IT),
    Code.NOT_FOUND: ("It is not there, or not for you.", "Check the name."),
    Code.BAD_REQUEST: ("The request cannot be understood.", _ASK_IT),
    Code.TOO_LARGE: ("It is too large for one request.", _ASK_IT),
    Code.TOO_MANY_OPERATIONS: ("Too much was asked for at once.", _ASK_IT),
    Code.TOO_MANY_REQUESTS: ("Too many attempts.", "Wait a few minutes."),
    Code.FRAME_BAD: ("The data are garbled.", _ASK_IT),
    Code.CHUNK_BAD: ("A piece of the content arrived damaged.", _TRY_LATER),
    Code.CHUNK_LOST: ("The server has lost a piece of this content.", _ASK_IT),
    Code.CURSOR_GONE: ("This desk was away for long; everything is read anew.", _TRY_LATER),
    Code.EPOCH_CHANGED: ("The server was restored; everything is compared anew.", _TRY_LATER),
    Code.HISTORY_DIFFERS: ("The server remembers another history; everything is compared anew.", _TRY_LATER),
    Code.SIGNED_OUT: ("This device is not signed in.", "Sign in: govsync login"),
    Code.TOKEN_EXPIRED: ("The session has to be renewed.", _TRY_LATER),
    Code.TOKEN_REUSED: (
        "This session was used from elsewhere and was ended.",
        "Sign in again, and tell your IT support.",
    ),
    Code.WRONG_PASSWORD: ("Name or password is wrong.", "Try again."),
    Code.DEVICE_CLONED: ("This device's identity is in use elsewhere.", "Sign in again."),
    Code.CLIENT_TOO_OLD: ("This version is too old for the server.", "Update GovSync."),
    Code.STORE_UNAVAILABLE: (
        "The server's store cannot be reached: {what}",
        "Tell the operators of the server.",
    ),
    Code.TIMED_OUT: ("It took too long.", _TRY_LATER),
    Code.INTERNAL: ("Something went wrong inside.", _ASK_IT),
    Code.OFFLINE: ("The server cannot be reached.", "Check the connection; work goes on meanwhile."),
    Code.NOT_OUR_SERVER: (
        "Something other than the server answered.",
        "Sign in to the network, or check the address.",
    ),
    Code.CERTIFICATE: ("The server's certificate is not trusted.", _ASK_IT),
    Code.PROXY: ("The proxy refuses the connection.", _ASK_IT),
    Code.NAME_NOT_TEXT: ("The name is not readable text.", "Rename it."),
    Code.BUSY: ("A program is writing it.", "Nothing: it follows when the program is done."),
    Code.CHANGED: ("It changed meanwhile.", _TRY_LATER),
    Code.NEVER_QUIET: ("A program has been writing it for a day.", "Close the program once."),
    Code.OPEN_HERE: (
        "It is open in a program here; a newer version waits.",
        "Close it to get the newer version.",
    ),
    Code.DISK_FULL: ("The disk is full.", "Free some space."),
    Code.READ_ONLY: ("The disk or folder is read-only.", "Make it writable."),
    Code.NO_ACCESS: ("You may not open it.", "Check its permissions."),
    Code.UNREADABLE: ("It cannot be read.", "Check the disk."),
    Code.GONE: ("It is gone.", _TRY_LATER),
    Code.EXISTS: ("Something is there already.", _TRY_LATER),
    Code.NOT_A_FOLDER: ("It is not a folder.", _TRY_LATER),
    Code.LINK_IN_THE_WAY: ("A link lies in the way.", "Replace the link by a real folder."),
    Code.OBSCURED: ("Another disk is mounted over it.", "Unmount it."),
    Code.CANNOT_MOVE_HERE: ("You may not move this here.", "Move it back."),
    Code.FOLDER_MISSING: (
        "The GovSync folder is missing.",
        "Bring it back, or choose another: govsync folder set",
    ),
    Code.FOLDER_REPLACED: (
        "Another folder lies where the GovSync folder was.",
        "Choose it anew: govsync folder set",
    ),
    Code.FOLDER_UNFIT: ("This folder cannot be synced: {what}", "Choose another folder."),
    Code.FOLDER_TAKEN: ("This folder belongs to another device.", "Choose another folder."),
    Code.HOME_IN_USE: ("GovSync is running already.", "Use the running one."),
    Code.STORE_DAMAGED: (
        "GovSync's own database is damaged.",
        "Start again: it is made anew, nothing is lost.",
    ),
    Code.AGENT_NOT_RUNNING: ("GovSync is not running.", "Start it: govsync start"),
    Code.SETTING_UNKNOWN: ("There is no setting {name}.", "See: govsync settings"),
    Code.SETTING_BAD: ("{value} is no value for {name}.", "See: govsync settings"),
    Code.SETTING_FIXED: ("{name} is fixed by your organisation.", "Ask your IT support."),
    Code.WATCH_LIMIT: ("The system gives no more watches; changes are found by scanning.", _ASK_IT),
    Code.SLOW_CHUNKING: ("A part of GovSync is missing; everything is slow.", "Install GovSync anew."),
    Code.NO_KEYRING: ("There is no keyring.", _ASK_IT),
}


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def sentence(problem: Problem) -> str:
    """Answers what a problem is, for people."""
    return SENTENCES[problem.code][0].format_map(_Facts(problem.facts))


def action(problem: Problem) -> str:
    """Answers what a person can do about a problem."""
    return SENTENCES[problem.code][1]


ACTIVITIES: dict[str, str] = {
    "mkdir": "made", "put": "saved", "move": "moved", "delete": "deleted", "revive": "brought back", "attr": "changed",
    "offer": "gave back", "mount": "was given", "space_added": "space added", "space_revoked": "no longer a member of",
    "space_deleted": "space deleted", "space_unknown": "space not known to the server", "united": "compared anew",
    "hold_opened": "asked about deletions", "hold_approved": "deletions approved", "hold_rejected": "deletions rejected",
    "hold_lifted": "question withdrawn", "renamed_aside": "kept under another name", "conflict_copy": "both versions kept",
    "second_version": "second version kept", "husk": "stays on this desk only",
}  # fmt: skip
