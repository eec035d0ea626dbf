"""Nothing goes that is needed, whatever the clock says; what is not needed goes in its time (R36)."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from govsync.content.hashes import chunk_hash
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Missing
from govsync.server import collect as collecting
from govsync.server import contents, epochs, reading
from govsync.server.check import check
from govsync.server.collect import collect
from govsync.server.db import tables
from govsync.server.horizon import HOUR_MS
from tests.server.desk import LARGE, Desk, noise, rows
from tests.server.office import Office

DAY_MS = 24 * HOUR_MS
LONG_DAYS = 70
"""More than twice the retention: what counted from the saving would have gone long before."""


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def run(office: Office, days: int, each: int = 1) -> list[collecting.Collected]:
    """Lets days pass, with a collection each day or, where it takes long until anything is due, each second."""
    found = [collect(office.server)]
    for _ in range(0, days, each):
        office.clock.now_ms += each * DAY_MS
        found.append(collect(office.server))
    return found


def hashes(office: Office) -> set[object]:
    return {row["hash"] for row in rows(office, tables.chunk)}


def test_what_is_in_use_stays_for_ever(office: Office, desk: Desk) -> None:
    small, large = desk.save("a", b"1"), desk.save("b", LARGE)
    run(office, LONG_DAYS, each=2)
    assert desk.fetch(small.rev) == [b"1"]
    assert desk.fetch(large.rev) == [LARGE]
    assert check(office.server) == []


def test_an_upload_that_nobody_used_goes_after_two_days_and_its_pack_a_day_later(
    office: Office, desk: Desk
) -> None:
    desk.send(LARGE)
    assert hashes(office) == {chunk_hash(LARGE)}
    run(office, 2)
    assert hashes(office) == {chunk_hash(LARGE)}
    run(office, 1)
    assert hashes(office) == set()
    assert len(list(office.server.blobs.list())) == 1
    run(office, 2)
    assert list(office.server.blobs.list()) == []
    assert rows(office, tables.pack) == []


def test_a_question_keeps_a_chunk(office: Office, desk: Desk) -> None:
    desk.send(LARGE)
    for _ in range(10):
        run(office, 1)
        answer = contents.missing(
            office.server, desk.caller, desk.space, Missing(hashes=(chunk_hash(LARGE),))
        )
        assert answer.missing == (False,)
    desk.do(desk.put("a", LARGE))


def test_a_replaced_version_stays_for_the_retention_after_it_was_replaced(office: Office, desk: Desk) -> None:
    """Not after it was saved: a file that nobody touched for long must not lose its old version with the first edit."""
    old = desk.save("a", noise(100_000, 1))
    run(office, LONG_DAYS, each=2)
    desk.send(noise(100_000, 2))
    desk.do(desk.edit(old, noise(100_000, 2)))
    run(office, 29)
    assert desk.fetch(old.rev) == [noise(100_000, 1)]
    run(office, 5)
    assert {row["size"] for row in rows(office, tables.revision)} == {100_000}
    assert len(rows(office, tables.revision)) == 1
    assert hashes(office) == {chunk_hash(noise(100_000, 2))}
    assert check(office.server) == []


def test_a_deleted_file_stays_for_the_retention_after_its_deletion(office: Office, desk: Desk) -> None:
    state = desk.save("a", LARGE)
    run(office, LONG_DAYS, each=2)
    desk.do(desk.delete(state))
    run(office, 29)
    assert desk.fetch(state.rev) == [LARGE]
    run(office, 5)
    assert hashes(office) == set()
    with pytest.raises(Failure) as failed:
        desk.fetch(state.rev)
    assert failed.value.code is Code.CHUNK_LOST


def test_what_went_with_its_folder_stays_as_long(office: Office, desk: Desk) -> None:
    [folder] = desk.do(desk.mkdir("f"))
    state = desk.save("a", LARGE, folder.node)
    desk.do(desk.delete(folder, seen=desk.journal().head))
    run(office, 29)
    assert desk.fetch(state.rev) == [LARGE]
    run(office, 5)
    assert hashes(office) == set()


def test_a_desk_that_was_away_for_long_still_revives_and_edits(office: Office, desk: Desk) -> None:
    state = desk.save("a", LARGE)
    desk.do(desk.delete(state))
    run(office, 40, each=2)
    [alive] = desk.do(desk.revive(state, "a"))
    [edited] = desk.do(desk.edit(alive, b"mine"), inline=(b"mine",))
    assert desk.fetch(edited.rev) == [b"mine"]
    assert check(office.server) == []


def test_a_removed_content_comes_back_with_whoever_still_holds_it(office: Office, desk: Desk) -> None:
    state = desk.save("a", LARGE)
    desk.do(desk.delete(state))
    run(office, 40, each=2)
    [alive] = desk.do(desk.revive(state, "a"))
    same = desk.edit(alive, LARGE)
    assert desk.lacks(same) == (chunk_hash(LARGE),)
    desk.send(LARGE)
    desk.do(same)
    run(office, 10)
    assert desk.fetch(alive.rev) == [LARGE]
    assert check(office.server) == []


@pytest.mark.parametrize("jump_ms", [10 * 365 * DAY_MS, -10 * 365 * DAY_MS])
def test_a_clock_that_jumps_empties_no_trash(office: Office, desk: Desk, jump_ms: int) -> None:
    state = desk.save("a", LARGE)
    run(office, 1)
    desk.do(desk.delete(state))
    office.clock.now_ms += jump_ms
    for _ in range(10):
        collect(office.server)
        office.clock.now_ms += 1_000
    office.clock.now_ms -= jump_ms
    collect(office.server)
    assert desk.fetch(state.rev) == [LARGE]


def test_a_clock_that_has_jumped_before_the_first_collection_empties_no_trash(
    office: Office, desk: Desk
) -> None:
    state = desk.save("a", LARGE)
    desk.do(desk.delete(state))
    office.clock.now_ms += 20 * 365 * DAY_MS
    for _ in range(3):
        collect(office.server)
        office.clock.now_ms += 1_000
    assert desk.fetch(state.rev) == [LARGE]


def test_a_clock_that_jumps_again_and_again_empties_no_trash(office: Office, desk: Desk) -> None:
    state = desk.save("a", LARGE)
    desk.do(desk.delete(state))
    for _ in range(16):
        office.clock.now_ms += 3 * DAY_MS
        collect(office.server)
        office.clock.now_ms -= 3 * DAY_MS
        collect(office.server)
    assert desk.fetch(state.rev) == [LARGE]


@pytest.mark.parametrize("gone", [True, False])
def test_what_is_deleted_or_replaced_while_a_clock_is_behind_stays_for_its_retention(
    office: Office, desk: Desk, gone: bool
) -> None:
    state = desk.save("a", LARGE)
    run(office, 1)
    office.clock.now_ms -= 20 * 365 * DAY_MS
    desk.do(desk.delete(state) if gone else desk.edit(state, b"2"), inline=() if gone else (b"2",))
    office.clock.now_ms += 20 * 365 * DAY_MS
    run(office, 28, each=2)
    assert desk.fetch(state.rev) == [LARGE]
    run(office, 6)
    assert chunk_hash(LARGE) not in hashes(office)


def collect_and_meanwhile(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]
) -> None:
    """Collects, and acts when it has looked at what the desk's space needs and has removed nothing yet."""
    needed, begin = collecting._needed, office.server.database.begin
    state: list[str] = []

    def note_the_look(*arguments: object) -> set[bytes]:
        found = needed(*arguments)  # type: ignore[arg-type]
        if not state and arguments[2] == desk.space:
            state.append("looked")
        return found

    def begin_after_it(write: bool = True) -> object:
        if write and state == ["looked"]:
            state.append("acted")
            act()
        return begin(write)

    monkeypatch.setattr(collecting, "_needed", note_the_look)
    monkeypatch.setattr(office.server.database, "begin", begin_after_it)
    collect(office.server)
    assert state == ["looked", "acted"]


def test_a_commit_between_looking_and_removing_keeps_its_chunks(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.send(LARGE)
    run(office, 2)
    office.clock.now_ms += DAY_MS
    begin = office.server.database.begin

    def commit() -> None:
        desk.do(desk.put("late", LARGE))
        # As if the clock had gone back, so that the chunk's touch does not give it away.
        with begin() as tx:
            tx.execute(update(tables.chunk).values(touched_ms=0))

    collect_and_meanwhile(office, desk, monkeypatch, commit)
    assert hashes(office) == {chunk_hash(LARGE)}


def test_a_question_between_looking_and_removing_keeps_a_chunk(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was told that a chunk is there commits without sending it."""
    desk.send(LARGE)
    run(office, 2)
    office.clock.now_ms += DAY_MS
    question = Missing(hashes=(chunk_hash(LARGE),))

    def ask() -> None:
        assert contents.missing(office.server, desk.caller, desk.space, question).missing == (False,)

    collect_and_meanwhile(office, desk, monkeypatch, ask)
    assert hashes(office) == {chunk_hash(LARGE)}


def test_bytes_that_no_row_knows_go_after_two_days(office: Office, desk: Desk) -> None:
    office.server.blobs.put_new(bytes(16).hex(), [b"cut off"])
    assert [done.packs for done in run(office, 3)] == [0, 0, 0, 1]
    assert list(office.server.blobs.list()) == []


def test_a_database_put_back_from_a_copy_keeps_packs_that_it_does_not_know(
    office: Office, desk: Desk
) -> None:
    epochs.restored(office.server)
    office.server.blobs.put_new(bytes(16).hex(), [b"of the lost days"])
    run(office, 29)
    assert len(list(office.server.blobs.list())) == 1
    run(office, 3)
    assert list(office.server.blobs.list()) == []


def test_a_pack_whose_rows_come_late_lives(office: Office, desk: Desk) -> None:
    desk.save("a", LARGE)
    with office.server.database.begin() as tx:
        tx.execute(update(tables.pack).values(state="dead", since_ms=0))
    run(office, 3)
    assert [row["state"] for row in rows(office, tables.pack)] == ["live"]
    assert check(office.server) == []


def test_a_space_with_an_unreadable_manifest_is_left_alone(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.save("a", b"1")
    desk.send(LARGE)
    other = Desk(office, "clara")
    other.send(noise(100_000))
    read = reading.manifest_of

    def unreadable(server: object, tx: object, space: bytes, row: object) -> object:
        if space == desk.space:
            raise Failure(Code.CHUNK_LOST)
        return read(server, tx, space, row)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "manifest_of", unreadable)
    assert run(office, 4)[-1].passed_over == 1
    assert hashes(office) == {chunk_hash(b"1"), chunk_hash(LARGE)}
