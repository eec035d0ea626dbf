"""Whose a shared folder is when its owner leaves it, is put out, or is not there any more (docs/decisions/0024)."""

import pytest

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.protocol.session import Role, SpaceInfo
from govsync.protocol.sharing import NewMember
from govsync.server import directory, handover, policy
from govsync.server.check import check
from govsync.server.context import Caller
from govsync.server.db import tables
from tests.server.desk import Desk, rows
from tests.server.office import Office, code_of
from tests.server.sharers import CLARA, division, group, inside, leave, listed, set_member, share, user
from tests.server.test_audit import happened


@pytest.fixture
def anna(office: Office) -> Desk:
    with office.server.database.begin() as tx:
        directory.add_group(office.server, tx, "Budget")
    return Desk(office)


@pytest.fixture
def shared(anna: Desk) -> SpaceInfo:
    """Anna's folder, in which Clara is an editor."""
    return share(anna, anna.do(anna.mkdir("plans"))[0], CLARA)


def owner(office: Office, space: bytes) -> bytes:
    [found] = [row["owner"] for row in rows(office, tables.space) if row["id"] == space]
    assert isinstance(found, bytes)
    return found


def disable(office: Office, login: str, state: str = "disabled") -> None:
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, login, state)


def later(office: Office, desk: Desk, space: bytes, login: str, role: Role) -> None:
    office.clock.now_ms += 1_000
    set_member(desk, space, user(login), role)


def test_what_its_owner_leaves_is_theirs_who_have_managed_it_longest(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    """And stays of the organisation that it was of; everybody is told."""
    later(office, anna, shared.id, "boris", Role.MANAGER)
    later(office, anna, shared.id, "clara", Role.MANAGER)
    later(office, anna, shared.id, "boris", Role.EDITOR)
    later(office, anna, shared.id, "boris", Role.MANAGER)
    later(office, anna, shared.id, "clara", Role.MANAGER)  # Said once more, which changes nothing.
    for _ in range(2):  # Asked again, since the answer was lost.
        leave(anna, shared.id)
    assert owner(office, shared.id) == office.clara
    clara = Desk(office, "clara")
    info = office.spaces(clara.caller)["plans"]
    assert (info.owner, info.owner_organisation, info.role) == ("clara", "Interior", Role.MANAGER)
    told, *_ = happened(clara, shared.id)
    assert (told.kind, told.user_name, told.who, told.role) == ("owner", "Anna", user("clara"), Role.MANAGER)
    newest = max(
        (row for row in rows(office, tables.journal) if row["kind"] == "space"), key=lambda row: row["seq"]
    )  # type: ignore[arg-type]
    written = from_packed(newest["body"], dict)  # type: ignore[arg-type]
    assert (newest["node"], written["owner"]) == (shared.id, office.clara)
    assert check(office.server) == []


def test_where_nobody_else_manages_it_nothing_changes(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    set_member(anna, shared.id, user("boris"), Role.MANAGER)
    disable(office, "boris")
    set_member(anna, shared.id, group("Budget"), Role.MANAGER)
    before = [rows(office, table) for table in (tables.space, tables.member, tables.audit)]
    assert code_of(lambda: leave(anna, shared.id)) is Code.LAST_MANAGER  # Nobody is in the group.
    assert [rows(office, table) for table in (tables.space, tables.member, tables.audit)] == before


@pytest.mark.parametrize("role", [None, Role.EDITOR])
def test_who_is_put_out_or_may_only_edit_by_now_owns_it_no_more(
    office: Office, anna: Desk, shared: SpaceInfo, role: Role | None
) -> None:
    set_member(anna, shared.id, user("boris"), Role.MANAGER)
    boris = Desk(office, "boris")
    set_member(boris, shared.id, user("clara"), Role.MANAGER)
    set_member(boris, shared.id, user("clara"), None)
    assert owner(office, shared.id) == office.anna
    set_member(boris, shared.id, user("anna"), role)
    assert owner(office, shared.id) == office.boris


def test_who_manages_it_in_another_way_owns_it_still(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    with office.server.database.begin() as tx:
        directory.add_to_group(office.server, tx, "Budget", "anna")
    set_member(anna, shared.id, user("boris"), Role.MANAGER)
    set_member(anna, shared.id, group("Budget"), Role.MANAGER)
    leave(anna, shared.id)
    assert owner(office, shared.id) == office.anna
    set_member(anna, shared.id, group("Budget"), None)
    assert owner(office, shared.id) == office.boris


def test_a_division_or_somebody_of_a_group_owns_what_only_these_manage(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    with office.server.database.begin() as tx:
        directory.add_to_group(office.server, tx, "Budget", "clara")
        directory.add_division(office.server, tx, "Health/Doctors")
        unit = directory.find_unit(tx, "Health/Doctors")[1]
    set_member(anna, shared.id, group("Budget"), Role.MANAGER)
    set_member(anna, shared.id, division("Health/Doctors"), Role.MANAGER)
    other = share(anna, anna.do(anna.mkdir("others"))[0])
    set_member(anna, other.id, group("Budget"), Role.MANAGER)
    leave(anna, shared.id)
    leave(anna, other.id)
    assert (owner(office, shared.id), owner(office, other.id)) == (unit, office.clara)


def test_what_hangs_in_it_passes_on_with_it(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    set_member(anna, shared.id, user("boris"), Role.MANAGER)
    clara = inside(Desk(office, "clara"), shared)
    inner = share(clara, clara.do(clara.mkdir("inner"))[0], NewMember(user("boris"), Role.VIEWER))
    there = inside(clara, inner)
    deep = share(there, there.do(there.mkdir("deep"))[0], NewMember(user("boris"), Role.VIEWER))
    assert {owner(office, each.id) for each in (shared, inner, deep)} == {office.anna}
    leave(anna, shared.id)
    assert owner(office, shared.id) == office.boris
    # Clara, who shared them, manages these herself.
    assert {owner(office, each.id) for each in (inner, deep)} == {office.clara}


def test_what_a_division_s_people_share_stays_the_division_s(office: Office, anna: Desk) -> None:
    team = Desk(office, space="Planning", caller=anna.caller)
    info = share(team, team.do(team.mkdir("plans"))[0], CLARA)
    before = owner(office, info.id)
    set_member(anna, info.id, user("clara"), Role.MANAGER)
    leave(anna, info.id)
    assert owner(office, info.id) == before


# What somebody leaves behind who is not there any more


def hand_over(office: Office, login: str, to: str) -> list[str]:
    with office.server.database.begin() as tx:
        return handover.hand_over(office.server, tx, login, to)


def test_what_nobody_manages_any_more_is_handed_over(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    """Both what is somebody's own, and what only that person manages; not what others look after."""
    boris = Desk(office, "boris")
    alone = share(boris, boris.do(boris.mkdir("alone"))[0], NewMember(user("anna"), Role.MANAGER))
    both = share(boris, boris.do(boris.mkdir("both"))[0], NewMember(user("anna"), Role.MANAGER))
    with office.server.database.begin() as tx:
        new = directory.add_user(office.server, tx, "dora", "Dora", "Interior")
        tx.execute(
            tables.member.update()
            .where(tables.member.c.space == alone.id, tables.member.c.principal == office.boris)
            .values(ended_ms=1)
        )
    disable(office, "anna")
    assert hand_over(office, "anna", "dora") == ["alone", "plans"]
    dora = Desk(office, "dora", caller=Caller(user=new, device=office.ids.new()))
    found = office.spaces(dora.caller)
    assert {name: found[name].role for name in ("alone", "plans")} == {
        "alone": Role.MANAGER,
        "plans": Role.MANAGER,
    }
    assert "both" not in found
    assert owner(office, both.id) == owner(office, alone.id) == office.boris
    assert found["plans"].owner == "dora"
    assert set(listed(dora, shared.id)) == {"anna", "clara", "dora"}
    assert [(each.kind, each.user_name, each.who) for each in happened(dora, shared.id)[:2]] == [
        ("owner", "", user("dora")), ("member_added", "", user("dora")),
    ]  # fmt: skip
    assert hand_over(office, "anna", "dora") == []
    disable(office, "anna", "active")
    assert office.spaces(office.caller("anna"))["plans"].role is Role.MANAGER


def test_what_cannot_be_handed_over_stays_as_a_whole(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    with office.server.database.begin() as tx:
        policy.decide(office.server, tx, "Interior", ["nobody"])
    disable(office, "boris")
    before = [rows(office, table) for table in (tables.space, tables.member, tables.audit)]
    refusals = {"clara": Code.SHARE_OUTSIDE, "boris": Code.NO_SUCH_MEMBER, "anna": Code.SHARE_SELF}
    for to, refusal in (refusals | {"nobody": Code.NO_SUCH_MEMBER}).items():
        assert code_of(lambda to=to: hand_over(office, "anna", to)) is refusal
    assert code_of(lambda: hand_over(office, "nobody", "anna")) is Code.NO_SUCH_MEMBER
    assert [rows(office, table) for table in (tables.space, tables.member, tables.audit)] == before
