"""Reads everything again once in thirty days, when there is nothing else to do (R44).

A tool that restores modification times, or a disk that forgets bytes, changes a file without changing its look. Files
are read in the order of their lids, a bounded piece every ten seconds; how far a round has come outlives the process.
What does not hold what it should is handed to the ordinary reading, which says what that means.
"""

from collections.abc import Sequence

from govsync.engine.desk import Desk
from govsync.engine.jobs import Check, FileRead, FilesRead
from govsync.local.steps import At
from govsync.store import local_tree, meta, paths

ROUND_MS = 30 * 24 * 3_600_000
PAUSE_MS = 10_000
FILES = 200
BYTES = 16 * 1024 * 1024
_BEGUN, _POSITION = "check_begun", "check_position"


class Checking:
    """Owns the round that is being made, if any."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._not_before_ms = 0

    def jobs(self) -> list[Check]:
        """Says what to read again now; to be asked only when nothing else is to be done."""
        now = self._desk.now
        if now.steady_ms < self._not_before_ms or self._desk.running(Check):
            return []
        self._not_before_ms = now.steady_ms + PAUSE_MS
        position = self._position()
        if position is None:
            return []
        files: list[tuple[int, At]] = []
        size = 0
        for lid, size_bytes in local_tree.known_files(self._desk.store, position, FILES):
            if files and size + size_bytes > BYTES:
                break
            path = paths.disk_path(self._desk.store, lid)
            if path is not None:
                files.append((lid, At(path[:-1], path[-1])))
                size += size_bytes
        if not files:
            self._keep(position=None)
            return []
        return [Check(number=self._desk.number(), files=tuple(files))]

    def _position(self) -> int | None:
        """Answers after which node the round goes on; None between two rounds. The first is due a round's time after the
        desk's first start: everything was read just then."""
        store, now_ms = self._desk.store, self._desk.now.wall_ms
        begun, position = meta.get(store, _BEGUN), meta.get(store, _POSITION)
        if begun is None or int(begun) > now_ms:
            meta.put(store, _BEGUN, str(now_ms).encode())
        elif position is None and now_ms - int(begun) >= ROUND_MS:
            with store.transaction():
                meta.put(store, _BEGUN, str(now_ms).encode())
                self._keep(position=0)
            return 0
        return None if position is None else int(position)

    def _keep(self, position: int | None) -> None:
        meta.put(self._desk.store, _POSITION, None if position is None else str(position).encode())

    def checked(self, job: Check, result: FilesRead) -> Sequence[int]:
        """Takes in what files hold; answers those that hold something else than is remembered, or cannot be read."""
        self._keep(position=max(lid for lid, _ in job.files))
        nodes = local_tree.nodes(self._desk.store, [file.lid for file in result.files])
        odd: list[int] = []
        for file in result.files:
            node = nodes.get(file.lid)
            known = node.local.hash if node is not None and node.local is not None else None
            if known is not None and not (isinstance(file, FileRead) and file.manifest.content_hash == known):
                odd.append(file.lid)
        return odd

    def wakes(self) -> list[int]:
        """Lists when to go on, in steady milliseconds."""
        return [self._not_before_ms]
