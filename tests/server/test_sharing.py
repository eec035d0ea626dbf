"""A folder that is shared becomes a space of its own: whole, in one step, with exactly what belongs to it (R24, R25, R37)."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from govsync.content.hashes import chunk_hash
from govsync.model import operations as ask_for
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import Cursor, Known, NodeState
from govsync.protocol.commits import Done
from govsync.protocol.session import Role, SpaceInfo, SpaceKind
from govsync.protocol.sharing import NewMember, Principal, PrincipalKind, Share
from govsync.server import access, chain, changes, collect, directory, sharing, transfer, versions
from govsync.server.check import check
from govsync.server.db import tables
from govsync.server.wanted import still
from tests.server.desk import LARGE, Desk, give_role, noise, rows
from tests.server.office import Office
from tests.server.sharers import CLARA, ask, asked, division, group, held, inside, set_member, share, user

DAY_MS = 24 * 3_600_000


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


@pytest.fixture
def folder(anna: Desk) -> NodeState:
    return anna.do(anna.mkdir("plans"))[0]


def test_a_shared_folder_is_a_space_with_all_that_was_in_it(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    anna.send(LARGE)
    first = anna.save("a", b"one", folder.node)
    [second] = anna.do(anna.edit(first, b"two"), inline=(b"two",))
    large = anna.do(anna.put("large", LARGE, parent=folder.node))[0]
    [gone] = anna.do(anna.delete(anna.save("gone", b"gone", folder.node)))
    private = anna.save("private", b"private")
    before = anna.journal().head
    request = asked(anna, folder)
    info, head = sharing.share(office.server, anna.caller, anna.space, request)
    assert (info.kind, info.name, info.root, info.role) == (
        SpaceKind.SHARED, "plans", folder.node, Role.MANAGER,
    )  # fmt: skip
    assert (info.owner, info.owner_organisation, info.used_bytes) == ("anna", "Interior", 3 + len(LARGE))
    assert head == before + 1
    clara = inside(Desk(office, "clara"), info)
    nodes = changes.nodes(office.server, clara.caller, info.id, None)
    assert {node.node for node in nodes.nodes} == {first.node, large.node}
    assert nodes.cursor == Cursor(info.epoch, head, chain.START[: chain.QUOTED])
    assert clara.fetch(second.rev) == [b"two"]
    assert clara.fetch(first.rev) == [b"one"]
    assert clara.fetch(large.rev) == [LARGE]
    [trashed] = versions.trash(office.server, clara.caller, info.id, None).items
    assert (trashed.state.node, trashed.path, trashed.user_name) == (gone.node, "gone", "Anna")
    kept = {chunk_hash(each) for each in (b"one", b"two", b"gone", LARGE)}
    assert held(office, info.id) == kept
    assert chunk_hash(b"private") in held(office, anna.space)
    with pytest.raises(Failure) as caught:
        clara.fetch(private.rev)
    assert caught.value.code is Code.NOT_FOUND
    assert check(office.server) == []


def test_the_old_journal_tells_of_the_mount_and_of_the_root_behind_it(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    anna.save("a", b"one", folder.node)
    request = asked(anna, folder)
    info, _ = sharing.share(office.server, anna.caller, anna.space, request)
    *_, entry = anna.journal().entries
    assert (entry.op, entry.key, entry.user, entry.device) == (
        "share", request.key, office.anna, anna.caller.device,
    )  # fmt: skip
    expected = NodeState(
        node=request.mount, kind=Kind.MOUNT, parent=folder.parent, name="plans", place=request.key, seq=entry.seq,
        target_space=request.space, root=folder.node,
    )  # fmt: skip
    assert entry.state == expected
    snapshot = changes.nodes(office.server, anna.caller, anna.space, None).nodes
    assert expected in snapshot
    assert folder.node not in {node.node for node in snapshot}
    # Who has read so far goes on in the new space from its floor; who has not reads a snapshot.
    new = inside(anna, info)
    assert new.journal(Cursor(new.epoch, entry.seq, chain.START[: chain.QUOTED])).entries == ()
    with pytest.raises(Failure) as caught:
        new.journal()
    assert caught.value.code is Code.CURSOR_GONE


def members_of(office: Office, space: bytes) -> set[tuple[object, object, object]]:
    mine = (row for row in rows(office, tables.member) if row["space"] == space and row["ended_ms"] is None)
    return {(row["kind"], row["principal"], row["role"]) for row in mine}


@pytest.fixture
def team(anna: Desk) -> Desk:
    return Desk(anna.office, space="Planning", caller=anna.caller)


def test_in_one_s_own_space_one_manages_what_one_shares(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    info = share(anna, folder, NewMember(user("boris"), Role.VIEWER), CLARA)
    assert members_of(office, info.id) == {
        ("user", office.anna, "manager"), ("user", office.boris, "viewer"), ("user", office.clara, "editor"),
    }  # fmt: skip


def test_members_of_the_space_around_stay_and_who_shares_manages(office: Office, team: Desk) -> None:
    [folder] = team.do(team.mkdir("plans"))
    info = share(team, folder)
    assert members_of(office, info.id) == {
        ("space", team.space, "manager"), ("user", office.anna, "manager"), ("user", office.clara, "editor"),
    }  # fmt: skip
    roles = {login: office.spaces(office.caller(login))["plans"].role for login in ("anna", "boris", "clara")}
    assert roles == {"anna": Role.MANAGER, "boris": Role.EDITOR, "clara": Role.EDITOR}
    assert (info.owner, info.owner_organisation) == ("Planning", "Interior")


def test_a_group_and_a_division_are_members_as_a_person_is(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    with office.server.database.begin() as tx:
        directory.add_group(office.server, tx, "Budget")
        directory.add_to_group(office.server, tx, "Budget", "clara")
    info = share(
        anna, folder, NewMember(group("Budget"), Role.VIEWER), NewMember(division("Interior/Planning"), Role.EDITOR)
    )  # fmt: skip
    roles = {login: office.spaces(office.caller(login))["plans"].role for login in ("anna", "boris", "clara")}
    assert roles == {"anna": Role.MANAGER, "boris": Role.EDITOR, "clara": Role.VIEWER}
    assert inside(Desk(office, "clara"), info).journal(floor(info, anna)).entries == ()


def floor(info: SpaceInfo, desk: Desk) -> Cursor:
    """Answers the cursor of who has read the journal around a folder to its sharing."""
    return Cursor(info.epoch, desk.journal().head, chain.START[: chain.QUOTED])


def test_asked_again_it_is_done_once(office: Office, anna: Desk, folder: NodeState) -> None:
    anna.save("a", b"1", folder.node)
    request = asked(anna, folder)
    first = ask(anna, request)
    before = rows(office, tables.journal), rows(office, tables.member), rows(office, tables.space)
    assert ask(anna, request) == first
    assert (rows(office, tables.journal), rows(office, tables.member), rows(office, tables.space)) == before


def test_a_key_that_was_another_s_is_refused(anna: Desk, folder: NodeState) -> None:
    [other] = anna.do(anna.mkdir("other"))
    assert refusal(anna, asked(anna, other, key=folder.place)) is Code.BAD_REQUEST
    request = asked(anna, folder)
    ask(anna, request)
    assert refusal(anna, asked(anna, other, key=request.key)) is Code.BAD_REQUEST


def refusal(desk: Desk, request: Share) -> Code:
    """Asks for what must be refused, without any effect; answers how."""
    tables_of = (tables.node, tables.journal, tables.space, tables.member, tables.chunk)
    before = [rows(desk.office, table) for table in tables_of]
    with pytest.raises(Failure) as caught:
        ask(desk, request)
    assert [rows(desk.office, table) for table in tables_of] == before
    return caught.value.code


# What is on its way meanwhile


def test_an_operation_finds_what_it_is_about_where_it_is_now(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    """Every kind of them, addressed to the space where it was; then, with the same keys, to the one where it is."""
    [inner] = anna.do(anna.mkdir("inner", folder.node))
    states = {
        name: anna.save(name, name.encode(), inner.node) for name in ("edited", "moved", "deleted", "marked")
    }
    [dead] = anna.do(anna.delete(anna.save("dead", b"dead", inner.node)))
    info = share(anna, folder)
    seen = anna.journal().head
    operations = [
        anna.mkdir("new", inner.node), anna.put("new file", b"1", parent=folder.node), anna.edit(states["edited"], b"2"),
        anna.move(states["moved"], "there", folder.node), anna.delete(states["deleted"]),
        ask_for.Attr(key=anna.key(), node=states["marked"].node, exec=True), anna.revive(dead, "alive", folder.node),
        anna.delete(inner, seen=seen + 10),
    ]  # fmt: skip
    before = anna.journal().head
    outcomes = anna.commit(*operations, inline=(b"1", b"2"))
    assert [getattr(each, "code", None) for each in outcomes] == [Code.NODE_IN_SPACE] * len(operations)
    assert anna.journal().head == before
    there = inside(anna, info)
    there.do(*operations, inline=(b"1", b"2"))
    # What was done once is done, whichever space is asked.
    entries = there.journal(floor(info, anna)).entries
    there.do(*operations, inline=(b"1", b"2"))
    assert there.journal(floor(info, anna)).entries == entries
    assert check(office.server) == []


def test_what_was_done_before_is_known_in_the_new_space(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    """A desk whose answer was lost asks again there: what others have changed since stays as it is (I4)."""
    state = anna.save("a", b"1", folder.node)
    move = anna.move(state, "b", folder.node)
    [moved] = anna.do(move)
    edit = anna.edit(moved, b"2")
    anna.do(edit, inline=(b"2",))
    info = share(anna, folder)
    there = inside(anna, info)
    [back] = there.do(there.move(moved, "c"))
    assert [each.state for each in there.commit(move, edit, inline=(b"2",)) if isinstance(each, Done)] == [
        back
    ] * 2
    known = Known(
        keys=(move.key, edit.key, folder.place, anna.key()), until=info.root and anna.journal().head
    )
    assert changes.known(office.server, anna.caller, info.id, known).keys == (True, True, True, False)


def test_a_folder_of_a_shared_folder_is_shared_with_its_past(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    [inner] = anna.do(anna.mkdir("inner", folder.node))
    first = anna.save("a", b"1", inner.node)
    [gone] = anna.do(anna.delete(anna.save("gone", b"gone", inner.node)))
    anna.save("outside", b"outside")
    shared = share(anna, folder)
    there = inside(anna, shared)
    second = there.edit(first, b"2")
    there.do(second, inline=(b"2",))
    [later] = there.do(there.delete(there.save("later", b"later", inner.node)))
    deep = share(there, inner, NewMember(user("boris"), Role.VIEWER))
    deepest = inside(there, deep)
    boris = inside(Desk(office, "boris"), deep)
    assert [boris.fetch(rev) for rev in (first.rev, second.key)] == [[b"1"], [b"2"]]
    trashed = versions.trash(office.server, boris.caller, deep.id, None).items
    assert [(each.state.node, each.user_name) for each in trashed] == [
        (later.node, "Anna"),
        (gone.node, "Anna"),
    ]
    assert held(office, deep.id) == {chunk_hash(each) for each in (b"1", b"2", b"gone", b"later")}
    assert deepest.do(second, inline=(b"2",))[0].rev == second.key
    # Clara has it through the folder around it; Boris, who has it alone, does not see that.
    assert office.spaces(office.caller("clara"))["inner"].role is Role.EDITOR
    assert "plans" not in office.spaces(boris.caller)
    assert check(office.server) == []


def test_what_was_deleted_long_ago_goes_when_its_time_has_come(
    office: Office, anna: Desk, folder: NodeState
) -> None:
    """The time is that of the deletion, which stands in the journal of the space around (R36)."""
    old = anna.save("old", b"old", folder.node)
    anna.do(anna.delete(old))
    pass_time(office, days=20)
    # As many entries there are after it as were before: at each sequence there is one in both journals.
    anna.do(*(anna.mkdir(f"{number}") for number in range(9)))
    info = share(anna, folder)
    there = inside(anna, info)
    young = there.save("young", b"young")
    there.do(there.delete(young))
    pass_time(office, days=12)
    states = {row["id"]: row["state"] for row in rows(office, tables.revision)}
    assert (states[old.rev], states[young.rev]) == ("purged", "ok")
    assert check(office.server) == []


def pass_time(office: Office, days: int) -> None:
    for _ in range(0, days, 2):
        collect.collect(office.server)
        office.clock.now_ms += 2 * DAY_MS
    collect.collect(office.server)


def test_what_is_lost_is_shared_as_that_and_asked_back(office: Office, anna: Desk, folder: NodeState) -> None:
    """A manifest that nobody can read keeps nobody from sharing the rest."""
    limits = msgspec.structs.replace(office.server.limits, manifest_inline_bytes=300)
    office.server = msgspec.structs.replace(office.server, limits=limits)
    many = tuple(noise(40, seed) for seed in range(20))
    put = anna.put("many", *many, parent=folder.node)
    assert put.manifest is not None
    anna.send(*many, put.manifest)
    anna.do(msgspec.structs.replace(put, manifest=None, manifest_chunks=(chunk_hash(put.manifest),)))
    fine = anna.save("fine", b"fine", folder.node)
    with office.server.database.begin() as tx:
        spoilt = tables.chunk.c.hash == chunk_hash(put.manifest)
        tx.execute(update(tables.chunk).where(spoilt).values(data=b"spoilt", encoding="raw", pack=None))
    info = share(anna, folder)
    clara = inside(Desk(office, "clara"), info)
    assert clara.fetch(fine.rev) == [b"fine"]
    assert held(office, info.id) == {chunk_hash(b"fine"), chunk_hash(put.manifest)}
    [wanted] = still(office.server, [info.id], {})
    assert wanted.versions == ((put.node, put.key),)


def test_a_version_that_came_just_then_and_is_described_in_the_store_is_asked_for_again(
    office: Office, anna: Desk, folder: NodeState, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = msgspec.structs.replace(office.server.limits, manifest_inline_bytes=300)
    office.server = msgspec.structs.replace(office.server, limits=limits)
    many = tuple(noise(40, seed) for seed in range(20))
    put = anna.put("many", *many, parent=folder.node)
    assert put.manifest is not None
    anna.send(*many, put.manifest)
    read_ahead = transfer.read_ahead

    def and_save(*arguments: Any) -> Any:
        found = read_ahead(*arguments)
        anna.do(
            msgspec.structs.replace(put, manifest=None, manifest_chunks=(chunk_hash(put.manifest or b""),))
        )
        return found

    request = asked(anna, folder)
    with monkeypatch.context() as patched:
        patched.setattr(transfer, "read_ahead", and_save)
        with pytest.raises(Failure) as caught:
            ask(anna, request)
    assert caught.value.code is Code.BUSY_RETRY
    info = ask(anna, request)
    assert held(office, info.id) == {chunk_hash(each) for each in (*many, put.manifest)}


@pytest.mark.parametrize("what", ["deleted", "shared", "a mount in it", "may not any more"])
def test_what_happens_before_the_lock_is_judged_as_it_is_then(
    office: Office, anna: Desk, folder: NodeState, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [inner] = anna.do(anna.mkdir("inner", folder.node))
    give_role(office, anna.space, office.boris, Role.EDITOR)
    boris = joining(anna, Desk(office, "boris"))
    changes_meanwhile: dict[str, tuple[Callable[[], object], Code]] = {
        "deleted": (lambda: anna.do(anna.delete(folder, seen=inner.seq)), Code.NODE_DEAD),
        "shared": (lambda: share(anna, folder), Code.NOT_FOUND),
        "a mount in it": (lambda: share(anna, inner), Code.CONTAINS_MOUNT),
        "may not any more": (lambda: give_role(office, anna.space, office.boris, Role.VIEWER), Code.NO_RIGHT),
    }
    happen, code = changes_meanwhile[what]
    read_ahead = transfer.read_ahead

    def and_happen(*arguments: Any) -> Any:
        patched.undo()
        happen()
        return read_ahead(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(transfer, "read_ahead", and_happen)
        with pytest.raises(Failure) as caught:
            ask(boris, asked(boris, folder))
    assert caught.value.code is code
    assert check(office.server) == []


def joining(desk: Desk, other: Desk) -> Desk:
    """Answers another's desk, at work in the space of one."""
    other.space, other.root, other.epoch = desk.space, desk.root, desk.epoch
    return other


# What is refused


def test_what_is_no_folder_of_the_space_is_not_shared(office: Office, anna: Desk, folder: NodeState) -> None:
    office.spaces(anna.caller)
    file = anna.save("file", b"1")
    [dead] = anna.do(anna.delete(anna.do(anna.mkdir("dead"))[0], seen=100))
    [outer] = anna.do(anna.mkdir("outer"))
    inner = anna.do(anna.mkdir("inner", outer.node))[0]
    share(anna, inner)
    [mount] = [node for node in nodes(anna) if node.target_space and node.name == "inner"]
    theirs = Desk(office, "clara").do(Desk(office, "clara").mkdir("theirs"))[0]
    refusals = {
        file.node: Code.WRONG_KIND, mount.node: Code.WRONG_KIND, dead.node: Code.NODE_DEAD,
        outer.node: Code.CONTAINS_MOUNT, inner.node: Code.NOT_FOUND, theirs.node: Code.NOT_FOUND,
        anna.key(): Code.NOT_FOUND, anna.root: Code.BAD_REQUEST,
    }  # fmt: skip
    for node, code in refusals.items():
        assert refusal(anna, asked(anna, folder, node=node)) is code


def nodes(desk: Desk) -> tuple[NodeState, ...]:
    return changes.nodes(desk.office.server, desk.caller, desk.space, None).nodes


def test_ids_that_are_somebody_s_or_none_are_refused(anna: Desk, folder: NodeState) -> None:
    for field in ("key", "node", "space", "mount"):
        for wrong in (b"", b"short", bytes(17)):
            assert refusal(anna, asked(anna, folder, **{field: wrong})) is Code.BAD_REQUEST
    for field, taken in (("space", anna.space), ("mount", anna.root), ("mount", folder.node)):
        assert refusal(anna, asked(anna, folder, **{field: taken})) is Code.BAD_REQUEST
    request = msgspec.structs.replace(asked(anna, folder), members=())
    assert refusal(anna, request) is Code.BAD_REQUEST


def test_a_folder_that_holds_too_much_is_refused(office: Office, anna: Desk, folder: NodeState) -> None:
    limits = msgspec.structs.replace(office.server.limits, shared_nodes=3)
    office.server = msgspec.structs.replace(office.server, limits=limits)
    [inner] = anna.do(anna.mkdir("inner", folder.node))
    state = anna.save("a", b"1", inner.node)
    anna.do(anna.delete(state))
    anna.save("b", b"2", inner.node)
    last = anna.save("c", b"3", folder.node)
    assert refusal(anna, asked(anna, folder)) is Code.SUBTREE_TOO_LARGE
    anna.do(anna.move(last, "c"))
    share(anna, folder)


NOBODY = {
    "nobody": (user("nobody"), Code.NO_SUCH_MEMBER), "disabled": (user("boris"), Code.NO_SUCH_MEMBER),
    "oneself": (user("ANNA"), Code.SHARE_SELF), "no group": (group("Budget"), Code.NO_SUCH_MEMBER),
    "no division": (division("Interior/None"), Code.NO_SUCH_MEMBER), "no path": (division(""), Code.NO_SUCH_MEMBER),
    "an organisation": (division("Interior"), Code.NO_SUCH_MEMBER), "NUL": (user("a\0b"), Code.NO_SUCH_MEMBER),
    "a space": (Principal(PrincipalKind.SPACE, "Planning"), Code.BAD_REQUEST),
}  # fmt: skip


@pytest.mark.parametrize("who", NOBODY)
def test_who_cannot_be_shared_with_is_refused(
    office: Office, anna: Desk, folder: NodeState, who: str
) -> None:
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "boris", "disabled")
    principal, code = NOBODY[who]
    assert refusal(anna, asked(anna, folder, CLARA, NewMember(principal, Role.VIEWER))) is code


@pytest.mark.parametrize("own", access.GIVEN)
def test_nobody_is_given_more_than_one_has(office: Office, anna: Desk, own: Role) -> None:
    give_role(office, anna.space, office.boris, own)
    [hers] = (info for info in office.spaces(anna.caller).values() if info.id == anna.space)
    boris = inside(Desk(office, "boris"), hers)
    for role in access.GIVEN:
        [another] = anna.do(anna.mkdir(f"plans for {role}"))
        request = asked(boris, another, NewMember(user("clara"), role))
        if own is Role.MANAGER or (own is Role.EDITOR and role is not Role.MANAGER):
            ask(boris, request)
        else:
            expected = Code.NOT_FOUND if own is Role.UPLOADER else Code.NO_RIGHT
            assert refusal(boris, request) is expected


@pytest.mark.parametrize("own", access.GIVEN)
def test_a_folder_inside_a_share_is_shared_by_those_who_may_change_it(
    office: Office, anna: Desk, folder: NodeState, own: Role
) -> None:
    [inner] = anna.do(anna.mkdir("inner", folder.node))
    info = share(anna, folder, NewMember(user("clara"), Role.VIEWER))
    set_member(anna, info.id, user("clara"), own)
    clara = inside(Desk(office, "clara"), info)
    request = asked(clara, inner, NewMember(user("boris"), Role.VIEWER))
    if own in (Role.EDITOR, Role.MANAGER):
        assert ask(clara, request).role is Role.MANAGER
    else:
        assert refusal(clara, request) is (Code.NOT_FOUND if own is Role.UPLOADER else Code.NO_RIGHT)


def test_no_space_comes_to_hang_in_itself(office: Office, anna: Desk, folder: NodeState) -> None:
    """A mount below itself, through another space or at once: no operation makes one."""
    [inner] = anna.do(anna.mkdir("inner", folder.node))
    request = asked(anna, folder)
    info = ask(anna, request)
    [mount] = [node for node in nodes(anna) if node.node == request.mount]
    there = inside(anna, info)
    for parent in (info.root, inner.node, request.mount):
        for desk in (anna, there):
            refused = desk.refused(desk.move(mount, "x", parent))
            assert refused.code in (Code.NODE_IN_SPACE, Code.WRONG_KIND), refused
    deep = asked(there, inner, NewMember(user("boris"), Role.EDITOR))
    ask(there, deep)
    [inside_it] = [node for node in nodes(there) if node.node == deep.mount]
    for parent in (inner.node, deep.mount, anna.root):
        refused = there.refused(there.move(inside_it, "x", parent))
        assert refused.code in (Code.NODE_IN_SPACE, Code.WRONG_KIND), refused
    assert check(office.server) == []
