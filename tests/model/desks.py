"""A server and desks reduced to their trees: every step of a plan is carried out at once, or refused.

It is the smallest world in which the conflict table can be seen to converge. The server here is written from the rules
alone (R20, R21, R30), without `accept`, so that the two are independent. Contents are numbers; a content may vanish
only when a person who had it on that desk overwrote or deleted it (I1).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from govsync.model import names
from govsync.model.merge import presence
from govsync.model.nodes import NOWHERE, Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.reconcile import reconcile
from govsync.model.steps import (
    Adopt,
    Aside,
    Attr,
    Delete,
    Fetch,
    Forget,
    Keep,
    KeepBoth,
    MakeFolder,
    Mkdir,
    Move,
    Park,
    Plan,
    Put,
    Relocate,
    Remove,
    Replace,
    Revive,
    SetExec,
    Unify,
)
from govsync.model.trees import MemoryTrees, agreed, root, settled

ROOT = 1
SPACE = b"s" * 16


class Refused(Exception):
    """The server refused an operation."""


@dataclass(frozen=True)
class State:
    """What the server has of a node."""

    node: bytes
    kind: Kind
    parent: bytes
    name: str
    place: bytes
    rev: bytes | None
    hash: bytes | None
    exec: bool
    dead: bool
    seq: int


@dataclass
class Server:
    """Judges operations by the rules, one at a time, and keeps a journal of full states."""

    nodes: dict[bytes, State] = field(default_factory=dict)
    journal: list[State] = field(default_factory=list)
    kept: set[bytes] = field(default_factory=set)
    grouped: bool = False
    _ids: int = 0

    def new(self) -> bytes:
        self._ids += 1
        return self._ids.to_bytes(16, "big")

    def child(self, parent: bytes, name: str) -> State | None:
        key = names.key(name)
        for state in self.nodes.values():
            if not state.dead and state.parent == parent and names.key(state.name) == key:
                return state
        return None

    def below(self, node: bytes) -> list[State]:
        found = [state for state in self.nodes.values() if not state.dead and state.parent == node]
        return found + [deeper for state in found for deeper in self.below(state.node)]

    def write(self, state: State) -> State:
        state = replace(state, seq=len(self.journal) + 1)
        self.nodes[state.node] = state
        self.journal.append(state)
        if state.hash is not None:
            self.kept.add(state.hash)
        return state

    def check_parent(self, parent: bytes) -> None:
        if parent != ROOT_ID and (parent not in self.nodes or self.nodes[parent].dead):
            raise Refused("parent_dead")

    def check_name(self, node: bytes, parent: bytes, name: str) -> None:
        holder = self.child(parent, name)
        if holder is not None and holder.node != node and not self.grouped:
            raise Refused("name_taken")

    def group(self, operations: list[Callable[[], object]]) -> None:
        """Carries out all or none; names are judged after the whole group."""
        before, length = dict(self.nodes), len(self.journal)
        try:
            self.grouped = True
            for operation in operations:
                operation()
            self.grouped = False
            for state in self.journal[length:]:
                state = self.nodes[state.node]
                if not state.dead:
                    self.check_name(state.node, state.parent, state.name)
        except Refused:
            self.nodes = before
            del self.journal[length:]
            raise
        finally:
            self.grouped = False


ROOT_ID = b"r" * 16


class Desk:
    """A desk whose disk is its local tree."""

    def __init__(self, name: str, server: Server, chance: random.Random) -> None:
        self.name, self.server, self.chance = name, server, chance
        self.trees = MemoryTrees([root(ROOT, ROOT_ID, SPACE)])
        self.dirty: dict[int, None] = {}
        self.lids = {ROOT_ID: ROOT}
        self.cursor = 0
        self.next_lid = 2
        self.steps_taken = 0
        self.unified: dict[int, int] = {}
        self.husks: set[int] = set()

    # Facts

    def node(self, lid: int) -> Node:
        return self.trees.node(lid)

    def change(self, lid: int, **facts: object) -> None:
        self.trees.put(msgspec.structs.replace(self.node(lid), **facts))
        self.dirty[lid] = None

    def local(self, lid: int, **facts: object) -> None:
        local = self.node(lid).local
        assert local is not None
        self.change(lid, local=msgspec.structs.replace(local, **facts))

    def add(self, node_id: bytes, **facts: object) -> int:
        lid = self.next_lid
        self.next_lid += 1
        self.lids[node_id] = lid
        self.trees.put(Node(lid=lid, node_id=node_id, space=SPACE, **facts))  # type: ignore[arg-type]
        self.dirty[lid] = None
        return lid

    def present(self, kind: Kind | None = None) -> list[int]:
        return [
            lid
            for lid, node in self.trees.nodes.items()
            if lid != ROOT
            and node.local is not None
            and node.local.presence is Presence.HERE
            and kind in (None, node.local.kind)
        ]

    def below(self, lid: int) -> list[int]:
        found = list(self.trees.local_children(lid))
        return found + [deeper for child in found for deeper in self.below(child)]

    def tree(self) -> dict[str, bytes | None]:
        return {self.path(lid): self.node(lid).local.hash for lid in self.present()}  # type: ignore[union-attr]

    def kept(self) -> dict[str, bytes | None]:
        """What lies on this desk alone, but for folders that are there only for what is in them."""
        return {self.path(lid): self.node(lid).local.hash for lid in self.own}  # type: ignore[union-attr]

    @property
    def own(self) -> list[int]:
        return [lid for lid in self.alone if lid not in self.husks]

    @property
    def alone(self) -> list[int]:
        return [lid for lid, node in self.trees.nodes.items() if presence(node) is Presence.LOCAL_ONLY]

    def role(self, reads_only: bool) -> None:
        """Lets the person only read from now on, or change things again: then what was kept here is offered."""
        self.trees.reads_only = reads_only
        if not reads_only:
            for lid in self.alone:
                self.local(lid, presence=Presence.HERE)

    def path(self, lid: int) -> str:
        local = self.node(lid).local
        assert local is not None
        above = "" if local.place.parent in (ROOT, NOWHERE) else self.path(local.place.parent) + "/"
        return above + local.place.name

    # The server's news

    def read(self) -> None:
        for state in self.server.journal[self.cursor :]:
            self.learn(state)
        self.cursor = self.trees.cursor = len(self.server.journal)

    def learn(self, state: State) -> None:
        lid = self.lids.get(state.node) or self.add(state.node)
        parent = self.lids.get(state.parent) or self.add(state.parent)
        known = self.node(lid).remote
        if known is not None and known.seq >= state.seq:
            return
        self.change(
            lid,
            remote=Remote(
                Place(parent, state.name), state.kind, state.place, state.seq, state.rev, state.hash, 1,
                state.exec, state.dead,
            ),
        )  # fmt: skip
        if state.dead:
            self.bury(lid, state.seq)
        elif lid in self.alone:
            self.local(lid, presence=Presence.HERE)

    def bury(self, lid: int, seq: int) -> None:
        """What hangs below a deleted folder is dead too, but keeps its own sequence: when this is the answer to an own
        deletion, a colleague's move out of the folder may stand in the journal before it, not read yet."""
        for child in list(self.trees.remote_children(lid)):
            remote = self.node(child).remote
            assert remote is not None
            if remote.seq < seq:
                self.change(child, remote=msgspec.structs.replace(remote, dead=True))
                self.bury(child, seq)

    # Work

    def plan(self) -> Plan:
        return reconcile(self.trees, list(self.dirty))

    def work(self) -> bool:
        """Takes up one plan, part of it when chance says so; answers whether there was anything to do."""
        self.dirty = {
            lid: None for lid in self.dirty if lid in self.trees.nodes and not settled(self.node(lid))
        }
        plan = self.plan()
        for book in plan.books:
            self.book(book)
        for step in plan.down[: self.chance.randint(1, 5)] if self.chance.random() < 0.3 else plan.down:
            self.steps_taken += 1
            self.carry_out(step)
        self.send(plan)
        return bool(plan.books or plan.up or plan.down)

    def book(self, step: object) -> None:
        if isinstance(step, Adopt):
            node = self.node(step.lid)
            self.change(step.lid, baseline=agreed(node))
        elif isinstance(step, Keep):
            self.keep(step.lid)
        elif isinstance(step, Forget):
            del self.lids[self.node(step.lid).node_id]
            self.trees.drop(step.lid)
            self.dirty.pop(step.lid, None)
        elif isinstance(step, Unify):
            loser = self.node(step.lid)
            self.unified[step.lid] = step.winner
            assert loser.local is not None
            self.change(step.winner, local=msgspec.structs.replace(loser.local, presence=Presence.HERE))
            for child in self.trees.local_children(step.lid):
                local = self.node(child).local
                assert local is not None
                self.local(child, place=Place(step.winner, local.place.name))
            del self.lids[loser.node_id]
            self.trees.drop(step.lid)
            self.dirty.pop(step.lid, None)

    def keep(self, lid: int) -> None:
        """Makes a node this desk's own: of what the server knows by its id the desk knows as little as before."""
        node = self.node(lid)
        assert node.local is not None
        del self.lids[node.node_id]
        own = Node(lid=lid, node_id=self.server.new(), space=SPACE, local=node.local)
        self.lids[own.node_id] = lid
        self.trees.put(own)
        self.local(lid, presence=Presence.LOCAL_ONLY)

    def carry_out(self, step: object) -> None:
        """Changes the disk as `local.place` would: only where the name is free and the parent is there."""
        if isinstance(step, MakeFolder | Fetch):
            remote = self.node(step.lid).remote
            assert remote is not None
            self.free(step.place)
            self.change(
                step.lid, local=Local(step.place, remote.kind, Presence.HERE, remote.hash, remote.exec)
            )
            self.adopt(step.lid)
        elif isinstance(step, Replace):
            remote = self.node(step.lid).remote
            assert remote is not None
            self.local(step.lid, hash=remote.hash, exec=remote.exec)
            self.adopt(step.lid)
        elif isinstance(step, Relocate):
            self.free(step.place, step.lid)
            self.local(step.lid, place=step.place, presence=Presence.HERE)
            self.adopt(step.lid)
            base, remote = self.node(step.lid).baseline, self.node(step.lid).remote
            if base is not None and remote is not None and remote.dead:
                self.change(step.lid, baseline=msgspec.structs.replace(base, place=step.place))
        elif isinstance(step, Park):
            self.local(step.lid, presence=Presence.PARKED, place=Place(NOWHERE, str(step.lid)))
        elif isinstance(step, Remove):
            self.remove(step.lid)
        elif isinstance(step, SetExec):
            self.local(step.lid, exec=step.exec)
            self.adopt(step.lid)
        elif isinstance(step, Aside):
            self.local(step.lid, place=self.conflict_place(step.lid))
        elif isinstance(step, KeepBoth):
            node = self.node(step.lid)
            assert node.local is not None
            place = self.conflict_place(step.lid)
            self.local(step.lid, presence=Presence.NOT_YET)
            self.add(self.server.new(), local=msgspec.structs.replace(node.local, place=place))

    def remove(self, lid: int) -> None:
        """Takes a file or an empty folder away. A folder with something of this desk's own in it stays for that."""
        own, node = self.below(lid), self.node(lid)
        assert presence(node) is Presence.HERE, "nothing is removed from where nobody sees it"
        assert node.local is not None
        assert node.baseline is not None
        assert node.local.hash == node.baseline.hash, "what was never sent is not removed"
        assert set(own) <= set(self.alone), "a folder is removed after what is in it"
        self.local(lid, presence=Presence.LOCAL_ONLY if own else Presence.MISSING)
        if own:
            self.change(lid, baseline=None)
            self.husks.add(lid)

    def adopt(self, lid: int) -> None:
        """R16: the transaction that records a placed thing sets the baseline too, where both sides show the same."""
        node = self.node(lid)
        self.change(lid, baseline=agreed(node))

    def free(self, place: Place, lid: int = 0) -> None:
        assert place.parent == ROOT or place.parent in self.present(), "the parent lies on the disk"
        holders = [
            other for other in self.trees.local_at(place.parent, names.key(place.name)) if other != lid
        ]
        assert not holders, "nothing is placed on a taken name"

    def conflict_place(self, lid: int) -> Place:
        local = self.node(lid).local
        assert local is not None
        for turn in range(1, 1000):
            name = names.conflict_name(local.place.name, self.name, "2026-11-24 14.02", turn)
            if self.trees.reads_only:
                name = names.kept_copy(local.place.name, turn)
            claim = local.place.parent, names.key(name)
            # Free on both sides: what comes from the server to that name must not find it taken by us.
            if not self.trees.local_at(*claim) and self.trees.remote_at(*claim) is None:
                return Place(local.place.parent, name)
        raise AssertionError("a thousand conflict names are taken")

    def send(self, plan: Plan) -> None:
        group: list[object] = []
        for step in (*plan.up, None):
            number = step.group if step is not None else 0
            if group and number != group[0].group:  # type: ignore[attr-defined]
                self.send_group(group)
                group = []
            if number:
                group.append(step)
            elif step is not None and step.lid in self.trees.nodes:
                try:
                    self.send_step(step)
                except Refused:
                    pass

    def send_group(self, steps: list[object]) -> None:
        sent: list[Callable[[], object]] = []
        try:
            self.server.group([lambda step=step: sent.append(self.ask(step)) for step in steps])  # type: ignore[misc]
        except Refused:
            return
        for learn in sent:
            learn()
        self.steps_taken += len(steps)

    def send_step(self, step: object) -> None:
        self.steps_taken += 1
        self.ask(step)()

    def ask(self, step: object) -> Callable[[], object]:
        """Asks the server; answers what the desk learns from the answer."""
        server, node = self.server, self.node(step.lid)  # type: ignore[attr-defined]
        there = server.nodes.get(node.node_id)
        if isinstance(step, Mkdir | Put) and step.place is not None:
            assert node.local is not None
            # Later operations of a commit that name the loser's id are read as the winner's (R21).
            parent = self.node(self.unified.get(step.place.parent, step.place.parent)).node_id
            server.check_parent(parent)
            holder = None if server.grouped else server.child(parent, step.place.name)
            if holder is not None and holder.kind is node.local.kind and holder.hash == node.local.hash:
                return lambda: self.merged(step.lid, holder)  # R21
            server.check_name(node.node_id, parent, step.place.name)
            key = server.new()
            rev = key if isinstance(step, Put) else None
            return self.done(
                server.write(
                    State(
                        node.node_id, node.local.kind, parent, step.place.name, key, rev, node.local.hash,
                        node.local.exec, False, 0,
                    )
                ),
                "place", "content", "exec",
            )  # fmt: skip
        assert there is not None
        if isinstance(step, Revive):
            # Later operations of a commit that name the loser's id are read as the winner's (R21).
            parent = self.node(self.unified.get(step.place.parent, step.place.parent)).node_id
            if not there.dead:
                raise Refused("alive")
            server.check_parent(parent)
            server.check_name(there.node, parent, step.place.name)
            return self.done(
                server.write(
                    replace(there, dead=False, parent=parent, name=step.place.name, place=server.new())
                ),
                "place",
            )
        if there.dead:
            raise Refused("node_dead")
        if isinstance(step, Put):
            assert node.local is not None
            if there.rev != step.base_rev:
                raise Refused("stale_rev")
            rev = server.new()
            return self.done(
                server.write(replace(there, rev=rev, hash=node.local.hash, exec=node.local.exec)),
                "content",
                "exec",
            )
        if isinstance(step, Move):
            # Later operations of a commit that name the loser's id are read as the winner's (R21).
            parent = self.node(self.unified.get(step.place.parent, step.place.parent)).node_id
            if there.place != step.place_key:
                raise Refused("stale_place")
            server.check_parent(parent)
            if parent == there.node or parent in [state.node for state in server.below(there.node)]:
                raise Refused("would_cycle")
            server.check_name(there.node, parent, step.place.name)
            return self.done(
                server.write(replace(there, parent=parent, name=step.place.name, place=server.new())),
                "place",
            )
        if isinstance(step, Delete):
            if there.place != step.place_key or (step.seen is None and there.rev != step.rev):
                raise Refused("stale")
            if any(state.seq > (step.seen or 0) for state in server.below(there.node)):
                raise Refused("unseen_below")
            for state in server.below(there.node):
                server.nodes[state.node] = replace(state, dead=True)
            return self.done(server.write(replace(there, dead=True)))
        assert isinstance(step, Attr)
        return self.done(server.write(replace(there, exec=step.exec)), "exec")

    def done(self, state: State, *facts: str) -> Callable[[], object]:
        """What was sent is the baseline now, fact by fact: never what lies on the disk by then, and never what somebody
        else had changed meanwhile in another fact of the same node (R32)."""

        def learned() -> None:
            self.learn(state)
            lid = self.lids[state.node]
            place = Place(self.lids[state.parent], state.name)
            base = self.node(lid).baseline or Baseline(place, state.kind, state.place)
            if "place" in facts:
                base = msgspec.structs.replace(base, place=place, place_key=state.place)
            if "content" in facts:
                base = msgspec.structs.replace(base, rev=state.rev, hash=state.hash)
            if "exec" in facts:
                base = msgspec.structs.replace(base, exec=state.exec)
            if facts:
                self.change(lid, baseline=base)

        return learned

    def merged(self, lid: int, holder: State) -> None:
        self.learn(holder)
        winner = self.lids[holder.node]
        if self.node(winner).local is None:
            self.book(Unify(lid, winner))


def fresh_local(kind: Kind, parent: int, name: str, content: bytes | None) -> Local:
    return Local(Place(parent, name), kind, Presence.HERE, content)
