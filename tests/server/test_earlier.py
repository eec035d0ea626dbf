"""A space as it was at an earlier moment, told page by page (docs/decisions/0032)."""

import msgspec
import pytest

from govsync.model.codes import Code
from govsync.model.earlier import Earlier
from govsync.model.nodes import Kind
from govsync.protocol.changes import NodeState
from govsync.protocol.session import Role
from govsync.server import earlier
from tests.server.desk import Desk, give_role
from tests.server.office import Office, code_of
from tests.server.sharers import inside, share


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


def told(desk: Desk, at_ms: int, page: int = 1_000) -> Earlier[NodeState]:
    limits = msgspec.structs.replace(desk.office.server.limits, page=page)
    server = msgspec.structs.replace(desk.office.server, limits=limits)
    tree: Earlier[NodeState] = Earlier()
    after: int | None = 0
    while after is not None:
        found = earlier.earlier(server, desk.caller, desk.space, at_ms, after)
        tree.tell(found.states)
        after = found.after
    return tree


def shown(desk: Desk, at_ms: int, folder: bytes | None = None, page: int = 1_000) -> dict[str, bytes | None]:
    below = told(desk, at_ms, page).below(folder or desk.root)
    return {path: state.rev for path, state in below if state.kind is not Kind.MOUNT}


def later(desk: Desk) -> int:
    """Lets a minute pass; answers the moment in its middle."""
    desk.office.clock.now_ms += 60_000
    return desk.office.clock.now_ms - 30_000


@pytest.mark.parametrize("page", [1, 2, 1_000])
def test_a_folder_is_told_as_it_was_at_each_moment(anna: Desk, page: int) -> None:
    [folder] = anna.do(anna.mkdir("plans"))
    first = anna.save("a", b"one", folder.node)
    began = later(anna)
    [second] = anna.do(anna.edit(first, b"two"), inline=(b"two",))
    [moved] = anna.do(anna.move(second, "b", folder.node))
    edited = later(anna)
    anna.do(anna.delete(moved))
    gone = later(anna)
    expected: list[dict[str, bytes | None]] = [{"a": first.rev}, {"b": second.rev}, {}]
    assert [shown(anna, at, folder.node, page) for at in (began, edited, gone)] == expected
    assert shown(anna, began - 60_000) == {}


def test_what_lay_in_a_deleted_folder_does_not_come_back_with_it(anna: Desk) -> None:
    """A deletion is told once, of the folder; one that is brought back is empty."""
    [folder] = anna.do(anna.mkdir("plans"))
    [deep] = anna.do(anna.mkdir("deep", folder.node))
    file = anna.save("a", b"one", deep.node)
    before = later(anna)
    [dead] = anna.do(anna.delete(folder, seen=anna.journal().head))
    anna.do(anna.revive(dead, "plans"), anna.revive(deep, "deep", folder.node))
    after = later(anna)
    assert shown(anna, before) == {"plans": None, "plans/deep": None, "plans/deep/a": file.rev}
    assert shown(anna, after) == {"plans": None, "plans/deep": None}


def test_what_was_moved_out_before_a_deletion_lives_on(anna: Desk) -> None:
    [folder] = anna.do(anna.mkdir("plans"))
    file = anna.save("a", b"one", folder.node)
    anna.do(anna.move(file, "a"))
    anna.do(anna.delete(folder, seen=anna.journal().head))
    assert shown(anna, later(anna)) == {"a": file.rev}


def test_the_past_of_a_shared_folder_is_its_members_and_nothing_else_of_the_space_around(
    office: Office, anna: Desk
) -> None:
    [folder] = anna.do(anna.mkdir("plans"))
    inner = anna.save("inner", b"one", folder.node)
    anna.save("private", b"two")
    before = later(anna)
    info = share(anna, folder)
    clara = inside(Desk(office, "clara"), info)
    assert shown(clara, before) == {"inner": inner.rev}
    assert set(shown(anna, before)) == {"private"}
    assert {state.name for state in earlier.earlier(office.server, clara.caller, info.id, before, 0).states} == {
        "plans", "inner",
    }  # fmt: skip


def test_who_may_not_read_a_space_is_told_nothing_of_its_past(office: Office, anna: Desk) -> None:
    anna.save("a", b"one")
    clara = office.caller("clara")

    def ask() -> object:
        return earlier.earlier(office.server, clara, anna.space, office.clock.now_ms, 0)

    assert code_of(ask) is Code.NOT_FOUND
    give_role(office, anna.space, office.clara, Role.UPLOADER)
    assert code_of(ask) is Code.NOT_FOUND
    give_role(office, anna.space, office.clara, Role.VIEWER)
    assert code_of(ask) is None
