"""Knows whether memory and folder are of one age, and gives both a new number now and then (R29).

A number stands for what this desk remembered while it was written. It is replaced at each start, and after a while in which
anything was done: so of two copies that do not belong together one has a number that the other does not know. The new
number is remembered before it is written, so a crash in between makes no stranger of the folder.
"""

from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob, Prove, SealWritten, WriteSeal
from govsync.model.nodes import Seal
from govsync.store import meta

EVERY_MS = 10 * 60_000
RETRY_MS = 60_000


class Sealing:
    """Compares what every proof of the folder reads with what is remembered."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._due = True
        """Whether anything was done since the last number."""
        self._not_before_ms = 0

    def fits(self, found: Seal | None) -> bool:
        """Says whether the memory belongs to the folder; it may not have been sealed yet, and a number may be lost. One
        that was written by a process which ended before it was durable may still give way to the one before, until it is
        written again."""
        known, coming = meta.seal(self._desk.store)
        return found is None or known is None or found == known or found.number == coming

    def changed(self) -> None:
        """Learns that something was done: what is remembered from now on is more than the number stands for."""
        self._due = True

    def jobs(self) -> list[AnyJob]:
        """Asks for a new number to be written, where it is time."""
        # A proof that reads the old number must not be heard of when the new one is remembered.
        running = self._desk.running(WriteSeal) or self._desk.running(Prove)
        if not self._due or running or self._desk.now.steady_ms < self._not_before_ms:
            return []
        store = self._desk.store
        self._due = False
        self._not_before_ms = self._desk.now.steady_ms + EVERY_MS
        known, coming = meta.seal(store)
        if coming is None:
            coming = self._desk.ids.new()
            with store.transaction():
                meta.set_coming_seal(store, coming)
        return [WriteSeal(number=self._desk.number(), known=known, seal=coming)]

    def written(self, result: SealWritten) -> None:
        """Takes in that the folder has the number."""
        with self._desk.store.transaction():
            meta.set_seal(self._desk.store, result.seal)

    def failed(self) -> None:
        """Learns that it has not: it is tried again after a while."""
        self._due = True
        self._not_before_ms = self._desk.now.steady_ms + RETRY_MS

    def wakes(self) -> list[int]:
        """Lists when a new number is due, in steady milliseconds."""
        return [self._not_before_ms] if self._due else []
