"""What a change of the disk makes true in the trees: one outcome, one transaction with the end of its intent (R16).

A step that is done sets the local fact to what was placed and the baseline to what the note says, fact by fact. After a
recovery `placed` only says which file lies there, so its content is read before it is believed.
"""

from functools import cached_property

import msgspec

from govsync.engine.batch import signature
from govsync.engine.desk import Desk
from govsync.engine.notes import COPIES, Act, note_of, step_of
from govsync.local import steps as disk
from govsync.model.codes import Code
from govsync.model.merge import alive, presence
from govsync.model.merged_tree import is_folder, kind_of
from govsync.model.nodes import NOWHERE, Baseline, Kind, Local, Node, Place, Presence
from govsync.model.problems import Problem
from govsync.store import (
    activity,
    dirty,
    gaps,
    local_tree,
    manifests,
    paths,
    problems,
    protection,
    spaces,
    trash,
)
from govsync.store.database import Store
from govsync.store.intents import Intent
from govsync.store.local_tree import Disk, Placed
from govsync.system.fs import Stat

BUSY_MS = 2_000
AGAIN_MS = 200
AGAIN_MOST_MS = 5 * 60_000
_IN_THE_WAY = (Code.EXISTS, Code.LINK_IN_THE_WAY)
"""Why a step found the disk otherwise than expected, where that may stay so until a person acts."""
_NOT_THERE = (Presence.NOT_YET, Presence.GAP, Presence.MISSING)
_PASSING = (Code.GONE, Code.CHANGED, Code.OFFLINE, Code.DISK_FULL, *_IN_THE_WAY)
"""What is said only once it has lasted."""
_SAID = {
    Act.ASIDE: "renamed_aside", Act.KEEP_BOTH: "conflict_copy", Act.KEEP_BESIDE: "kept_beside",
    Act.BRING_BACK: "second_version",
}  # fmt: skip


class Together:
    """What the outcomes of one batch share; inside a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.there: set[int] = set()
        """Folders that were found on the disk for one of them."""
        self._placed: list[Placed] = []

    def place(self, placed: Placed) -> None:
        """Takes what was placed, to be recorded with other files."""
        self._placed.append(placed)

    def write(self) -> None:
        """Records what was placed; before anything else is recorded, or a node is read again."""
        if self._placed:
            local_tree.set_placed(self._store, self._placed)
            self._placed.clear()


class Outcome:
    """Records how one step ended."""

    def __init__(
        self, desk: Desk, row: Intent, outcome: disk.StepOutcome, recovered: bool, together: Together
    ) -> None:
        self._desk = desk
        self._store = desk.store
        self._lid = row.lid
        self._row = row
        self._note = note_of(row)
        self._outcome = outcome
        self._recovered = recovered
        self._together = together
        self.look_at: list[int] = []
        """Folders in which the disk did not show what was expected, or a file that must be read."""
        self.second_version: tuple[int, str, int] | None = None
        """A file in the trash that nobody but its writer has seen: node, trash name, inode."""

    def record(self) -> None:
        """Changes the trees accordingly."""
        done = self._outcome.result is disk.Result.DONE and not self._in_a_strange_folder()
        if done and self._note.act is Act.FETCH and not self._note.undoes:
            self._new(Kind.FILE)  # Most of what is placed: nothing else need be known of the node.
            return
        self._together.write()
        node = local_tree.node(self._store, self._lid)
        self._displaced(node)
        if done:
            self._done(node)
            if self._outcome.linked:
                activity.here(self._store, self._lid, "link_broken", self._desk.now.wall_ms)
            said = "put_back" if self._note.undoes else _SAID.get(self._note.act)
            if said is not None:
                self._together.write()
                activity.here(self._store, self._lid, said, self._desk.now.wall_ms)
        elif self._note.act is Act.SET_WRITE:
            self._left_as_it_was(node)
        else:
            self._undone(node)

    def placed(self, rev: bytes) -> bool:
        """Says whether the step that is done was the placing of this revision."""
        return self._note.act in (Act.FETCH, Act.REPLACE) and self._note.rev == rev

    def _step(self) -> disk.AnyStep:
        return step_of(self._row)

    def _in_a_strange_folder(self) -> bool:
        """Says whether what was placed lies in a folder of the right name that is not the node it was meant for: a person
        made it while ours was on its way. What lies in it is that folder's, and is found there by looking."""
        place = self._note.place
        if place is None or place.parent in self._together.there:
            return False
        step = self._step()
        if not isinstance(step, disk.MakeFolder | disk.InstallNew | disk.Move):
            return False
        folder = local_tree.find_node(self._store, place.parent)
        at = step.target if isinstance(step, disk.Move) else step.at
        if folder is None:
            # It became one with another node while the step was under way; what that lies at is the same folder.
            found = paths.find(self._store, at.path)
            if found is not None:
                self._note = msgspec.structs.replace(self._note, place=Place(found, place.name))
                return False
        elif presence(folder) not in _NOT_THERE:
            self._together.there.add(place.parent)
            return False
        self.look_at.append(self._nearest(at.path))
        return True

    def _nearest(self, path: tuple[str, ...]) -> int:
        """Answers the folder at a path, or the nearest one above it that is known."""
        found = paths.find(self._store, path)
        return self._nearest(path[:-1]) if found is None else found

    def _displaced(self, node: Node) -> None:
        """Notes what came into the trash: the old version, which the server has, or a second version, which it lacks."""
        found = self._outcome.displaced
        if found is None:
            return
        step = self._step()
        if not isinstance(step, disk.Exchange | disk.Remove):
            return
        old = found.like(step.expected)
        rev = node.baseline.rev if old and node.baseline is not None else None
        row = trash.TrashRow(
            name=step.trash, lid=self._lid, origin="/".join((*step.at.path, step.at.name)), ino=found.ino,
            size_bytes=found.size_bytes, mtime_ns=found.mtime_ns, ctime_ns=found.ctime_ns, rev=rev,
            at_ms=self._desk.now.wall_ms, space=node.space,
        )  # fmt: skip
        trash.add(self._store, row)
        if not old:
            self.second_version = (self._lid, step.trash, found.ino)

    def _done(self, node: Node) -> None:
        note = self._note
        match note.act:
            case Act.MAKE | Act.FETCH:
                self._new(kind_of(node))
            case Act.REPLACE:
                assert node.local is not None
                local = msgspec.structs.replace(node.local, hash=note.hash, exec=note.exec)
                self._place(local, None)
                local_tree.agree_content(self._store, self._lid, note.rev, note.hash, note.exec)
            case Act.RELOCATE | Act.ASIDE:
                self._moved(node)
            case Act.PARK:
                local_tree.set_presence(self._store, self._lid, Presence.PARKED)
            case Act.KEEP_BOTH | Act.KEEP_BESIDE | Act.BRING_BACK:
                self._kept_both(node)
            case Act.REMOVE:
                self._removed(node)
                if is_folder(node):
                    # It was empty: whatever is still known to lie in it had left unseen, and nobody will look there again.
                    gone = local_tree.below(self._store, self._lid)[1:]
                    gaps.open_for(self._store, gone, self._desk.now.wall_ms)
                    # Nobody will try to list it again either; of a mount, its space has the problem.
                    problems.clear(self._store, [paths.inner(self._store, self._lid)], problems.UNLISTED)
            case Act.SET_EXEC:
                assert node.local is not None
                self._place(msgspec.structs.replace(node.local, exec=note.exec), None)
                local_tree.agree_exec(self._store, self._lid, note.exec)
            case Act.SET_WRITE:
                assert node.local is not None
                self._place(node.local, None)
                self._protected()

    def _removed(self, node: Node) -> None:
        """What we have taken away ourselves nobody deleted: where the server has it still, or again, it is asked back, unless
        it is to be left out (R26)."""
        if not alive(node):
            local_tree.set_presence(self._store, self._lid, Presence.MISSING)
            return
        local_tree.ask_back(self._store, [self._lid])
        spaces.sync_mount(self._store, self._lid)

    def _new(self, kind: Kind) -> None:
        note = self._note
        assert note.place is not None
        assert note.place_key is not None
        base = Baseline(note.place, kind, note.place_key, note.rev, note.hash, note.exec)
        local = Local(note.place, kind, Presence.HERE, note.hash, note.exec)
        self._place(local, note.disk_name, base)
        if kind is Kind.MOUNT:
            spaces.sync_mount(self._store, self._lid)

    def _place(self, local: Local, name: str | None, base: Baseline | None = None) -> None:
        """Sets the local fact to what was placed, and the baseline where it is all agreed; what may have been written to
        meanwhile is read before it is believed."""
        placed = self._outcome.placed
        if placed is None or self._recovered:
            local = msgspec.structs.replace(local, hash=None)
            self.look_at.append(local.place.parent)
        before = self._before if base is None else None
        shown = name or (before.name if before is not None else local.place.name)
        there = _disk(shown, placed, self._outcome.birth_ns, before)
        if base is None:
            local_tree.set_local(self._store, self._lid, local, there)
        else:
            self._together.place(Placed(self._lid, local, there, base))
            if local.kind is not Kind.FILE:
                self._together.write()

    def _moved(self, node: Node) -> None:
        note = self._note
        assert node.local is not None
        assert note.place is not None
        own = node.local.presence is Presence.LOCAL_ONLY  # That stays so, wherever it lies.
        where = Presence.LOCAL_ONLY if own else Presence.HERE
        local = msgspec.structs.replace(node.local, place=note.place, presence=where)
        if not self._untouched():
            local = msgspec.structs.replace(local, hash=None)
            self.look_at.append(note.place.parent)
        self._place(local, note.disk_name)
        if note.act is Act.RELOCATE and note.place_key is not None:
            local_tree.agree_place(self._store, self._lid, note.place, note.place_key)

    def _untouched(self) -> bool:
        """Says whether a moved file was, at its source, the one whose content is known: the rename hides it after."""
        return self._before is not None and self._outcome.before == signature(self._before)

    @cached_property
    def _before(self) -> Disk | None:
        """What was known of the disk at the node before this outcome."""
        return local_tree.disk(self._store, self._lid)

    def _kept_both(self, node: Node) -> None:
        """The file on the disk is a node of its own from now on; the old node waits for the server's revision."""
        note, placed = self._note, self._outcome.placed
        assert note.place is not None
        assert note.new_node is not None
        untouched = note.act in COPIES and self._untouched() and not self._recovered
        new = local_tree.by_id(self._store, note.new_node)
        if new is None:
            new = local_tree.insert(self._store, note.new_node, node.space, Kind.FILE, node.node_id)
        content = node.local.hash if untouched and node.local is not None else None
        executable = placed.exec if placed is not None else False
        if executable is None:
            executable = node.local is not None and node.local.exec
        local = Local(note.place, Kind.FILE, Presence.HERE, content, executable)
        seen = _disk(note.disk_name, placed, None, self._before)
        local_tree.set_local(self._store, new, local, seen)
        protection.inherit(self._store, self._lid, new, own=True)
        if content is not None:
            manifests.copy(self._store, self._lid, new)
        if content is None or seen.racy:
            self.look_at.append(note.place.parent)
        if note.act in COPIES:
            local_tree.set_presence(self._store, self._lid, Presence.NOT_YET)
        else:
            step = self._step()
            assert isinstance(step, disk.BringBack)
            trash.drop(self._store, step.trash)
        dirty.add(self._store, [new])

    def _left_as_it_was(self, node: Node) -> None:
        """A file that is another than it was believed to be is looked at first; where the disk refuses, its person is as
        able to work as before, and it is not asked again."""
        if self._outcome.result is disk.Result.CHANGED and node.local is not None:
            self.look_at.append(node.local.place.parent)
        else:
            self._protected()

    def _protected(self) -> None:
        step = self._step()
        assert isinstance(step, disk.SetWrite)
        protection.done(self._store, self._lid, step.write)

    @property
    def _gone_from_the_trash(self) -> bool:
        """Says whether what was to be brought back is not in the trash any more: the step saw so, and neither that its name
        was taken nor, after a crash, only that it had not been done."""
        outcome = self._outcome
        return outcome.result is disk.Result.CHANGED and outcome.problem is None and not self._recovered

    def _undone(self, node: Node) -> None:
        """Nothing changed on the disk. Whatever stood in the way is looked at, and the node waits a little."""
        note, now = self._note, self._desk.now
        if self._outcome.result is disk.Result.KEPT:
            # A husk (R12): only things that never go to the server are left in it. It is this desk's own from now on.
            local_tree.set_presence(self._store, self._lid, Presence.LOCAL_ONLY)
            local_tree.set_baseline(self._store, self._lid, None)
            spaces.sync_mount(self._store, self._lid)
            activity.here(self._store, self._lid, "husk", now.wall_ms)
            return
        if self._outcome.result is disk.Result.BUSY:
            dirty.delay(self._store, self._lid, now.steady_ms + BUSY_MS)
            problems.raise_for(self._store, self._lid, Problem(Code.OPEN_HERE), now.wall_ms, waiting=True)
            return
        places = (node.local.place if node.local is not None else None, note.place)
        self.look_at.extend(place.parent for place in places if place is not None and place.parent != NOWHERE)
        step = self._step()
        if isinstance(step, disk.BringBack):
            if self._gone_from_the_trash:
                trash.drop(self._store, step.trash)
            else:
                self.second_version = (self._lid, step.trash, step.ino)
        if self._recovered and note.act is Act.REMOVE and alive(node):
            # Whether we removed it before the crash or a person after it cannot be seen: it is no deletion (R26).
            local_tree.obscure(self._store, self._lid)
            local_tree.set_presence(self._store, self._lid, Presence.OBSCURED)
            spaces.sync_mount(self._store, self._lid)
            return
        problem = self._outcome.problem
        if self._outcome.result is disk.Result.FAILED or (problem and problem.code in _IN_THE_WAY):
            wait(self._desk, self._lid, problem)
        else:
            wait(self._desk, self._lid, None)


def wait(desk: Desk, lid: int, problem: Problem | None) -> None:
    """Lets a node wait, longer each time, and says why once it has lasted."""
    attempts = dirty.count_attempt(desk.store, lid)
    dirty.delay(desk.store, lid, desk.now.steady_ms + min(AGAIN_MS * 2 ** min(attempts, 12), AGAIN_MOST_MS))
    if problem is not None and (attempts > 2 or problem.code not in _PASSING):
        problems.raise_for(desk.store, lid, problem, desk.now.wall_ms)


def _disk(name: str, stat: Stat | None, birth_ns: int | None, before: Disk | None) -> Disk:
    """Says what the disk shows of a file, where that is known; one that was read so shortly after a save that another could
    look the same (R4) is that still, wherever it has been moved."""
    if stat is None:
        return Disk(name, 0, 0, 0, 0)
    racy = before is not None and before.racy and before.ino == stat.ino
    return Disk(name, stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns, birth_ns, racy)
