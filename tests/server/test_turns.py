"""Whatever hangs keeps threads only from its like: a slow store from those who ask it, a locked space from its own people."""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Commit, Fetch, Want
from govsync.protocol.session import DeviceInfo, SignIn
from govsync.protocol.wire import encode_json
from govsync.server.bounds import Bounds
from govsync.server.context import Server
from govsync.server.db.connect import Database, lock_space, take_turns
from tests.server.desk import LARGE, Desk
from tests.server.line import LIMIT_S, Answer, Caller, framed, in_space
from tests.server.office import PASSWORD, Office
from tests.server.serving import serving
from tests.server.test_packs import Watched

BOUNDS = Bounds(threads=6, threads_of_kind=3, threads_of_space=2, turn_s=0.5)


class Hanging(Watched):
    """A store that answers nothing until it is let go."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.blobs)
        self.asked: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.go_on = threading.Event()

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        self.asked.put(key)
        assert self.go_on.wait(LIMIT_S)
        return super().get_range(key, offset, size_bytes)


class Person(msgspec.Struct, frozen=True):
    """Somebody with a space, a file in it that lies in the store, and a line to the server."""

    desk: Desk
    rev: bytes
    caller: Caller

    def fetch(self) -> Answer:
        body = framed(Fetch(wants=(Want(self.rev, 0, 1),)))
        return self.caller.call("POST", in_space(self.desk.space, "fetch"), body)

    def save(self, name: str) -> Answer:
        body = framed(Commit(epoch=self.desk.epoch, operations=(self.desk.mkdir(name),)))
        return self.caller.call("POST", in_space(self.desk.space, "commits"), body)

    def changes(self) -> Answer:
        return self.caller.call("GET", in_space(self.desk.space, "changes"))


@contextmanager
def people(office: Office) -> Iterator[tuple[Person, Person, Person]]:
    """Three people of a served ministry, each in a space of their own."""
    desks = [Desk(office), Desk(office, "boris"), Desk(office, "clara")]
    revs = [desk.save("large", LARGE).rev or b"" for desk in desks]
    with serving(office.server) as address:
        callers = [Caller(address, office.sign_in(login).access) for login in ("anna", "boris", "clara")]
        anna, boris, clara = map(Person, desks, revs, callers)
        yield anna, boris, clara


@pytest.fixture
def office(office: Office) -> Office:
    office.server = msgspec.structs.replace(office.server, bounds=BOUNDS)
    return office


@pytest.fixture
def store(office: Office) -> Iterator[Hanging]:
    store = Hanging(office.server)
    office.server = msgspec.structs.replace(office.server, blobs=store)
    yield store
    store.go_on.set()


def hang(pool: ThreadPoolExecutor, store: Hanging, person: Person, count: int) -> list[Future[Answer]]:
    """Begins fetches that wait for the store, and returns when they do."""
    begun = [pool.submit(person.fetch) for _ in range(count)]
    for _ in begun:
        store.asked.get(timeout=LIMIT_S)
    return begun


def sign_in(person: Person, office: Office) -> Answer:
    device = DeviceInfo(id=office.ids.new(), name="desk", machine="machine")
    body = encode_json(SignIn(login="anna", password=PASSWORD, device=device))
    return Caller(person.caller.address).call("POST", "/sessions", body)


def test_a_store_that_hangs_keeps_nobody_waiting_who_asks_it_for_nothing(office: Office, store: Hanging):
    with people(office) as (anna, boris, clara), ThreadPoolExecutor(8) as pool:
        hanging = hang(pool, store, anna, 2) + hang(pool, store, clara, 1)
        assert boris.fetch().code is Code.BUSY_RETRY
        for person in (anna, boris, clara):
            assert person.caller.call("GET", "/heads").status == 200
            assert person.save("folder").status == 200
            assert person.changes().status == 200
        assert sign_in(anna, office).status == 200
        store.go_on.set()
        assert {each.result(LIMIT_S).status for each in hanging} == {200}
        assert boris.fetch().status == 200


def test_a_space_that_hangs_leaves_places_to_the_others(office: Office, store: Hanging):
    with people(office) as (anna, boris, _), ThreadPoolExecutor(8) as pool:
        hanging = hang(pool, store, anna, 2)
        refused = anna.fetch()
        assert refused.code is Code.BUSY_RETRY
        assert refused.headers["retry-after"] == "1"
        hanging += hang(pool, store, boris, 1)
        store.go_on.set()
        assert {each.result(LIMIT_S).status for each in hanging} == {200}


def test_who_waits_for_a_place_gets_it_when_it_is_free(office: Office, store: Hanging):
    office.server = msgspec.structs.replace(
        office.server, bounds=msgspec.structs.replace(BOUNDS, turn_s=LIMIT_S)
    )
    with people(office) as (anna, _, _), ThreadPoolExecutor(8) as pool:
        hanging = hang(pool, store, anna, 2)
        hanging += [pool.submit(anna.fetch) for _ in range(4)]
        store.go_on.set()
        assert {each.result(LIMIT_S).status for each in hanging} == {200}


@pytest.mark.slow
def test_a_space_that_is_locked_is_busy_and_the_others_are_not(postgres: Callable[[], str], tmp_path: Path):
    """By a replica that hangs in the middle of a transaction, say. SQLite has one writer, and no other replica."""
    database = Database(postgres(), lock_ms=500)
    office = Office(database, tmp_path / "store")
    office.server = msgspec.structs.replace(
        office.server, bounds=msgspec.structs.replace(BOUNDS, turn_s=LIMIT_S)
    )
    with people(office) as (anna, boris, _), ThreadPoolExecutor(8) as pool:
        with database.begin() as tx:
            lock_space(tx, anna.desk.space)
            waiting = [pool.submit(anna.save, f"f{number}") for number in range(4)]
            assert boris.save("folder").status == 200
            assert anna.changes().status == 200
            assert {each.result(LIMIT_S).code for each in waiting} == {Code.BUSY_RETRY}
        assert anna.save("folder").status == 200
    database.close()


@pytest.mark.slow
def test_a_migration_is_waited_for_however_long_it_takes(postgres: Callable[[], str]):
    url = postgres()
    with closing(Database(url, lock_ms=100)) as first, closing(Database(url, lock_ms=100)) as second:
        first.upgrade()
        with ThreadPoolExecutor(1) as pool:
            with first.begin() as tx:
                take_turns(tx, "upgrade")
                waiting = pool.submit(second.upgrade)
                assert refused(first) is Code.BUSY_RETRY
                assert not waiting.done()
            waiting.result(LIMIT_S)


def refused(database: Database) -> Code:
    """Waits for the same, as anybody else would."""
    with pytest.raises(Failure) as caught, database.begin() as tx:
        take_turns(tx, "upgrade")
    return caught.value.code
