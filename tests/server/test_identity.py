"""A server starts on what belongs together, makes only what is new, and never takes an empty place for a new one (R48)."""

import random
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.interface import Blobs
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import Database
from govsync.server.identity import bring_together
from tests.server.office import Clock, Ids


class Site:
    """A place with a database and a store, either of which may be lost."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.clock = Clock()
        self.ids = Ids(self.clock)

    @property
    def store(self) -> Path:
        return self.base / "store"

    def server(self) -> Server:
        database = Database(f"sqlite:///{self.base / 'server.db'}")
        database.upgrade()
        blobs = FolderBlobs(self.store)
        return Server(database=database, blobs=blobs, clock=self.clock, ids=self.ids, limits=DEFAULT)

    def start(self, new: bool = False) -> Blobs:
        server = self.server()
        try:
            return bring_together(server, random.Random(1).randbytes, new)
        finally:
            server.database.close()

    def lose_database(self) -> None:
        for path in self.base.glob("server.db*"):
            path.unlink()

    def lose_store(self) -> None:
        shutil.rmtree(self.store)

    def refuses(self, new: bool = False) -> bool:
        before = sorted(self.base.rglob("*"))
        with pytest.raises(Failure) as caught:
            self.start(new)
        changed = set(self.base.rglob("*")) - set(before)
        return caught.value.code is Code.STORE_UNAVAILABLE and not any(
            "store" in path.parts for path in changed
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_first_start_makes_both_and_later_ones_find_them(site: Site):
    first = site.start().identity()
    assert first is not None
    site.start().put_new("k1", [b"abc"])
    again = site.start()
    assert again.identity() == first
    assert again.get_range("k1", 0, 3) == b"abc"


def test_a_first_start_begins_one_life_and_a_later_start_none(site: Site):
    site.start()
    site.start()
    server = site.server()
    with server.database.begin(write=False) as tx:
        assert tx.execute(select(func.count()).select_from(tables.epoch)).scalar() == 1
    server.database.close()


def test_a_store_that_is_not_mounted_is_not_made_anew(site: Site):
    site.start()
    site.lose_store()
    assert site.refuses()
    assert not site.store.exists()


def test_a_store_that_is_another_s_is_refused_whatever_is_asked(site: Site):
    site.start()
    site.lose_store()
    FolderBlobs(site.store).establish("another")
    assert site.refuses()
    assert site.refuses(new=True)


def test_a_database_that_is_lost_is_not_begun_anew_unasked(site: Site):
    identity = site.start().identity()
    site.lose_database()
    assert site.refuses()
    assert site.refuses()
    assert site.start(new=True).identity() == identity
    assert site.start().identity() == identity


def test_a_store_that_is_lost_is_replaced_when_it_is_asked_for(site: Site):
    identity = site.start().identity()
    site.lose_store()
    assert site.start(new=True).identity() == identity
    site.start().put_new("k1", [b"abc"])


@pytest.mark.parametrize("cut_off_after", [False, True])
def test_a_first_start_that_was_cut_off_is_finished_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch, cut_off_after: bool
):
    establish = FolderBlobs.establish

    def cut_off(blobs: FolderBlobs, identity: str) -> None:
        if cut_off_after:
            establish(blobs, identity)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FolderBlobs, "establish", cut_off)
        with pytest.raises(KeyboardInterrupt):
            site.start()
    identity = site.start().identity()
    site.lose_store()
    assert site.refuses()
    assert site.start(new=True).identity() == identity


def test_a_store_that_goes_while_the_server_runs_takes_nothing(site: Site):
    blobs = site.start()
    site.store.rename(site.base / "elsewhere")
    site.store.mkdir()
    with pytest.raises(Failure) as caught:
        blobs.put_new("k1", [b"abc"])
    assert caught.value.code is Code.STORE_UNAVAILABLE
    assert list(site.store.iterdir()) == []
