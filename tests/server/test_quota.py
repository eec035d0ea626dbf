"""What is shared counts once, for its owner: shares neither multiply a quota nor escape it (R39)."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from sqlalchemy import select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Done, Missing, Refused
from govsync.protocol.session import Role, SpaceInfo
from govsync.server import contents, directory, quota
from govsync.server.db import tables
from tests.server.desk import Desk, rows, set_space
from tests.server.office import Office
from tests.server.sharers import CLARA, inside, leave, set_member, share, user


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


def shared(desk: Desk, name: str) -> SpaceInfo:
    return share(desk, desk.do(desk.mkdir(name))[0], CLARA)


def fits(desk: Desk, name: str, size_bytes: int) -> bool:
    """Saves a file, if it fits."""
    content = bytes(size_bytes)
    [outcome] = desk.commit(desk.put(name, content), inline=(content,))
    assert isinstance(outcome, Done) or (isinstance(outcome, Refused) and outcome.code is Code.QUOTA)
    return isinstance(outcome, Done)


def left(desk: Desk) -> int | None:
    return contents.missing(
        desk.office.server, desk.caller, desk.space, Missing(hashes=(), growth_bytes=0)
    ).quota_left_bytes


def test_all_that_somebody_owns_counts_together_whoever_saves_it(office: Office, anna: Desk) -> None:
    anna.save("private", b"123")
    set_space(office, anna.space, quota=10)
    first, second = (inside(anna, shared(anna, name)) for name in ("first", "second"))
    clara = inside(Desk(office, "clara"), office.spaces(office.caller("clara"))["second"])
    assert [left(each) for each in (anna, first, second, clara)] == [7] * 4
    a = first.save("a", b"12")
    assert fits(clara, "b", 4)
    assert [left(each) for each in (anna, first, second, clara)] == [1] * 4
    for number, desk in enumerate((anna, first, second, clara)):
        assert not fits(desk, f"too much {number}", 2)
        with pytest.raises(Failure) as caught:
            contents.missing(office.server, desk.caller, desk.space, Missing(hashes=(), growth_bytes=2))
        assert caught.value.code is Code.QUOTA
    assert fits(second, "fits", 1)
    told = {info.id: (info.used_bytes, info.quota_bytes) for info in office.spaces(anna.caller).values()}
    assert (told[anna.space], told[first.space]) == ((10, 10), (2, 0)), "as it counts, not as it lies"
    # What is Clara's own is another matter, and what is deleted makes room for all.
    own = Desk(office, "clara")
    assert (left(own), fits(own, "mine", 100)) == (None, True)
    inner = inside(second, share(second, second.do(second.mkdir("inner"))[0]))
    assert not fits(inner, "deeper", 1)
    first.do(first.delete(a))
    assert fits(inner, "deeper", 2)


def test_what_a_division_s_people_share_counts_for_the_division(office: Office, anna: Desk) -> None:
    team = Desk(office, space="Planning", caller=anna.caller)
    set_space(office, team.space, quota=10)
    set_space(office, anna.space, quota=2)
    there = inside(anna, shared(team, "plans"))
    assert fits(there, "a", 8)
    assert (left(team), left(there), left(anna)) == (2, 2, 2)
    assert not fits(team, "b", 3)
    assert fits(anna, "mine", 2)


def test_what_is_passed_on_counts_for_the_new_owner(office: Office, anna: Desk) -> None:
    boris = Desk(office, "boris")
    for desk in (anna, boris):
        set_space(office, desk.space, quota=10)
    info = shared(anna, "plans")
    there = inside(anna, info)
    assert fits(there, "a", 8)
    set_member(anna, info.id, user("boris"), Role.MANAGER)
    assert fits(boris, "mine", 9)
    leave(anna, info.id)
    assert (left(anna), left(boris), left(inside(boris, info))) == (10, 0, 0)
    assert not fits(inside(boris, info), "b", 1)
    assert fits(anna, "private", 10)


def test_what_is_saved_everywhere_at_once_is_never_more_than_the_quota(office: Office, anna: Desk) -> None:
    set_space(office, anna.space, quota=20)
    desks = [anna, *(inside(anna, shared(anna, name)) for name in ("first", "second", "third"))]
    # Ids come one by one: they are drawn before.
    puts = [(desk, desk.put(f"{number}", bytes(3))) for number in range(5) for desk in desks]
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda each: each[0].commit(each[1], inline=(bytes(3),)), puts))
    assert sum(isinstance(outcome, Done) for [outcome] in done) == 6
    assert sum(int(row["bytes"]) for row in rows(office, tables.space)) == 18  # type: ignore[call-overload]


def test_what_grows_waits_for_the_lock_of_the_space_that_it_counts_for(
    office: Office, anna: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at once as the above would have to be to show that each time."""
    set_space(office, anna.space, quota=20)
    info = shared(anna, "plans")
    locked: list[bytes] = []
    monkeypatch.setattr(quota, "lock_space", lambda _tx, space: locked.append(space))
    with office.server.database.begin(write=False) as tx:
        row, own = (
            tx.execute(select(tables.space).where(tables.space.c.id == each)).one()
            for each in (info.id, anna.space)
        )
        for each, lock, expected in ((row, False, []), (own, True, []), (row, True, [anna.space])):
            assert quota.most_bytes(tx, each, lock) == 20
            assert locked == expected


def decided(office: Office, whom: str, quota_bytes: int) -> list[quota.Charged]:
    with office.server.database.begin() as tx:
        quota.decide(office.server, tx, whom, quota_bytes)
        return quota.limited(tx)


def test_an_operator_decides_how_much_a_person_and_a_division_may_store(office: Office, anna: Desk) -> None:
    team = Desk(office, space="Planning", caller=anna.caller)
    assert fits(anna, "before", 8)
    inner = inside(anna, shared(anna, "plans"))
    assert fits(inner, "more", 4)
    [charged] = decided(office, " Anna ", 10)
    assert charged == quota.Charged("anna", "Anna", used_bytes=12, quota_bytes=10)
    assert (left(anna), left(inner), fits(anna, "b", 1)) == (0, 0, False), "nothing goes, and nothing comes"
    assert fits(team, "free", 20)
    assert [each.owner for each in decided(office, "Interior/Planning", 21)] == ["Interior/Planning", "anna"]
    assert (left(team), fits(team, "c", 2), fits(team, "d", 1)) == (1, False, True)
    assert [each.owner for each in decided(office, "anna", quota.NONE)] == ["Interior/Planning"]
    assert (left(anna), fits(anna, "much", 1_000)) == (None, True)


def test_a_quota_stands_in_the_journal_and_in_the_audit(office: Office, anna: Desk) -> None:
    decided(office, "anna", 10)
    told = [
        row
        for row in rows(office, tables.journal)
        if row["stream"] == directory.SYS and row["kind"] == "space"
    ]
    bodies = [msgspec.msgpack.decode(row["body"]) for row in sorted(told, key=lambda row: row["seq"])]  # type: ignore[arg-type, return-value]
    [space] = [row for row in rows(office, tables.space) if row["id"] == anna.space]
    assert bodies[-1] == space
    assert space["quota"] == 10
    [noted] = [row for row in rows(office, tables.audit) if row["kind"] == "quota"]
    assert msgspec.msgpack.decode(noted["body"]) == {"of": anna.space, "quota_bytes": 10}  # type: ignore[arg-type]


@pytest.mark.parametrize("whom", ["nobody", "Interior", "Interior/Nothing", "Nothing/Planning", ""])
def test_a_quota_is_somebody_s(office: Office, whom: str) -> None:
    with pytest.raises(Failure) as caught:
        decided(office, whom, 10)
    assert caught.value.code is Code.NOT_FOUND
