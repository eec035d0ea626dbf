"""The server's process ends at every step of its work, and another carries on: nothing is wrong then, and what is asked again
is done once (I3, I4, R31, R36, R50). Two replicas stand in each other's way at every step: one waits or is told to come again.

A first run counts the steps: each statement, each end of a transaction, each use of the store (`steps`); then one run goes
as far as each of them. What power cuts leave is looked at in `test_power_cut`; here what was written stays.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from functools import cache
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT
from govsync.server import contents, directory
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.check import check
from govsync.server.context import Server
from govsync.server.db import connect, tables
from govsync.server.db.connect import Database
from govsync.server.identity import bring_together
from tests import schema
from tests.server.office import Clock, Ids
from tests.server.steps import Killed, Left, SteppedBlobs, Steps, World
from tests.server.works import WORKS, Ministry, Work, furnish

STEPS = {
    "a commit of every kind": 30, "a commit of very many": 18, "chunks and their commit": 20, "folding": 12,
    "repacking": 12, "collecting": 60, "checking": 60, "healing": 20, "administering": 50, "mounting": 20,
    "sharing": 40, "changing members": 30, "sealing": 6, "declaring restored": 10, "signing in": 20, "refreshing": 10, "signing out": 7, "making a link": 20,
    "uploading through a link": 40,
}  # fmt: skip
"""So many there are at least: one that is not seen any more is missed here."""
LONG = {"folding", "repacking", "collecting", "checking", "healing", "administering"}
KILLED = [pytest.param("sqlite", name, marks=pytest.mark.slow if name in LONG else ()) for name in WORKS] + [
    pytest.param("postgres", name, marks=pytest.mark.slow)
    for name in WORKS
    if name not in LONG
    or name == "administering"  # The others take long, and no lock that these do not take.
]
BOTH = ("sqlite", "postgres")
PAIRS = [
    (kind, name, also)
    for name, also, kinds in (
        ("a commit of every kind", "a commit of every kind", BOTH),
        ("a commit of very many", "a commit of very many", BOTH),
        ("a commit of very many", "collecting", ["sqlite"]),
        ("chunks and their commit", "chunks and their commit", BOTH),
        ("chunks and their commit", "collecting", BOTH),
        ("folding", "folding", BOTH),
        ("folding", "a commit of every kind", ["sqlite"]),
        ("repacking", "collecting", ["sqlite"]),
        ("collecting", "a commit of every kind", ["postgres"]),
        ("administering", "administering", ["postgres"]),
        ("mounting", "mounting", BOTH),
        ("sharing", "sharing", BOTH),
        ("sharing", "declaring restored", ["postgres"]),
        ("sharing", "a commit of every kind", BOTH),
        ("changing members", "changing members", ["postgres"]),
        ("sealing", "sealing", BOTH),
        ("refreshing", "refreshing", BOTH),
    )
    for kind in kinds
]


@pytest.fixture(scope="module")
def ministries(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Ministry]]:
    """Answers what furnishes a ministry on a kind of database, once."""
    with ExitStack() as ends, pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "PACK_FROM_BYTES", 1_000)
        patch.setattr(connect, "BUSY_MS", 0)
        patch.setattr(os, "fsync", lambda _: None)  # No power is cut.

        @cache
        def furnished(kind: str) -> Ministry:
            base = tmp_path_factory.mktemp("killed")
            is_sqlite = kind == "sqlite"
            url = (
                f"sqlite:///{base / 'server.db'}" if is_sqlite else str(request.getfixturevalue("postgres")())
            )
            return furnish(ends.enter_context(closing(World(url, base))))

        yield furnished


def die() -> None:
    raise Killed


def ask_first(world: World, work: Work) -> bool:
    """Asks the replica to which things happen; says whether it has answered that all is done."""
    try:
        with world.on(world.first):
            work.ask()
    except Killed:
        return False
    except Failure as failure:
        if failure.code is not Code.BUSY_RETRY:
            raise
        return False
    return True


def steps_of(world: World, work: Work) -> int:
    """Lets a work be done to its end; answers how many steps it took."""
    world.put_back()
    work.before()
    world.steps.begin()
    assert ask_first(world, work)
    return world.steps.passed


@pytest.mark.parametrize(("kind", "name"), KILLED)
def test_a_server_that_was_killed_at_any_step_is_followed_by_one_that_does_it_once(
    ministries: Callable[[str], Ministry], kind: str, name: str
) -> None:
    ministry = ministries(kind)
    world, work = ministry.world, WORKS[name](ministry)
    steps = steps_of(world, work)
    work.meanwhile()
    effects = world.effects()
    assert steps >= STEPS[name]
    seen: set[Left] = set()
    for at in range(1, steps + 2):
        world.put_back()
        work.before()
        world.steps.begin(at, die)
        # Behind the last step the answer is lost.
        assert ask_first(world, work) == (at > steps)
        left = world.left()
        if left not in seen:
            seen.add(left)
            if work.is_whole:
                world.assert_whole({})
            work.meanwhile()
            work.ask()
            work.meanwhile()
            assert not work.once or world.effects() == effects
            work.after()
            world.judge(work.promises)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name", "also"), PAIRS)
def test_a_replica_that_stands_still_at_any_step_and_another_do_each_work_once(
    ministries: Callable[[str], Ministry], kind: str, name: str, also: str
) -> None:
    stand_still(ministries(kind), name, also, is_killed=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name", "also"),
    [
        ("sqlite", "a commit of very many", "a commit of very many"),
        ("postgres", "chunks and their commit", "collecting"),
    ],
)
def test_a_replica_that_is_killed_after_it_stood_still_leaves_its_work_to_the_other(
    ministries: Callable[[str], Ministry], kind: str, name: str, also: str
) -> None:
    stand_still(ministries(kind), name, also, is_killed=True)


def stand_still(ministry: Ministry, name: str, also: str, is_killed: bool) -> None:
    """Lets one replica stand still at each step of a work while the other is asked, for the same or for another one."""
    world, work = ministry.world, WORKS[name](ministry)
    other = work if also == name else WORKS[also](ministry)
    steps = steps_of(world, work)
    other.ask()
    work.meanwhile()
    effects = world.effects()
    answered: list[bool] = []

    def ask_other() -> None:
        with world.on(world.beside):
            try:
                other.ask()
            except Failure as failure:
                if failure.code is not Code.BUSY_RETRY:
                    raise
                answered.append(False)
            else:
                answered.append(True)
                assert other.locks is None or not world.steps.holds(other.locks)
        if is_killed:
            raise Killed

    seen: set[Left] = set()
    for at in range(1, steps + 1):
        world.put_back()
        work.before()
        world.steps.begin(at, ask_other)
        done = ask_first(world, work)
        if not done and not (other is work and answered[-1]):
            work.ask()
        if not answered[-1]:
            other.ask()
        work.meanwhile()
        left = world.left()
        if left not in seen:
            seen.add(left)
            assert world.effects() == effects
            work.after()
            world.judge(work.promises | other.promises)
    assert len(answered) == steps
    assert set(answered) == {True, False}, "neither was ever in the other's way"


def test_a_first_start_that_was_killed_at_any_step_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    steps = first_start(tmp_path / "whole", 0)
    assert steps >= 25
    for at in range(1, steps + 1):
        assert first_start(tmp_path / str(at), at) == at


def first_start(base: Path, at: int) -> int:
    """Starts on what is new, killed at a step (0: at none), and starts again; answers how many steps the first start took."""
    base.mkdir()
    database = Database(f"sqlite:///{base / 'server.db'}")
    schema.upgrade(database)
    clock, blobs = Clock(), FolderBlobs(base / "store")
    ids = Ids(clock)
    server = Server(database=database, blobs=blobs, clock=clock, ids=ids, limits=DEFAULT)
    steps = Steps(database)
    steps.begin(at, die)
    with suppress(Killed):
        bring_together(
            msgspec.structs.replace(server, blobs=SteppedBlobs(blobs, base / "store", steps)), ids.chance
        )
    taken = steps.passed
    steps.begin()
    for _ in range(2):
        identity = bring_together(server, ids.chance).identity()
        with database.begin(write=False) as tx:
            assert identity == bytes(directory.setting(tx, "store_identity") or b"").decode()
            assert tx.execute(select(func.count()).select_from(tables.epoch)).scalar_one() == 1
    assert check(server) == []
    database.close()
    return taken
