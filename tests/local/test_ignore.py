"""What is left out, by which layer, and which documents a lock file speaks for (R13, R27)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.local.ignore import (
    Ignore,
    Skip,
    documents_open,
    fixed_reason,
    is_litter,
    is_lock,
)
from tests.foreign import damaged


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".DS_Store", Skip.LITTER), ("Thumbs.db", Skip.LITTER), ("THUMBS.DB", Skip.LITTER), ("desktop.ini", Skip.LITTER),
        ("~$port.docx", Skip.LOCK), (".~lock.a.odt#", Skip.LOCK), ("~a.hwp", Skip.LOCK), ("a.dwl", Skip.LOCK),
        ("a.tmp", Skip.TEMPORARY), ("~WRL0001.tmp", Skip.TEMPORARY), ("a.asv", Skip.TEMPORARY), ("a.txt~", Skip.TEMPORARY),
        (".a.txt.swp", Skip.TEMPORARY), (".goutputstream-X1", Skip.TEMPORARY),
        ("a.txt", None), ("~$", None), ("a.hwp", None), (".lock", None), ("swp", None), (".swp", None), ("tmp", None),
        (".~lock.#", None), ("dwl", None),
    ],
)  # fmt: skip
def test_names_of_systems_and_programs(name, reason):
    assert fixed_reason(name) is reason


def test_nobody_can_bring_a_fixed_name_back_in():
    ignore = Ignore.of_setting(["!Thumbs.db"]).within(0, b"!*.tmp\n")
    assert ignore.matches((), "Thumbs.db", False) is Skip.LITTER
    assert ignore.matches((), "a.tmp", False) is Skip.TEMPORARY


def test_a_folder_with_a_program_s_name_is_an_ordinary_folder():
    assert Ignore().matches((), "backup.tmp", True) is None


def test_the_setting_holds_everywhere_and_against_files():
    ignore = Ignore.of_setting(["*.pst"]).within(0, b"!*.pst\n")
    assert ignore.matches(("a", "b"), "mail.pst", False) is Skip.PATTERN
    assert ignore.matches((), "mail.ost", False) is None


def test_a_file_of_patterns_holds_in_its_own_folder_and_below():
    ignore = Ignore().within(1, b"build/\n*.log\n!keep.log\n/only-here\n")
    assert ignore.matches(("p",), "build", True) is Skip.PATTERN
    assert ignore.matches(("p",), "build", False) is None
    assert ignore.matches(("p", "q"), "a.log", False) is Skip.PATTERN
    assert ignore.matches(("p", "q"), "keep.log", False) is None
    assert ignore.matches(("p",), "only-here", False) is Skip.PATTERN
    assert ignore.matches(("p", "q"), "only-here", False) is None


def test_the_deepest_file_decides():
    ignore = Ignore().within(0, b"*.log\n").within(1, b"!*.log\n")
    assert ignore.matches(("p",), "a.log", False) is None
    assert Ignore().within(0, b"*.log\n").matches((), "a.log", False) is Skip.PATTERN


def test_the_file_of_patterns_itself_is_always_synced():
    assert Ignore().within(0, b"*\n").matches((), ".govsyncignore", False) is None
    assert Ignore().within(0, b"*\n").matches((), "a", False) is Skip.PATTERN


def test_composed_and_decomposed_hangul_match_each_other():
    ignore = Ignore().within(0, "회의록*\n".encode())
    assert ignore.matches((), "회의록.txt", False) is Skip.PATTERN


def test_lines_that_are_no_patterns_are_named_and_the_others_hold():
    ignore = Ignore().within(0, b"!\n*.log\n[z-a]\n" + b"*a*a*a*b\n" + b"**/a/**/b/**\n" + b"# words\n")
    assert ignore.refused == ("!", "[z-a]", "*a*a*a*b", "**/a/**/b/**")
    assert ignore.matches((), "a.log", False) is Skip.PATTERN


@given(st.binary(max_size=60), st.text(min_size=1, max_size=20).filter(lambda name: "/" not in name))
def test_any_bytes_can_stand_in_the_file(data, name):
    assert Ignore().within(0, data).matches((), name, False) in (None, *Skip)


PATTERNS = "*.log\n!keep.log\n/build/\n**/a/*b\n[a-z]?\\ \n# words\n회의록*\n".encode()


@given(
    damaged(PATTERNS),
    st.lists(st.sampled_from(["a", "회의록.log", "build", "x" * 255]), max_size=3),
    st.booleans(),
)
def test_a_file_that_was_damaged_refuses_lines_and_nothing_else(data, path, is_folder):
    ignore = Ignore().within(0, data)
    assert ignore.matches(tuple(path), "keep.log", is_folder) in (None, *Skip)
    assert set(ignore.refused) <= set(data.decode("utf-8-sig", errors="replace").splitlines())


def test_litter_is_what_nobody_wrote():
    assert is_litter("Thumbs.db", 5_000_000)
    assert is_litter("~$port.docx", 162)
    assert not is_litter("~Report.hwp", 50_000)
    assert not is_litter("a.tmp", 1)
    assert not is_litter("a.txt", 1)


@pytest.mark.parametrize(
    ("lock", "document"),
    [
        ("~$port.docx", "Report.docx"),
        ("~$a.docx", "a.docx"),
        ("~$Budget.xlsx", "Budget.xlsx"),
        (".~lock.회의.odt#", "회의.odt"),
        ("~plan.hwp", "plan.hwp"),
        ("house.dwl", "house.dwg"),
    ],
)
def test_a_lock_file_says_which_document_is_open(lock, document):
    assert is_lock(lock)
    assert documents_open([lock, document, "other.docx"]) == {document}


def test_a_lock_alone_or_no_lock_says_nothing():
    assert documents_open(["~$port.docx", "other.docx"]) == frozenset()
    assert documents_open(["Report.docx"]) == frozenset()
