"""What reconcile asks for: one step, one node, one move of the trees towards each other.

Three kinds of steps. **Up**: they become operations of a commit (`model.operations`). **Down**: they become changes of
the disk (`local.steps`). **Books**: they only correct what the desk remembers. Places name parents by lid: a step may
stand on one before it in the same plan. A step never says how; names of conflict copies, keys, paths, staging are made
by the engine, once, when it takes the step up.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from govsync.model.nodes import Place


class Step(msgspec.Struct, frozen=True):
    """What every step has: the node that it is about."""

    lid: int


class UpStep(Step, frozen=True, kw_only=True):
    """What a step towards the server has besides: steps with one `group` other than 0 stand or fall together (R14)."""

    group: int = 0


class Mkdir(UpStep, frozen=True):
    """Up: makes the folder on the server."""

    place: Place


class Put(UpStep, frozen=True):
    """Up: sends the file's content, as a new node at `place` or, with `place` None, on top of `base_rev`."""

    place: Place | None
    base_rev: bytes | None


class Move(UpStep, frozen=True):
    """Up: moves the node, whose place there is still the one made by `place_key`."""

    place: Place
    place_key: bytes


class Delete(UpStep, frozen=True):
    """Up: deletes the node on the server. For a folder, `covers` lists all nodes that go with it, and `seen` is the
    highest sequence that this desk has seen among them (R20)."""

    place_key: bytes
    rev: bytes | None
    seen: int | None
    covers: tuple[int, ...]


class Revive(UpStep, frozen=True):
    """Up: brings the node back to life on the server at `place`, a folder empty, a file with its last content."""

    place: Place


class Attr(UpStep, frozen=True):
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
    """Down: gives the file on the disk another name and a node of its own; this node waits for its remote revision
    (edit / edit, R22; an edit by who may only read, R38)."""


class Adopt(Step, frozen=True):
    """Books: what desk and server show alike is the baseline from now on (`trees.agreed`)."""


class Unify(Step, frozen=True):
    """Books: this node, known to the desk alone, is the same thing as `winner`, known to the server alone (R21)."""

    winner: int


class Keep(Step, frozen=True):
    """Books: this node, which the server does not have, stays on this desk alone, since its person may only read the space
    that it lies in (R38)."""


class Leave(Step, frozen=True):
    """Books: what was sent by who may only add is where it lies now, and as it is; nobody is told (R37)."""


class Renew(Step, frozen=True):
    """Books: a file that was sent by who may only add, and holds something else now, is another one (R37)."""


class Unmount(Step, frozen=True):
    """Books: the mount is dead, and something of this desk lies in its folder: that is a folder like any other, and new."""


class LeaveOut(Step, frozen=True):
    """Books: the node is not on this disk, and shall not be: the person chose so (R26). It is never told as deleted."""


class TakeIn(Step, frozen=True):
    """Books: the node, left out until now, shall be on this disk like any other (R26)."""


class Forget(Step, frozen=True):
    """Books: the node is gone from disk and server alike."""


AnyUp = Mkdir | Put | Move | Delete | Revive | Attr
AnyDown = MakeFolder | Fetch | Replace | Relocate | Park | Remove | SetExec | Aside | KeepBoth
AnyBook = Adopt | Unify | Keep | Leave | Renew | Unmount | LeaveOut | TakeIn | Forget


class Plan(msgspec.Struct, frozen=True):
    """What to do, each list in an order in which it can be done, and the nodes that must wait for something else first.

    `books` come first and are done at once; a node that is unified or forgotten has no step in the other lists.
    """

    books: tuple[AnyBook, ...]
    up: tuple[AnyUp, ...]
    down: tuple[AnyDown, ...]
    waiting: tuple[int, ...]
    needs: Mapping[int, Sequence[int]] = {}
    """For nodes with a step in `up`: those whose own steps must have gone before, or go with it."""


def standing(
    steps: Sequence[AnyUp], needs: Mapping[int, Sequence[int]], gone: Collection[int]
) -> list[AnyUp]:
    """Answers which steps can be told while those of `gone` are not: no step that needs one of them, nor any of a group of
    which one stays behind (R14)."""
    left = [step for step in steps if step.lid not in gone]
    while len(left) < len(steps):
        behind = {step.lid for step in steps} - {step.lid for step in left}
        groups = {step.group for step in steps if step.group and step.lid in behind}
        still = [
            step for step in left if step.group not in groups and behind.isdisjoint(needs.get(step.lid, ()))
        ]
        if len(still) == len(left):
            break
        left = still
    return left


def covered(steps: Iterable[AnyUp]) -> list[int]:
    """Lists the nodes that steps upwards are about, with all that goes with a deleted folder."""
    return [lid for step in steps for lid in (step.covers if isinstance(step, Delete) else (step.lid,))]
