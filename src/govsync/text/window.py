"""What the window says where the command line would name a command: questions with their two answers, and advice.

Everything else is said by both in the same words (`sentences`); tests see that no advice here names a command, and that every
question has its answers.
"""

import msgspec

from govsync.model.activity import HoldRow
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem, problem_of
from govsync.text.catalog import Counted, Text, said, said_of
from govsync.text.sentences import action, sentence

_QUESTIONS: dict[str, tuple[Counted | Text, Text, Text, Text, Text]] = {
    "deletions": (
        Counted("{count} file was deleted here.", "{count} files were deleted here."),
        "Were these meant to be deleted?",
        "They are gone here, and still there for everybody else. Nothing is deleted on the server until you say so.",
        "Bring them back",
        "Delete them for everyone",
    ),
    "rewrites": (
        Counted("{count} file was rewritten here.", "{count} files were rewritten here."),
        "Were all these meant to be changed?",
        "The server still has them as they were. If you bring those back, what was written here is kept in the folder"
        " GovSync Rescued.",
        "Bring the old ones back",
        "Send the changed ones",
    ),
    "leaving": (
        Counted("A shared folder was deleted here.", "{count} shared folders were deleted here."),
        "Do you want to leave what was shared with you?",
        "The others keep it, whatever you answer.",
        "Bring it back",
        "Leave it",
    ),
    "folder_missing": (
        "The GovSync folder is missing.",
        "Where is the GovSync folder?",
        "Nothing is deleted on the server. If the folder is on a disk that is not connected, connect it.",
        "Wait for it",
        "Make an empty folder and fill it",
    ),
    "folder_replaced": (
        "Another folder lies where the GovSync folder was.",
        "Is this the right folder?",
        "Nothing is deleted, whatever you answer.",
        "Wait for the old one",
        "Join this one with the server's",
    ),
}
"""Of each kind: what happened, how it is asked, what is safe, the answer that keeps everything, and the other one."""

_ADVICE: dict[Code, Text] = {
    Code.SIGNED_OUT: "Sign in.",
    Code.NOT_SENT: "Wait until they are, then try again.",
    Code.TOO_LARGE_HERE: "Keep the GovSync folder on another disk: see Settings, Folder.",
    Code.FOLDER_MISSING: "Bring it back, answer the question about it, or choose another one: see Settings, Folder.",
    Code.FOLDER_REPLACED: "Bring the old one back, answer the question about it, or choose another one: see Settings, Folder.",
    Code.HOME_UNFIT: "Ask your IT support to put its home on a local disk.",
    Code.AGENT_NOT_RUNNING: "Start it.",
    Code.AGENT_DIFFERS: "Start it anew.",
    Code.SETTING_UNKNOWN: "See Settings.",
    Code.SETTING_BAD: "Choose another value.",
    Code.MEMBER_THROUGH: "Ask whoever manages that.",
    Code.TOO_MANY_LINKS: "End some that are needed no more: see Sharing.",
    Code.SHARE_FILE: "Put it into a folder, and share that; or make a link to it.",
    Code.NOT_SHARED: "See Sharing for those that are.",
}
"""Where the command line names a command."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question in words: `keep` is the answer after which everything is as it was."""

    happened: str
    asks: str
    safe: str
    keep: str
    go: str


def question(hold: HoldRow) -> Question:
    """Answers how a hold is asked; one of a later version, of which nothing is known here, without its subject."""
    if hold.kind not in _QUESTIONS:
        return Question(
            happened=hold.kind, asks=said("Was this meant?"), safe=said("Nothing is done until you answer."),
            keep=said("Take it back"), go=said("Let it go"),
        )  # fmt: skip
    happened, asks, safe, keep, go = _QUESTIONS[hold.kind]
    return Question(
        happened=said_of(happened, hold.count),
        asks=said(asks),
        safe=said(safe),
        keep=said(keep),
        go=said(go),
    )


def advice(code: str, otherwise: str) -> str:
    """Answers what a person can do here about a code; `otherwise` is what is said on the command line."""
    return said(_ADVICE[Code(code)]) if code in _ADVICE else otherwise


def told(failure: Failure) -> str:
    """Answers what failed, and what to do about it here."""
    problem: Problem = problem_of(failure)
    return f"{sentence(problem)} {advice(problem.code, action(problem))}"
