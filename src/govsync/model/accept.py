"""The server's half of the conflict table: what one operation does to a space, or why it has no effect (R18-R22, R30, R34).

A pure judgement over a `View` of the space. Preconditions are per fact, so an edit and a move never meet. Done is done:
an operation whose effect stands already is answered as done, however often it comes. Inside a group, names and circles
are judged only after the whole group (R14), by `judge_group`.
"""

from typing import Protocol

import msgspec

from govsync.model import names
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure

MAX_DEPTH = 100
SUBTREE_NODES = 10_000


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the server has of a node. `parent` None: the root of the space. `place` and `rev` are keys (R31)."""

    node: bytes
    kind: Kind
    parent: bytes | None
    name: str
    place: bytes
    seq: int = 0
    rev: bytes | None = None
    hash: bytes | None = None
    size_bytes: int = 0
    mtime_ns: int = 0
    exec: bool = False
    dead: bool = False
    conflict_of: bytes | None = None
    target_space: bytes | None = None


class Below(msgspec.Struct, frozen=True):
    """What hangs below a folder, alive: how many nodes, the highest sequence, and whether a mount is among them."""

    count: int
    seq: int
    mount: bool


class View(Protocol):
    """A space as the judgement sees it, with what the operations before it have changed."""

    def get(self, node: bytes) -> State | None:
        """Answers a node, alive or dead; None for one that this space never had."""

    def child(self, parent: bytes, key: str) -> State | None:
        """Answers who holds a name in a folder, alive."""

    def below(self, node: bytes) -> Below:
        """Counts what hangs below a folder, alive."""

    def knows(self, rev: bytes) -> bool:
        """Says whether a revision of this id exists in the space."""


class Change(msgspec.Struct, frozen=True):
    """The operation has an effect: the node's new state (its `seq` is given when it is written)."""

    state: State


class Stands(msgspec.Struct, frozen=True):
    """The effect stands already; `merged` names the node that already was what was asked for (R21)."""

    state: State
    merged: bytes | None = None


class Refusal(msgspec.Struct, frozen=True):
    """The operation has no effect; `state` is what stands in its way."""

    code: Code
    state: State | None = None


Verdict = Change | Stands | Refusal


def judge(view: View, operation: ask.AnyOperation, grouped: bool = False) -> Verdict:
    """Judges one operation; with `grouped`, names and circles are left to `judge_group`."""
    match operation:
        case ask.Mkdir():
            return _mkdir(view, operation, grouped)
        case ask.Put():
            return _put(view, operation, grouped)
        case ask.Move():
            return _move(view, operation, grouped)
        case ask.Delete():
            return _delete(view, operation)
        case ask.Revive():
            return _revive(view, operation, grouped)
        case ask.Attr():
            return _attr(view, operation)
        case ask.Offer():
            return _offer(view, operation)


def judge_group(view: View, changed: list[State]) -> Refusal | None:
    """Judges what a group left behind as a whole: every name is free but for its node, and nothing hangs below itself."""
    for state in changed:
        now = view.get(state.node)
        if now is None or now.dead or now.parent is None:
            continue
        holder = view.child(now.parent, names.key(now.name))
        if holder is not None and holder.node != now.node:
            return Refusal(Code.NAME_TAKEN, holder)
        refusal = _check_parent(view, now.parent, now.node)
        if refusal is not None:
            return refusal
    return None


def _check_parent(view: View, parent: bytes, node: bytes | None) -> Refusal | None:
    """Checks that a parent is a living folder of this space, not below `node`, and not too deep."""
    found = view.get(parent)
    if found is None or found.dead:
        return Refusal(Code.PARENT_DEAD, found)
    if found.kind is not Kind.FOLDER:
        return Refusal(Code.WRONG_KIND, found)
    depth = 1
    above: State | None = found
    while above is not None:
        if above.node == node:
            return Refusal(Code.WOULD_CYCLE, above)
        if above.parent is None:
            break
        depth += 1
        if depth > MAX_DEPTH + 1:
            return Refusal(Code.TOO_DEEP)
        above = view.get(above.parent)
    return Refusal(Code.TOO_DEEP) if depth > MAX_DEPTH else None


def _check_name(name: str) -> Refusal | None:
    try:
        names.check(name)
    except Failure as failure:
        code = Code.NAME_ILLEGAL if failure.code is Code.NAME_NOT_TEXT else failure.code
        return Refusal(code)
    return None


def _check_place(view: View, parent: bytes, name: str, node: bytes, grouped: bool) -> Refusal | None:
    """Checks a new place of a node: the name is allowed and free, the parent lives, nothing hangs below itself."""
    refusal = _check_name(name)
    if refusal is not None or grouped:
        found = view.get(parent)
        return refusal or (Refusal(Code.PARENT_DEAD, found) if found is None or found.dead else None)
    refusal = _check_parent(view, parent, node)
    if refusal is not None:
        return refusal
    holder = view.child(parent, names.key(name))
    if holder is not None and holder.node != node:
        return Refusal(Code.NAME_TAKEN, holder)
    return None


def _mkdir(view: View, op: ask.Mkdir, grouped: bool) -> Verdict:
    known = view.get(op.node)
    if known is not None:
        return Stands(known) if known.place == op.key or not known.dead else Refusal(Code.NODE_DEAD, known)
    holder = None if grouped else view.child(op.parent, names.key(op.name))
    if holder is not None and holder.kind is Kind.FOLDER:
        return Stands(holder, merged=holder.node)
    refusal = _check_place(view, op.parent, op.name, op.node, grouped)
    if refusal is not None:
        return refusal
    return Change(State(node=op.node, kind=Kind.FOLDER, parent=op.parent, name=op.name, place=op.key))


def _put(view: View, op: ask.Put, grouped: bool) -> Verdict:
    known = view.get(op.node)
    if view.knows(op.key) and known is not None:
        return Stands(known)
    if known is not None:
        return _edit(known, op)
    if op.parent is None or op.name is None:
        return Refusal(Code.NOT_FOUND)
    holder = None if grouped else view.child(op.parent, names.key(op.name))
    if holder is not None and holder.kind is Kind.FILE and holder.hash == op.hash:
        return Stands(holder, merged=holder.node)
    refusal = _check_place(view, op.parent, op.name, op.node, grouped)
    if refusal is not None:
        return refusal
    return Change(
        State(
            node=op.node, kind=Kind.FILE, parent=op.parent, name=op.name, place=op.key, rev=op.key, hash=op.hash,
            size_bytes=op.size_bytes, mtime_ns=op.mtime_ns, exec=op.exec, conflict_of=op.conflict_of,
        )
    )  # fmt: skip


def _edit(known: State, op: ask.Put) -> Verdict:
    if known.kind is not Kind.FILE:
        return Refusal(Code.WRONG_KIND, known)
    if known.dead:
        return Refusal(Code.NODE_DEAD, known)
    if known.hash == op.hash:
        return Stands(known)
    if known.rev != op.base_rev:
        return Refusal(Code.STALE_REV, known)
    return Change(
        msgspec.structs.replace(
            known, rev=op.key, hash=op.hash, size_bytes=op.size_bytes, mtime_ns=op.mtime_ns, exec=op.exec
        )
    )


def _move(view: View, op: ask.Move, grouped: bool) -> Verdict:
    known = view.get(op.node)
    if known is None or known.parent is None:
        return Refusal(Code.NOT_FOUND)
    if known.place == op.key:
        return Stands(known)
    if known.dead:
        return Refusal(Code.NODE_DEAD, known)
    if (known.parent, known.name) == (op.parent, op.name):
        return Stands(known)
    if known.place != op.place:
        return Refusal(Code.STALE_PLACE, known)
    refusal = _check_place(view, op.parent, op.name, op.node, grouped)
    if refusal is not None:
        return refusal
    return Change(msgspec.structs.replace(known, parent=op.parent, name=op.name, place=op.key))


def _delete(view: View, op: ask.Delete) -> Verdict:
    known = view.get(op.node)
    if known is None or known.parent is None:
        return Refusal(Code.NOT_FOUND)
    if known.dead:
        return Stands(known)
    if known.kind is Kind.MOUNT:
        return Refusal(Code.CONTAINS_MOUNT, known)
    if known.place != op.place:
        return Refusal(Code.STALE_PLACE, known)
    if known.kind is Kind.FILE:
        if known.rev != op.rev:
            return Refusal(Code.STALE_REV, known)
    else:
        below = view.below(op.node)
        if below.mount:
            return Refusal(Code.CONTAINS_MOUNT, known)
        if op.seen is None or below.seq > op.seen:
            return Refusal(Code.UNSEEN_BELOW, known)
        if below.count > SUBTREE_NODES:
            return Refusal(Code.SUBTREE_TOO_LARGE, known)
    return Change(msgspec.structs.replace(known, dead=True))


def _revive(view: View, op: ask.Revive, grouped: bool) -> Verdict:
    known = view.get(op.node)
    if known is None or known.parent is None:
        return Refusal(Code.NOT_FOUND)
    if not known.dead:
        return Stands(known)
    refusal = _check_place(view, op.parent, op.name, op.node, grouped)
    if refusal is not None:
        return refusal
    return Change(msgspec.structs.replace(known, dead=False, parent=op.parent, name=op.name, place=op.key))


def _attr(view: View, op: ask.Attr) -> Verdict:
    known = view.get(op.node)
    if known is None or known.kind is not Kind.FILE:
        return Refusal(Code.NOT_FOUND)
    if known.dead:
        return Refusal(Code.NODE_DEAD, known)
    if known.exec == op.exec:
        return Stands(known)
    return Change(msgspec.structs.replace(known, exec=op.exec))


def _offer(view: View, op: ask.Offer) -> Verdict:
    """Takes back what a lost or restored database had, under its own ids (R34); the same offer of several desks is one."""
    known = view.get(op.node)
    if known is not None:
        return Stands(known)
    holder = view.child(op.parent, names.key(op.name))
    if (
        holder is not None
        and holder.kind is op.node_kind
        and (op.node_kind is Kind.FOLDER or holder.hash == op.hash)
    ):
        return Stands(holder, merged=holder.node)
    refusal = _check_place(view, op.parent, op.name, op.node, grouped=False)
    if refusal is not None:
        return refusal
    return Change(
        State(
            node=op.node, kind=op.node_kind, parent=op.parent, name=op.name, place=op.place_key, rev=op.rev,
            hash=op.hash, size_bytes=op.size_bytes, mtime_ns=op.mtime_ns, exec=op.exec, conflict_of=op.conflict_of,
        )
    )  # fmt: skip
