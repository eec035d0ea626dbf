"""The site: each page for staff in its language and beside the others, words found whatever their ending, nothing loaded from elsewhere."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from docs import outside, site
from govsync.model.languages import Language
from govsync.text.languages import NAMES
from tests.project.sources import ROOT

SWITCH = re.compile(r'<a href="([^"]*)" lang="([\w-]+)" hreflang="[\w-]+"( aria-current="true")?>([^<]+)</a>')


PAGES = ("index", "icon", "leaving")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The first pages for staff, one between and the last, as `make docs` makes them of all."""
    target = tmp_path_factory.mktemp("site")
    docs = ROOT / "docs"
    chosen = ",".join(["staff/index.md", *(f"staff/*/{name}.md" for name in PAGES)])
    options = ["-Q", "-D", "root_doc=staff/index", "-D", f"include_patterns={chosen}"]
    subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "-b", "html", docs, target], cwd=ROOT, check=True
    )
    return target


@pytest.mark.parametrize("language", Language)
def test_each_page_is_in_its_language_and_leads_to_the_others(built, language):
    for name in PAGES:
        page = built / "staff" / language / f"{name}.html"
        text = page.read_text(encoding="utf-8")
        assert f'lang="{language}" data-content_root' in text
        found = {tag: (address, bool(current), own) for address, tag, current, own in SWITCH.findall(text)}
        assert set(found) == set(Language)
        for tag, (address, current, own) in found.items():
            assert own == NAMES[Language(tag)]
            assert current is (tag == language)
            assert current or (page.parent / address).resolve() == built / "staff" / tag / f"{name}.html"


@pytest.mark.parametrize("language", Language)
def test_the_words_around_a_page_and_its_navigation_are_in_its_language(built, language):
    text = (built / "staff" / language / "icon.html").read_text(encoding="utf-8")
    assert f'placeholder="{site.around(language)("Search")}"' in text
    assert f"<span>{site.around(language)('Next')}</span>" in text
    sidebar = text[text.index('class="sidebar-tree"') : text.index("</aside>")]
    assert len(re.findall("<li", sidebar)) == len(PAGES)
    assert "../" not in re.sub(r"<a[^>]*class=\"sidebar-brand.*?</a>", "", sidebar)


def test_no_language_leads_on_to_the_next(built):
    for language in Language:
        first = (built / "staff" / language / "index.html").read_text(encoding="utf-8")
        last = (built / "staff" / language / "leaving.html").read_text(encoding="utf-8")
        assert ("prev-page" in first, "next-page" in first) == (False, True)
        assert ("prev-page" in last, "next-page" in last) == (True, False)


def test_words_are_found_whatever_their_ending(built):
    index = (built / "searchindex.js").read_text(encoding="utf-8")
    terms = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    for found, noun in (("단추를", "단추"), ("уређају", "уређај")):
        assert {found, noun} <= set(terms)
    assert site.beginnings("폴더에서") == ["폴더", "폴더에"]
    assert site.beginnings("отпаду") == ["отпа", "отпад"]
    assert site.beginnings("GovSync") == site.beginnings("ово") == site.beginnings("폴") == []


def test_nothing_is_loaded_from_elsewhere(built):
    assert list(outside.from_elsewhere(built)) == []


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<link rel=stylesheet href='//fonts.example/css'>",
        '<img alt="" src = "http://pictures.example/a.png">',
        "@import url(https://fonts.example/css);",
        'body { background: url("//pictures.example/a.png") }',
        'const x = await import("https://cdn.example/x.mjs")',
        'fetch("https://numbers.example/visit")',
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(tmp_path, text):
    (tmp_path / "page.html").write_text(text)
    (found,) = outside.from_elsewhere(tmp_path)
    assert ".example" in found


def test_the_build_ends_where_something_would_be(tmp_path):
    (tmp_path / "page.html").write_text('<script src="https://cdn.example/x.js"></script>')
    with pytest.raises(ExtensionError, match=r"page\.html: https://cdn\.example/x\.js"):
        site._stay_here(SimpleNamespace(outdir=tmp_path), None)
    connected = {}
    site.setup(
        SimpleNamespace(
            add_search_language=lambda _: None,
            connect=lambda event, to, priority=500: connected.update({event: to}),
        )
    )
    assert connected["build-finished"] is site._stay_here


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://www.sphinx-doc.org/">Sphinx</a>',
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#svg-sun"></use></svg>',
        "body { background: url(\"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'>\") }",
        '<link rel="stylesheet" href="../_static/site.css">',
    ],
)
def test_what_one_may_follow_or_has_at_hand_is_not(text):
    assert outside.loaded(text) == []
