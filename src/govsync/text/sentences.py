"""What each code, activity and state is called in a sentence, and what a person can do about it.

One table a kind; a test fails when a code, an activity or a state has no sentence. Facts stand in braces and are
filled from the problem; where there is a count, the table has the singular first.
"""

from collections.abc import Mapping
from shlex import quote
from string import Formatter

from govsync.model.activity import ActivityRow, HoldRow, SentRow
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.model.status import State, Status

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
    Code.CHUNK_LOST: (
        "The server has lost a piece of this content, and asks the desks that have the file for it.",
        "It comes by itself once such a desk runs; if it does not, tell your IT support.",
    ),
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
    Code.STORE_FULL: (
        "The server has no room left; what it has not taken stays here and is sent when it has.",
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
    Code.BUSY: (
        "A program has it open and may still be writing it: it waits until the program closes it.",
        "Close it in the program.",
    ),
    Code.CHANGED: ("It changed meanwhile.", _TRY_LATER),
    Code.NOT_SENT: (
        "It has changes that are not on the server yet.",
        "Wait until they are (govsync wait), then ask again.",
    ),
    Code.NOT_GIVEN_BACK: (
        "The server was restored and lacks things that lie here; only somebody who may change this folder can give them back.",
        "It happens by itself once such a desk that has them runs; if it does not, ask whoever shares the folder, and keep yours.",
    ),
    Code.SPACE_FROZEN: (
        "The server no longer has this folder for you. Everything in it stays here; nothing of it is sent or fetched.",
        "Ask whoever shared it, or your IT support; or move what you need elsewhere.",
    ),
    Code.NEVER_QUIET: ("A program has been writing it for a day.", "Close the program once."),
    Code.OPEN_HERE: (
        "It is open in a program here; a newer version waits.",
        "Close it to get the newer version.",
    ),
    Code.DISK_FULL: ("The disk is full.", "Free some space."),
    Code.TOO_LARGE_HERE: (
        "It is larger than a file may be on this disk.",
        "Keep the GovSync folder on another disk: govsync folder set",
    ),
    Code.READ_ONLY: ("The disk or folder is read-only.", "Make it writable."),
    Code.NO_ACCESS: ("You may not open it.", "Check its permissions."),
    Code.UNREADABLE: ("It cannot be read.", "Check the disk."),
    Code.GONE: ("It is gone.", _TRY_LATER),
    Code.EXISTS: ("Something that is not synced has this name already.", "Rename what lies here."),
    Code.NOT_A_FOLDER: ("It is not a folder.", _TRY_LATER),
    Code.LINK_IN_THE_WAY: (
        "A link, or something that is neither file nor folder, lies in its place.",
        "Put the real file or folder there again, or remove the link.",
    ),
    Code.OBSCURED: ("Another disk is mounted over it.", "Unmount it."),
    Code.CANNOT_MOVE_HERE: ("You may not move this here.", "Move it back."),
    Code.FOLDER_MISSING: (
        "The GovSync folder is missing.",
        "Bring it back; or have an empty one made and filled from the server: govsync approve; or choose another: govsync"
        " folder set. To wait for it without a question: govsync reject",
    ),
    Code.FOLDER_REPLACED: (
        "Another folder lies where the GovSync folder was.",
        "Bring the old one back; or have this one joined with what the server has, deleting nothing: govsync approve; or choose"
        " another: govsync folder set. To wait for the old one without a question: govsync reject",
    ),
    Code.FOLDER_UNFIT: ("This folder cannot be synced: {what}", "Choose another folder."),
    Code.FOLDER_TAKEN: ("This folder belongs to another device.", "Choose another folder."),
    Code.HOME_UNFIT: (
        "GovSync cannot keep its own database on a network disk ({what}).",
        "Put its home on a local disk: set GOVSYNC_HOME.",
    ),
    Code.HOME_IN_USE: ("GovSync is running already.", "Use the running one."),
    Code.STORE_DAMAGED: (
        "GovSync's own database is damaged.",
        "Start again: it is made anew, nothing is lost.",
    ),
    Code.STORE_NEWER: ("GovSync's own database is of a newer version.", "Update GovSync."),
    Code.AGENT_NOT_RUNNING: ("GovSync is not running.", "Start it: govsync start"),
    Code.AGENT_DIFFERS: ("The running GovSync is of another version.", "Start it anew: govsync restart"),
    Code.SETTING_UNKNOWN: ("There is no setting {name}.", "See: govsync settings"),
    Code.SETTING_BAD: ("{value} is no value for {name}.", "See: govsync settings"),
    Code.SETTING_FIXED: ("{name} is fixed by your organisation.", "Ask your IT support."),
    Code.WATCH_LIMIT: ("The system gives no more watches; changes are found by scanning.", _ASK_IT),
    Code.SLOW_CHUNKING: ("A part of GovSync is missing; everything is slow.", "Install GovSync anew."),
    Code.NO_KEYRING: ("There is no keyring.", _ASK_IT),
}


WEAK_DISK = (
    "The folder lies on a network disk ({kind}): what others change there is found within a minute or two, and a file that"
    " a program still writes while a newer version comes is kept as a second one."
)
"""What is said once of a folder on a disk where no watcher and no lease can be trusted (R45)."""


OTHER_PROGRAM = (
    "{program} syncs {folder} too: two programs that change the same files undo each other's work. Choose another folder, or"
    " end {program} for this one."
)
"""What is said of a folder that another program syncs (R45)."""


ACTIVITIES: dict[str, str] = {
    "mkdir": "made", "put": "saved", "move": "moved", "delete": "deleted", "revive": "brought back", "attr": "changed",
    "offer": "gave back", "mount": "was given", "mount_renamed": "is the name of a team's folder now", "space_added": "space added", "space_revoked": "no longer a member of",
    "space_deleted": "space deleted", "space_unknown": "space not known to the server", "united": "compared anew",
    "device_cloned": "signed out a copy of",
    "hold_opened": "asked about many changes", "hold_approved": "many changes approved",
    "hold_rejected": "many changes rejected",
    "hold_lifted": "question withdrawn", "renamed_aside": "kept under another name", "conflict_copy": "both versions kept",
    "link_broken": "no longer one file with its other name", "second_version": "second version kept",
    "rescued": "put into GovSync Rescued", "damaged": "was damaged, not edited; fetched again", "husk": "stays on this desk only",
    "space_left": "taken off this desk", "folder_joined": "another folder, joined with what the server has",
    "begun_anew": "GovSync's own database was damaged and is begun anew; the old one is kept as",
}  # fmt: skip

_HOLDS = {
    "deletions": ("{count} file was deleted here.", "{count} files were deleted here."),
    "rewrites": ("{count} file was rewritten here.", "{count} files were rewritten here."),
    "folder_missing": ("The GovSync folder is missing.", "The GovSync folder is missing."),
    "folder_replaced": ("Another folder lies in its place.", "Another folder lies in its place."),
}

_STATES = {
    State.SIGNED_OUT: ("Not signed in. All files stay here; nothing is sent or fetched.",) * 2,
    State.HOLD: ("{count} question waits for an answer; everything else goes on.",
                 "{count} questions wait for an answer; everything else goes on."),
    State.PROBLEM: ("{count} thing needs a person; everything else goes on.",
                    "{count} things need a person; everything else goes on."),
    State.PAUSED: ("Paused; {count} change waits.", "Paused; {count} changes wait."),
    State.OFFLINE: ("Offline: the server cannot be reached. Work goes on; {count} change waits.",
                    "Offline: the server cannot be reached. Work goes on; {count} changes wait."),
    State.SYNCING: ("Syncing: {count} change is on its way.", "Syncing: {count} changes are on their way."),
    State.IN_SYNC: ("In sync: the server holds what the folder shows.",) * 2,
}  # fmt: skip
_STATES_OF_NONE = {
    State.PAUSED: "Paused; nothing waits.",
    State.OFFLINE: "Offline: the server cannot be reached. Work goes on; nothing waits.",
    State.SYNCING: "Syncing: comparing the folder with the server.",
}
"""Where no change is known of: a count of 0 would say that there is nothing to wait for."""


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def _said(text: str, facts: Mapping[str, object]) -> str:
    """The one way from a table to a person: a translation is looked up here, before the facts are filled in."""
    return text.format_map(_Facts(facts))


def _counted(one_many: tuple[str, str], count: int) -> str:
    return _said(one_many[count != 1], {"count": count})


def sentence(problem: Problem) -> str:
    """Answers what a problem is, for people."""
    return _said(SENTENCES[problem.code][0], problem.facts)


def action(problem: Problem) -> str:
    """Answers what a person can do about a problem."""
    return _said(SENTENCES[problem.code][1], problem.facts)


def unsaid(problem: Problem) -> dict[str, str]:
    """Answers the facts that the sentences of a problem do not mention; whoever looks into it may want them."""
    said = {name for text in SENTENCES[problem.code] for _, name, _, _ in Formatter().parse(text)}
    return {name: fact for name, fact in problem.facts.items() if name not in said}


def happened(row: ActivityRow) -> str:
    """Answers what happened, in a few words."""
    return _said(ACTIVITIES.get(row.kind, row.kind), {})


def question(hold: HoldRow) -> str:
    """Answers what a hold asks."""
    return _counted(_HOLDS[hold.kind], hold.count) if hold.kind in _HOLDS else hold.kind


def way_back(hold: HoldRow, sent: SentRow) -> str:
    """Answers the command that brings back what had gone before a question was asked."""
    if hold.kind == "deletions":
        return f"govsync trash restore {sent.id}"
    return f"govsync restore {quote(sent.path)} --revision {sent.id}"


def status_sentence(status: Status) -> str:
    """Answers how a desk is, in one sentence."""
    counts = {State.HOLD: status.holds, State.PROBLEM: status.problems}
    count = counts.get(status.state, status.pending.up + status.pending.down)
    if count == 0 and status.state in _STATES_OF_NONE:
        return _said(_STATES_OF_NONE[status.state], {})
    return _counted(_STATES[status.state], count)
