"""The values in which the engine asks for changes of the disk, and what comes of each.

A step says what it expects to find; where the disk shows something else, nothing is done and the outcome says so
(`changed`, `busy`), so the engine looks again. Names are disk names. A step's `intent` numbers its row in the store:
the row is durable before the step starts and is taken away in the transaction that records the outcome (R16).
"""

from enum import StrEnum

import msgspec

from govsync.model.problems import Problem
from govsync.system.fs import Stat

STATE = ".govsync"
STAGING = "staging"
TRASH = "trash"
PARKING = "parking"


class At(msgspec.Struct, frozen=True):
    """A name in the synced folder: the disk names of the folders down to it, and its own."""

    path: tuple[str, ...]
    name: str


class Signature(msgspec.Struct, frozen=True):
    """What tells that a file is the one that was read: equal signatures, equal content (R4)."""

    ino: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int

    @staticmethod
    def of(stat: Stat) -> "Signature":
        """Takes the signature out of a look."""
        return Signature(stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns)

    def like(self, other: "Signature") -> bool:
        """Says whether both are equal but for the ctime, which our own renames move (F4 of R11)."""
        return (self.ino, self.size_bytes, self.mtime_ns) == (other.ino, other.size_bytes, other.mtime_ns)


def signature_of(stat: Stat | None) -> Signature | None:
    """Takes the signature out of a look that may have found nothing."""
    return None if stat is None else Signature.of(stat)


class Step(msgspec.Struct, frozen=True, tag_field="kind", kw_only=True):
    """What every step has: its intent's number and the node it is about."""

    intent: int
    lid: int


class MakeFolder(Step, frozen=True, tag="make_folder"):
    """Makes a folder where nothing stands."""

    at: At


class InstallNew(Step, frozen=True, tag="install_new"):
    """Gives a staged file a name where nothing stands. `staged_ino` tells after a crash whether it has it."""

    at: At
    staged: str
    staged_ino: int


class Exchange(Step, frozen=True, tag="exchange"):
    """Puts a staged file under a name in place of the file that has `expected`, which goes to the trash (R11)."""

    at: At
    staged: str
    staged_ino: int
    expected: Signature
    trash: str


class Move(Step, frozen=True, tag="move"):
    """Renames a file or folder to a free name; also parks (R14) and moves aside (R22). `ino` is what it must be.

    `source_parked` / `target_parked` say that the source or the target is a name in the parking folder instead.
    """

    source: At
    target: At
    ino: int
    source_parked: bool = False
    target_parked: bool = False


class Remove(Step, frozen=True, tag="remove"):
    """Moves a file that has `expected` into the trash (R12)."""

    at: At
    expected: Signature
    trash: str


class RemoveFolder(Step, frozen=True, tag="remove_folder"):
    """Removes a folder that is empty but for litter; what else is in it stays, and so does the folder (R12)."""

    at: At
    ino: int
    trash: str


class SetExec(Step, frozen=True, tag="set_exec"):
    """Sets the executable bit of a file that has `expected`."""

    at: At
    exec: bool
    expected: Signature


class SetWrite(Step, frozen=True, tag="set_write"):
    """Gives a file that has `expected` the right to write, or takes it (R38)."""

    at: At
    write: bool
    expected: Signature


class BringBack(Step, frozen=True, tag="bring_back"):
    """Gives a file in the trash, which is a person's second version, a free name in the folder (R11, R17)."""

    at: At
    trash: str
    ino: int


AnyStep = MakeFolder | InstallNew | Exchange | Move | Remove | RemoveFolder | SetExec | SetWrite | BringBack


class Result(StrEnum):
    """Says how a step ended."""

    DONE = "done"
    CHANGED = "changed"
    """The disk does not show what was expected (any more): look again."""
    BUSY = "busy"
    """A program has the file open for writing: wait."""
    KEPT = "kept"
    """A folder holds something that we must not remove: it stays (a husk)."""
    FAILED = "failed"
    """The operating system refused; `problem` says why. Nothing was changed, but for litter that is in the trash now."""
    HALFWAY = "halfway"
    """The disk failed between a change and the look at what came of it: the intent must stay until `recover` knows."""


class StepOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """Says how one step ended, and what now lies at its target.

    `placed` is a look at the target. After an install or exchange it is proven to be the staged content: where a person
    was quicker, it is the look from before, which no longer agrees with the disk, so the next look reads the file.
    None where the target no longer holds what we put there.

    `before` is a moved file's signature at its source: only if it equals the recorded one does the content hash go
    over to `placed`, since the rename hides an earlier change of the ctime.

    `displaced` is a file that we moved, under the step's trash name (a `Move`: at its target). If it is `like` what was
    expected it is the old version, also where it could not get its name back; who writes it even now is found by the
    look after 60 s. In every other case nobody but its writer has seen it: it is a second version, to be brought back,
    and what was staged is spent.
    """

    intent: int
    lid: int
    result: Result
    placed: Stat | None = None
    birth_ns: int | None = None
    before: Signature | None = None
    displaced: Signature | None = None
    linked: bool = False
    """The displaced file has another name as well: by the exchange, each name has a file of its own (R7)."""
    problem: Problem | None = None
