"""What was remembered of one folder says nothing about another (R29, I6)."""

from govsync.store import activity, folder, meta
from tests.store.desk import StoredDesk

ONE, OTHER = b"1" * 24, b"2" * 24


def counts(desk: StoredDesk) -> dict[str, int]:
    tables = desk.store.all(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {name: desk.store.value(f"SELECT count(*) FROM {name}") for (name,) in tables}


def test_the_same_folder_is_remembered(desk: StoredDesk) -> None:
    assert not folder.begin(desk.store, ONE), "the first one forgets nothing"
    desk.synced("a")
    before = counts(desk)
    assert not folder.begin(desk.store, ONE)
    assert counts(desk) == before


def test_for_another_folder_all_is_forgotten_but_what_happened(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    desk.synced("a")
    meta.set_paused_until(desk.store, 7)
    activity.note(desk.store, 1, "put", "a")
    assert folder.begin(desk.store, OTHER)
    kept = {name: count for name, count in counts(desk).items() if count}
    assert kept == {"activity": 1, "meta": 2}
    assert meta.paused_until(desk.store) == 7
    assert not folder.begin(desk.store, OTHER)
