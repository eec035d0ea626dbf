"""What each code, activity and state is called in a sentence, and what a person can do about it.

One table a kind; a test fails when a code, an activity or a state has no sentence. Facts stand in braces and are
filled from the problem; where there is a count, the table has the singular first.
"""

from collections.abc import Iterable
from enum import StrEnum
from shlex import quote
from string import Formatter

from govsync.model.activity import ActivityRow, FolderBack, HoldRow, ProblemRow, SentRow
from govsync.model.codes import Code
from govsync.model.languages import Language
from govsync.model.problems import Problem
from govsync.model.status import SessionOver, State, Status
from govsync.text.catalog import Counted, Text, counted, said, said_of, spoken

FOLDER = "folder"
"""The id of the question, the problem and the notice that are about the synced folder itself."""

_TRY_LATER: Text = "Nothing: it is tried again by itself."
_ASK_IT: Text = "Tell your IT support, with this code."

SENTENCES: dict[Code, tuple[Text, Text]] = {
    Code.NAME_TAKEN: ("This name is taken.", "Choose another name."),
    Code.PARENT_DEAD: ("The folder above was deleted meanwhile.", _TRY_LATER),
    Code.STALE_REV: ("A newer version was saved meanwhile.", _TRY_LATER),
    Code.STALE_PLACE: ("It was moved meanwhile.", _TRY_LATER),
    Code.UNSEEN_BELOW: ("Something new lies in the folder.", _TRY_LATER),
    Code.SUBTREE_TOO_LARGE: (
        "The folder holds too much for one step.",
        "A deletion goes on in parts, by itself; of a folder that you share, share the folders in it.",
    ),
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
    Code.NO_SUCH_MEMBER: ("There is nobody of this name with whom you can share.", "Check the name."),
    Code.SHARE_OUTSIDE: (
        "The rules of the organisations keep you from sharing this with each other.",
        "Share it with somebody else, or ask your IT support who decides about it.",
    ),
    Code.SHARE_SELF: (
        "You named whoever has it already: yourself, or its owner.",
        "Name somebody else.",
    ),
    Code.TOO_MANY_MEMBERS: (
        "The folder has as many members as a folder can have.",
        "Share it with a group or a division instead.",
    ),
    Code.TOO_MANY_SHARES: (
        "A person can reach only so many shared folders, and somebody would reach more.",
        "Leave, or end, shares that nobody needs any more.",
    ),
    Code.LAST_MANAGER: ("Nobody else manages this folder.", "Make somebody else its manager first."),
    Code.MEMBER_STAYS: (
        "This membership is what the folder exists by, and stays.",
        "Nothing: whoever belongs to it has the folder.",
    ),
    Code.MEMBER_THROUGH: (
        "This membership comes with a group or a division, or with the folder around this one.",
        "Ask whoever manages that; or keep the folder off this desk: govsync exclude",
    ),
    Code.LINK_FILE: ("Files are sent into a folder, and this is a file.", "Make the link to a folder."),
    Code.LINK_OUTSIDE: (
        "The organisation that this belongs to lets nobody have links.",
        "Share the folder with people, or ask your IT support who decides about it.",
    ),
    Code.TOO_MANY_LINKS: (
        "You have too many links.",
        "End some that are needed no more: govsync link remove",
    ),
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
    Code.CLIENT_TOO_OLD: (
        "This version of GovSync is too old for the server. All files stay here; nothing is sent or fetched.",
        "Update GovSync, or ask your IT support for the newer version.",
    ),
    Code.STORE_UNAVAILABLE: (
        "The server's store cannot be reached: {what}",
        "Tell the operators of the server.",
    ),
    Code.STORE_FULL: (
        "The server has no room left; what it has not taken stays here and is sent when it has.",
        "Tell the operators of the server.",
    ),
    Code.TABLES_NEWER: (
        "The database's tables are of version {found}; this program knows them up to {known}, and has left them alone.",
        "Install the newer server program again, or put back a copy of the database from before it.",
    ),
    Code.TIMED_OUT: ("It took too long.", _TRY_LATER),
    Code.INTERNAL: ("Something went wrong inside.", _ASK_IT),
    Code.OFFLINE: ("The server cannot be reached.", "Check the connection; work goes on meanwhile."),
    Code.NOT_OUR_SERVER: (
        "Something other than the server answered.",
        "Sign in to the network, or check the address.",
    ),
    Code.CERTIFICATE: ("The server's certificate is not trusted.", _ASK_IT),
    Code.CERTIFICATES_BAD: ("No certificates can be read from {name}.", _ASK_IT),
    Code.PROXY: ("The proxy refuses the connection.", _ASK_IT),
    Code.NAME_NOT_TEXT: ("The name is not readable text.", "Rename it."),
    Code.BUSY: (
        "A program has it open and may still be writing it: it waits until the program closes it.",
        "Close it in the program.",
    ),
    Code.CHANGED: ("It changed meanwhile.", _TRY_LATER),
    Code.FOLDER_ITSELF: ("The GovSync folder itself cannot be left out.", "Leave out what lies in it."),
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
        "Ask whoever shared it to share it with you again, or ask your IT support; or move what you need elsewhere.",
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
    Code.SHARE_FILE: (
        "A single file is not shared with people, a folder is.",
        "Put it into a folder, and share that; or make a link to it: govsync link add",
    ),
    Code.SHARE_WHOLE: ("The GovSync folder as a whole is yours alone.", "Share a folder in it."),
    Code.NOT_THEN: ("This folder was not there then.", "Choose a later moment, or the folder around it."),
    Code.NOT_SHARED: ("This folder is not shared.", "See which are: govsync share list"),
    Code.KEPT_HERE: (
        "You may read this folder, not change it: this stays on this PC, is not uploaded, and is kept as you saved it.",
        "Move it to a folder of your own; or ask whoever shares this one for the right to edit, and it is uploaded by itself.",
    ),
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
    Code.TOO_LARGE_BY_RULE: (
        "Files of more than {limit} are not sent, your organisation says. It stays on this PC, and nowhere else.",
        "Keep a copy of it elsewhere, or ask your IT support.",
    ),
    Code.EXTENSION_BLOCKED: (
        "Files whose names end with .{extension} are not sent, your organisation says. It stays on this PC, and nowhere else.",
        "Keep a copy of it elsewhere, or ask your IT support.",
    ),
    Code.SETTING_UNKNOWN: ("There is no setting {name}.", "See: govsync settings"),
    Code.SETTING_BAD: ("{value} is no value for {name}.", "See: govsync settings"),
    Code.SETTING_FIXED: ("{name} is fixed by your organisation.", "Ask your IT support."),
    Code.SETTING_NOT_THEIRS: ("A server may not set {name} to {value}.", _ASK_IT),
    Code.UPDATE_REFUSED: (
        "What was offered as a newer version of GovSync was not taken ({what}). This version goes on.",
        _ASK_IT,
    ),
    Code.WATCH_LIMIT: ("The system gives no more watches; changes are found by scanning.", _ASK_IT),
    Code.SLOW_CHUNKING: ("A part of GovSync is missing; everything is slow.", "Install GovSync anew."),
    Code.NO_KEYRING: (
        "The keyring, in which the sign-in is kept, is locked or does not answer.",
        "Unlock it. If it stays so, tell your IT support, with this code.",
    ),
    Code.KEYRING_TOO_SMALL: (
        "The sign-in takes {size_bytes} bytes, and this system's keyring holds at most {most_bytes}.",
        "Tell your IT support, with this code: it can be kept in a file that only you can read.",
    ),
}


_NARROWER: dict[tuple[Code, str], tuple[Text, Text]] = {
    (Code.NOT_FOUND, "folder"): (
        "It lies outside the synced folder, which is {folder}.",
        "Name something in that folder.",
    ),
    (Code.SETTING_BAD, "variable"): (
        "{value} is no value for {name}.",
        "Give another with the option {name}, or in the environment as {variable}.",
    ),
}
"""What is said instead where a problem has this fact, by which more is known than the code tells."""


REASONS: tuple[Text, ...] = (
    "GovSync's own home lies in it, or it in GovSync's home",
    "it lies inside a synced folder: {where}",
    "a synced folder lies in it: {where}",
    "its disk cannot rename without replacing",
    "its disk does not tell which file lies where after a rename",
    "the store belongs to a database that is not here",
    "the store is missing, or another one",
    "the database's file is missing, or another one",
)
"""Why a folder cannot be synced, or a store not be used: the facts `what` that are words."""


WEAK_DISK: Text = (
    "The folder lies on a network disk ({kind}): what others change there is found within a minute or two, and a file that"
    " a program still writes while a newer version comes is kept as a second one."
)
"""What is said once of a folder on a disk where no watcher and no lease can be trusted (R45)."""


OTHER_PROGRAM: Text = (
    "{program} syncs {folder} too: two programs that change the same files undo each other's work. Choose another folder, or"
    " end {program} for this one."
)
"""What is said of a folder that another program syncs (R45)."""


ACTIVITIES: dict[str, Text] = {
    "mkdir": "made", "put": "saved", "move": "moved", "delete": "deleted", "revive": "brought back", "attr": "changed",
    "offer": "gave back", "mount": "was given", "mount_put_back": "cannot lie in another shared folder, and was put back",
    "mount_renamed": "is the name of a team's folder now", "space_added": "space added", "space_revoked": "no longer a member of",
    "space_deleted": "space deleted", "space_unknown": "space not known to the server", "united": "compared anew",
    "device_cloned": "signed out a copy of",
    "hold_opened": "asked about many changes", "hold_approved": "many changes approved",
    "hold_rejected": "many changes rejected",
    "hold_lifted": "question withdrawn", "renamed_aside": "kept under another name", "conflict_copy": "both versions kept",
    "kept_beside": "your version kept beside it, on this PC only", "put_back": "put back: you may read this folder, not change it",
    "offered": "goes to the server now that you may change its folder",
    "link_broken": "no longer one file with its other name", "second_version": "second version kept",
    "rescued": "put into GovSync Rescued", "damaged": "was damaged, not edited; fetched again", "husk": "stays on this desk only",
    "left_out": "left out of this desk", "taken_in": "on this desk again",
    "share": "shared", "role_changed": "is yours in another role now", "space_left": "taken off this desk", "folder_joined": "another folder, joined with what the server has",
    "known_brought": "lies in GovSync now", "known_returned": "was copied back to its old place",
    "mount_ended": "hangs there no more", "member_added": "shared with", "member_role": "gave another role to",
    "member_removed": "ended the sharing with", "member_left": "left", "owner": "passed on to", "link": "made a link to",
    "link_end": "ended a link to",
    "begun_anew": "GovSync's own database was damaged and is begun anew; the old one is kept as",
}  # fmt: skip

_MANY: dict[str, Counted] = {
    "mkdir_many": Counted("made {count} folder", "made {count} folders"),
    "put_many": Counted("saved {count} file", "saved {count} files"),
    "move_many": Counted("moved {count} item", "moved {count} items"),
    "delete_many": Counted("deleted {count} item", "deleted {count} items"),
    "revive_many": Counted("brought back {count} item", "brought back {count} items"),
    "attr_many": Counted("changed {count} file", "changed {count} files"),
    "offer_many": Counted("gave back {count} item", "gave back {count} items"),
}
"""What was done by many at once; the detail of the row is the number."""

_HOLDS: dict[str, Counted | Text] = {
    "deletions": Counted("{count} file was deleted here.", "{count} files were deleted here."),
    "rewrites": Counted("{count} file was rewritten here.", "{count} files were rewritten here."),
    "leaving": Counted(
        "A shared folder was deleted here. approve: you leave it, and the others keep it; reject: it comes back.",
        "{count} shared folders were deleted here. approve: you leave them, and the others keep them; reject: they come back.",
    ),
    "folder_missing": "The GovSync folder is missing.",
    "folder_replaced": "Another folder lies in its place.",
}

_STATES: dict[State, Counted | Text] = {
    State.SIGNED_OUT: "Not signed in. All files stay here; nothing is sent or fetched.",
    State.HOLD: Counted("{count} question waits for an answer; everything else goes on.",
                 "{count} questions wait for an answer; everything else goes on."),
    State.PROBLEM: Counted("{count} thing needs a person; everything else goes on.",
                    "{count} things need a person; everything else goes on."),
    State.PAUSED: Counted("Paused; {count} change waits.", "Paused; {count} changes wait."),
    State.OFFLINE: Counted("Offline: the server cannot be reached. Work goes on; {count} change waits.",
                    "Offline: the server cannot be reached. Work goes on; {count} changes wait."),
    State.SYNCING: Counted("Syncing: {count} change is on its way.", "Syncing: {count} changes are on their way."),
    State.IN_SYNC: "In sync: the server holds what the folder shows.",
}  # fmt: skip


class Standstill(StrEnum):
    """Why nothing is synced at all, whatever else there is to say; `doctor --json` has the value among its facts."""

    FOLDER = "folder"
    """The synced folder is missing, or another one lies in its place."""
    MOMENT = "yes"
    """The desk is paused, has no line, or may not work on its folder."""


_STATES_AT_A_STAND: dict[tuple[State, Standstill], Counted] = {
    (State.HOLD, Standstill.MOMENT):
        Counted("{count} question waits for an answer; nothing is sent or fetched at this moment.",
                "{count} questions wait for an answer; nothing is sent or fetched at this moment."),
    (State.PROBLEM, Standstill.MOMENT):
        Counted("{count} thing needs a person; nothing is sent or fetched at this moment.",
                "{count} things need a person; nothing is sent or fetched at this moment."),
    (State.HOLD, Standstill.FOLDER):
        Counted("{count} question waits for an answer; nothing is synced until the folder is back.",
                "{count} questions wait for an answer; nothing is synced until the folder is back."),
    (State.PROBLEM, Standstill.FOLDER):
        Counted("{count} thing needs a person; nothing is synced until the folder is back.",
                "{count} things need a person; nothing is synced until the folder is back."),
}  # fmt: skip
"""Where that anything goes on would not be true."""
_STATES_OF_NONE: dict[State, Text] = {
    State.PAUSED: "Paused; nothing waits.",
    State.OFFLINE: "Offline: the server cannot be reached. Work goes on; nothing waits.",
    State.SYNCING: "Syncing: comparing the folder with the server.",
}
"""Where no change is known of: a count of 0 would say that there is nothing to wait for."""


def sentence(problem: Problem) -> str:
    """Answers what a problem is, for people."""
    return said(_texts(problem)[0], _said_facts(problem))


def action(problem: Problem) -> str:
    """Answers what a person can do about a problem."""
    return said(_texts(problem)[1], _said_facts(problem))


def _texts(problem: Problem) -> tuple[Text, Text]:
    """Answers what is said of a problem, its facts still in braces."""
    narrower = (_NARROWER.get((problem.code, fact)) for fact in problem.facts)
    return next((texts for texts in narrower if texts is not None), SENTENCES[problem.code])


def _reason(problem: Problem) -> set[str]:
    what = problem.facts.get("what", "")
    return _names([what]) if what in REASONS else set()


def _said_facts(problem: Problem) -> dict[str, str]:
    """Of a fact that is one of `REASONS` its own facts are filled in; any other is data, and said as it stands."""
    reason = problem.facts.get("what")
    if reason not in REASONS:
        return problem.facts
    return problem.facts | {"what": said(reason, problem.facts)}


def message(row: ProblemRow) -> str:
    """Answers what a problem of a list is, in the language that is spoken; of one that is not known here, what was told."""
    problem = _known(row)
    return row.message if problem is None else sentence(problem)


def todo(row: ProblemRow) -> str:
    """Answers what a person can do about a problem of a list."""
    problem = _known(row)
    return row.action if problem is None else action(problem)


def _known(row: ProblemRow) -> Problem | None:
    """Answers what can be said in another language than the agent did: one of another version may know other codes, or tell
    no facts."""
    if spoken() is Language.ENGLISH or row.code not in set(Code):
        return None
    problem = Problem(Code(row.code), row.facts)
    return problem if _names(_texts(problem)) <= set(row.facts) else None


def _names(texts: Iterable[Text]) -> set[str]:
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def unsaid(problem: Problem) -> dict[str, str]:
    """Answers the facts that the sentences of a problem do not mention; whoever looks into it may want them."""
    told = _names(_texts(problem)) | _reason(problem)
    return {name: fact for name, fact in problem.facts.items() if name not in told}


def happened(row: ActivityRow) -> str:
    """Answers what happened, in a few words."""
    if row.kind in _MANY:
        return said_of(_MANY[row.kind], int(row.detail))
    return said(ACTIVITIES.get(row.kind, row.kind))


def is_count(row: ActivityRow) -> bool:
    """Says whether a row tells of many things at once, and its path is the folder that holds them."""
    return row.kind in _MANY


def detail(row: ActivityRow) -> str:
    """Answers what more there is to say of what happened; that something is dead by now is for programs alone, and a number
    is part of what happened."""
    return "" if row.detail == "dead" or row.kind in _MANY else row.detail


def question(hold: HoldRow) -> str:
    """Answers what a hold asks."""
    return said_of(_HOLDS[hold.kind], hold.count) if hold.kind in _HOLDS else hold.kind


def way_back(hold: HoldRow, sent: SentRow) -> str:
    """Answers the command that brings back what had gone before a question was asked."""
    if hold.kind == "deletions":
        return f"govsync trash restore {sent.id}"
    return f"govsync restore {quote(sent.path)} --revision {sent.id}"


def folder_back(back: FolderBack) -> str:
    """Says what comes of a folder that was brought back as it was."""
    coming = counted(
        "{count} file is on its way, as it was then.",
        "{count} files are on their way, as they were then.",
        back.count,
    )
    missing = counted(
        "{count} thing of then cannot come along: it is kept no longer, or is a shared folder of its own.",
        "{count} things of then cannot come along: they are kept no longer, or are shared folders of their own.",
        back.left,
    )
    return f"{coming} {missing}" if back.left else coming


def status_sentence(status: Status) -> str:
    """Answers how a desk is, in one sentence."""
    if status.session_over is not None:
        return f"{of_end(status.session_over)} {said('Or sign in again: govsync login')}"
    if status.state is State.PAUSED and status.metered:
        return said("Paused while the line is metered; `govsync resume` goes on all the same.")
    return of_state(status.state, what_counts(status), standstill(status))


def of_end(over: SessionOver) -> str:
    """Answers what became of a session that the person did not end, and of the files, and whom to ask."""
    if not over.wiped:
        return said(
            "The server has ended this desk's session. All files stay here; nothing is sent or fetched. Ask your IT support why."
        )
    went = counted(
        "Your organisation had this desk signed out and {count} synced file removed; the server has it.",
        "Your organisation had this desk signed out and {count} synced files removed; the server has them.",
        over.removed,
    )
    stay = said("No other file was in the folder.")
    if over.kept:
        stay = counted(
            "{count} file that the server does not have just so stays in the folder.",
            "{count} files that the server does not have just so stay in the folder.",
            over.kept,
        )
    return f"{went} {stay} {said('Ask your IT support why.')}"


def what_counts(status: Status) -> int:
    """Answers the number that a state is about."""
    counts = {State.HOLD: status.holds, State.PROBLEM: status.problems}
    return counts.get(status.state, status.pending.up + status.pending.down)


def standstill(status: Status) -> Standstill | None:
    """Answers why nothing is synced, or None where all else goes on."""
    about_folder = next((row.code for row in status.notices if row.id == FOLDER), None)
    if about_folder in (Code.FOLDER_MISSING, Code.FOLDER_REPLACED):
        return Standstill.FOLDER
    halted = status.paused or not status.online or about_folder is not None
    return Standstill.MOMENT if halted else None


def of_state(state: State, count: int, stands: Standstill | None) -> str:
    """Answers what a state is, with its number, in one sentence."""
    at_a_stand = None if stands is None else _STATES_AT_A_STAND.get((state, stands))
    if at_a_stand is not None:
        return said_of(at_a_stand, count)
    if count == 0 and state in _STATES_OF_NONE:
        return said(_STATES_OF_NONE[state])
    return said_of(_STATES[state], count)
