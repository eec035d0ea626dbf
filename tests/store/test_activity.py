"""What was done on this desk is told one by one as far as a hand could do it, and counted beyond that."""

from collections.abc import Sequence

import pytest

from govsync.model.nodes import Kind
from govsync.store import activity
from govsync.store.activity import FEW, MINUTE_MS, MOST_SINGLY
from tests.store.desk import StoredDesk

AT_MS = 1_795_000_000_000


def told(desk: StoredDesk, limit: int = 1_000) -> list[tuple[str, str, str]]:
    return [(kind, path, detail) for _, _, kind, path, _, _, detail in activity.latest(desk.store, limit)]


def own(desk: StoredDesk, lids: Sequence[int], at_ms: int = AT_MS, kind: str = "put") -> None:
    activity.own(desk.store, at_ms, [(lid, kind) for lid in lids], desk.root)


def files(desk: StoredDesk, count: int, parent: int | None = None) -> list[int]:
    known = desk.nodes()
    return [desk.show(f"f{known + number}", parent) for number in range(count)]


def test_what_a_hand_saves_is_told_file_by_file_with_its_place_and_time(desk: StoredDesk) -> None:
    plans = desk.show("Plans", kind=Kind.FOLDER)
    own(desk, [desk.show("a", plans), desk.show("b")])
    assert told(desk) == [("put", "b", ""), ("put", "Plans/a", "")]
    (row, _) = activity.latest(desk.store, 2)
    assert (row[1], row[4], row[5]) == (AT_MS, "", ""), "here is who has no name"


def test_many_at_once_are_one_row_that_counts_and_names_the_folder_that_holds_them(desk: StoredDesk) -> None:
    plans = desk.show("Plans", kind=Kind.FOLDER)
    parts = [desk.show(name, plans, kind=Kind.FOLDER) for name in ("2025", "2026")]
    lids = [lid for part in parts for lid in files(desk, MOST_SINGLY, part)]
    own(desk, lids)
    assert told(desk) == [("put_many", "Plans", str(2 * MOST_SINGLY))]


def test_of_a_first_sync_few_rows_are_told_one_by_one_and_one_row_grows_whatever_comes_at_a_time(
    desk: StoredDesk,
) -> None:
    """Each commit is a second after the one before; for an hour."""
    for second in range(3_600):
        own(desk, files(desk, FEW + 1), AT_MS + second * 1_000)
    rows = told(desk)
    assert len(rows) <= MOST_SINGLY + 1
    counted = [row for row in rows if row[0] == "put_many"]
    assert counted == rows[:1], "the row that counts is the newest one"
    assert int(counted[0][2]) + len(rows) - 1 == 3_600 * (FEW + 1)


def test_what_is_counted_in_two_folders_is_told_of_the_one_that_holds_both(desk: StoredDesk) -> None:
    plans = desk.show("Plans", kind=Kind.FOLDER)
    for name in ("2025", "2026"):
        part = desk.show(name, plans, kind=Kind.FOLDER)
        own(desk, files(desk, MOST_SINGLY + 1, part))
    assert told(desk) == [("put_many", "Plans", str(2 * MOST_SINGLY + 2))]


def test_a_row_that_has_grown_is_newer_than_what_was_seen_before(desk: StoredDesk) -> None:
    """Whoever looks at the list asks for what is newer than what it has."""
    own(desk, files(desk, MOST_SINGLY + 1))
    (seen, *_) = activity.latest(desk.store, 1)[0]
    own(desk, files(desk, MOST_SINGLY + 1))
    assert activity.latest(desk.store, 1)[0][0] > seen


def test_each_kind_is_counted_for_itself(desk: StoredDesk) -> None:
    lids = files(desk, MOST_SINGLY)
    done = [(lid, "put") for lid in lids] + [(lids[0], "mkdir")]
    activity.own(desk.store, AT_MS, done, desk.root)
    assert sorted(told(desk)) == [("mkdir_many", "", "1"), ("put_many", "", str(MOST_SINGLY))]


def test_what_a_hand_saves_beside_a_first_sync_is_told_by_its_name(desk: StoredDesk) -> None:
    own(desk, files(desk, MOST_SINGLY + 1))
    own(desk, [desk.show("letter")], AT_MS + 1_000)
    assert told(desk, 1) == [("put", "letter", "")]


def test_a_minute_later_it_is_another_story(desk: StoredDesk) -> None:
    own(desk, files(desk, MOST_SINGLY + 1))
    own(desk, files(desk, FEW + 1), AT_MS + MINUTE_MS + 1)
    assert [kind for kind, *_ in told(desk)] == ["put"] * (FEW + 1) + ["put_many"]


def test_what_colleagues_do_meanwhile_is_not_counted_with_ours(desk: StoredDesk) -> None:
    for number in range(MOST_SINGLY):
        activity.note(desk.store, AT_MS, "put", f"theirs {number}", user="Bo", device="desk-7")
    own(desk, files(desk, FEW + 1))
    assert [kind for kind, *_ in told(desk, FEW + 2)] == ["put"] * (FEW + 2)


def test_the_oldest_rows_are_forgotten_beyond_what_is_kept(
    desk: StoredDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "KEPT", 3)
    for number in range(5):
        activity.note(desk.store, AT_MS, "put", f"{number}")
    activity.trim(desk.store)
    assert [path for _, path, _ in told(desk)] == ["4", "3", "2"]
