"""What is left alone is counted and said at once, also after a look at one name; a bad name is a problem (R8, R9, I14)."""

import pytest

from govsync.model.codes import Code
from govsync.store import problems
from tests.store.desk import StoredDesk, file, link


@pytest.fixture
def desk() -> StoredDesk:
    return StoredDesk()


def test_a_name_that_is_no_text_is_a_problem_and_its_file_is_left_alone(desk: StoredDesk) -> None:
    before = desk.nodes()
    found = desk.look(desk.root, file("bad \udcff", 11, skip="not_text"), file("good", 12))
    assert {name: problem.code for name, problem in found.illegal.items()} == {
        ascii("bad \udcff"): Code.NAME_NOT_TEXT
    }
    assert found.skipped == []
    assert desk.nodes() == before + 1


def test_a_look_at_some_names_speaks_for_these_names_only(desk: StoredDesk) -> None:
    problems.set_skipped(desk.store, desk.root, desk.look(desk.root, link("a", 11), link("b", 12)).skipped)
    assert problems.skipped_count(desk.store) == 2
    seen = desk.look(desk.root, link("c", 13), file("b", 14), complete=False)
    problems.set_skipped(desk.store, desk.root, seen.skipped, ["c", "b"])
    assert desk.store.all("SELECT name FROM skipped ORDER BY name") == [("a",), ("c",)]
