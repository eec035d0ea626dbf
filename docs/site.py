"""What this site adds to Sphinx: pages for staff that say in which languages they are, the words around them in that language,
a search that finds Korean, and a build that fails where a page would load something from elsewhere (decision 0042)."""

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish

from docs import outside, spoken
from govsync.model.languages import Language
from govsync.text.languages import NAMES
from govsync.text.latin import latin

_AROUND = {
    "Search": ("검색", "Претрага"),
    "Home": ("처음으로", "Почетна"),
    "Next": ("다음", "Следеће"),
    "Previous": ("이전", "Претходно"),
    "On this page": ("이 페이지의 내용", "На овој страници"),
    "Back to top": ("맨 위로", "На врх"),
    "Skip to content": ("본문으로 건너뛰기", "Пређи на садржај"),
}
"""What the theme says around a page, in Korean and Serbian. Its words for those who read a screen are in English."""

_HANGUL = re.compile(r"[가-힣]+")
_LEAST_SYLLABLES = 2


class KoreanToo(SearchEnglish):
    """Finds Korean nouns whatever particle they carry: each word is listed by each of its beginnings, since particles follow.

    The search of the page asks for whole words first, and for parts of words from three letters on, which most Korean nouns
    are too short for.
    """

    def split(self, input: str) -> list[str]:
        """Answers the words under which a text is listed."""
        return [each for word in super().split(input) for each in (word, *beginnings(word))]


def beginnings(word: str) -> list[str]:
    """Answers the beginnings of a Korean word, from two syllables on; none of any other word."""
    if not _HANGUL.fullmatch(word):
        return []
    return [word[:length] for length in range(_LEAST_SYLLABLES, len(word))]


def around(language: Language) -> Callable[[str], str]:
    """Answers what translates the words around a page."""

    def translated(text: str) -> str:
        korean, serbian = _AROUND.get(text, (text, text))
        match language:
            case Language.KOREAN:
                return korean
            case Language.SERBIAN:
                return serbian
            case Language.SERBIAN_LATIN:
                return latin(serbian)
            case Language.ENGLISH:
                return text

    return translated


def _speak(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Has a page for staff be in its language, beside the same page in the others."""
    language = spoken.language_of(page)
    if language is None:
        return
    context["language"] = str(language)
    context["gettext"] = around(language)
    name = page.rpartition("/")[2]
    context["in_languages"] = [
        (str(each), NAMES[each], context["pathto"](f"staff/{each}/{name}"), each is language)
        for each in Language
    ]
    context["toctree"] = lambda **_: _guide(app, page, context["pathto"])
    for way in ("prev", "next"):  # The first and the last page of a language lead to no other one.
        beside = context.get(way)
        if beside and beside["link"].startswith("../"):
            context[way] = None


def _guide(app: Sphinx, page: str, path_to: Callable[[str], str]) -> str:
    """Answers the navigation of a page for staff: the pages in its language, as Sphinx would write them. The tree of the whole
    site, three other languages in it, would help nobody who reads this page, and took two thirds of the time of the build."""
    first = f"{page.rpartition('/')[0]}/index"
    rows = [
        f'<li class="toctree-l1{" current" if each == page else ""}">'
        f'<a class="{"current " if each == page else ""}reference internal" href="{path_to(each)}">'
        f"{escape(app.env.titles[each].astext())}</a></li>"
        for each in (first, *app.env.toctree_includes[first])
    ]
    return f"<ul>{''.join(rows)}</ul>"


def _stay_here(app: Sphinx, failure: Exception | None) -> None:
    found = [] if failure else list(outside.from_elsewhere(Path(app.outdir)))
    if found:
        raise ExtensionError("these pages load something from elsewhere:\n" + "\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """As Sphinx asks it."""
    app.add_search_language(KoreanToo)
    app.connect(
        "html-page-context", _speak, priority=100
    )  # Before the theme, which makes its navigation of it.
    app.connect("build-finished", _stay_here)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
