"""One engine after the other: a database that fails takes its engine with it, and nothing else (R16, R40)."""

from collections.abc import Callable

import pytest

from govsync.agent.memory import Memory
from govsync.engine import events, jobs
from govsync.engine.now import Now
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.store import activity, meta
from govsync.store.database import Store, StoreFailure
from govsync.store.schema import MIGRATIONS

CHANGE, PULL = jobs.Change(number=1, steps=()), jobs.Pull(number=2, space=b"s", cursor=None, told=None)


class Engine:
    """Remembers what it was told; fails where the test says so."""

    def __init__(self, store: Store, fails: "list[Code]") -> None:
        self.store = store
        self.told: list[events.AnyEvent] = []
        self.to_start: list[jobs.AnyJob] = []
        self._fails = fails

    def _ask_the_database(self) -> None:
        if self._fails:
            raise StoreFailure(self._fails.pop())

    def handle(self, event: events.AnyEvent, now: Now) -> None:
        self._ask_the_database()
        self.told.append(event)

    def start(self, now: Now) -> list[jobs.AnyJob]:
        self._ask_the_database()
        started, self.to_start = self.to_start, []
        return started

    def next_wake(self) -> int | None:
        self._ask_the_database()
        return None


class Desk:
    """A memory, a clock that the test moves, and how the database does."""

    def __init__(self, path) -> None:
        self.path = path
        self.fails: list[Code] = []
        self.cannot_open: list[Code] = []
        self.lives: list[Engine] = []
        self.now_ms = 1_000
        self.memory = Memory(path, self._live)

    def _live(self, store: Store) -> Engine:
        if self.cannot_open:
            raise StoreFailure(self.cannot_open.pop())
        self.lives.append(Engine(store, self.fails))
        return self.lives[-1]

    def now(self) -> Now:
        return Now(self.now_ms, self.now_ms)

    def tell(self, event: events.AnyEvent) -> None:
        self.memory.handle(event, self.now())

    def start(self) -> list[jobs.AnyJob]:
        return self.memory.start(self.now())

    def wait(self) -> list[jobs.AnyJob]:
        """Lets the time pass that the memory asks for."""
        wake_ms = self.memory.next_wake(self.now())
        assert wake_ms is not None
        self.now_ms = max(self.now_ms, wake_ms)
        return self.start()

    def fail(self, code: Code) -> None:
        self.fails.append(code)
        self.tell(events.SyncNow())


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "store.db")
    made.start()
    yield made
    made.memory.close()


def test_it_is_the_engine_while_the_database_does_its_part(desk):
    desk.lives[0].to_start = [CHANGE]
    desk.tell(events.SyncNow())
    assert desk.start() == [CHANGE]
    desk.tell(events.JobDone(CHANGE, jobs.Changed(())))
    assert desk.lives[0].told == [events.SyncNow(), events.JobDone(CHANGE, jobs.Changed(()))]
    assert desk.memory.trouble is None
    assert len(desk.lives) == 1


@pytest.mark.parametrize("code", [Code.DISK_FULL, Code.BUSY, Code.UNREADABLE, Code.READ_ONLY, Code.NO_ACCESS])
@pytest.mark.parametrize("when", ["handle", "start", "next_wake", "a request"])
def test_whenever_the_database_fails_the_engine_ends_is_missed_and_begins_anew(desk, code, when):
    def request() -> None:
        with desk.memory.guarded(desk.now()):
            raise StoreFailure(code)

    acts: dict[str, Callable[[], object]] = {
        "handle": lambda: desk.tell(events.SyncNow()),
        "start": desk.start,
        "next_wake": lambda: desk.memory.next_wake(desk.now()),
        "a request": request,
    }
    if when != "a request":
        desk.fails.append(code)
    acts[when]()
    assert desk.memory.trouble.code is code
    for ask in (lambda: desk.memory.engine, lambda: desk.memory.store):
        with pytest.raises(Failure) as caught:
            ask()
        assert caught.value.code is code
    desk.start()
    assert len(desk.lives) == 1, "it does not try without a pause"
    desk.wait()
    assert len(desk.lives) == 2
    assert desk.memory.trouble is None
    assert desk.memory.engine is desk.lives[1]
    assert [each.name for each in desk.path.parent.iterdir() if "damaged" in each.name] == []


def test_a_disk_that_stays_full_is_tried_again_and_again_and_ever_less_often(desk):
    desk.fail(Code.DISK_FULL)
    desk.cannot_open = [Code.DISK_FULL] * 10
    waits = []
    while desk.memory.trouble is not None:
        before = desk.now_ms
        desk.wait()
        waits.append(desk.now_ms - before)
    assert waits[:3] == [1_000, 2_000, 4_000]
    assert max(waits) == 30_000
    desk.fail(Code.DISK_FULL)
    assert desk.memory.next_wake(desk.now()) - desk.now_ms == 1_000, "it begins small again"


def test_what_is_told_once_is_told_to_the_next_engine_too(desk):
    desk.tell(events.SessionBegun())
    desk.tell(events.Watching(healthy=True))
    desk.tell(events.Hint((), "a"))
    desk.fail(Code.BUSY)
    assert desk.memory.signed_in
    desk.tell(events.Watching(healthy=False))  # While there is no engine.
    desk.wait()
    assert desk.lives[1].told == [events.SessionBegun(), events.Watching(healthy=False)]


def test_a_change_of_the_disk_that_goes_on_is_waited_for_and_its_result_is_nobodys(desk):
    """The next engine finds out what became of it by looking (R16): not while it goes on."""
    desk.lives[0].to_start = [CHANGE, PULL]
    desk.start()
    desk.fail(Code.DISK_FULL)
    desk.wait()
    desk.now_ms += 3_600_000
    assert desk.start() == []
    assert len(desk.lives) == 1
    desk.tell(events.JobDone(CHANGE, jobs.Changed(())))
    desk.start()
    assert len(desk.lives) == 2, "a question to the server is not waited for"
    desk.tell(events.JobFailed(PULL, Code.OFFLINE, {}))
    assert desk.lives[1].told == []


def test_equal_jobs_of_two_engines_are_told_apart(desk):
    twin = jobs.Pull(number=2, space=b"s", cursor=None, told=None)
    desk.lives[0].to_start = [PULL]
    desk.start()
    desk.fail(Code.DISK_FULL)
    desk.wait()
    desk.lives[1].to_start = [twin]
    desk.start()
    desk.tell(events.JobFailed(twin, Code.OFFLINE, {}))
    desk.tell(events.JobFailed(PULL, Code.OFFLINE, {}))
    assert desk.lives[1].told == [events.JobFailed(twin, Code.OFFLINE, {})]


def damaged(path) -> list:
    return sorted(
        each
        for each in path.parent.iterdir()
        if ".damaged-" in each.name and not each.name.endswith(("-wal", "-shm"))
    )


def test_a_damaged_database_is_put_aside_as_it_is_and_said(desk):
    with desk.memory.store.transaction():
        meta.put(desk.memory.store, "fact", b"1")
    desk.fail(Code.STORE_DAMAGED)
    desk.start()
    assert desk.memory.trouble is None, "there is nothing to wait for"
    assert meta.get(desk.memory.store, "fact") is None
    kept = damaged(desk.path)
    assert [each.name for each in kept] == ["store.db.damaged-1970-01-01T00.00.01Z"]
    assert meta.get(Store.open(kept[0]), "fact") == b"1"
    rows = activity.latest(desk.memory.store, 10)
    assert [(kind, path) for _, _, kind, path, *_ in rows] == [("begun_anew", kept[0].name)]


def test_one_that_is_found_damaged_at_the_start_is_put_aside_byte_for_byte(tmp_path):
    path = tmp_path / "store.db"
    path.write_bytes(b"no database" * 1_000)
    desk = Desk(path)
    desk.start()
    desk.start()
    assert desk.memory.trouble is None
    (kept,) = damaged(path)
    assert kept.read_bytes() == b"no database" * 1_000


def test_a_full_disk_after_the_putting_aside_keeps_the_word_about_it(desk):
    desk.fail(Code.STORE_DAMAGED)
    desk.cannot_open = [Code.DISK_FULL]
    desk.start()
    assert desk.memory.trouble.code is Code.DISK_FULL
    desk.wait()
    desk.fail(Code.BUSY)
    desk.wait()
    assert [row[2] for row in activity.latest(desk.memory.store, 10)] == ["begun_anew"], "once"
    assert len(damaged(desk.path)) == 1


def test_two_damaged_databases_of_one_moment_are_both_kept(desk):
    desk.fail(Code.STORE_DAMAGED)
    desk.start()
    desk.fail(Code.STORE_DAMAGED)
    desk.start()
    assert len(damaged(desk.path)) == 2


def test_a_database_of_a_newer_version_is_waited_for_and_left_alone(tmp_path):
    path = tmp_path / "store.db"
    store = Store.open(path)
    store.run(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    store.close()
    before = path.read_bytes()
    desk = Desk(path)
    desk.start()
    assert desk.memory.trouble.code is Code.STORE_NEWER
    desk.wait()
    assert desk.lives == []
    assert path.read_bytes() == before
    assert damaged(path) == []
