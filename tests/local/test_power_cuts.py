"""A power cut before any primitive of a replacement, on a disk that keeps any subset of what was not flushed (R15, R16)."""

import random

import pytest

from govsync.local.place import carry_out
from govsync.local.recover import recover
from govsync.local.root import adopt
from govsync.local.staging import Staging
from govsync.local.steps import STATE, TRASH, Exchange, Result, Signature
from govsync.system.fs import Shape
from tests.local.desk import at, manifest
from tests.simulation.disk import Killed, SimFileSystem
from tests.simulation.medium import Medium

OLD, NEW = b"the old version", b"the new one"
SEEDS = 6


class Machine:
    """A synced folder with one file of a person, all of it on the disk, and a replacement that is about to begin."""

    def __init__(self, seed: int, exchange: bool) -> None:
        self._ns = 1_795_000_000 * 10**9
        self.medium = Medium(self._tick, random.Random(seed), exchange=exchange)
        self.folder = self.medium.make(self.medium.top, "folder", Shape.FOLDER, "person")
        self.fs = SimFileSystem(self.medium, ("folder",))
        self.root = adopt(self.fs, b"r" * 16, b"d" * 16)
        old = self.medium.make(self.folder, "a.txt", Shape.FILE, "person")
        self.medium.set_data(old, OLD, "person")
        with Staging(self.fs, self.root, 0) as staging:
            staged = staging.small("staged", NEW, manifest(NEW).content_hash, 0, False)
            staging.flush()
        self.medium.flush_all()
        self.step = Exchange(
            intent=1, lid=1, at=at("a.txt"), staged=staged.name, staged_ino=staged.ino,
            expected=Signature.of(old.stat()), trash="t1",
        )  # fmt: skip

    def _tick(self) -> int:
        self._ns += 5_000_000
        return self._ns

    def cut(self, keep: float) -> None:
        """Cuts the power and starts again."""
        self.fs.die()
        self.medium.crash(keep, damage=0.5)
        self.fs = SimFileSystem(self.medium, ("folder",))

    def kill(self) -> None:
        """Ends the process and starts it again: what it did is seen by all, and may be on no disk yet."""
        self.fs.die()
        self.fs = SimFileSystem(self.medium, ("folder",))

    def visible(self) -> bytes | None:
        found = self.folder.entries.get("a.txt")
        return None if found is None else found.data

    def trashed(self) -> bytes | None:
        found = self.folder.entries[STATE].entries[TRASH].entries.get("t1")
        return None if found is None else found.data


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_a_power_cut_the_old_version_is_there_and_the_name_shows_a_whole_one(seed, exchange):
    stop_at, ended, results = 0, False, set()
    while not ended:
        stop_at += 1
        machine = Machine(seed, exchange)
        left = [stop_at]

        def before(_primitive, _arguments, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        machine.fs.before = before
        try:
            (outcome,) = carry_out(machine.fs, machine.root, [machine.step])
        except Killed:
            machine.cut(keep=(0.0, 0.5, 1.0)[seed % 3])
            (outcome,) = recover(machine.fs, machine.root, [machine.step])
        else:
            ended = True
            machine.cut(keep=0.0)  # What the outcome says was flushed before it was said.
        results.add(outcome.result)
        if outcome.result is Result.DONE:
            assert (machine.visible(), machine.trashed()) == (NEW, OLD)
            assert outcome.displaced.like(machine.step.expected)
        else:
            assert outcome.result is Result.CHANGED
            assert (machine.visible(), machine.trashed()) == (OLD, None)
    assert Result.DONE in results


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
def test_what_was_found_out_about_a_killed_process_outlives_a_power_cut(exchange):
    """Told as done and then undone by a power cut, the old version would go up as a new one (I5)."""
    stop_at, results = 0, set()
    while True:
        stop_at += 1
        machine = Machine(1, exchange)
        left = [stop_at]

        def before(_primitive, _arguments, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        machine.fs.before = before
        try:
            carry_out(machine.fs, machine.root, [machine.step])
        except Killed:
            machine.kill()
        else:
            break
        (outcome,) = recover(machine.fs, machine.root, [machine.step])
        results.add(outcome.result)
        machine.cut(keep=0.0)
        done = outcome.result is Result.DONE
        assert (machine.visible(), machine.trashed()) == ((NEW, OLD) if done else (OLD, None))
    assert results == {Result.DONE, Result.CHANGED}
