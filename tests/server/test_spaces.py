"""What a person reaches, and where it hangs in the person's own space (R25, R38, R42)."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import insert, select, update

from govsync.model import names
from govsync.model.nodes import Kind
from govsync.protocol.changes import Entry
from govsync.protocol.digest import heads_digest
from govsync.protocol.session import Role, SpaceKind, SpacesAsked, SpaceState
from govsync.server import accounts, changes, directory, spaces
from govsync.server.context import Caller
from govsync.server.db import tables
from tests.server.office import PASSWORD, Office


def entries(office: Office, caller: Caller, space: bytes) -> tuple[Entry, ...]:
    return changes.changes(office.server, caller, space, None)[0].entries


def mounts(office: Office, caller: Caller) -> dict[str, bytes | None]:
    own = office.spaces(caller)["Anna"]
    page = entries(office, caller, own.id)
    return {each.state.name: each.state.target_space for each in page if each.state.kind is Kind.MOUNT}


def put_folder(office: Office, space: bytes, root: bytes, name: str) -> None:
    node = office.ids.new()
    row = {
        "id": node, "space": space, "parent": root, "name": name, "key": names.key(name), "kind": Kind.FOLDER,
        "place": node, "size": 0, "mtime_ns": 0, "exec": False, "seq": 0, "created_seq": 0,
    }  # fmt: skip
    with office.server.database.begin() as tx:
        tx.execute(insert(tables.node), [row])


def test_a_person_reaches_the_own_space_and_that_of_the_division(office: Office):
    found = office.spaces(office.caller("anna"))
    assert {name: (info.kind, info.role) for name, info in found.items()} == {
        "Anna": (SpaceKind.PERSONAL, Role.MANAGER),
        "Planning": (SpaceKind.TEAM, Role.EDITOR),
    }
    assert (found["Anna"].owner_organisation, found["Anna"].owner) == ("Interior", "anna")
    assert (found["Planning"].owner_organisation, found["Planning"].owner) == ("Interior", "Planning")


def test_two_divisions_of_one_name_are_told_apart_by_their_paths(office: Office):
    """A desk knows the space of its division again by it, when a server was emptied (R35): not that of another one."""
    with office.server.database.begin() as tx:
        for path in (
            "Interior/North",
            "Interior/North/Planning",
            "Interior/South",
            "Interior/South/Planning",
        ):
            directory.add_division(office.server, tx, path)
        for login, path in (("dora", "Interior/North/Planning"), ("emil", "Interior/South/Planning")):
            user = directory.add_user(office.server, tx, login, login.title(), path)
            accounts.set_password(office.server, tx, user, PASSWORD)
    owners = {
        login: office.spaces(office.caller(login))["Planning"].owner for login in ("dora", "emil", "anna")
    }
    assert owners == {"dora": "North/Planning", "emil": "South/Planning", "anna": "Planning"}


def test_a_person_reaches_and_hears_of_every_division_above(office: Office):
    with office.server.database.begin() as tx:
        for path in ("Interior/North", "Interior/North/Coast", "Interior/North/Coast/Port"):
            directory.add_division(office.server, tx, path)
        user = directory.add_user(office.server, tx, "dora", "Dora", "Interior/North/Coast/Port")
        accounts.set_password(office.server, tx, user, PASSWORD)
    caller = office.caller("dora")
    found = office.spaces(caller)
    assert set(found) == {"Dora", "North", "Coast", "Port"}
    told = {head.space for head in spaces.heads(office.server, caller).heads}
    assert told == {info.id for info in found.values()}


def test_who_is_in_no_division_reaches_the_own_space_alone(office: Office):
    assert set(office.spaces(office.caller("clara"))) == {"Clara"}


def test_a_desk_is_told_of_every_space_that_it_holds(office: Office):
    anna, clara = office.caller("anna"), office.caller("clara")
    team, nobodys = office.spaces(anna)["Planning"].id, office.ids.new()
    found = {
        info.id: info
        for info in spaces.spaces(office.server, clara, SpacesAsked(have=(team, nobodys))).spaces
    }
    # One that is another's and one that was never there answer alike, without a name.
    assert {found[team].state, found[nobodys].state} == {SpaceState.UNKNOWN}
    assert {found[team].name, found[nobodys].name} == {""}


def test_a_space_that_was_taken_away_is_revoked_and_says_nothing_more(office: Office):
    caller = office.caller("anna")
    team = office.spaces(caller)["Planning"].id
    with office.server.database.begin() as tx:
        tx.execute(update(tables.member).where(tables.member.c.space == team).values(ended_ms=1))
    found = {info.id: info for info in spaces.spaces(office.server, caller, SpacesAsked(have=(team,))).spaces}
    assert found[team].state is SpaceState.REVOKED
    assert (found[team].name, found[team].root) == ("", b"")


def test_a_team_space_is_hung_into_the_own_space_once(office: Office):
    caller = office.caller("anna")
    team = office.spaces(caller)["Planning"].id
    for _ in range(3):
        assert mounts(office, caller) == {"Planning": team}


def test_a_mount_is_an_entry_of_the_journal_like_any_other(office: Office):
    caller = office.caller("anna")
    own = office.spaces(caller)["Anna"]
    (entry,) = entries(office, caller, own.id)
    assert (entry.op, entry.seq, entry.state.parent, entry.state.seq) == ("mount", 1, own.root, 1)


def test_a_private_folder_of_the_same_name_stays_private(office: Office):
    with office.server.database.begin(write=False) as tx:
        own = tx.execute(select(tables.space).where(tables.space.c.owner == office.anna)).one()
    put_folder(office, own.id, own.root, "PLANNING")
    put_folder(office, own.id, own.root, "Planning (2)")
    caller = office.caller("anna")
    assert set(mounts(office, caller)) == {"Planning (3)"}


def test_a_mount_that_was_let_go_of_does_not_come_back(office: Office):
    caller = office.caller("anna")
    office.spaces(caller)
    with office.server.database.begin() as tx:
        tx.execute(update(tables.node).where(tables.node.c.kind == Kind.MOUNT).values(deleted_seq=2))
    before = len(entries(office, caller, office.spaces(caller)["Anna"].id))
    office.spaces(caller)
    assert len(entries(office, caller, office.spaces(caller)["Anna"].id)) == before


def test_several_desks_of_one_person_that_ask_at_once_make_one_mount(office: Office):
    caller = office.caller("anna")
    with office.server.database.begin() as tx:
        for number in range(3):
            space = directory.add_space(
                office.server,
                tx,
                SpaceKind.SHARED,
                f"S{number}",
                office.ids.new(),
                office.boris,
                "user",
                Role.MANAGER,
            )
            member = {
                "space": space,
                "kind": "user",
                "principal": office.anna,
                "role": "viewer",
                "ended_ms": None,
            }
            tx.execute(insert(tables.member), [member])
    together = threading.Barrier(6, timeout=30)

    def ask(_number: int) -> None:
        together.wait()
        office.spaces(caller)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(ask, range(6)))
    assert sorted(mounts(office, caller)) == ["Planning", "S0", "S1", "S2"]


def test_heads_tell_how_far_each_readable_space_is(office: Office):
    caller = office.caller("anna")
    found = office.spaces(caller)
    heads = spaces.heads(office.server, caller)
    assert {head.space: head.seq for head in heads.heads} == {found["Anna"].id: 1, found["Planning"].id: 0}
    assert heads.digest == heads_digest(heads.heads)


def test_a_space_that_may_not_be_read_has_no_head(office: Office):
    team = office.spaces(office.caller("anna"))["Planning"].id
    member = {
        "space": team,
        "kind": "user",
        "principal": office.clara,
        "role": Role.UPLOADER,
        "ended_ms": None,
    }
    with office.server.database.begin() as tx:
        tx.execute(insert(tables.member), [member])
    caller = office.caller("clara")
    assert team not in {head.space for head in spaces.heads(office.server, caller).heads}


def test_a_desk_is_told_whose_it_is_and_what_it_must_obey(office: Office):
    me = spaces.me(office.server, office.caller("anna"), "1.2.3")
    assert (me.login, me.name, me.organisation, me.version) == ("anna", "Anna", "Interior", "1.2.3")
    assert me.limits == office.server.limits
    assert me.time_ms == office.clock.now_ms
