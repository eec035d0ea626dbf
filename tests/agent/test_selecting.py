"""What a person means by a path when they choose what lies on this desk (R26)."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from govsync.agent import selecting
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.store.desk import StoredDesk
from tests.store.test_left_out import Large

FOLDER = Path("/home/kim/GovSync")


@pytest.fixture
def desk() -> Iterator[Large]:
    made = Large()
    yield made
    made.store.close()


def left_out(desk: StoredDesk, *names: str) -> int | Code:
    """Answers what is left out of this desk when a person says so of a path, or why nothing is."""
    chosen: list[int] = []
    engine = SimpleNamespace(
        desk=SimpleNamespace(now=None), selecting=SimpleNamespace(leave_out=chosen.append)
    )
    agent = SimpleNamespace(
        store=desk.store, engine=engine, clock=SimpleNamespace(now=lambda: None), identity=SimpleNamespace(folder=str(FOLDER))
    )  # fmt: skip
    try:
        selecting.exclude(agent, lambda _, work: work(), FOLDER.joinpath(*names))  # type: ignore[arg-type]
    except Failure as failure:
        return failure.code
    [lid] = chosen
    return lid


def test_what_lies_there_is_meant_or_what_the_server_has_there(desk: Large) -> None:
    assert left_out(desk, "f", "d") == desk.d
    desk.move(desk.a, desk.root, "moved")
    assert left_out(desk, "moved") == desk.a, "by the name that it has here"
    assert left_out(desk, "f", "a") == desk.a, "by the one that the server knows"


def test_what_the_server_does_not_have_is_left_out_of_no_desk(desk: Large) -> None:
    desk.show("new")
    assert left_out(desk) is Code.FOLDER_ITSELF
    assert left_out(desk, "new") is Code.NOT_SENT
    assert left_out(desk, "nothing") is Code.NOT_FOUND


def test_what_was_deleted_on_the_server_is_not_meant_where_something_else_has_its_name(desk: Large) -> None:
    """The file here may have been edited since: it is nobody else's, and stays."""
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (desk.g,))
    assert left_out(desk, "g") is Code.NOT_SENT
    other = desk.tell(desk.state(b"O" * 16, "g"))
    assert left_out(desk, "g") == other
