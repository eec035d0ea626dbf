"""Which folders are mounts is written beside the files as soon as that changes, and not without need (R25)."""

import pytest

from govsync.engine import jobs
from govsync.engine.desk import Desk, Rules, Who
from govsync.engine.mounting import AGAIN_MS, Mounting
from govsync.engine.now import Now
from govsync.model.nodes import MountMark
from govsync.store import mounts
from tests.engine.bench import Bench
from tests.store.desk import TEAM, StoredDesk, folder

MARK = MountMark(TEAM, ("Team",), 7, 70)


class Mounted:
    """A desk in whose folder a team's space is mounted, and what marks it."""

    def __init__(self) -> None:
        self.stored = StoredDesk()
        self.stored.mount_team()
        self.stored.look(self.stored.root, folder("Team", 7, birth=70))
        self.desk = Desk(self.stored.store, self.stored.ids, Who(device=b"d" * 16, device_name="PC"), Rules())
        self.mounting = Mounting(self.desk)

    def asked(self) -> list[tuple[MountMark, ...]]:
        return [job.marks for job in self.mounting.jobs() if isinstance(job, jobs.WriteMounts)]

    def write(self) -> None:
        for job in self.mounting.jobs():
            assert isinstance(job, jobs.WriteMounts)
            self.mounting.written(job)


@pytest.fixture
def mounted() -> Mounted:
    return Mounted()


def test_what_is_not_written_down_yet_is_written_once(mounted: Mounted) -> None:
    mounted.mounting.proven(())
    [job] = mounted.mounting.jobs()
    assert isinstance(job, jobs.WriteMounts)
    assert job.marks == (MARK,)
    mounted.mounting.written(job)
    mounted.mounting.changed()
    assert mounted.asked() == []


def test_nothing_is_written_where_all_is_as_it_stands_there(mounted: Mounted) -> None:
    mounted.mounting.proven((MARK,))
    assert mounted.asked() == []


def test_a_mount_that_was_renamed_is_written_anew(mounted: Mounted) -> None:
    mounted.mounting.proven((MARK,))
    mounted.write()
    mounted.stored.look(mounted.stored.root, folder("Our team", 7, birth=70))
    mounted.mounting.changed()
    assert mounted.asked() == [(MountMark(TEAM, ("Our team",), 7, 70),)]


def test_a_file_that_somebody_took_away_is_written_again(mounted: Mounted) -> None:
    mounted.mounting.proven((MARK,))
    mounted.write()
    mounted.mounting.proven(())
    assert mounted.asked() == [(MARK,)]


def test_what_could_not_be_written_is_tried_again_later(mounted: Mounted) -> None:
    mounted.mounting.proven(())
    assert mounted.asked() == [(MARK,)]
    mounted.mounting.failed()
    assert mounted.asked() == []
    mounted.desk.now = Now(AGAIN_MS, max(mounted.mounting.wakes()))
    assert mounted.asked() == [(MARK,)]


def test_what_is_written_is_taken_in_before_the_first_look(bench: Bench) -> None:
    elsewhere = MountMark(b"elsewhere" + b"." * 7, ("E",), 3, 4)
    (bench.folder / ".govsync" / "mounts").write_bytes(
        b'[{"space": "%s", "path": ["E"], "ino": 3, "birth_ns": 4}]' % elsewhere.space.hex().encode()
    )
    while not bench.done(jobs.Prove):
        bench.start()
        bench.carry_out(bench.waiting[0])
    assert not bench.done(jobs.Look)
    assert mounts.refreshed(bench.store) == (elsewhere,)
    bench.settle()
    assert not bench.done(jobs.WriteMounts)
