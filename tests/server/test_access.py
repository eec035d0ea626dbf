"""Who may do what, and that the unknown and the forbidden look alike (I8)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Role, SpaceState
from govsync.server import access, directory
from govsync.server.access import GIVEN, MAY, Action
from govsync.server.db import tables
from tests.server.office import Office

M = tables.member.c


def answer(office: Office, user: bytes, space: bytes, action: Action) -> Role | Code:
    with office.server.database.begin(write=False) as tx:
        try:
            return access.require(tx, user, space, action)
        except Failure as failure:
            return failure.code


def team(office: Office) -> bytes:
    return office.spaces(office.caller("anna"))["Planning"].id


def admit(office: Office, space: bytes, kind: str, principal: bytes, role: Role) -> None:
    row = {"space": space, "kind": kind, "principal": principal, "role": role, "ended_ms": None}
    with office.server.database.begin() as tx:
        tx.execute(insert(tables.member), [row])


def change(office: Office, statement: Any) -> None:
    with office.server.database.begin() as tx:
        tx.execute(statement)


def test_a_role_may_do_what_the_table_says_and_nothing_else(office: Office):
    space = team(office)
    admit(office, space, "user", office.clara, Role.VIEWER)
    mine = (M.principal == office.clara) & (M.space == space)
    for role in Role:
        change(office, update(tables.member).where(mine).values(role=role))
        # Who may not even read learns nothing, not even that there is something.
        refusal = Code.NO_RIGHT if Action.READ in MAY[role] else Code.NOT_FOUND
        for action in Action:
            expected = role if action in MAY[role] else refusal
            assert answer(office, office.clara, space, action) is expected, (role, action)


def test_a_stranger_and_a_space_that_is_not_there_answer_alike(office: Office):
    assert answer(office, office.clara, team(office), Action.READ) is Code.NOT_FOUND
    assert answer(office, office.clara, office.ids.new(), Action.READ) is Code.NOT_FOUND
    assert answer(office, office.ids.new(), team(office), Action.READ) is Code.NOT_FOUND


def test_of_several_roles_the_highest_counts(office: Office):
    space = team(office)
    admit(office, space, "user", office.anna, Role.VIEWER)
    assert answer(office, office.anna, space, Action.CHANGE) is Role.EDITOR
    change(
        office,
        update(tables.member).where(M.principal == office.anna, M.space == space).values(role="manager"),
    )
    assert answer(office, office.anna, space, Action.CHANGE) is Role.MANAGER


def test_a_division_s_space_is_open_to_those_in_divisions_below_it_and_to_nobody_above(office: Office):
    with office.server.database.begin() as tx:
        directory.add_division(office.server, tx, "Interior/Planning/Roads")
        dora = directory.add_user(office.server, tx, "dora", "Dora", "Interior/Planning/Roads")
    below = office.spaces(office.caller("anna"))
    assert "Roads" not in below
    assert answer(office, dora, team(office), Action.CHANGE) is Role.EDITOR


def test_a_group_s_members_have_its_role_until_they_leave(office: Office):
    space = team(office)
    with office.server.database.begin() as tx:
        group = directory.add_group(office.server, tx, "Budget")
        directory.add_to_group(office.server, tx, "Budget", "clara")
    admit(office, space, "group", group, Role.VIEWER)
    assert answer(office, office.clara, space, Action.READ) is Role.VIEWER
    change(office, delete(tables.grp_member))
    assert answer(office, office.clara, space, Action.READ) is Code.NOT_FOUND


def test_an_id_counts_only_as_what_it_was_named(office: Office):
    """A group whose id is a person's opens nothing to that person."""
    space = team(office)
    admit(office, space, "group", office.clara, Role.MANAGER)
    admit(office, space, "unit", office.clara, Role.MANAGER)
    assert answer(office, office.clara, space, Action.READ) is Code.NOT_FOUND
    with office.server.database.begin(write=False) as tx:
        assert space not in access.memberships(tx, office.clara)


def test_a_membership_that_ended_is_remembered_and_opens_nothing(office: Office):
    space = team(office)
    admit(office, space, "user", office.clara, Role.EDITOR)
    change(
        office, update(tables.member).where(M.principal == office.clara, M.space == space).values(ended_ms=1)
    )
    assert answer(office, office.clara, space, Action.READ) is Code.NOT_FOUND
    with office.server.database.begin(write=False) as tx:
        assert access.memberships(tx, office.clara)[space] == (SpaceState.REVOKED, Role.EDITOR)


def test_a_membership_that_ended_does_not_hide_one_that_lasts(office: Office):
    space = team(office)
    admit(office, space, "user", office.anna, Role.MANAGER)
    change(
        office, update(tables.member).where(M.principal == office.anna, M.space == space).values(ended_ms=1)
    )
    assert answer(office, office.anna, space, Action.CHANGE) is Role.EDITOR
    with office.server.database.begin(write=False) as tx:
        assert access.memberships(tx, office.anna)[space] == (SpaceState.MEMBER, Role.EDITOR)


def test_a_disabled_person_may_do_nothing_anywhere(office: Office):
    space = team(office)
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "anna", "disabled")
    assert answer(office, office.anna, space, Action.READ) is Code.NOT_FOUND
    with office.server.database.begin(write=False) as tx:
        found = access.memberships_of(tx, [office.anna, office.boris])
    assert found[office.anna] == {}
    assert space in found[office.boris]


def test_the_question_for_one_space_and_that_for_all_agree(office: Office):
    spaces = {
        info.id
        for login in ("anna", "boris", "clara")
        for info in office.spaces(office.caller(login)).values()
    }
    for user in (office.anna, office.boris, office.clara):
        with office.server.database.begin(write=False) as tx:
            mine = access.memberships(tx, user)
        for space in spaces:
            expected = mine[space][1] if space in mine else Code.NOT_FOUND
            assert answer(office, user, space, Action.READ) is expected


# By relation


def in_a_group(office: Office, space: bytes, role: Role) -> None:
    with office.server.database.begin() as tx:
        found = directory.add_group(office.server, tx, "Budget")
        directory.add_to_group(office.server, tx, "Budget", "clara")
    admit(office, space, "group", found, role)


def in_a_division(office: Office, space: bytes, role: Role) -> None:
    """In a division below the one that is a member."""
    with office.server.database.begin() as tx:
        unit = directory.add_division(office.server, tx, "Health/Doctors")
        below = directory.add_division(office.server, tx, "Health/Doctors/Surgeons")
        tx.execute(update(tables.user).where(tables.user.c.id == office.clara).values(unit=below))
    admit(office, space, "unit", unit, role)


def around(office: Office, space: bytes, role: Role, levels: int = 1) -> None:
    """A member of the space around it, or around that."""
    for _ in range(levels):
        above = office.ids.new()
        admit(office, space, "space", above, Role.MANAGER)
        space = above
    admit(office, space, "user", office.clara, role)


RELATIONS: dict[str, Callable[[Office, bytes, Role], None]] = {
    "a person": lambda office, space, role: admit(office, space, "user", office.clara, role),
    "a group": in_a_group,
    "a division": in_a_division,
    "the space around": around,
    "the space around that": lambda office, space, role: around(office, space, role, 2),
}
relations = pytest.mark.parametrize("relation", RELATIONS)


@relations
@pytest.mark.parametrize("role", GIVEN)
def test_a_role_is_the_same_by_whatever_relation_one_has_it(office: Office, relation: str, role: Role):
    """But the right to add ends with the space that it was given in."""
    space = office.ids.new()
    RELATIONS[relation](office, space, role)
    ends = role is Role.UPLOADER and "around" in relation
    may = frozenset[Action]() if ends else MAY[role]
    for action in Action:
        refusal = Code.NO_RIGHT if Action.READ in may else Code.NOT_FOUND
        assert answer(office, office.clara, space, action) is (role if action in may else refusal)
        assert answer(office, office.boris, space, action) is Code.NOT_FOUND
    state = SpaceState.REVOKED if ends else SpaceState.MEMBER
    with office.server.database.begin(write=False) as tx:
        assert access.memberships(tx, office.clara)[space] == (state, role)


def _around_and_own(office: Office, space: bytes, first: Role, second: Role) -> None:
    around(office, space, first)
    admit(office, space, "user", office.clara, second)


def _in_two_ways(office: Office, space: bytes, first: Role, second: Role) -> None:
    in_a_group(office, space, first)
    in_a_division(office, space, second)


@pytest.mark.parametrize("ways", [_in_two_ways, _around_and_own])
def test_who_reads_in_one_way_and_adds_in_another_does_both_and_no_more(
    office: Office, ways: Callable[[Office, bytes, Role, Role], None]
):
    space = office.ids.new()
    ways(office, space, Role.VIEWER, Role.UPLOADER)
    assert answer(office, office.clara, space, Action.READ) is Role.CONTRIBUTOR
    assert answer(office, office.clara, space, Action.ADD) is Role.CONTRIBUTOR
    assert answer(office, office.clara, space, Action.CHANGE) is Code.NO_RIGHT
    with office.server.database.begin(write=False) as tx:
        assert access.memberships(tx, office.clara)[space] == (SpaceState.MEMBER, Role.CONTRIBUTOR)


def test_who_adds_in_the_space_around_and_reads_here_only_reads(office: Office):
    space = office.ids.new()
    _around_and_own(office, space, Role.UPLOADER, Role.VIEWER)
    assert answer(office, office.clara, space, Action.ADD) is Code.NO_RIGHT
    with office.server.database.begin(write=False) as tx:
        assert access.memberships(tx, office.clara)[space] == (SpaceState.MEMBER, Role.VIEWER)


@relations
def test_what_has_ended_opens_nothing_by_whatever_relation(office: Office, relation: str):
    space = office.ids.new()
    RELATIONS[relation](office, space, Role.MANAGER)
    change(office, update(tables.member).where(M.role == Role.MANAGER, M.kind != "space").values(ended_ms=1))
    assert answer(office, office.clara, space, Action.READ) is Code.NOT_FOUND
    with office.server.database.begin(write=False) as tx:
        assert access.memberships(tx, office.clara)[space] == (SpaceState.REVOKED, Role.MANAGER)


def test_what_does_not_come_with_the_space_around_any_more_opens_nothing(office: Office):
    space = office.ids.new()
    around(office, space, Role.EDITOR)
    change(office, update(tables.member).where(M.kind == "space").values(ended_ms=1))
    assert answer(office, office.clara, space, Action.READ) is Code.NOT_FOUND
    with office.server.database.begin(write=False) as tx:
        assert access.memberships(tx, office.clara)[space] == (SpaceState.REVOKED, Role.EDITOR)


def test_of_what_one_is_given_and_what_comes_with_the_space_around_the_more_counts(office: Office):
    space = office.ids.new()
    around(office, space, Role.EDITOR)
    for own, expected in ((Role.VIEWER, Role.EDITOR), (Role.MANAGER, Role.MANAGER)):
        change(office, delete(tables.member).where(M.space == space, M.kind == "user"))
        admit(office, space, "user", office.clara, own)
        assert answer(office, office.clara, space, Action.READ) is expected
        with office.server.database.begin(write=False) as tx:
            assert access.memberships(tx, office.clara)[space] == (SpaceState.MEMBER, expected)


def test_spaces_that_stand_around_each_other_in_a_circle_end_nowhere_else(office: Office):
    first, second, third = (office.ids.new() for _ in range(3))
    for space, above in ((first, second), (second, third), (third, first)):
        admit(office, space, "space", above, Role.MANAGER)
    assert answer(office, office.clara, first, Action.READ) is Code.NOT_FOUND
    admit(office, second, "user", office.clara, Role.VIEWER)
    with office.server.database.begin(write=False) as tx:
        mine = access.memberships(tx, office.clara)
    for space in (first, second, third):
        assert answer(office, office.clara, space, Action.READ) is Role.VIEWER
        assert mine[space] == (SpaceState.MEMBER, Role.VIEWER)
