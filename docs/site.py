"""What this site adds to Sphinx: pages for staff that say in which languages they are, the words around them in that language,
a search that finds Korean and Serbian words whatever their ending, and a build that fails where a page would load something
from elsewhere (decision 0042)."""

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

_BEFORE_THE_THEME = 100
"""Of what hears of a page the lower come first, and the theme (500) makes its navigation of what it finds."""

_ENDINGS = ((re.compile("[가-힣]+"), 2), (re.compile("[Ѐ-ӿ]+"), 4))
"""In which letters words carry endings, and how long a beginning is at least."""


class ByBeginnings(SearchEnglish):
    """Finds a noun whatever particle or ending it carries: each word is listed by each of its beginnings, since these follow.

    The search of the page asks for whole words first; only where there is none it asks for parts of words, from three letters
    on, which most Korean nouns are too short for.
    """

    def split(self, input: str) -> list[str]:
        """Answers the words under which a text is listed."""
        return [each for word in super().split(input) for each in (word, *beginnings(word))]


def beginnings(word: str) -> list[str]:
    """Answers the beginnings of a word in Korean, or in Serbian in Cyrillic; none of any other word."""
    for letters, least in _ENDINGS:
        if letters.fullmatch(word):
            return [word[:length] for length in range(least, len(word))]
    return []


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
    app.add_search_language(ByBeginnings)
    app.connect("html-page-context", _speak, priority=_BEFORE_THE_THEME)
    app.connect("build-finished", _stay_here)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
