"""How everything looks: two palettes, a scale of type, a grid; and the style sheet that follows from them.

The figures are decided in docs/decisions/0030; tests compute the contrast of each text on each ground that it stands on.
"""

from functools import lru_cache
from importlib.resources import files
from string import Template

import msgspec
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from govsync.model.status import State

ART = files("govsync.desktop") / "art"
GRID = 8
"""All distances are multiples of it, or of its half."""
FONTS = ("Inter", "Pretendard", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic")
"""The first that is installed is taken for what it has, the next for what that lacks."""
_NO_FONTS = {"Sans Serif", "Sans", "DejaVu Sans", ""}
"""What a system names that has chosen none."""


class Tone(msgspec.Struct, frozen=True):
    """One meaning's colours: of words (on `tint` or on a surface), of the ground of a chip, of a shape."""

    ink: str
    tint: str
    mark: str


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """Every colour there is. `ink3` is for what explains, never for what must be read."""

    dark: bool
    canvas: str
    rail: str
    surface: str
    sunken: str
    hover: str
    line: str
    edge: str
    scroll: str
    ink: str
    ink2: str
    ink3: str
    accent: str
    accent_ink: str
    accent_hover: str
    on_accent: str
    selected: str
    green: Tone
    blue: Tone
    amber: Tone
    red: Tone
    grey: Tone


LIGHT = Palette(
    dark=False, canvas="#f6f7f9", rail="#eef1f5", surface="#ffffff", sunken="#f1f3f6", hover="#e6eaf0", line="#e3e7ed",
    edge="#818c9c", scroll="#b8c0cb", ink="#161c26", ink2="#4b5666", ink3="#5f6a7a", accent="#1f5fbf", accent_ink="#1a55b0",
    accent_hover="#184fa3", on_accent="#ffffff", selected="#e2ecfa",
    green=Tone("#17693f", "#e1f4e9", "#1e8e54"), blue=Tone("#1a55b0", "#e4eefb", "#1f5fbf"),
    amber=Tone("#7f4a00", "#fdf0d8", "#b36a00"), red=Tone("#a3211a", "#fde9e7", "#c9372c"),
    grey=Tone("#4b5666", "#e9ecf1", "#5f6b7c"),
)  # fmt: skip
DARK = Palette(
    dark=True, canvas="#12161c", rail="#161b22", surface="#1b2129", sunken="#161b22", hover="#262e39", line="#2a323d",
    edge="#6f7c8d", scroll="#465160", ink="#e9edf3", ink2="#b3bdca", ink3="#97a3b2", accent="#8ab4f8", accent_ink="#9cc3ff",
    accent_hover="#a6c7fb", on_accent="#0d1b33", selected="#1d3050",
    green=Tone("#6fd8a0", "#16301f", "#4cc38a"), blue=Tone("#9cc3ff", "#182a45", "#6aa5ff"),
    amber=Tone("#f3c06b", "#38290f", "#e9a93f"), red=Tone("#ffa8a0", "#431d1b", "#f2766b"),
    grey=Tone("#b3bdca", "#28303b", "#8d99a8"),
)  # fmt: skip

TONES = {
    State.IN_SYNC: "green", State.SYNCING: "blue", State.HOLD: "amber", State.PROBLEM: "red", State.PAUSED: "grey",
    State.OFFLINE: "grey", State.SIGNED_OUT: "grey",
}  # fmt: skip


def tone(palette: Palette, name: str) -> Tone:
    """Answers the tone of a name."""
    found = getattr(palette, name)
    assert isinstance(found, Tone)
    return found


def contrast(one: str, other: str) -> float:
    """Answers the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=32)
def font(pixels: int, weight: QFont.Weight = QFont.Weight.Normal, figures: bool = False) -> QFont:
    """Answers a font of the scale; `figures` of equal width, where numbers change in place."""
    found = QFont(families())
    found.setPixelSize(pixels)
    found.setWeight(weight)
    if figures:
        found.setFeature(QFont.Tag("tnum"), 1)
    return found


def families() -> list[str]:
    """Answers the families of letters, the first one preferred."""
    installed = set(QFontDatabase.families())
    own = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    chosen = [family for family in FONTS if family in installed]
    if own not in _NO_FONTS and "Inter" not in chosen:
        chosen.insert(0, own)
    return chosen or [own]


def dress(app: QApplication, palette: Palette) -> None:
    """Gives an application our looks."""
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(font(13))
    app.setPalette(_qt(palette))
    app.setStyleSheet(style_sheet(palette))


def style_sheet(palette: Palette) -> str:
    """Answers the style sheet for a palette."""
    colours: dict[str, str] = {}
    for name, value in msgspec.structs.asdict(palette).items():
        if isinstance(value, Tone):
            colours |= {f"{name}_{part}": colour for part, colour in msgspec.structs.asdict(value).items()}
        else:
            colours[name] = str(value)
    fonts = ", ".join(f'"{family}"' for family in families())
    mode = "dark" if palette.dark else "light"
    return Template((ART / "style.qss").read_text(encoding="utf-8")).substitute(
        colours, fonts=fonts, mode=mode
    )


def _qt(palette: Palette) -> QPalette:
    found = QPalette()
    roles = {
        QPalette.ColorRole.Window: palette.canvas, QPalette.ColorRole.Base: palette.surface,
        QPalette.ColorRole.AlternateBase: palette.sunken, QPalette.ColorRole.WindowText: palette.ink,
        QPalette.ColorRole.Text: palette.ink, QPalette.ColorRole.ButtonText: palette.ink,
        QPalette.ColorRole.Button: palette.surface, QPalette.ColorRole.Highlight: palette.accent,
        QPalette.ColorRole.HighlightedText: palette.on_accent, QPalette.ColorRole.ToolTipBase: palette.surface,
        QPalette.ColorRole.ToolTipText: palette.ink, QPalette.ColorRole.PlaceholderText: palette.ink3,
        QPalette.ColorRole.Link: palette.accent_ink, QPalette.ColorRole.Accent: palette.accent,
    }  # fmt: skip
    for role, colour in roles.items():
        found.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        found.setColor(QPalette.ColorGroup.Disabled, role, QColor(palette.ink3))
    return found
