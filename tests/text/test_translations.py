"""Everything that is said to people is said in every language: no text without a translation, none without a text."""

import ast
import re
from string import Formatter

import pytest

from govsync.model.languages import Language
from govsync.text import po
from govsync.text.catalog import counted, said, speaking
from tests.text import texts
from tests.text.texts import LOCALE, SOURCE, translations

FILES = sorted(file.name for file in LOCALE.glob("*.po"))
OTHERS = [each for each in Language if each is not Language.ENGLISH]
SHOWN = {"Words", "Name", "Button", "setToolTip", "setPlaceholderText", "setWindowTitle", "addAction", "echo"}
"""What puts its first argument before people."""
MEANT = {"GovSync", "*.tmp", "sound"}
"""Names, and words of the command line that programs read."""
UNTRANSLATED = {"cli/demo.py", "cli/admin.py", "cli/fleet.py"}
"""What is only ever seen by whoever tries the product, or runs a server (docs/languages.md)."""


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_files_are_those_of_the_languages():
    assert sorted(set(po._FILES.values())) == FILES
    assert set(po._FILES) == set(OTHERS)


@pytest.mark.parametrize("name", FILES)
def test_every_text_is_translated_and_nothing_else_is(name):
    found = translations(name)
    needed = texts.texts()
    assert len(needed) > 500
    assert set(found) - {""} == set(needed), "make texts"
    assert {one: found[one].many for one in needed} == {one: many for one, (many, _) in needed.items()}
    assert [one for one in needed if not all(found[one].forms)] == []


@pytest.mark.parametrize("name", FILES)
def test_a_translation_names_the_same_facts_in_as_many_forms_as_its_language_has(name):
    found = translations(name)
    forms = texts.forms(found[""])
    for one, entry in found.items():
        if one:
            assert len(entry.forms) == (forms if entry.many else 1), one
            required, allowed = facts(one) & facts(entry.many or one), facts(one) | facts(entry.many)
            for form in entry.forms:
                assert required <= facts(form) <= allowed, (one, form)
                assert form.strip() == form, one
                assert (form[-1] == "…") == (one[-1] == "…"), one


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_as_it_is_written_anew(name):
    """So that a change of a text is all that a change shows."""
    assert texts.written(name) == (LOCALE / name).read_text(encoding="utf-8"), "make texts"


@pytest.mark.parametrize("name", FILES)
def test_what_is_typed_stands_as_it_is(name):
    """Commands, addresses and the names of files are not translated."""
    typed = re.compile(
        r"govsync(?: [a-z]+)+|GOVSYNC_[A-Z]+|https?://[\w.]+\w|\*\.\w+|GovSync Rescued|approve:|reject:"
    )
    for one, entry in translations(name).items():
        if one:
            for form in entry.forms:
                assert sorted(typed.findall(form)) == sorted(typed.findall(entry.many or one)), (one, form)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_found_where_it_is_said(language):
    needed = texts.texts()
    known = po.translations(language)
    with speaking(language):
        for one, (many, _) in needed.items():
            for count in (0, 1, 2, 5, 11, 21, 102) if many else ():
                assert str(count) in counted(one, many, count) or "{count}" not in many
            assert many or known._catalog[one], one
    assert said("Open") == "Open"


def test_serbian_is_written_in_cyrillic_and_read_in_latin():
    cyrillic = re.compile("[\u0400-\u04ff]")
    for entry in translations("sr.po").values():
        if entry.one and re.search("[^\\W\\d_]", Formatter().vformat(entry.one, (), _Nothing())):
            assert all(cyrillic.search(form) for form in entry.forms) or entry.one in KEPT, entry
    for text in po.translations(Language.SERBIAN_LATIN)._catalog.values():
        assert not cyrillic.search(text)


KEPT = {"{name}: {role}", "GovSync"}


class _Nothing(dict[str, object]):
    def __missing__(self, key: str) -> object:
        return _Blank()


class _Blank:
    def __format__(self, spec: str) -> str:
        return ""


def test_nothing_is_shown_that_did_not_pass_through_the_catalogue():
    left = []
    for file in sorted([*SOURCE.glob("desktop/**/*.py"), *SOURCE.glob("cli/*.py")]):
        where = str(file.relative_to(SOURCE))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and where not in UNTRANSLATED:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                left += [(where, text) for text in _words(node.args[0]) if name in SHOWN]
    assert [each for each in left if each[1] not in MEANT] == []


def _words(argument: ast.expr) -> list[str]:
    """Finds literal words of people in what is shown: of a pattern, those between its facts."""
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    literals = [
        each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    words = [text.strip() for text in literals if re.search(r"[^\W\d_]{2}", text)]
    return [text for text in words if not text.startswith("govsync")]
