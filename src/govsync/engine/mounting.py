"""Keeps written down beside the files which folders are mounts, for a desk that loses its database (R25, R40)."""

from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob, WriteMounts
from govsync.model.nodes import MountMark
from govsync.store import mounts

AGAIN_MS = 60_000


class Mounting:
    """Compares what is written down, which every proof of the folder reads, with what is mounted."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._written: tuple[MountMark, ...] = ()
        self._due = False
        self._not_before_ms = 0

    def proven(self, written: tuple[MountMark, ...]) -> None:
        """Takes in what is written down, before anything is looked at."""
        self._due = True
        if written != self._written:
            self._written = written
            with self._desk.store.transaction():
                mounts.take(self._desk.store, written)

    def changed(self) -> None:
        """Learns that something was changed on the disk by this desk: a mount may have been. What a person does to one is
        found with the next proof; an identity is not changed by it."""
        self._due = True

    def jobs(self) -> list[AnyJob]:
        """Asks for the marks to be written, where they are others than those."""
        if not self._due or self._desk.running(WriteMounts) or self._desk.now.steady_ms < self._not_before_ms:
            return []
        self._due = False
        with self._desk.store.transaction():
            now = mounts.refreshed(self._desk.store)
        return [] if now == self._written else [WriteMounts(number=self._desk.number(), marks=now)]

    def written(self, job: WriteMounts) -> None:
        """Takes in that they are written."""
        self._written = job.marks

    def failed(self) -> None:
        """Learns that they are not: it is tried again after a while."""
        self._due = True
        self._not_before_ms = self._desk.now.steady_ms + AGAIN_MS

    def wakes(self) -> list[int]:
        """Lists when to try again, in steady milliseconds."""
        return [self._not_before_ms]
