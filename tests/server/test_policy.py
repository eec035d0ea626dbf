"""What an organisation lets out, and whom it lets others see; judged wherever somebody becomes a member."""

from typing import Any

import pytest

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.protocol.session import Role
from govsync.protocol.sharing import NewMember, Principal
from govsync.server import directory, policy, search
from govsync.server.db import tables
from tests.server.desk import Desk, rows
from tests.server.office import Office, code_of
from tests.server.sharers import CLARA, division, group, listed, set_member, share, user


def decide(office: Office, name: str, *shares_with: str) -> None:
    with office.server.database.begin() as tx:
        policy.decide(office.server, tx, name, shares_with)


@pytest.fixture
def anna(office: Office) -> Desk:
    """Anna of Interior; Clara of Health stands alone, in a division, and in a group."""
    with office.server.database.begin() as tx:
        directory.add_division(office.server, tx, "Health/Doctors")
        directory.add_group(office.server, tx, "Budget")
        directory.add_to_group(office.server, tx, "Budget", "clara")
        directory.add_to_group(office.server, tx, "Budget", "boris")
    return Desk(office)


def found(desk: Desk, text: str) -> set[str]:
    return {each.who.name for each in search.search(desk.office.server, desk.caller, text).found}


OUTSIDE = [user("clara"), division("Health/Doctors"), group("Budget")]
DECISIONS: list[tuple[str, tuple[str, ...], Code | None]] = [
    ("Interior", ("anyone",), None),
    ("Interior", ("nobody",), Code.SHARE_OUTSIDE),
    ("Interior", ("Health",), None),
    ("Interior", ("Interior",), Code.SHARE_OUTSIDE),
    ("Health", ("anyone",), None),
    ("Health", ("nobody",), Code.NO_SUCH_MEMBER),
    ("Health", ("Interior",), None),
    ("Health", ("Health",), Code.NO_SUCH_MEMBER),
]


@pytest.mark.parametrize("who", OUTSIDE, ids=lambda who: who.kind)
@pytest.mark.parametrize(("org", "shares_with", "refusal"), DECISIONS)
def test_what_an_organisation_decides_is_judged_in_each_way_in(
    office: Office, anna: Desk, org: str, shares_with: tuple[str, ...], refusal: Code | None, who: Principal
) -> None:
    [mine, other] = anna.do(anna.mkdir("plans"), anna.mkdir("others"))
    info = share(anna, mine, NewMember(user("boris"), Role.VIEWER))
    decide(office, org, *shares_with)
    assert code_of(lambda: set_member(anna, info.id, who, Role.VIEWER)) is refusal
    assert code_of(lambda: share(anna, other, NewMember(who, Role.VIEWER))) is refusal
    assert (who.name in found(anna, who.name[-5:])) is (refusal is None)


@pytest.mark.parametrize("who", [user("boris"), division("Interior/Planning")], ids=lambda who: who.kind)
def test_inside_an_organisation_everybody_shares_with_everybody(
    office: Office, anna: Desk, who: Principal
) -> None:
    decide(office, "Interior", "nobody")
    [folder] = anna.do(anna.mkdir("plans"))
    share(anna, folder, NewMember(who, Role.VIEWER))
    assert who.name in found(anna, who.name[-5:])


def test_what_was_shared_before_stays_until_somebody_ends_it(office: Office, anna: Desk) -> None:
    [folder] = anna.do(anna.mkdir("plans"))
    info = share(anna, folder, CLARA)
    decide(office, "Interior", "nobody")
    assert "clara" in listed(anna, info.id)
    set_member(anna, info.id, user("clara"), Role.VIEWER)
    assert code_of(lambda: set_member(anna, info.id, user("clara"), Role.MANAGER)) is Code.SHARE_OUTSIDE
    set_member(anna, info.id, user("clara"), None)
    assert code_of(lambda: set_member(anna, info.id, user("clara"), Role.VIEWER)) is Code.SHARE_OUTSIDE
    decide(office, "Health", "nobody")
    set_member(anna, info.id, user("clara"), None)


def test_what_leaves_is_the_owner_s_to_decide_whoever_shares_it(office: Office, anna: Desk) -> None:
    """Clara of Health manages what Interior owns: Interior says where else it may go."""
    with office.server.database.begin() as tx:
        directory.add_organisation(office.server, tx, "Roads")
        directory.add_user(office.server, tx, "dora", "Dora", "Roads")
    [folder] = anna.do(anna.mkdir("plans"))
    info = share(anna, folder, CLARA)
    set_member(anna, info.id, user("clara"), Role.MANAGER)
    clara = Desk(office, "clara")
    decide(office, "Interior", "Health")
    assert code_of(lambda: set_member(clara, info.id, user("dora"), Role.VIEWER)) is Code.SHARE_OUTSIDE
    decide(office, "Interior", "Health", "Roads")
    set_member(clara, info.id, user("dora"), Role.VIEWER)


def test_a_decision_stands_in_the_journal_of_the_directory(office: Office) -> None:
    decide(office, "Interior", "Health")
    entry = max(
        (row for row in rows(office, tables.journal) if row["kind"] == "org"), key=lambda row: row["seq"]
    )
    row: Any = from_packed(entry["body"], dict[str, Any])  # type: ignore[arg-type]
    with office.server.database.begin(write=False) as tx:
        health = directory.find_organisation(tx, "Health")
    assert (row["name"], row["shares_with"], row["partners"]) == ("Interior", "named", [health])


@pytest.mark.parametrize("wrong", [(), ("None",), ("Health,None",), ("",), ("anyone", "Health")])
def test_what_is_no_decision_is_refused(office: Office, wrong: tuple[str, ...]) -> None:
    assert code_of(lambda: decide(office, "Interior", *wrong)) in (Code.NOT_FOUND, Code.BAD_REQUEST)
    assert code_of(lambda: decide(office, "None", "anyone")) is Code.NOT_FOUND
