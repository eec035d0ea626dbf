"""Members: who they are, who may change them, and what stays; and what many of them cost (R38, I16)."""

from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from sqlalchemy import event, insert, update

from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.model.nodes import Kind
from govsync.protocol.changes import Known, NodeState
from govsync.protocol.session import Role, SpaceInfo, SpacesAsked, SpaceState
from govsync.protocol.sharing import NewMember, Principal, PrincipalKind
from govsync.server import attribution, changes, directory, members, search, spaces
from govsync.server.db import tables
from tests.server.desk import Desk, rows
from tests.server.office import Office, code_of
from tests.server.sharers import (
    CLARA,
    division,
    group,
    inside,
    leave,
    listed,
    set_member,
    share,
    user,
)

MANY = 10_000


@pytest.fixture
def anna(office: Office) -> Desk:
    with office.server.database.begin() as tx:
        directory.add_group(office.server, tx, "Budget")
        directory.add_to_group(office.server, tx, "Budget", "clara")
    return Desk(office)


@pytest.fixture
def shared(anna: Desk) -> SpaceInfo:
    """Anna's folder, in which Clara is an editor."""
    return share(anna, anna.do(anna.mkdir("plans"))[0], CLARA)


@pytest.fixture
def of_team(office: Office, anna: Desk) -> SpaceInfo:
    """A folder of the division, which Anna shared with Clara."""
    team = Desk(office, space="Planning", caller=anna.caller)
    return share(team, team.do(team.mkdir("plans"))[0], CLARA)


def state(desk: Desk, space: bytes) -> SpaceState:
    found = spaces.spaces(desk.office.server, desk.caller, SpacesAsked(have=(space,))).spaces
    return next(info.state for info in found if info.id == space)


# Listing


def test_members_are_listed_as_people_know_them(office: Office, anna: Desk, of_team: SpaceInfo) -> None:
    set_member(anna, of_team.id, group("Budget"), Role.VIEWER)
    set_member(anna, of_team.id, division("Interior/Planning"), Role.VIEWER)
    found = listed(anna, of_team.id)
    told = {
        name: (each.who.kind, each.title, each.detail, each.role, each.you) for name, each in found.items()
    }
    assert told == {
        "anna": ("user", "Anna", "Interior/Planning", "manager", True),
        "clara": ("user", "Clara", "Health", "editor", False),
        "Budget": ("group", "Budget", "", "viewer", False),
        "Interior/Planning": ("division", "Planning", "Interior", "viewer", False),
        "Planning": ("space", "Planning", "", "manager", False),
    }


def test_members_come_page_by_page(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    limits = msgspec.structs.replace(office.server.limits, page=1)
    server = msgspec.structs.replace(office.server, limits=limits)
    found, after = [], None
    while True:
        page = members.members(
            server, anna.caller, shared.id, None if after is None else ids.from_text(after)
        )
        found += page.members
        after = page.after
        if after is None:
            break
    assert [each.who.name for each in found] == ["anna", "clara"]


# Setting


def test_a_role_is_given_changed_ended_and_given_again(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    boris = Desk(office, "boris")
    for role in (Role.VIEWER, Role.MANAGER, Role.EDITOR):
        set_member(anna, shared.id, user("boris"), role)
        assert office.spaces(boris.caller)["plans"].role is role
    set_member(anna, shared.id, user("boris"), None)
    assert state(boris, shared.id) is SpaceState.REVOKED
    assert "boris" not in listed(anna, shared.id)
    set_member(anna, shared.id, user("boris"), Role.VIEWER)
    assert office.spaces(boris.caller)["plans"].role is Role.VIEWER


def test_what_was_asked_before_changes_nothing(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    for role in (Role.VIEWER, None):
        set_member(anna, shared.id, user("clara"), role)
        before = [rows(office, table) for table in (tables.journal, tables.member, tables.audit)]
        office.clock.now_ms += 1_000
        set_member(anna, shared.id, user("clara"), role)
        assert [rows(office, table) for table in (tables.journal, tables.member, tables.audit)] == before


def test_every_change_stands_in_the_journal_of_the_directory(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    set_member(anna, shared.id, user("clara"), None)
    entry = max(
        (row for row in rows(office, tables.journal) if row["kind"] == "member"), key=lambda row: row["seq"]
    )  # type: ignore[arg-type]
    body: object = from_packed(entry["body"], dict)  # type: ignore[arg-type]
    expected = {
        "space": shared.id, "kind": "user", "principal": office.clara, "role": "editor", "ended_ms": office.clock.now_ms,
        "since_ms": office.clock.now_ms,
    }  # fmt: skip
    assert (entry["stream"], body) == (directory.SYS, expected)


def test_who_is_not_there_or_disabled_becomes_no_member_and_can_be_taken_off(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "clara", "disabled")
        directory.set_user_state(office.server, tx, "boris", "disabled")
    for who in (user("boris"), user("nobody"), group("None"), division("Interior/None"), user("a\0b")):
        assert code_of(lambda who=who: set_member(anna, shared.id, who, Role.VIEWER)) is Code.NO_SUCH_MEMBER
        assert code_of(lambda who=who: set_member(anna, shared.id, who, None)) is Code.NO_SUCH_MEMBER
    set_member(anna, shared.id, user("clara"), None)
    assert set(listed(anna, shared.id)) == {"anna"}


def test_who_is_a_member_through_others_is_not_taken_off_alone(
    office: Office, anna: Desk, shared: SpaceInfo, of_team: SpaceInfo
) -> None:
    set_member(anna, shared.id, user("clara"), None)
    set_member(anna, shared.id, group("Budget"), Role.VIEWER)
    assert code_of(lambda: set_member(anna, of_team.id, user("boris"), None)) is Code.MEMBER_THROUGH
    clara = Desk(office, "clara")
    assert state(clara, shared.id) is SpaceState.MEMBER
    set_member(anna, shared.id, group("Budget"), None)
    assert state(clara, shared.id) is SpaceState.REVOKED


def test_what_a_space_exists_by_stays(office: Office, anna: Desk, of_team: SpaceInfo) -> None:
    team = office.spaces(anna.caller)["Planning"]
    with office.server.database.begin() as tx:
        members.admit(office.server, tx, team.id, {("user", office.anna): Role.MANAGER})
    around = Principal(PrincipalKind.SPACE, "Planning")
    for space, who in ((team.id, division("Interior/Planning")), (of_team.id, around)):
        assert code_of(lambda space=space, who=who: set_member(anna, space, who, None)) is Code.MEMBER_STAYS
        assert (
            code_of(lambda space=space, who=who: set_member(anna, space, who, Role.MANAGER))
            is Code.MEMBER_STAYS
        )


def test_nobody_else_comes_into_a_person_s_own_space(office: Office, anna: Desk) -> None:
    assert code_of(lambda: set_member(anna, anna.space, user("boris"), Role.VIEWER)) is Code.NO_RIGHT
    assert code_of(lambda: leave(anna, anna.space)) is Code.LAST_MANAGER


# The last manager


def test_the_last_manager_of_a_division_s_space_stays(office: Office, anna: Desk) -> None:
    """It belongs to the division, and passes on to nobody."""
    team = office.spaces(anna.caller)["Planning"]
    with office.server.database.begin() as tx:
        members.admit(office.server, tx, team.id, {("user", office.anna): Role.MANAGER})
    assert code_of(lambda: set_member(anna, team.id, user("anna"), None)) is Code.LAST_MANAGER


def test_the_last_manager_stays(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    assert code_of(lambda: set_member(anna, shared.id, user("anna"), None)) is Code.LAST_MANAGER
    assert code_of(lambda: leave(anna, shared.id)) is Code.LAST_MANAGER
    assert listed(anna, shared.id)["anna"].role is Role.MANAGER
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "boris", "active")
    set_member(anna, shared.id, user("boris"), Role.MANAGER)
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "boris", "disabled")
    assert code_of(lambda: leave(anna, shared.id)) is Code.LAST_MANAGER
    set_member(anna, shared.id, user("clara"), Role.MANAGER)
    leave(anna, shared.id)
    clara = Desk(office, "clara")
    assert set(listed(clara, shared.id)) == {"boris", "clara"}


def test_a_group_or_a_manager_of_the_space_around_manages_too(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    set_member(anna, shared.id, group("Budget"), Role.MANAGER)
    there = inside(anna, shared)
    [folder] = there.do(there.mkdir("inner"))
    inner = share(there, folder, NewMember(user("boris"), Role.VIEWER))
    leave(anna, inner.id)
    assert office.spaces(anna.caller)["inner"].role is Role.MANAGER
    leave(anna, shared.id)
    assert state(anna, shared.id) is state(anna, inner.id) is SpaceState.REVOKED
    assert office.spaces(office.caller("clara"))["inner"].role is Role.MANAGER


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CONTRIBUTOR])
@pytest.mark.parametrize("others", ["nobody else", "another manager", "through a group"])
def test_nobody_gives_a_role_to_themselves(
    office: Office, anna: Desk, shared: SpaceInfo, role: Role, others: str
) -> None:
    """Who names themselves is told that, not that a manager would be missing, and stays what they are."""
    if others != "nobody else":
        set_member(anna, shared.id, user("boris"), Role.MANAGER)
    if others == "through a group":
        with office.server.database.begin() as tx:
            directory.add_to_group(office.server, tx, "Budget", "anna")
        set_member(anna, shared.id, group("Budget"), Role.MANAGER)
        leave(anna, shared.id)
    before = [rows(office, table) for table in (tables.journal, tables.member, tables.audit)]
    assert code_of(lambda: set_member(anna, shared.id, user("ANNA"), role)) is Code.SHARE_SELF
    assert [rows(office, table) for table in (tables.journal, tables.member, tables.audit)] == before


# Leaving


def test_leaving_ends_one_s_own_membership_and_nobody_else_s(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    clara = Desk(office, "clara")
    state_of_it = inside(clara, shared).save("mine", b"1")
    for _ in range(2):  # Asked again, since the answer was lost.
        leave(clara, shared.id)
    assert state(clara, shared.id) is SpaceState.REVOKED
    assert "plans" not in {each.name for each in mounts(clara)}
    assert inside(anna, shared).fetch(state_of_it.rev) == [b"1"]


def test_who_has_it_through_others_cannot_leave_alone(office: Office, anna: Desk, of_team: SpaceInfo) -> None:
    boris, clara = Desk(office, "boris"), Desk(office, "clara")
    assert code_of(lambda: leave(boris, of_team.id)) is Code.MEMBER_THROUGH
    set_member(anna, of_team.id, group("Budget"), Role.VIEWER)
    leave(clara, of_team.id)
    assert code_of(lambda: leave(clara, of_team.id)) is Code.MEMBER_THROUGH
    assert office.spaces(clara.caller)["plans"].role is Role.VIEWER


def test_nobody_leaves_what_he_never_had(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    boris = Desk(office, "boris")
    assert code_of(lambda: leave(boris, shared.id)) is Code.NOT_FOUND
    assert code_of(lambda: leave(boris, office.ids.new())) is Code.NOT_FOUND


# Where it hangs


def mounts(desk: Desk) -> list[NodeState]:
    """Answers the mounts in the own space of a desk's person, once the server has looked at them."""
    desk.office.spaces(desk.caller)
    found: dict[bytes, NodeState] = {}
    for entry in desk.journal().entries:
        found[entry.state.node] = entry.state
    return [each for each in found.values() if each.kind is Kind.MOUNT and not each.dead]


def test_what_is_shared_hangs_at_the_top_under_a_free_name(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    clara = Desk(office, "clara")
    clara.do(clara.mkdir("Plans (2)"))
    [mount] = mounts(clara)
    assert (mount.name, mount.target_space, mount.root) == ("plans", shared.id, shared.root)
    share(anna, anna.do(anna.mkdir("PLANS (2)"))[0])
    share(inside(anna, shared), inside(anna, shared).do(inside(anna, shared).mkdir("plans"))[0])
    assert {each.name for each in mounts(clara)} == {"plans", "PLANS (3)"}
    assert mounts(clara) == mounts(clara)


def test_what_is_seen_in_another_space_needs_no_mount_of_its_own(
    office: Office, anna: Desk, of_team: SpaceInfo
) -> None:
    """The team's people see it where the folder was; Clara, who is not one of them, at the top, until she is."""
    boris, clara = Desk(office, "boris"), Desk(office, "clara")
    assert {each.name for each in mounts(boris)} == {"Planning"}
    assert {each.name for each in mounts(clara)} == {"plans"}
    team = office.spaces(anna.caller)["Planning"].id
    with office.server.database.begin() as tx:
        members.admit(office.server, tx, team, {("user", office.clara): Role.VIEWER})
    assert {each.name for each in mounts(clara)} == {"Planning"}
    with office.server.database.begin() as tx:
        mine = (tables.member.c.space == team, tables.member.c.principal == office.clara)
        tx.execute(update(tables.member).where(*mine).values(ended_ms=1))
    assert {each.name for each in mounts(clara)} == {"plans"}


def test_who_may_only_add_has_a_folder_at_the_top_and_is_told_of_nothing_in_it(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    """Not of what is shared out of it either, nor of how much is done in it."""
    clara = Desk(office, "clara")
    set_member(anna, shared.id, user("clara"), Role.UPLOADER)
    there = inside(anna, shared)
    inner = share(there, there.do(there.mkdir("inner"))[0], NewMember(user("boris"), Role.EDITOR))
    [mount] = mounts(clara)
    assert (mount.name, mount.target_space, mount.root) == ("plans", shared.id, shared.root)
    asked = spaces.spaces(office.server, clara.caller, SpacesAsked(have=()))
    assert {each.id for each in asked.spaces} == {clara.space, shared.id}
    assert state(clara, inner.id) is SpaceState.REVOKED
    assert shared.id not in {head.space for head in spaces.heads(office.server, clara.caller).heads}
    mine = inside(clara, shared)
    mine.do(mine.put("report", b"1"), inline=(b"1",))
    rev = next(
        each.rev
        for each in changes.nodes(office.server, anna.caller, shared.id, None).nodes
        if each.name == "report"
    )
    assert rev is not None
    for look in (
        mine.journal, lambda: changes.nodes(office.server, clara.caller, shared.id, None), lambda: mine.fetch(rev),
        lambda: changes.known(office.server, clara.caller, shared.id, Known()), lambda: listed(clara, shared.id),
    ):  # fmt: skip
        assert code_of(look) is Code.NOT_FOUND


def test_the_folder_of_who_may_only_add_goes_with_the_role(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    clara = Desk(office, "clara")
    before = mounts(clara)
    for role in (Role.UPLOADER, Role.EDITOR, Role.UPLOADER):
        set_member(anna, shared.id, user("clara"), role)
        assert mounts(clara) == before
    set_member(anna, shared.id, user("clara"), None)
    assert mounts(clara) == []


# Whose doing it is


def hung(desk: Desk) -> list[tuple[str, bytes]]:
    """Answers what was hung into the own space of a desk's person and taken out, oldest first, and by whom."""
    desk.office.spaces(desk.caller)
    entries = [entry for entry in desk.journal().entries if entry.state.kind is Kind.MOUNT]
    assert {entry.device for entry in entries} == {directory.NOBODY}
    return [(entry.op, entry.user) for entry in entries]


def test_what_was_given_and_taken_is_told_as_the_doing_of_who_did_it(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    set_member(anna, shared.id, user("boris"), Role.MANAGER)
    boris, clara = Desk(office, "boris"), Desk(office, "clara")
    assert hung(clara) == [("mount", office.anna)]
    set_member(boris, shared.id, user("clara"), None)
    assert hung(clara)[1:] == [("delete", office.boris)]
    set_member(anna, shared.id, group("Budget"), Role.VIEWER)
    set_member(boris, shared.id, user("anna"), None)
    assert hung(clara)[2:] == [("mount", office.anna)]
    set_member(boris, shared.id, group("Budget"), None)
    assert hung(clara)[3:] == [("delete", office.boris)]


def test_what_was_left_is_told_as_one_s_own_doing(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    clara = Desk(office, "clara")
    assert hung(clara) == [("mount", office.anna)]
    leave(clara, shared.id)
    assert hung(clara)[1:] == [("delete", office.clara)]


def test_where_it_is_not_known_who_did_it_nobody_is_named(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    """Not who did something earlier, either, that has to do with the same person and folder."""
    set_member(anna, shared.id, group("Budget"), Role.VIEWER)
    set_member(anna, shared.id, user("clara"), None)
    office.clock.now_ms += 1_000
    clara = Desk(office, "clara")
    assert hung(clara) == [("mount", directory.NOBODY)]
    office.clock.now_ms += 1_000
    _out_of_groups(office, office.clara)
    assert hung(clara)[1:] == [("delete", directory.NOBODY)]


def test_what_comes_to_hang_elsewhere_was_taken_by_nobody(
    office: Office, anna: Desk, of_team: SpaceInfo
) -> None:
    set_member(anna, of_team.id, group("Budget"), Role.VIEWER)
    clara = Desk(office, "clara")
    assert hung(clara) == [("mount", office.anna)]
    set_member(anna, of_team.id, user("clara"), None)
    team = office.spaces(anna.caller)["Planning"].id
    with office.server.database.begin() as tx:
        members.admit(office.server, tx, team, {("user", office.clara): Role.VIEWER})
    assert sorted(hung(clara)[1:]) == [("delete", directory.NOBODY), ("mount", directory.NOBODY)]


def test_what_one_shared_oneself_was_given_by_nobody(office: Office, anna: Desk, of_team: SpaceInfo) -> None:
    """Though it comes to hang in the own space when one is no more in the division in whose folder it lies."""
    team = office.spaces(anna.caller)["Planning"].id
    with office.server.database.begin() as tx:
        mine = (tables.member.c.space == team, tables.member.c.kind == "unit")
        tx.execute(update(tables.member).where(*mine).values(ended_ms=1))
    assert [each.name for each in mounts(anna)] == ["plans"]
    assert hung(anna)[-1] == ("mount", directory.NOBODY)


def test_who_may_only_add_is_not_told_by_whom(office: Office, anna: Desk, shared: SpaceInfo) -> None:
    set_member(anna, shared.id, user("boris"), Role.UPLOADER)
    boris = Desk(office, "boris")
    at_first = len(hung(boris)) - 1  # The folder of the division.
    set_member(anna, shared.id, user("boris"), None)
    assert hung(boris)[at_first:] == [("mount", directory.NOBODY), ("delete", directory.NOBODY)]


def test_who_did_it_is_looked_for_among_the_newest_changes_of_members(
    office: Office, anna: Desk, shared: SpaceInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribution, "LOOKED_THROUGH", 2)
    for _ in range(2):
        set_member(anna, shared.id, user("boris"), Role.VIEWER)
        set_member(anna, shared.id, user("boris"), None)
    clara = Desk(office, "clara")
    assert hung(clara) == [("mount", directory.NOBODY)]
    set_member(anna, shared.id, user("clara"), None)
    set_member(anna, shared.id, user("boris"), Role.VIEWER)
    assert hung(clara)[1:] == [("delete", office.anna)]


def _out_of_groups(office: Office, who: bytes) -> None:
    """Takes a person out of all groups, as an operator does."""
    with office.server.database.begin() as tx:
        tx.execute(tables.grp_member.delete().where(tables.grp_member.c.user == who))


def test_nobody_is_given_the_role_that_comes_of_two_ways(anna: Desk, shared: SpaceInfo) -> None:
    give = partial(set_member, anna, shared.id, user("clara"), Role.CONTRIBUTOR)
    assert code_of(give) is Code.BAD_REQUEST


def test_of_spaces_that_hang_in_each_other_one_is_hung_up(
    office: Office, anna: Desk, shared: SpaceInfo
) -> None:
    """No operation makes such a circle; if one was there, nothing in it would be out of reach."""
    clara = Desk(office, "clara")
    there = inside(anna, shared)
    inner = share(there, there.do(there.mkdir("inner"))[0])
    back = NodeState(
        node=office.ids.new(), kind=Kind.MOUNT, parent=inner.root, name="back", place=office.ids.new(), seq=1,
        target_space=shared.id, root=shared.root,
    )  # fmt: skip
    with office.server.database.begin() as tx:
        from govsync.server.mounts import insert_mounts

        insert_mounts(tx, inner.id, [back])
    assert [each.name for each in mounts(clara)] == ["inner"] or [each.name for each in mounts(clara)] == [
        "plans"
    ]


# Finding


def test_people_are_found_by_any_part_of_a_name_in_whatever_letters(office: Office, anna: Desk) -> None:
    with office.server.database.begin() as tx:
        directory.add_user(office.server, tx, "zoran", "Зоран Петровић", "Health")
        directory.add_user(office.server, tx, "minji", "김민지", "Health")
        directory.add_user(office.server, tx, "per", "100% Per_son", "Health")
        directory.add_division(office.server, tx, "Health/Петровац")
        directory.add_group(office.server, tx, "петорка")
    found = {
        text: [each.who.name for each in search.search(office.server, anna.caller, text).found]
        for text in ("ПЕТ", "пет", "민지", "zora", "0% p", "r_s", "%%", "__", "LARA", "anna")
    }
    assert found == {
        "ПЕТ": ["петорка", "Health/Петровац", "zoran"], "пет": ["петорка", "Health/Петровац", "zoran"], "민지": ["minji"],
        "zora": ["zoran"], "0% p": ["per"], "r_s": ["per"], "%%": [], "__": [], "LARA": ["clara"], "anna": [],
    }  # fmt: skip
    for wrong in ("", "a", " a ", "a\0b", "x" * 101, "x" * 60_000):
        assert (
            code_of(lambda wrong=wrong: search.search(office.server, anna.caller, wrong)) is Code.BAD_REQUEST
        )


def test_who_is_disabled_is_not_found_and_no_more_than_some_are(office: Office, anna: Desk) -> None:
    with office.server.database.begin() as tx:
        for number in range(search.MOST + 10):
            directory.add_user(office.server, tx, f"kim{number}", f"Kim {number}", "Health")
        directory.set_user_state(office.server, tx, "kim7", "disabled")
    found = [each.who.name for each in search.search(office.server, anna.caller, "kim").found]
    assert len(found) == search.MOST
    assert "kim7" not in found


# Many


def crowd(office: Office, count: int) -> list[Principal]:
    """Adds so many people, by hand: one after the other takes long."""
    with office.server.database.begin(write=False) as tx:
        org = directory.find_organisation(tx, "Health")
    people = [
        {
            "id": office.ids.new(),
            "org": org,
            "unit": None,
            "login": f"p{number}",
            "name": f"P{number}",
            "state": "active",
        }
        for number in range(count)
    ]
    with office.server.database.begin() as tx:
        tx.execute(insert(tables.user), people)
    return [user(f"p{number}") for number in range(count)]


def counted(office: Office, work: Callable[[], object]) -> int:
    """Answers how many statements a piece of work takes."""
    count = 0

    def note(*_about: object) -> None:
        nonlocal count
        count += 1

    event.listen(office.server.database.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(office.server.database.engine, "before_cursor_execute", note)
    return count


def test_a_folder_has_ten_thousand_members_and_no_more(office: Office, anna: Desk) -> None:
    everybody = [NewMember(who, Role.VIEWER) for who in crowd(office, MANY)]
    [folder, other] = anna.do(anna.mkdir("plans"), anna.mkdir("other"))
    assert code_of(lambda: share(anna, folder, *everybody)) is Code.TOO_MANY_MEMBERS
    few, many = share(anna, other), everybody[: MANY - 1]
    assert "clara" in listed(anna, few.id)
    assert counted(office, lambda: share(anna, folder, *many)) < 100
    info = office.spaces(anna.caller)["plans"]
    assert (
        len(members.members(office.server, anna.caller, info.id, None).members) == office.server.limits.page
    )
    assert code_of(lambda: set_member(anna, info.id, everybody[-1].who, Role.VIEWER)) is Code.TOO_MANY_MEMBERS
    set_member(anna, info.id, everybody[0].who, None)
    set_member(anna, info.id, everybody[-1].who, Role.VIEWER)


def test_a_person_has_ten_thousand_shares_and_no_more(office: Office, anna: Desk) -> None:
    """And they hang in the own space, each under a name of its own, by few statements."""
    clara = Desk(office, "clara")
    with office.server.database.begin(write=False) as tx:
        row = dict(tx.execute(tables.space.select().where(tables.space.c.id == anna.space)).mappings().one())
    made = [
        row | {"id": office.ids.new(), "kind": "shared", "name": "plans", "root": office.ids.new()}
        for _ in range(MANY - 1)
    ]
    own = [
        {"space": each["id"], "kind": "user", "principal": office.clara, "role": "viewer", "ended_ms": None}
        for each in made
    ]
    with office.server.database.begin() as tx:
        tx.execute(insert(tables.space), made)
        tx.execute(insert(tables.member), own)
    assert counted(office, lambda: office.spaces(clara.caller)) < 100
    with office.server.database.begin(write=False) as tx:
        hung = tx.execute(
            tables.node.select().where(tables.node.c.space == clara.space, tables.node.c.kind == "mount")
        ).all()
    assert len({each.name for each in hung}) == len(hung) == MANY - 1
    [folder] = anna.do(anna.mkdir("plans"))
    assert code_of(lambda: share(anna, folder)) is Code.TOO_MANY_SHARES
