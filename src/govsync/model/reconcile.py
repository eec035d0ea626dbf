"""From three trees to a plan: what to tell the server, what to change on the disk, what only to remember.

A pure function of the trees and of which nodes are due. It decides nothing about time, names of conflict copies, or
how much is done at once; it repeats nothing that is under way (`Trees.busy`). Carrying out any part of a plan, in any
order that keeps its lists in order, and reconciling again leads to the same end (I9): every step brings a fact of one
node nearer to what the other side shows, and none undoes another's.

How it works: `merge` says where each node belongs by its own facts; `merged_tree` undoes circles; `upward` and
`downward` turn wants into ordered steps and pull up the folders that something living needs; this module adds what
concerns contents, and the books.
"""

from collections.abc import Sequence

from govsync.model.downward import Downward
from govsync.model.merge import Flow, Side, alive, flow, presence
from govsync.model.merged_tree import MergedTree, is_folder
from govsync.model.nodes import NOWHERE, Kind, Node, Presence
from govsync.model.steps import (
    Adopt,
    AnyBook,
    AnyDown,
    AnyUp,
    Attr,
    Delete,
    Forget,
    Keep,
    KeepBoth,
    Leave,
    LeaveOut,
    Plan,
    Put,
    Renew,
    Replace,
    SetExec,
    TakeIn,
    Unify,
    Unmount,
)
from govsync.model.trees import Trees, agreed, as_chosen, settled
from govsync.model.upward import Upward

_GONE = (Presence.MISSING, Presence.NOT_YET, Presence.EXCLUDED)


def reconcile(trees: Trees, due: Sequence[int]) -> Plan:
    """Plans for the nodes that are due, and for those which these need; answers at most one place step a node.

    Raises KeyError when a lid in `due` is not known. The answer depends on nothing but the trees and `due`.
    """
    tree = MergedTree(trees)
    books: list[AnyBook] = []
    active: list[int] = []
    waiting: list[int] = []
    for lid in due:
        node = tree.node(lid)
        if tree.busy(lid):
            waiting.append(lid)
        elif _is_gone(node):
            books.append(Forget(lid))
        elif (
            tree.adds_only(lid)
            and node.remote is not None
            and node.remote.place.parent != NOWHERE
            and not tree.left_out(lid)
        ):
            found = _sent(node)
            books.extend(found)
            waiting.extend([] if found or settled(node) else [lid])
        elif (choice := _choice(tree, node)) is not None:
            books.append(choice)
        else:
            # What both sides show alike is remembered at once; it changes nothing about the facts that still differ.
            if agreed(node) != node.baseline:
                books.append(Adopt(lid))
            active.append(lid)

    up, down = Upward(tree), Downward(tree)
    for lid in _with_circles_undone(tree, active):
        node = tree.node(lid)
        if node.local is not None:  # What was never here has nothing to tell.
            up.consider(lid)
        if node.remote is not None or node.local is None or node.local.presence is not Presence.HERE:
            down.consider(lid)  # Of what is here and was never there, nothing can come from there.
    for lid in up.kept_for_below:
        down.consider(lid, pulled=True)
    ups, downs = up.plan(), down.plan()
    # Where nothing may be told, whatever the server would have to be told of is the desk's own.
    books.extend(Keep(step.lid) for step in ups if tree.read_only(step.lid))
    ups = tuple(step for step in ups if not tree.read_only(step.lid))

    yields = {**up.yields, **down.yields}
    books.extend(step for step in yields.values() if isinstance(step, Unify))
    books.extend(Unmount(lid) for lid in up.unmounts)
    asides: list[AnyDown] = [step for step in yields.values() if not isinstance(step, Unify)]
    placed = {step.lid for step in downs} | set(yields)
    sent = {step.lid: step for step in ups}
    more_up, more_down = _contents(tree, active, placed, sent)

    every_up, every_down = (*ups, *more_up), (*asides, *downs, *more_down)
    acted = {step.lid for step in (*books, *every_up, *every_down)}
    acted.update(lid for step in every_up if isinstance(step, Delete) for lid in step.covers)
    waiting.extend(lid for lid in active if lid not in acted and not _decided(tree, lid))
    return Plan(tuple(books), every_up, every_down, tuple(waiting), up.needs())


def _is_gone(node: Node) -> bool:
    """Says whether neither the disk nor the server has the node (any more)."""
    return not alive(node) and presence(node) in _GONE


def _choice(tree: MergedTree, node: Node) -> LeaveOut | TakeIn | None:
    """Says what follows from what the person wants on this desk, for a node that needs no step for it (R26)."""
    if node.remote is None or node.remote.dead or node.remote.place.parent == NOWHERE:
        return None
    match presence(node):
        case Presence.NOT_YET | Presence.MISSING if tree.left_out(node.lid):
            # What went missing while it was left out went as it should, whoever took it away.
            return LeaveOut(node.lid)
        case Presence.EXCLUDED | Presence.LOCAL_ONLY if not as_chosen(tree.trees, node):
            return TakeIn(node.lid)
        case Presence.EXCLUDED if not settled(node):
            return LeaveOut(node.lid)  # It was moved on the server.
        case _:
            return None


def _decided(tree: MergedTree, lid: int) -> bool:
    return settled(tree.node(lid)) and as_chosen(tree.trees, tree.node(lid))


def _sent(node: Node) -> list[AnyBook]:
    """Says what becomes of what was sent by who may only add: the server is told nothing more of it, and tells nothing."""
    local, remote = node.local, node.remote
    if presence(node) in _GONE:
        return [Forget(node.lid)]
    if local is None or remote is None or local.presence is not Presence.HERE or settled(node):
        return []
    if local.kind is not Kind.FILE or local.hash == remote.hash:
        return [Leave(node.lid)]
    return [] if local.hash is None else [Renew(node.lid)]


def _with_circles_undone(tree: MergedTree, lids: Sequence[int]) -> list[int]:
    """Answers the nodes to consider: those given, and those whose local move closed a circle with one of them (R19)."""
    every = dict.fromkeys(lids)
    for lid in lids:
        if is_folder(tree.node(lid)) and tree.belongs(lid).side is not Side.BOTH:
            every.update(dict.fromkeys(tree.undo_circle(lid)))
    return list(every)


def _contents(
    tree: MergedTree, lids: Sequence[int], placed: set[int], sent: dict[int, AnyUp]
) -> tuple[list[AnyUp], list[AnyDown]]:
    """Adds the steps that concern contents and executable bits, for files that stay where they are on the disk."""
    ups: list[AnyUp] = []
    downs: list[AnyDown] = []
    for lid in lids:
        if lid in placed:
            continue
        node = tree.node(lid)
        if presence(node) is not Presence.HERE or node.local is None or node.remote is None:
            continue
        if node.local.kind is not Kind.FILE or not (alive(node) or lid in sent):
            continue
        way = flow(node)
        if way is Flow.UP and tree.read_only(lid):
            downs.append(KeepBoth(lid))
        elif way is Flow.UP:
            ups.append(Put(lid, None, node.remote.rev))
        elif not alive(node):
            continue  # The revival comes first; what its content needs is seen when it is answered.
        elif way is Flow.DOWN:
            downs.append(Replace(lid))
        elif way is Flow.BOTH:
            downs.append(KeepBoth(lid))
        elif way is Flow.NONE and node.local.exec != node.remote.exec:
            _executable(node, tree.read_only(lid), ups, downs)
    return ups, downs


def _executable(node: Node, read_only: bool, ups: list[AnyUp], downs: list[AnyDown]) -> None:
    """Sends the executable bit where only the desk changed it and may, else takes the server's (R9: the last one wins)."""
    assert node.local is not None
    assert node.remote is not None
    changed_here = node.baseline is not None and node.local.exec != node.baseline.exec
    changed_there = node.baseline is not None and node.remote.exec != node.baseline.exec
    if changed_here and not changed_there and not read_only:
        ups.append(Attr(node.lid, node.local.exec))
    else:
        downs.append(SetExec(node.lid, node.remote.exec))
