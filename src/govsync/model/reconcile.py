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
from govsync.model.nodes import Kind, Node, Presence
from govsync.model.steps import (
    Adopt,
    AnyBook,
    AnyDown,
    AnyUp,
    Attr,
    Delete,
    Forget,
    KeepBoth,
    Plan,
    Put,
    Replace,
    SetExec,
    Unify,
)
from govsync.model.trees import Trees, agreed, settled
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
        if trees.busy(lid):
            waiting.append(lid)
        elif _is_gone(node):
            books.append(Forget(lid))
        else:
            # What both sides show alike is remembered at once; it changes nothing about the facts that still differ.
            if agreed(node) != node.baseline:
                books.append(Adopt(lid))
            active.append(lid)

    up, down = Upward(tree), Downward(tree)
    for lid in _with_circles_undone(tree, active):
        up.consider(lid)
        down.consider(lid)
    ups, downs = up.plan(), down.plan()

    yields = {**up.yields, **down.yields}
    books.extend(step for step in yields.values() if isinstance(step, Unify))
    asides: list[AnyDown] = [step for step in yields.values() if not isinstance(step, Unify)]
    placed = {step.lid for step in downs} | set(yields)
    sent = {step.lid: step for step in ups}
    more_up, more_down = _contents(tree, active, placed, sent)

    every_up, every_down = (*ups, *more_up), (*asides, *downs, *more_down)
    acted = {step.lid for step in (*books, *every_up, *every_down)}
    acted.update(lid for step in every_up if isinstance(step, Delete) for lid in step.covers)
    waiting.extend(lid for lid in active if lid not in acted and not settled(tree.node(lid)))
    return Plan(tuple(books), every_up, every_down, tuple(waiting), up.needs())


def _is_gone(node: Node) -> bool:
    """Says whether neither the disk nor the server has the node (any more)."""
    known = node.local is not None or node.remote is not None
    return known and not alive(node) and presence(node) in _GONE


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
        node = tree.node(lid)
        if lid in placed or presence(node) is not Presence.HERE or node.local is None or node.remote is None:
            continue
        if node.local.kind is not Kind.FILE or not (alive(node) or lid in sent):
            continue
        way = flow(node)
        if way is Flow.UP:
            ups.append(Put(lid, None, node.remote.rev))
        elif not alive(node):
            continue  # The revival comes first; what its content needs is seen when it is answered.
        elif way is Flow.DOWN:
            downs.append(Replace(lid))
        elif way is Flow.BOTH:
            downs.append(KeepBoth(lid))
        elif way is Flow.NONE and node.local.exec != node.remote.exec:
            _executable(node, ups, downs)
    return ups, downs


def _executable(node: Node, ups: list[AnyUp], downs: list[AnyDown]) -> None:
    """Sends the executable bit where only the desk changed it, else takes the server's (R9: the last one wins)."""
    assert node.local is not None
    assert node.remote is not None
    changed_here = node.baseline is not None and node.local.exec != node.baseline.exec
    changed_there = node.baseline is not None and node.remote.exec != node.baseline.exec
    if changed_here and not changed_there:
        ups.append(Attr(node.lid, node.local.exec))
    else:
        downs.append(SetExec(node.lid, node.remote.exec))
