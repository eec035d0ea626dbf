"""Problems are listed page by page, without the notices."""

from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.store import problems
from tests.store.desk import StoredDesk


def test_pages_hold_each_problem_once_and_no_notice(desk: StoredDesk) -> None:
    root = desk.root
    for number in range(7):
        waiting = number % 3 == 2
        problems.raise_for(desk.store, root, Problem(Code.BUSY), 100 - number, f"f{number}", waiting=waiting)

    shown, after = [], 0
    while page := problems.page(desk.store, after, 2):
        assert len(page) <= 2
        shown += [row.path for row in page]
        after = page[-1].id
    assert shown == ["f0", "f1", "f3", "f4", "f6"]
    assert [row.path for row in problems.page(desk.store)] == shown


def test_problems_are_counted_by_code_without_the_notices(desk: StoredDesk) -> None:
    assert problems.by_code(desk.store) == {}
    for number, code in enumerate((Code.QUOTA, Code.QUOTA, Code.DISK_FULL)):
        problems.raise_for(desk.store, desk.root, Problem(code), 1, f"f{number}")
    problems.raise_for(desk.store, desk.root, Problem(Code.BUSY), 1, "waits", waiting=True)
    assert problems.by_code(desk.store) == {"quota": 2, "disk_full": 1}
