"""What the pages for people name is there: files, links and commands."""

import re

import pytest

from govsync.cli.main import _WHERE
from tests.project.sources import PRODUCT, ROOT, committed_files

FILES = committed_files()
PAGES = sorted(file for file in FILES if file.suffix == ".md")
NAMED = re.compile(r"`([\w./-]+\.(?:py|md|txt|toml|yaml|lock))`")
LINKED = re.compile(r"\]\((?!https?:)([^)#]+)")
TYPED = re.compile(r"(?:^|`)govsync ([a-z][a-z-]*)", re.M)
MADE_LATER = {"settings.toml", "docs/decisions"}
"""What lies in a home, not in the repository."""
NAMES = {file.name for file in FILES}


def text_of(page) -> str:
    return page.read_text(encoding="utf-8")


def exists(named: str) -> bool:
    """A path is meant from the root or from the sources; a name alone from anywhere."""
    if "/" not in named:
        return named in NAMES or named in MADE_LATER
    return any((base / named).exists() for base in (ROOT, PRODUCT))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_link_that_a_page_names_is_there(page):
    assert [named for named in NAMED.findall(text_of(page)) if not exists(named)] == []
    assert [link for link in LINKED.findall(text_of(page)) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_types_is_one(page):
    assert set(TYPED.findall(text_of(page))) - set(_WHERE) == set()
