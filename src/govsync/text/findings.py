"""What `govsync doctor` finds, in words: each finding has a key and facts, so that the window says it in its own language."""

from collections.abc import Mapping

from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.model.status import State
from govsync.text.catalog import Text, said
from govsync.text.sentences import OTHER_PROGRAM, WEAK_DISK, Standstill, action, of_state, sentence

FINDINGS: dict[str, Text] = {
    "no_folder": "none is chosen: govsync folder set DIR",
    "other_program": OTHER_PROGRAM,
    "weak_disk": WEAK_DISK,
    "leases": "late writers are seen at once",
    "no_leases": "late writers are found later (weak mode)",
    "room": "{mebibytes} MiB free",
    "settings": "all are understood",
    "no_endpoint": "none is known: govsync login",
    "answers": "{endpoint} answers",
    "clock": "{seconds} s from the server's",
    "no_proxy": "none",
    "watches": "{count} folders can be watched",
    "parts": "all are compiled",
    "known_here": "{name} lies in GovSync",
    "known_to_come": "{name} comes into GovSync when this desk is in sync after a start",
    "known_coming": "{name} is coming into GovSync",
    "known_going": "{name} is being copied back",
    "known_left": "{name} lies in GovSync; {count} of it stayed in {where}, such as {path} [{code}]",
    "known_none": "{name} stays where it is: this system has no setting for it",
    "known_daily": "{name} waits for another day: today's share (folder.known_daily) is used up",
    "known_around": "{name} stays in {what}: that is the home itself, or a synced folder lies around it or in it",
    "known_link": "{name} stays where it is: {what} is a link, or no folder",
    "known_taken": "{name} stays where it is: {what} in GovSync is a file",
    "known_others": "{name} stays where it is: {what} is shared, or left out of this desk",
    "known_program": "{name} stays where it is: {what} looks after that folder",
    "known_elsewhere": "{name} was moved by somebody else, to {what}, and stays there",
    "known_open": "{name} is copied back when nothing of it is open and there is room; {what} waits",
    "known_room": "{name} stays where it is: there is not enough room in {what}",
    "known_refused": "{name} stays as it is [{code}]",
    "no_updates": "nobody looks for newer versions: app.update_url names no place",
    "kept": "whoever made this package brings newer versions",
    "not_looked": "nobody has looked for a newer version yet",
    "newest": "{version} is the newest version for this desk ({channel})",
    "newer": "version {version} is there ({channel}); this is {current}",
}
CHECKS: dict[str, Text] = {
    "folder": "Folder", "other program": "Other program", "disk": "Disk", "network disk": "Network disk",
    "leases": "Late writers", "settings": "Settings", "home": "GovSync's own files", "account": "Account",
    "endpoint": "Server", "clock": "Clock", "proxy": "Proxy", "certificates": "Certificates", "keyring": "Keyring", "watcher": "Watcher",
    "parts": "Parts", "known folders": "Your folders", "updates": "Newer versions", "agent": "The part that syncs",
}  # fmt: skip
"""What the window calls each check; on the command line its name stands, as in JSON."""


def detail(key: str, facts: Mapping[str, str], otherwise: str = "") -> str:
    """Answers what was found; of a key that is not known here, such as that of mere data, what it says itself."""
    if key in set(Code):
        problem = Problem(Code(key), dict(facts))
        return f"{sentence(problem)} {action(problem)} [{key}]"
    if key == "state":
        stands = Standstill(facts["stands"]) if "stands" in facts else None
        return of_state(State(facts["state"]), int(facts["count"]), stands)
    return said(FINDINGS[key], facts) if key in FINDINGS else otherwise


def check(name: str) -> str:
    """Answers what a check is called in the window."""
    return said(CHECKS.get(name, name))
