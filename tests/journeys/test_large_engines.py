"""A government's server: two replicas over one PostgreSQL and one S3 store, each desk at another replica."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select

from govsync.content.packs import TARGET_BYTES
from govsync.server.db import tables
from tests.journeys.conftest import Large, Site
from tests.journeys.programs import Programs
from tests.journeys.site import meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

KIB = 1024


class Ministry(Site):
    """Two replicas, and a desk at each."""

    def __init__(self, base: Path, large: Large, programs: Programs) -> None:
        database, replicas = large.replicas(base, programs)
        super().__init__(base, replicas, programs)
        self._database = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
        self.first, self.second = replicas
        self.office = self.desk("office")
        self.home = self.desk("home", port=self.second.port)

    def unpacked_bytes(self) -> int:
        """Answers how many bytes of small contents still lie in the database."""
        c = tables.chunk.c
        with self._database.connect() as tx:
            return int(tx.execute(select(func.sum(c.size)).where(c.data.is_not(None))).scalar() or 0)

    def close(self) -> None:
        """Ends everything."""
        super().close()
        self._database.dispose()


@pytest.fixture
def ministry(tmp_path: Path, large: Large, programs: Programs) -> Iterator[Ministry]:
    made = Ministry(tmp_path, large, programs)
    yield made
    made.close()


def test_desks_at_two_replicas_see_the_same_whatever_becomes_of_one_of_them(ministry: Ministry) -> None:
    first, second, office, home = ministry.first, ministry.second, ministry.office, ministry.home
    office.write("from office.txt", "1")
    home.write("from home.txt", "2")
    # Nobody asks: the replica of the other desk is told by the database.
    until(lambda: home.tree().get("from office.txt") == b"1", "the office's file comes home")
    until(lambda: office.tree().get("from home.txt") == b"2", "the home's file comes to the office")

    chance = random.Random(1)
    for number in range(200):
        office.write(f"scans/{number}.bin", chance.randbytes(60 * KIB))
    office.write("film.bin", chance.randbytes(3 * 1024 * KIB))
    second.kill()
    home.write("while it was away.txt", "3")
    office.wait()
    second.start()
    meet(office, home)
    assert home.tree()["film.bin"] is not None

    # More than a pack's worth of small contents came in: some replica gathers them, unasked.
    until(lambda: ministry.unpacked_bytes() < TARGET_BYTES, "small contents find their pack", 90)
    late = ministry.desk("late", port=second.port)
    meet(office, home, late)

    done = second.admin("collect")
    assert done.returncode == 0, done.stderr
    done = first.admin("check")
    assert (done.returncode, done.stdout) == (0, "sound\n"), done
    meet(office, home, late)


def test_a_store_that_hangs_stops_no_replica_from_ending_and_loses_nothing(
    ministry: Ministry, large: Large
) -> None:
    ministry.office.write("a.txt", "1")
    meet(*ministry.desks)
    large.s3.process.send_signal(signal.SIGSTOP)
    try:
        ministry.office.write("film.bin", random.Random(2).randbytes(3 * 1024 * KIB))
        until(lambda: ministry.office.json("status")["pending"]["up"] > 0, "it is on its way")
        ministry.home.write("small.txt", "2")
        until(lambda: ministry.office.tree().get("small.txt") == b"2", "small contents need no store")
        ministry.first.process.send_signal(signal.SIGTERM)
        assert ministry.first.process.wait(10) == 0
    finally:
        large.s3.process.send_signal(signal.SIGCONT)
    ministry.first.start()
    meet(*ministry.desks)
    assert ministry.first.admin("check").returncode == 0
