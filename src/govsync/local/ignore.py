"""Which names are not synced, and which of them say that somebody has a document open (R13, R27).

Three layers: fixed names of operating systems and office programs, which nobody can bring back in; the setting
`sync.ignore`; and `.govsyncignore` files in gitignore syntax, each for its own folder and below, the deepest deciding.
A pattern speaks only about names without a node: whether there is one is the caller's knowledge (R27), and a new
pattern never deletes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec
from pathspec import GitIgnoreSpec

from govsync.model.names import IGNORE_FILE, key, nfc

MOST_IGNORE_FILE_BYTES = 256 * 1024
MOST_LOCK_BYTES = 4096
"""Owner files hold a name or two; what is larger is a document with an odd name, and is nobody's litter."""

_MOST_STARS = 3
_MOST_DOUBLE_STARS = 2

_LITTER = frozenset(
    (".ds_store", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", ".directory")
)
_TEMPORARY_ENDS = (".tmp", ".asv", "~", ".crdownload")
_LOCK_ENDS = (".dwl", ".dwl2")
_ENDS = (*_TEMPORARY_ENDS, *_LOCK_ENDS)
_TEMPORARY_STARTS = (".goutputstream-", ".fuse_hidden", ".nfs0000")
_TEMPORARY = re.compile(r"\..*\.sw[a-px]", re.DOTALL)


class Skip(StrEnum):
    """Says why an entry of a folder is not synced (R9, R27)."""

    LITTER = "litter"
    LOCK = "lock"
    TEMPORARY = "temporary"
    PATTERN = "pattern"
    RESERVED = "reserved"
    NOT_TEXT = "not_text"
    LINK = "link"
    SPECIAL = "special"
    MOUNT = "mount"
    FOREIGN = "foreign"
    TOO_DEEP = "too_deep"


class Ignore(msgspec.Struct, frozen=True):
    """The patterns that hold in a folder; `refused` are lines that are no patterns.

    `setting` are those of `sync.ignore`, which no file in the folder can take back; a layer is (depth of the folder
    that its file stands in, patterns), the deepest last.
    """

    setting: GitIgnoreSpec | None = None
    layers: tuple[tuple[int, GitIgnoreSpec], ...] = ()
    refused: tuple[str, ...] = ()

    @staticmethod
    def of_setting(patterns: Sequence[str]) -> "Ignore":
        """Takes the patterns of the setting `sync.ignore`, which hold everywhere."""
        setting, refused = _compile(patterns)
        return Ignore(setting=setting, refused=refused)

    def within(self, depth: int, data: bytes) -> "Ignore":
        """Adds the `.govsyncignore` found in a folder `depth` components below the root."""
        patterns, refused = _compile(data.decode("utf-8-sig", errors="replace").splitlines())
        layers = self.layers if patterns is None else (*self.layers, (depth, patterns))
        return Ignore(self.setting, layers, (*self.refused, *refused))

    def matches(self, path: tuple[str, ...], name: str, is_folder: bool) -> Skip | None:
        """Says why an entry of the folder at `path` is left out, or None when it is not."""
        if not is_folder and (fixed := fixed_reason(name)) is not None:
            return fixed
        if (self.setting is None and not self.layers) or name == IGNORE_FILE:
            return None
        tail = "/" if is_folder else ""
        if self.setting is not None and _said(self.setting, path, name + tail):
            return Skip.PATTERN
        for depth, patterns in reversed(self.layers):
            said = _said(patterns, path[depth:], name + tail)
            if said is not None:
                return Skip.PATTERN if said else None
        return None


def fixed_reason(name: str) -> Skip | None:
    """Says whether a file's name belongs to an operating system, to a program's lock or to its scratch files."""
    folded = name.casefold()
    if folded in _LITTER:
        return Skip.LITTER
    if folded[0] not in "~." and not folded.endswith(_ENDS):
        return None  # Nearly every name there is: a scan asks for each.
    if is_lock(name):
        return Skip.LOCK
    if folded.endswith(_TEMPORARY_ENDS) or folded.startswith(_TEMPORARY_STARTS):
        return Skip.TEMPORARY
    return Skip.TEMPORARY if folded[0] == "." and _TEMPORARY.fullmatch(folded) else None


def is_litter(name: str, size_bytes: int) -> bool:
    """Says whether a file may go with its folder: what systems and programs leave behind, never a person's words (R12).

    Scratch files are not meant: a person may have only them left after a crash of a program.
    """
    reason = fixed_reason(name)
    return reason is Skip.LITTER or (reason is Skip.LOCK and size_bytes <= MOST_LOCK_BYTES)


def is_lock(name: str) -> bool:
    """Says whether a name is that of a file that programs keep beside an open document."""
    return bool(_documents(name))


def documents_open(names: Iterable[str]) -> frozenset[str]:
    """Answers which of a folder's names a lock file beside them says are open in a program (R13).

    Word replaces the first two characters of a long name by `~$` and puts them before a short one; so a lock may speak
    for several names, and all of them count.
    """
    names = tuple(names)
    locks = [name for name in names if is_lock(name)]
    if not locks:
        return frozenset()
    whole: dict[str, list[str]] = defaultdict(list)
    shortened: dict[str, list[str]] = defaultdict(list)
    for name in names:
        whole[key(name)].append(name)
        shortened[key(name[2:])].append(name)
    found: set[str] = set()
    for lock in locks:
        for document in _documents(lock):
            found.update(whole[key(document)])
        if lock.startswith("~$"):
            found.update(shortened[key(lock[2:])])
    return frozenset(found - set(locks))


def _documents(lock: str) -> tuple[str, ...]:
    """Answers the document that a lock file names in full; nothing when the name is no lock's."""
    folded = lock.casefold()
    if not folded.startswith(("~", ".~")) and not folded.endswith(_LOCK_ENDS):
        return ()  # As above.
    if folded.startswith("~$") and len(lock) > 2:
        return (lock[2:],)
    if folded.startswith(".~lock.") and folded.endswith("#") and len(lock) > 8:
        return (lock[7:-1],)
    if folded.startswith("~") and folded.endswith((".hwp", ".hwpx")):
        return (lock[1:],)
    if folded.endswith(_LOCK_ENDS):
        return (lock[: folded.rindex(".")] + ".dwg",)
    return ()


def _said(patterns: GitIgnoreSpec, path: tuple[str, ...], name: str) -> bool | None:
    """Answers what patterns say of a name: leave it out, keep it, or nothing."""
    return patterns.check_file(nfc("/".join((*path, name)))).include


def _compile(lines: Sequence[str]) -> tuple[GitIgnoreSpec | None, tuple[str, ...]]:
    """Makes patterns of lines and answers those that are none."""
    good = [nfc(line) for line in lines if _usable(line)]
    refused = tuple(line for line in lines if not _usable(line))
    return (GitIgnoreSpec.from_lines(good) if good else None), refused


def _usable(line: str) -> bool:
    """Says whether a line can be used as a pattern.

    Patterns come from colleagues, and each star multiplies the ways to try a name: with four in one component a single
    name of 255 characters takes a quarter of a second, so such lines are refused (I16).
    """
    if line.count("**") > _MOST_DOUBLE_STARS:
        return False
    if any(part.count("*") > _MOST_STARS for part in line.split("/")):
        return False
    try:
        GitIgnoreSpec.from_lines([nfc(line)])
    except (ValueError, re.error):
        return False
    return True
