"""The pages for staff list what the window and the menu of the icon have: every key, and every entry."""

import re

import pytest

from docs import spoken
from govsync.desktop.tray import Tray
from govsync.model.languages import Language
from govsync.text.catalog import speaking
from tests.desktop.samples import STATES

ROW = re.compile(r"^\| (\S+) \| \{guilabel\}`([^`]+)` \|$", re.M)
LABEL = re.compile(r"\{guilabel\}`([^`]+)`")


def page(name: str, language: Language) -> str:
    return (spoken.folder(language) / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", Language)
def test_the_page_about_the_keyboard_lists_every_key(shown, language):
    with speaking(language):
        window = shown("status")
    keys = {
        (action.shortcut().toString(), action.text().replace("&", ""))
        for action in window.actions()
        if not action.shortcut().isEmpty()
    }
    assert set(ROW.findall(page("keyboard.md", language))) == keys


@pytest.mark.parametrize("language", Language)
def test_the_page_about_the_icon_lists_every_entry_of_its_menu(desk, agent, language):
    with speaking(language):
        menu = Tray(desk).menu
    entries = {action.text().replace("&", "") for action in menu.actions() if action.text()}
    (listed,) = (line for line in page("icon.md", language).splitlines() if line.count("{guilabel}") > 5)
    assert len(STATES) == page("icon.md", language).count(".svg")
    assert set(LABEL.findall(listed)) <= entries
    left = entries - set(LABEL.findall(listed))
    assert len(left) == 4, (
        f"the state, what opens the web, and what is shown without an agent or a sign-in: {left}"
    )
