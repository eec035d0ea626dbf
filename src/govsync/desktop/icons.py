"""The icons: one family of our own, drawn from `art/` in any colour and size.

A picture is drawn for each size that is asked for, so that it is crisp from 16 to 64 pixels and on any screen.
"""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from govsync.desktop.theme import ART, DARK, LIGHT, TONES, Palette, tone
from govsync.model.status import State

SIZES = (16, 20, 22, 24, 32, 48, 64)
_LINES, _BODY, _GLYPH = "#000", "#000001", "#fffffe"
"""What the drawings have where a colour is put in."""


@lru_cache(maxsize=64)
def _drawing(path: str) -> str:
    return (ART / path).read_text(encoding="utf-8")


def _drawn(svg: str, size: int, ratio: float) -> QPixmap:
    pixels = round(size * ratio)
    found = QPixmap(pixels, pixels)
    found.fill(Qt.GlobalColor.transparent)
    painter = QPainter(found)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    found.setDevicePixelRatio(ratio)
    return found


@lru_cache(maxsize=512)
def picture(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Draws an icon of lines in a colour."""
    return _drawn(_drawing(f"icons/{name}.svg").replace(f'"{_LINES}"', f'"{colour}"'), size, ratio)


@lru_cache(maxsize=128)
def icon(name: str, colour: str, disabled: str | None = None) -> QIcon:
    """Answers an icon of lines as buttons have it: 16 pixels, on screens that draw it once, one and a half times and twice as
    large."""
    found = QIcon()
    for size in (16, 24, 32):
        found.addPixmap(picture(name, colour, size))
        if disabled is not None:
            found.addPixmap(picture(name, disabled, size), QIcon.Mode.Disabled)
    return found


@lru_cache(maxsize=64)
def state_picture(state: State, palette: Palette, size: int, ratio: float = 1.0) -> QPixmap:
    """Draws a state as it stands on a palette's ground: its body in its tone, what is in it cut out."""
    body = tone(palette, TONES[state]).mark
    svg = _drawing(f"states/{state}.svg").replace(_BODY, body).replace(_GLYPH, palette.surface)
    return _drawn(svg, size, ratio)


def state_icon(state: State, dark_ground: bool) -> QIcon:
    """Answers the icon of a state for a panel."""
    found = QIcon()
    for size in SIZES:
        found.addPixmap(state_picture(state, DARK if dark_ground else LIGHT, size))
    return found


def product_icon() -> QIcon:
    """Answers the product's own icon."""
    found = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        found.addPixmap(product_picture(size))
    return found


@lru_cache(maxsize=16)
def product_picture(size: int, ratio: float = 1.0) -> QPixmap:
    """Draws the product's mark."""
    return _drawn(_drawing("govsync.svg"), size, ratio)


def tinted(colour: str, alpha: float) -> QColor:
    """Answers a colour that lets its ground shine through."""
    found = QColor(colour)
    found.setAlphaF(alpha)
    return found
