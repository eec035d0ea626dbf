"""A window that was asked for by the icon stands beside it, and whole on its screen, wherever the panel is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSize

from govsync.desktop.place import MARGIN, beside

SCREEN, WINDOW = QRect(0, 0, 1280, 800), QSize(960, 600)


@pytest.mark.parametrize(
    ("icon", "x", "y"),
    [
        (QRect(1250, 770, 24, 24), 1280 - MARGIN - 960, 770 - MARGIN - 600),
        (QRect(1250, 4, 24, 24), 1280 - MARGIN - 960, 28 + MARGIN),
        (QRect(4, 770, 24, 24), MARGIN, 770 - MARGIN - 600),
        (QRect(628, 770, 24, 24), 639 - 480, 770 - MARGIN - 600),
        (QRect(4, 400, 24, 24), MARGIN, MARGIN),
    ],
    ids=["right below", "right above", "left below", "in the middle", "at the side"],
)
def test_it_stands_beside_the_icon(icon, x, y):
    assert beside(icon, WINDOW, SCREEN).toTuple() == (x, y)


@given(st.integers(-3000, 3000), st.integers(-3000, 3000), st.integers(0, 1920), st.integers(0, 1080))
def test_it_is_whole_on_its_screen(left, top, x, y):
    screen = QRect(left, top, 1920, 1080)
    at = beside(QRect(left + x, top + y, 24, 24), WINDOW, screen)
    assert screen.contains(QRect(at, WINDOW))


def test_the_title_of_one_that_has_no_room_is_seen():
    assert beside(QRect(1250, 770, 24, 24), QSize(2000, 2000), SCREEN).toTuple() == (MARGIN, MARGIN)
