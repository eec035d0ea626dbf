"""The server's half of the conflict table: what one operation does to a space, or why it has no effect (R18-R22, R30, R34).

A pure judgement over a `View` of the space. Preconditions are per fact, so an edit and a move never meet. Done is done:
an operation whose effect stands already is answered as done, however often it comes. Inside a group, names and circles
are judged only after the whole group (R14), by `judge_group`. Who may ask is not known here, but that somebody who may
add and not read is answered otherwise (`judge_upload`, R37); nor is whether a content is stored.
"""

from typing import Protocol

import msgspec

from govsync.model import names
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.ids import SIZE_BYTES as ID_BYTES
from govsync.model.nodes import Kind
from govsync.model.problems import Failure

HASH_BYTES = 32
MAX_DEPTH = 100
SUBTREE_NODES = 10_000
FREE_NAMES = 1_000
"""How many names are tried for somebody who must not learn which are taken."""
_INTEGER = 1 << 63


class State(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the server has of a node. `parent` None: the root of the space. `place` and `rev` are keys (R31). `root` is that of
    the space that hangs at a mount."""

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
    root: bytes | None = None


class Below(msgspec.Struct, frozen=True):
    """What hangs below a folder, alive: how many nodes, the highest sequence, whether a mount is among them, and how many
    levels there are. Above `SUBTREE_NODES` the count is all that can be relied on."""

    count: int
    seq: int
    mount: bool
    height: int


Origin = tuple[bytes, int]
"""When a revision was made: epoch and sequence. Sequences compare as history does within one epoch only (R34)."""


class View(Protocol):
    """A space as the judgement sees it, with what the operations before it have changed."""

    def get(self, node: bytes) -> State | None:
        """Answers a node, alive or dead; None for one that this space never had."""

    def child(self, parent: bytes, key: str) -> State | None:
        """Answers who holds a name in a folder, alive; of several inside a group, the one that has held it longest."""

    def below(self, node: bytes) -> Below:
        """Counts what hangs below a folder, alive."""

    def owner(self, rev: bytes) -> bytes | None:
        """Answers the node whose revision this is; None where the space has no such revision."""

    def offered(self, rev: bytes) -> Origin | None:
        """Answers when a revision was made that a desk has offered; None for any other."""

    def reach(self, node: bytes, epoch: bytes) -> int:
        """Answers up to which sequence of a life that is gone the history of a node is here, in revisions that were
        offered or made upon such; -1 for none."""

    def elsewhere(self, id: bytes) -> bool:
        """Says whether a node or revision of this id belongs to another space: ids are global."""


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
    if not _well_formed(operation):
        return Refusal(Code.BAD_REQUEST)
    if _is_elsewhere(view, operation):
        return Refusal(Code.NODE_IN_SPACE)
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
            return _offer(view, operation, grouped)


def judge_upload(view: View, operation: ask.AnyOperation) -> Verdict:
    """Judges for somebody who may add but not read: a new file or folder gets a free name, nothing is merged, and no
    answer shows what is there (R37)."""
    if not _well_formed(operation):
        return Refusal(Code.BAD_REQUEST)
    if not isinstance(operation, ask.Mkdir | ask.Put) or operation.parent is None or operation.name is None:
        return Refusal(Code.NO_RIGHT)
    if _is_elsewhere(view, operation):
        return Refusal(Code.NODE_IN_SPACE)
    known = view.get(operation.node)
    if known is not None:
        return Stands(known) if known.place == operation.key else Refusal(Code.NO_RIGHT)
    name, turn = operation.name, 1
    while (
        found := _check_new(view, operation.node, operation.key, operation.parent, name, False)
    ) is not None:
        if found.code is not Code.NAME_TAKEN or turn == FREE_NAMES:
            return Refusal(found.code)
        turn += 1
        name = names.second_name(operation.name, turn)
    made = msgspec.structs.replace(operation, name=name)
    return Change(_new_folder(made) if isinstance(made, ask.Mkdir) else _new_file(made))


def judge_group(view: View, changed: list[State]) -> Refusal | None:
    """Judges what a group left behind as a whole: every name is free but for its node, and nothing hangs below itself."""
    for state in changed:
        now = view.get(state.node)
        if now is None or now.dead or now.parent is None:
            continue
        holder = view.child(now.parent, names.key(now.name))
        if holder is not None and holder.node != now.node:
            return Refusal(Code.NAME_TAKEN, holder)
        refusal = _check_parent(view, now.parent, now.node, now.kind is Kind.FOLDER)
        if refusal is not None:
            return refusal
    return None


def _well_formed(op: ask.AnyOperation) -> bool:
    """Says whether every field has the size that it must have; what a field means is judged after it."""
    ids: list[bytes | None] = [op.key, op.node]
    hashes: list[bytes] = []
    numbers: list[int] = []
    match op:
        case ask.Mkdir() | ask.Revive():
            ids.append(op.parent)
        case ask.Move():
            ids += [op.place, op.parent]
        case ask.Delete():
            ids += [op.place, op.rev]
            numbers.append(op.seen or 0)
        case ask.Put():
            ids += [op.base_rev, op.parent, op.conflict_of, *(op.source or ()), *(op.upon or ())[:1]]
            hashes += [op.hash, *op.manifest_chunks]
            numbers += [op.size_bytes, abs(op.mtime_ns), *(op.upon or ())[1:]]
            if (op.parent is None) is not (op.name is None):
                return False
        case ask.Offer():
            ids += [op.parent, op.place_key, op.origin_epoch, op.over, op.rev, op.conflict_of]
            hashes += [*op.manifest_chunks, *([op.hash] if op.hash is not None else [])]
            numbers += [op.origin_seq, op.size_bytes, abs(op.mtime_ns)]
            file = op.node_kind is Kind.FILE
            if op.node_kind is Kind.MOUNT or file is (op.rev is None) or file is (op.hash is None):
                return False
        case ask.Attr():
            pass
    # By comprehensions: to begin a generator for each list costs more than what it goes through.
    return (
        not [each for each in ids if each is not None and len(each) != ID_BYTES]
        and not [digest for digest in hashes if len(digest) != HASH_BYTES]
        and not [number for number in numbers if not 0 <= number < _INTEGER]
    )


def _is_elsewhere(view: View, operation: ask.AnyOperation) -> bool:
    """Says whether an operation is about what is in another space: a folder that somebody shares takes with it what others
    are about to change in it, and they ask again there."""
    parent = getattr(operation, "parent", None)
    return view.elsewhere(operation.node) or (parent is not None and view.elsewhere(parent))


def _check_parent(view: View, parent: bytes, node: bytes, moved: bool) -> Refusal | None:
    """Checks that a parent is a living folder of this space and not below `node`, and that nothing gets too deep: not the
    node, and when it moved, nothing below it."""
    found = view.get(parent)
    if found is None or found.dead:
        return Refusal(Code.PARENT_DEAD, found)
    if found.kind is not Kind.FOLDER:
        return Refusal(Code.WRONG_KIND, found)
    depth = 1
    above: State = found
    while above.parent is not None and depth <= MAX_DEPTH:
        if above.node == node:
            return Refusal(Code.WOULD_CYCLE, above)
        depth += 1
        # Whatever is alive hangs below a folder that is alive, so there is one.
        above = view.get(above.parent) or above
    if moved and depth <= MAX_DEPTH:
        depth += view.below(node).height
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
    known = view.get(node)
    moved = known is not None and known.kind is Kind.FOLDER and not known.dead and known.parent != parent
    refusal = _check_parent(view, parent, node, moved)
    if refusal is not None:
        return refusal
    holder = view.child(parent, names.key(name))
    if holder is not None and holder.node != node:
        return Refusal(Code.NAME_TAKEN, holder)
    return None


def _check_new(
    view: View, node: bytes, rev: bytes | None, parent: bytes, name: str, grouped: bool
) -> Refusal | None:
    """Checks that a node may be made at a place: its revision is nobody's, the place is free."""
    if rev is not None and view.elsewhere(rev):
        return Refusal(Code.NODE_IN_SPACE)
    if rev is not None and view.owner(rev) is not None:
        return Refusal(Code.BAD_REQUEST)
    return _check_place(view, parent, name, node, grouped)


def _mkdir(view: View, op: ask.Mkdir, grouped: bool) -> Verdict:
    known = view.get(op.node)
    if known is not None:
        if known.kind is not Kind.FOLDER:
            return Refusal(Code.WRONG_KIND, known)
        return Stands(known) if known.place == op.key or not known.dead else Refusal(Code.NODE_DEAD, known)
    holder = None if grouped else view.child(op.parent, names.key(op.name))
    if holder is not None and holder.kind is Kind.FOLDER:
        return Stands(holder, merged=holder.node)
    refusal = _check_new(view, op.node, None, op.parent, op.name, grouped)
    return refusal or Change(_new_folder(op))


def _new_folder(op: ask.Mkdir) -> State:
    return State(node=op.node, kind=Kind.FOLDER, parent=op.parent, name=op.name, place=op.key)


def _put(view: View, op: ask.Put, grouped: bool) -> Verdict:
    known = view.get(op.node)
    if known is not None:
        return _edit(view, known, op)
    if op.parent is None or op.name is None:
        return Refusal(Code.NOT_FOUND)
    holder = None if grouped else view.child(op.parent, names.key(op.name))
    if holder is not None and holder.kind is Kind.FILE and holder.hash == op.hash:
        return Stands(holder, merged=holder.node)
    refusal = _check_new(view, op.node, op.key, op.parent, op.name, grouped)
    return refusal or Change(_new_file(op))


def _new_file(op: ask.Put) -> State:
    assert op.name is not None
    return State(
        node=op.node, kind=Kind.FILE, parent=op.parent, name=op.name, place=op.key, rev=op.key, hash=op.hash,
        size_bytes=op.size_bytes, mtime_ns=op.mtime_ns, exec=op.exec, conflict_of=op.conflict_of,
    )  # fmt: skip


def _edit(view: View, known: State, op: ask.Put) -> Verdict:
    if known.kind is not Kind.FILE:
        return Refusal(Code.WRONG_KIND, known)
    if view.owner(op.key) == op.node:
        return Stands(known)
    if known.dead:
        return Refusal(Code.NODE_DEAD, known)
    if known.hash == op.hash:
        return Stands(known)
    if known.rev != op.base_rev:
        return Refusal(Code.STALE_REV, known)
    if view.elsewhere(op.key) or view.owner(op.key) is not None:
        return Refusal(Code.BAD_REQUEST)
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
        if below.count > SUBTREE_NODES:
            return Refusal(Code.SUBTREE_TOO_LARGE, known)
        if below.mount:
            return Refusal(Code.CONTAINS_MOUNT, known)
        if op.seen is None or below.seq > op.seen:
            return Refusal(Code.UNSEEN_BELOW, known)
    return Change(msgspec.structs.replace(known, dead=True))


def _revive(view: View, op: ask.Revive, grouped: bool) -> Verdict:
    known = view.get(op.node)
    if known is None or known.parent is None:
        return Refusal(Code.NOT_FOUND)
    if not known.dead:
        return Stands(known)
    if known.kind is Kind.MOUNT:
        return Refusal(
            Code.NOT_FOUND
        )  # Where a space hangs that somebody may reach is the server's to say (R25).
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


def _offer(view: View, op: ask.Offer, grouped: bool) -> Verdict:
    """Takes back what a lost or restored database had, under its own ids (R34); the same offer of several desks is one."""
    known = view.get(op.node)
    if known is not None:
        return _offer_known(view, known, op)
    holder = None if grouped else view.child(op.parent, names.key(op.name))
    # Folders of one name are one; files of one name only with one content. A folder's hash is None, and so is the op's.
    if holder is not None and holder.kind is op.node_kind and holder.hash == op.hash:
        return Stands(holder, merged=holder.node)
    refusal = _check_new(view, op.node, op.rev, op.parent, op.name, grouped)
    if refusal is not None:
        return refusal
    return Change(
        State(
            node=op.node, kind=op.node_kind, parent=op.parent, name=op.name, place=op.place_key, rev=op.rev,
            hash=op.hash, size_bytes=op.size_bytes, mtime_ns=op.mtime_ns, exec=op.exec, conflict_of=op.conflict_of,
        )
    )  # fmt: skip


def _offer_known(view: View, known: State, op: ask.Offer) -> Verdict:
    """Puts an offered revision into the history of a node, if its place there is certain (docs/decisions/0008).

    What the history reaches already, it comes before. Beyond that it is the newest, if the current revision is the one
    that the history reaches by, or one that the desk knows as older. Else the current one was made without knowing it,
    and both are kept.
    """
    if known.kind is not op.node_kind:
        return Refusal(Code.WRONG_KIND, known)
    if known.dead:
        return Refusal(Code.NODE_DEAD, known)
    if op.rev is None or view.owner(op.rev) == op.node or known.hash == op.hash:
        return Stands(known)
    if view.elsewhere(op.rev) or view.owner(op.rev) is not None:
        return Refusal(Code.BAD_REQUEST)
    reach = view.reach(op.node, op.origin_epoch)
    if op.origin_seq <= reach:
        return Change(known)
    follows = known.rev is not None and view.offered(known.rev) == (op.origin_epoch, reach)
    if not follows and known.rev != op.over:
        return Refusal(Code.STALE_REV, known)
    return Change(
        msgspec.structs.replace(
            known, rev=op.rev, hash=op.hash, size_bytes=op.size_bytes, mtime_ns=op.mtime_ns, exec=op.exec
        )
    )
