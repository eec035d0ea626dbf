"""Brings into the visible folder Rescued what may not stay where it is, and is nowhere else (R17, R28, R38).

Two kinds of bytes: of files on the disk that must make way (`store.rescues`), and of second versions in the trash whose
folder is gone, so that they cannot come back beside their file. A copy counts once it is durable and compared, and only
for the file that has exactly the signature with which it was copied; whatever was written meanwhile is copied, too.
"""

from collections.abc import Sequence

from govsync.engine.batch import disk_of, signature
from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob, Rescue, Rescued, ToRescue
from govsync.engine.outcomes import wait
from govsync.local.steps import At
from govsync.model.codes import Code
from govsync.store import activity, local_tree, paths, rescues, trash

FILES = 200
"""How many files one job copies; a large one goes alone."""
BYTES = 64 * 1024 * 1024
AGAIN_MS = 60_000


class Rescuing:
    """Owns what is on its way to Rescued."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._trashed: dict[str, None] = {}
        self._not_before_ms = 0

    def take(self, trash_names: Sequence[str]) -> None:
        """Takes on second versions in the trash that have no place to come back to."""
        self._trashed.update(dict.fromkeys(trash_names))

    def jobs(self) -> list[AnyJob]:
        """Says what to copy now."""
        store, now = self._desk.store, self._desk.now
        if not rescues.any_left(store) and not self._trashed:
            return []
        if self._desk.running(Rescue) or now.steady_ms < self._not_before_ms:
            return []
        with store.transaction():
            rescues.drop_gone(store)
        files: list[ToRescue] = []
        size = 0
        for file, size_bytes in (*self._from_trash(), *self._from_disk()):
            if files and (size + size_bytes > BYTES or len(files) >= FILES):
                break
            files.append(file)
            size += size_bytes
        return [Rescue(number=self._desk.number(), files=tuple(files))] if files else []

    def _from_trash(self) -> list[tuple[ToRescue, int]]:
        rows = {row.name: row for row in trash.listed(self._desk.store)} if self._trashed else {}
        self._trashed = {name: None for name in self._trashed if name in rows}
        return [
            (ToRescue(lid=row.lid, at=At((), row.name), name=row.origin.rpartition("/")[2], seen=None), row.size_bytes)
            for row in (rows[name] for name in self._trashed)
        ]  # fmt: skip

    def _from_disk(self) -> list[tuple[ToRescue, int]]:
        store = self._desk.store
        found: list[tuple[ToRescue, int]] = []
        for lid in rescues.due(store, self._desk.now.steady_ms, FILES):
            path, seen = paths.disk_path(store, lid), local_tree.disk(store, lid)
            if path is not None and seen is not None and not self._desk.occupied(lid):
                at = At(path[:-1], path[-1])
                found.append((ToRescue(lid=lid, at=at, name=path[-1], seen=signature(seen)), seen.size_bytes))
        return found

    def rescued(self, job: Rescue, result: Rescued) -> list[int]:
        """Takes in what lies in Rescued now; answers the folders in which a file is another than the one remembered."""
        store, now = self._desk.store, self._desk.now
        files = {file.at: file for file in job.files}
        look: list[int] = []
        with store.transaction():
            for at, name, copied in result.done:
                file = files[at]
                if file.trashed:
                    origin = trash.rescued(store, at.name, disk_of(copied))
                    self._trashed.pop(at.name, None)
                    activity.note(store, now.wall_ms, "rescued", origin, detail=name)
                    continue
                node, seen = local_tree.find_node(store, file.lid), local_tree.disk(store, file.lid)
                known = node is not None and node.local is not None and node.local.hash is not None
                if known and seen is not None and signature(seen) == copied:
                    activity.here(store, file.lid, "rescued", now.wall_ms, detail=name)
                    rescues.done(store, file.lid)
                else:
                    look.extend(self._folder(file.lid))
            for at, problem in result.failed:
                file = files[at]
                if file.trashed and problem.code is Code.GONE:  # Somebody emptied the trash.
                    self._trashed.pop(at.name, None)
                    trash.drop(store, at.name)
                    continue
                self._not_before_ms = now.steady_ms + AGAIN_MS if file.trashed else self._not_before_ms
                if not file.trashed and local_tree.find_node(store, file.lid) is not None:
                    wait(self._desk, file.lid, problem)
                    look.extend(self._folder(file.lid))
        self._desk.facts_changed()
        return look

    def _folder(self, lid: int) -> list[int]:
        folder = paths.folder_of(self._desk.store, lid)
        return [folder] if folder is not None else []

    def failed(self) -> None:
        """Learns that a job ended without a result: everything in it is tried again after a while."""
        self._not_before_ms = self._desk.now.steady_ms + AGAIN_MS

    def wakes(self) -> list[int]:
        """Lists when to try again, in steady milliseconds."""
        return [self._not_before_ms]
