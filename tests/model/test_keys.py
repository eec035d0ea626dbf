"""When two names are one in a folder: whatever their case and their Unicode form (R8; Unicode 3.13, D145)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Report.TXT", "report.txt"),
        ("STRASSE", "straße"),
        ("résumé", unicodedata.normalize("NFD", "RÉSUMÉ")),
        ("보고서", unicodedata.normalize("NFD", "보고서")),
        ("Извештај", "ИЗВЕШТАЈ"),
        ("\N{KELVIN SIGN}", "k"),
        ("ﬁle", "FILE"),
    ],
)
def test_names_of_another_case_or_form_are_one(one: str, other: str) -> None:
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(("one", "other"), [("a", "á"), ("i", "ı"), ("a b", "a  b"), ("보고서", "보고사")])
def test_names_of_other_letters_are_two(one: str, other: str) -> None:
    assert names.key(one) != names.key(other)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_key_knows_no_form_of_a_name(name: str) -> None:
    keys = {names.key(unicodedata.normalize(form, name)) for form in ("NFC", "NFD")} | {names.key(name)}
    assert len(keys) == 1
    assert unicodedata.is_normalized("NFC", keys.pop())
