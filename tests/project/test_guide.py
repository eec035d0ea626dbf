"""The pages for staff: the same in each language, whole, and in the words of the window."""

import re
from collections import Counter
from pathlib import Path

import pytest

from docs import spoken
from govsync.model.languages import Language
from govsync.text.catalog import said, speaking
from govsync.text.po import LOCALE, entries
from tests.project.sources import ROOT
from tests.project.typed import blocks, mentions

NAMES = spoken.names()
OTHERS = [language for language in Language if language is not Language.ENGLISH]
SUBJECTS = {
    "index", "first-day", "icon", "saving", "sharing", "links", "two-versions", "question", "earlier", "pausing", "file-manager",
    "keyboard", "leaving",
}  # fmt: skip
LABEL = re.compile(r"\{guilabel\}`([^`]+)`")
LINK = re.compile(r"\]\(([^)]+)\)")
LETTERS = {Language.KOREAN: re.compile("[가-힣]"), Language.SERBIAN: re.compile("[Ѐ-ӿ]")}
TEXTS = {each.one for each in entries((LOCALE / "ko.po").read_text(encoding="utf-8")) if each.one}


def page(language: Language, name: str) -> Path:
    return spoken.folder(language) / name


def text(language: Language, name: str) -> str:
    return page(language, name).read_text(encoding="utf-8")


def shape(of: str) -> list[str]:
    """Answers what a page is made of, in its order: headings, rows, items, pictures, blocks, paragraphs."""
    return [re.match(r"#*|\||- |\d\. |!|`", line)[0] for line in of.splitlines() if line.strip()]  # type: ignore[index]


def test_there_is_a_page_for_each_subject():
    assert {Path(name).stem for name in NAMES} == SUBJECTS


@pytest.mark.parametrize("language", Language)
def test_each_language_has_every_page_and_no_other(language):
    assert tuple(sorted(each.name for each in spoken.folder(language).iterdir())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_the_english_pages_quote_is_in_the_window(name):
    assert set(LABEL.findall(text(Language.ENGLISH, name))) - TEXTS == set()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_quotes_what_the_window_says_in_its_language(name, language):
    with speaking(language):
        expected = Counter(said(label, count=1) for label in LABEL.findall(text(Language.ENGLISH, name)))
    assert Counter(LABEL.findall(text(language, name))) == expected


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_in_each_language_as_much(name, language):
    english, other = text(Language.ENGLISH, name), text(language, name)
    assert shape(other) == shape(english)
    assert blocks(page(language, name)) == blocks(page(Language.ENGLISH, name))
    assert Counter(mentions(page(language, name))) == Counter(mentions(page(Language.ENGLISH, name)))
    of_english = [link.replace("/en/", f"/{language}/") for link in LINK.findall(english)]
    assert Counter(LINK.findall(other)) == Counter(of_english)


@pytest.mark.parametrize("language", LETTERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_in_its_language(name, language):
    prose = re.sub(r"```.*?```", "", text(language, name), flags=re.S).replace("{guilabel}", "")
    lines = [
        line
        for each in prose.splitlines()
        if len(line := re.sub(r"`govsync.*?`|\*.*?\*|\]\(.*?\)", "", each)) > 25
    ]
    assert lines
    foreign = [
        each
        for each in lines
        if 2 * len(LETTERS[language].findall(each)) < len(re.findall(r"[^\W\d_]", each))
    ]
    assert foreign == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_in_latin_letters_has_no_others(name):
    assert LETTERS[Language.SERBIAN].findall(text(Language.SERBIAN_LATIN, name)) == []


def test_each_picture_is_there_in_each_language():
    assert spoken.pictures()
    for language in Language:
        folder = ROOT / "docs" / "pictures" / language
        assert {each.stem for each in folder.iterdir()} == set(spoken.pictures())
