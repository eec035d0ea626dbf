"""What becomes of one thing of a folder that is gathered into another: whether it stays where it is, and under which name it
goes. Pure; `gathering` does it.

A name that is there already is never taken from what has it: folders become one, files that differ are two versions, and all
else gets a name beside. The names follow from what lies there, so that one who was cut off finds those that were made before.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

import msgspec

from govsync.local.ignore import documents_open, is_lock
from govsync.model import names
from govsync.model.codes import Code
from govsync.system.fs import Entry, Shape

MOST_DEEP = 100
"""As deep as what is synced may lie (R8)."""
PASSING = "~govsync-gathered.tmp"
"""The name of a copy that is not whole yet: one that is never synced (R27)."""
_GOING = ".govsync-going"
"""The tag of a file that is being removed, since what it holds lies at the other place."""


class Choice(msgspec.Struct, frozen=True):
    """A name in the target, and whether something of the same kind has it already."""

    name: str
    taken: bool


def going(name: str) -> str:
    """Answers the name under which a file is looked at once more before it is removed."""
    return names.kept_name(_GOING, name)


def own_name(name: str) -> str:
    """Answers the name that a person gave to something, also where a crash left it while it was being removed."""
    return names.name_kept(name) if name.startswith(_GOING) else name


def index(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Answers a folder's entries by what is compared of their names; of twins (R23) the first."""
    found: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda each: each.name):
        found.setdefault(names.key(entry.name), entry)
    return found


def why_it_stays(entry: Entry, dev: int, depth: int) -> Code | None:
    """Says why a thing may not go, as far as a look at it tells; `dev` is the disk of its folder."""
    if entry.stat.shape in (Shape.LINK, Shape.OTHER):
        return Code.LINK_IN_THE_WAY
    if entry.stat.dev != dev:
        return Code.OBSCURED
    name = own_name(entry.name)
    if names.key(name).startswith(names.RESERVED_PREFIX) and name != names.IGNORE_FILE:
        return Code.NAME_RESERVED
    return Code.TOO_DEEP if depth >= MOST_DEEP else None


def open_here(entries: Sequence[Entry], held: Collection[str], oldest_ns: int) -> frozenset[str]:
    """Answers which documents are open in a program, and the locks that say so: of `held` locks, and of those that are not
    older than `oldest_ns` (R13)."""
    locks = {each.name: each.stat.mtime_ns for each in entries if is_lock(each.name)}
    alive = {name for name, mtime_ns in locks.items() if name in held or mtime_ns >= oldest_ns}
    if not alive:
        return frozenset()
    return (
        documents_open(each.name for each in entries if each.name not in locks or each.name in alive) | alive
    )


def choices(
    name: str, shape: Shape, there: Mapping[str, Entry], barred: Collection[str], device: str, when: str
) -> Iterator[Choice]:
    """Yields the names under which a thing may lie in the target, the best first, up to the first that is free; `there` and
    `barred`, which are others', by what is compared of names. `when` as for `names.conflict_name`."""
    for turn in count():
        wanted = _name(name, shape, turn, device, when)
        key = names.key(wanted)
        found = there.get(key)
        if key in barred:
            continue
        if found is None:
            yield Choice(wanted, taken=False)
            return
        if found.stat.shape is shape:
            yield Choice(found.name, taken=True)


def _name(name: str, shape: Shape, turn: int, device: str, when: str) -> str:
    if turn == 0:
        return name
    if shape is Shape.FOLDER:
        return names.second_name(name, turn + 1)
    return names.conflict_name(name, device, when, turn)
