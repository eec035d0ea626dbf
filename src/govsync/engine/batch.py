"""Builds one batch of changes of the disk: steps with disk paths, each with a note of what it means for the trees.

Each step sees the disk as the steps before it will have left it, so a folder may be made and filled, or a circle of
names turned, in one batch. Names of conflict copies are made here, once, and stored with the intent (R22).
"""

import datetime

from govsync.engine.desk import Desk
from govsync.engine.jobs import Staged
from govsync.engine.notes import COPIES, Act, NewIntent, Note
from govsync.local import steps as disk
from govsync.local.steps import Signature
from govsync.model import names
from govsync.model.merge import presence
from govsync.model.merged_tree import kind_of
from govsync.model.nodes import NOWHERE, Kind, Node, Place, Presence
from govsync.model.steps import (
    AnyDown,
    Aside,
    Fetch,
    KeepBoth,
    MakeFolder,
    Park,
    Relocate,
    Remove,
    Replace,
    SetExec,
)
from govsync.model.trees import Trees
from govsync.store import local_tree, paths
from govsync.store.local_tree import Disk
from govsync.store.trash import TrashRow
from govsync.system import naming


class Batch:
    """One batch in the making."""

    def __init__(self, desk: Desk, trees: Trees) -> None:
        self._desk = desk
        self._trees = trees
        self._moved: dict[int, tuple[int, str]] = {}
        self._paths: dict[int, tuple[str, ...]] = {}
        self._taken: set[tuple[int, str]] = set()
        self.rows: list[NewIntent] = []

    def add(self, step: AnyDown) -> None:
        """Adds a step that needs no content."""
        node = self._trees.node(step.lid)
        if isinstance(step, MakeFolder):
            self._make(node, step.place)
            return
        seen = local_tree.disk(self._desk.store, step.lid)
        if seen is None:
            return
        if isinstance(step, Relocate):
            self._move(Act.RELOCATE, node, seen, step.place, naming.disk_name(step.place.name, node.node_id))
        elif isinstance(step, Park):
            self._park(node, seen)
        elif isinstance(step, Aside):
            place = self._conflict_place(node)
            self._move(Act.ASIDE, node, seen, place, place.name)
        elif isinstance(step, KeepBoth):
            place, kept = self._conflict_place(node), self._trees.read_only(node.lid)
            act = Act.KEEP_BESIDE if kept else Act.KEEP_BOTH
            self._move(act, node, seen, place, place.name, self._desk.ids.new())
        elif isinstance(step, Remove):
            self._remove(node, seen)
        elif isinstance(step, SetExec):
            change = disk.SetExec(
                intent=0, lid=node.lid, at=self._now_at(node.lid), exec=step.exec, expected=signature(seen)
            )
            self.rows.append(NewIntent(change, Note(act=Act.SET_EXEC, exec=step.exec)))

    def install(self, step: Fetch | Replace, staged: Staged) -> None:
        """Adds the placing of a staged file."""
        node = self._trees.node(step.lid)
        if isinstance(step, Fetch):
            name = naming.disk_name(step.place.name, node.node_id)
            new = disk.InstallNew(
                intent=0,
                lid=node.lid,
                at=self._at(step.place.parent, name),
                staged=staged.name,
                staged_ino=staged.ino,
            )
            self.rows.append(NewIntent(new, self._note(Act.FETCH, node, step.place, name)))
            return
        seen = local_tree.disk(self._desk.store, step.lid)
        if seen is None:
            return
        exchange = disk.Exchange(
            intent=0, lid=node.lid, at=self._now_at(node.lid), staged=staged.name, staged_ino=staged.ino,
            expected=signature(seen), trash=self._waste(seen.name),
        )  # fmt: skip
        self.rows.append(NewIntent(exchange, self._note(Act.REPLACE, node, None, "")))

    def bring_back(self, lid: int, trash: str, ino: int) -> None:
        """Adds the return of a second version that landed in the trash: it gets a conflict name (R11, R17)."""
        node = self._trees.node(lid)
        place = self._conflict_place(node)
        self._taken.add((place.parent, names.key(place.name)))
        back = disk.BringBack(intent=0, lid=lid, at=self._at(place.parent, place.name), trash=trash, ino=ino)
        note = Note(act=Act.BRING_BACK, place=place, disk_name=place.name, new_node=self._desk.ids.new())
        self.rows.append(NewIntent(back, note))

    def _make(self, node: Node, place: Place) -> None:
        name = naming.disk_name(place.name, node.node_id)
        make = disk.MakeFolder(intent=0, lid=node.lid, at=self._at(place.parent, name))
        self.rows.append(NewIntent(make, self._note(Act.MAKE, node, place, name)))
        self._move_to(node.lid, place.parent, name)

    def _note(self, act: Act, node: Node, place: Place | None, name: str) -> Note:
        remote = node.remote
        assert remote is not None
        undoes = self._trees.read_only(node.lid) and presence(node) is Presence.MISSING
        return Note(
            act=act, place=place, disk_name=name, place_key=remote.place_key, rev=remote.rev, hash=remote.hash,
            exec=remote.exec, undoes=undoes,
        )  # fmt: skip

    def _move(
        self, act: Act, node: Node, seen: Disk, place: Place, name: str, new_node: bytes | None = None
    ) -> None:
        parked = self._is_parked(node)
        move = disk.Move(
            intent=0,
            lid=node.lid,
            source=disk.At((), paths.parking_name(node.lid, seen.name)) if parked else self._now_at(node.lid),
            target=self._at(place.parent, name),
            ino=seen.ino,
            source_parked=parked,
        )
        key = node.remote.place_key if node.remote is not None else None
        moved_here = node.baseline is not None and node.baseline.place_key == key
        undoes = act is Act.RELOCATE and moved_here and self._trees.read_only(node.lid)
        note = Note(act=act, place=place, disk_name=name, place_key=key, new_node=new_node, undoes=undoes)
        self.rows.append(NewIntent(move, note))
        if act not in COPIES:
            self._move_to(node.lid, place.parent, name)
        self._taken.add((place.parent, names.key(place.name)))

    def _park(self, node: Node, seen: Disk) -> None:
        name = paths.parking_name(node.lid, seen.name)
        park = disk.Move(
            intent=0, lid=node.lid, source=self._now_at(node.lid), target=disk.At((), name), ino=seen.ino,
            target_parked=True,
        )  # fmt: skip
        self.rows.append(NewIntent(park, Note(act=Act.PARK)))
        self._move_to(node.lid, NOWHERE, name)

    def _remove(self, node: Node, seen: Disk) -> None:
        at, waste = self._now_at(node.lid), self._waste(seen.name)
        step: disk.AnyStep
        if kind_of(node) is Kind.FILE:
            step = disk.Remove(intent=0, lid=node.lid, at=at, expected=signature(seen), trash=waste)
        else:
            step = disk.RemoveFolder(intent=0, lid=node.lid, at=at, ino=seen.ino, trash=waste)
        self.rows.append(NewIntent(step, Note(act=Act.REMOVE)))

    def _waste(self, name: str) -> str:
        """Names in the trash what had this name on the disk."""
        return names.kept_name(self._desk.ids.new().hex(), name)

    def _conflict_place(self, node: Node) -> Place:
        """Makes the name under which something is kept beside another: free on the disk, on the server, and in this
        batch, so that what comes from the server to that name later does not find it taken by us. Where its person may
        only read it is said to be nowhere else (R38)."""
        fact = node.local or node.remote
        assert fact is not None
        parent, when = fact.place.parent, conflict_time(self._desk.now.wall_ms)
        device, kept = self._desk.who.device_name, self._trees.read_only(node.lid)
        for turn in range(1, 10_000):
            if kept:
                name = names.kept_copy(fact.place.name, turn)
            else:
                name = names.conflict_name(fact.place.name, device, when, turn)
            claim = (parent, names.key(name))
            if (
                claim not in self._taken
                and not self._trees.local_at(*claim)
                and self._trees.remote_at(*claim) is None
            ):
                return Place(parent, name)
        raise AssertionError("ten thousand conflict names are taken in one folder")

    def _is_parked(self, node: Node) -> bool:
        moved = self._moved.get(node.lid)
        if moved is not None:
            return moved[0] == NOWHERE
        return node.local is not None and node.local.presence is Presence.PARKED

    def _at(self, parent: int, name: str) -> disk.At:
        return disk.At(self._path(parent), name)

    def _now_at(self, lid: int) -> disk.At:
        path = self._path(lid)
        return disk.At(path[:-1], path[-1])

    def _path(self, lid: int) -> tuple[str, ...]:
        """Answers the disk path of a node as it will be when the steps recorded so far are done."""
        known = self._paths.get(lid)
        if known is None:
            mount = self._trees.mount_of(lid)
            known = self._paths[lid] = self._path_by_folder(lid) if mount is None else self._path(mount)
        return known

    def _path_by_folder(self, lid: int) -> tuple[str, ...]:
        above = self._moved.get(lid) or paths.above(self._desk.store, lid)
        if above is None:
            return ()
        if above[0] == NOWHERE:
            return disk.STATE, disk.PARKING, above[1]
        return *self._path(above[0]), above[1]

    def _move_to(self, lid: int, parent: int, name: str) -> None:
        """Remembers where a step leaves a node, and whatever lies in it."""
        self._moved[lid] = (parent, name)
        self._paths.clear()


def signature(seen: Disk) -> Signature:
    """Answers the signature that a file on the disk is expected to have."""
    return Signature(seen.ino, seen.size_bytes, seen.mtime_ns, seen.ctime_ns)


def disk_signature(row: TrashRow) -> Signature:
    """Answers the signature that a file in the trash had when it came there."""
    return Signature(row.ino, row.size_bytes, row.mtime_ns, row.ctime_ns)


def disk_of(seen: Signature) -> Disk:
    """Answers a signature as the store keeps it."""
    return Disk("", seen.ino, seen.size_bytes, seen.mtime_ns, seen.ctime_ns)


def conflict_time(wall_ms: int) -> str:
    """Writes a moment, in local time, as it stands in a conflict name: no colon, which Windows refuses (R22)."""
    moment = datetime.datetime.fromtimestamp(wall_ms / 1000, datetime.UTC).astimezone()
    return moment.strftime("%Y-%m-%d %H.%M")
