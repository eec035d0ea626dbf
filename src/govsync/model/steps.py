"""What reconcile asks for: one step, one node, one move of the trees towards each other.

Three kinds of steps. **Up**: they become operations of a commit (`model.operations`). **Down**: they become changes of
the disk (`local.steps`). **Books**: they only correct what the desk remembers. Places name parents by lid: a step may
stand on one before it in the same plan. A step never says how; names of conflict copies, keys, paths, staging are made
by the engine, once, when it takes the step up.
"""

import msgspec

from govsync.model.nodes import Place


class Step(msgspec.Struct, frozen=True):
    """What every step has: the node that it is about."""

    lid: int


class Mkdir(Step, frozen=True):
    """Up: makes the folder on the server."""

    place: Place


class Put(Step, frozen=True):
    """Up: sends the file's content, as a new node at `place` or, with `place` None, on top of `base_rev`."""

    place: Place | None
    base_rev: bytes | None


class Move(Step, frozen=True):
    """Up: moves the node on the server; steps with one `group` other than 0 stand or fall together (R14)."""

    place: Place
    place_key: bytes
    group: int = 0


class Delete(Step, frozen=True):
    """Up: deletes the node on the server. For a folder, `covers` lists all nodes that go with it, and `seen` is the
    highest sequence that this desk has seen among them (R20)."""

    place_key: bytes
    rev: bytes | None
    seen: int | None
    covers: tuple[int, ...]


class Revive(Step, frozen=True):
    """Up: brings the node back to life on the server at `place`, a folder empty, a file with its last content."""

    place: Place


class Attr(Step, frozen=True):
    """Up: tells the executable bit."""

    exec: bool


class MakeFolder(Step, frozen=True):
    """Down: makes the folder on the disk."""

    place: Place


class Fetch(Step, frozen=True):
    """Down: brings the file's remote revision to the disk, where there is no file of this node yet."""

    place: Place


class Replace(Step, frozen=True):
    """Down: puts the remote revision in place of the unchanged file that is there."""


class Relocate(Step, frozen=True):
    """Down: moves the node on the disk to its remote place."""

    place: Place


class Park(Step, frozen=True):
    """Down: takes the node out of the way of a permutation; a later step gives it its place (R14)."""


class Remove(Step, frozen=True):
    """Down: moves the file into the trash, or removes the folder that became empty."""


class SetExec(Step, frozen=True):
    """Down: sets the executable bit on the disk."""

    exec: bool


class Aside(Step, frozen=True):
    """Down: gives the node a conflict name in its folder, because `holder` keeps its name (R18, R22)."""

    holder: int


class KeepBoth(Step, frozen=True):
    """Down: gives the file on the disk a conflict name and a node of its own; this node waits for its remote revision
    (edit / edit, R22)."""


class Adopt(Step, frozen=True):
    """Books: what desk and server show alike is the baseline from now on (`trees.agreed`)."""


class Unify(Step, frozen=True):
    """Books: this node, known to the desk alone, is the same thing as `winner`, known to the server alone (R21)."""

    winner: int


class Forget(Step, frozen=True):
    """Books: the node is gone from disk and server alike."""


UP = (Mkdir, Put, Move, Delete, Revive, Attr)
DOWN = (MakeFolder, Fetch, Replace, Relocate, Park, Remove, SetExec, Aside, KeepBoth)
BOOKS = (Adopt, Unify, Forget)

AnyStep = (
    Mkdir
    | Put
    | Move
    | Delete
    | Revive
    | Attr
    | MakeFolder
    | Fetch
    | Replace
    | Relocate
    | Park
    | Remove
    | SetExec
    | Aside
    | KeepBoth
    | Adopt
    | Unify
    | Forget
)


class Plan(msgspec.Struct, frozen=True):
    """Ordered steps, and the nodes that are dirty but must wait for something else to happen first."""

    steps: tuple[AnyStep, ...]
    waiting: tuple[int, ...]
