"""How new names are made beside taken ones: bounded, unique, and never a suffix upon a suffix (R22, R25)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govsync.model import names
from govsync.model.problems import Failure

pytestmark = pytest.mark.windows

WHEN = "2026-11-24 14.02"


def may_travel(name: str) -> bool:
    try:
        names.check(name)
    except Failure:
        return False
    return True


letters = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=80
)
long = st.builds(str.__mul__, letters, st.integers(1, 12)).map(lambda text: text[:255])
NAMES = (
    (
        long
        | st.builds(
            "{}{}{}".format,
            letters,
            st.sampled_from(["", " (2)", " (900)", " (2024)"]),
            letters | st.just(".txt"),
        )
    )
    .map(names.nfc)
    .filter(may_travel)
)
TURNS = st.integers(2, 300)


@pytest.mark.parametrize(
    ("name", "turn", "made"),
    [
        ("Budget", 2, "Budget (2)"),
        ("Budget", 3, "Budget (3)"),
        ("Budget (2)", 2, "Budget (3)"),
        ("Budget (2)", 9, "Budget (10)"),
        ("Budget (9).xlsx", 2, "Budget (10).xlsx"),
        ("report (1).pdf", 2, "report (2).pdf"),
        ("Version 1.2 (2)", 2, "Version 1.2 (3)"),
        ("Plan (2024)", 2, "Plan (2024) (2)"),
        ("Plan (2024) (2)", 2, "Plan (2024) (3)"),
        ("(2)", 2, "(2) (2)"),
        ("예산 (2)", 2, "예산 (3)"),
        (f"Makefile (conflict, PC, {WHEN})", 2, f"Makefile (conflict, PC, {WHEN}) (2)"),
    ],
)
def test_a_counter_is_raised_and_never_put_upon_another(name: str, turn: int, made: str) -> None:
    assert names.second_name(name, turn) == made


@given(NAMES, TURNS, TURNS)
@example("a" * 255, 2, 10)
@example("가" * 85, 2, 100)
def test_second_names_may_travel_and_differ_from_the_first_and_each_other(
    name: str, one: int, two: int
) -> None:
    made = names.second_name(name, one)
    assert may_travel(made)
    assert len(made.encode()) <= names.MAX_DISK_BYTES
    assert names.key(made) != names.key(name)
    assert one == two or names.key(made) != names.key(names.second_name(name, two))


@pytest.mark.parametrize(
    ("name", "turn", "made"),
    [
        ("Plan.docx", 1, "Plan (your copy, not uploaded).docx"),
        ("Plan.docx", 3, "Plan (your copy, not uploaded) 3.docx"),
        ("Makefile", 2, "Makefile (your copy, not uploaded) 2"),
        ("Plan (your copy, not uploaded).docx", 2, "Plan (your copy, not uploaded) 2.docx"),
        ("Plan (your copy, not uploaded) 2.docx", 1, "Plan (your copy, not uploaded).docx"),
        ("Plan (2).docx", 1, "Plan (2) (your copy, not uploaded).docx"),
        (
            f"Plan (conflict, PC, {WHEN}).docx",
            1,
            f"Plan (conflict, PC, {WHEN}) (your copy, not uploaded).docx",
        ),
        ("가" * 85, 1, "가" * 76 + " (your copy, not uploaded)"),
    ],
)
def test_a_copy_that_is_not_uploaded_says_so(name: str, turn: int, made: str) -> None:
    assert names.kept_copy(name, turn) == made
    assert may_travel(made)


@given(NAMES, TURNS, TURNS)
def test_kept_copies_may_travel_and_differ_from_each_other(name: str, one: int, two: int) -> None:
    made = names.kept_copy(name, one)
    assert may_travel(made)
    assert len(made.encode()) <= names.MAX_DISK_BYTES
    assert one == two or names.key(made) != names.key(names.kept_copy(name, two))
    assert names.kept_copy(made, one) == made


@given(NAMES, st.integers(2, 50))
@example(" ", 2)
def test_a_second_name_of_a_second_name_is_no_longer_than_its_counter_makes_it(name: str, times: int) -> None:
    first = names.second_name(name, 2)
    made = first
    for _ in range(times):
        made = names.second_name(made, 2)
    assert len(made) <= len(first) + 2
    assert names.split(made)[1] == names.split(first)[1]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Plan.docx", f"Plan (conflict, PC, {WHEN}).docx"),
        ("Makefile", f"Makefile (conflict, PC, {WHEN})"),
        ("Plan (2).docx", f"Plan (2) (conflict, PC, {WHEN}).docx"),
        (f"Plan (conflict, Old PC, {WHEN}).docx", f"Plan (conflict, PC, {WHEN}).docx"),
        (f"Plan (conflict, Old PC, {WHEN}) 12.docx", f"Plan (conflict, PC, {WHEN}).docx"),
        (f"Plan (conflict, Old PC, {WHEN}) 2 (3).docx", f"Plan (conflict, PC, {WHEN}).docx"),
        (f"Plan (conflict, A, {WHEN}) (conflict, B, {WHEN}).docx", f"Plan (conflict, PC, {WHEN}).docx"),
        (f"Makefile (conflict, Old PC, {WHEN})", f"Makefile (conflict, PC, {WHEN})"),
        (f"Makefile (conflict, Old PC, {WHEN}) 2", f"Makefile (conflict, PC, {WHEN})"),
        (
            f"Plan (conflict, A, {WHEN}) final.docx",
            f"Plan (conflict, A, {WHEN}) final (conflict, PC, {WHEN}).docx",
        ),
        ("Memo (conflict, of interest).docx", f"Memo (conflict, of interest) (conflict, PC, {WHEN}).docx"),
    ],
)
def test_a_conflict_name_takes_the_place_of_another(name: str, made: str) -> None:
    assert names.conflict_name(name, "PC", WHEN) == made


@given(NAMES, letters, letters, st.integers(1, 99), st.integers(1, 99))
@example("가" * 85, "가" * 80, "PC", 1, 99)
def test_conflict_names_may_travel_differ_and_never_grow(
    name: str, device: str, other: str, one: int, two: int
) -> None:
    made = names.conflict_name(name, device, WHEN, one)
    assert may_travel(made)
    assert len(made.encode()) <= names.MAX_DISK_BYTES
    assert one == two or names.key(made) != names.key(names.conflict_name(name, device, WHEN, two))
    again = names.conflict_name(made, other, WHEN, two)
    assert again.count(f"{WHEN})") == made.count(f"{WHEN})")
    assert names.conflict_name(again, other, WHEN, two) == again


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("a:b.txt", "a_b~0a0b0c0d.txt"), ("what? * <now>|\\.doc", "what_ _ _now___~0a0b0c0d.doc"), ("tab\there", "tab_here~0a0b0c0d"),
        ("trail.", "trail~0a0b0c0d"), ("trail ", "trail~0a0b0c0d"), ("...", "~0a0b0c0d"), ("con", "con~0a0b0c0d"),
        ("NUL.txt", "NUL~0a0b0c0d.txt"), ("com1 .tar.gz", "com1 .tar~0a0b0c0d.gz"), ("LPT¹", "LPT¹~0a0b0c0d"),
        ("../a:b", "../a:b"), ("..", ".."), ("x\0:y", "x\0:y"), ("console", "console"), ("nul0", "nul0"), (".con", ".con"), ("가" * 255, "가" * 255), ("a.b c", "a.b c"),
    ],
)  # fmt: skip
def test_what_windows_cannot_hold_has_a_name_there_that_is_its_own(name, there):
    assert names.on_windows(name, b"n" * 12 + b"\x0a\x0b\x0c\x0d") == there


@given(NAMES)
def test_every_name_on_windows_is_one_that_it_holds_and_stays_as_it_is_there(name):
    there = names.on_windows(name, b"n" * 16)
    assert names.on_windows(there, b"other" * 4) == there
    assert len(there.encode("utf-16-le")) // 2 <= names.MAX_UNITS
