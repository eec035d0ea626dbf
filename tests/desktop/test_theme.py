"""Every text can be read on every ground that it stands on, light and dark (WCAG 2.2: 4.5:1, 3:1 for what only marks)."""

import pytest
from PySide6.QtGui import QColor

from govsync.desktop import icons
from govsync.desktop.theme import ART, DARK, LIGHT, TONES, contrast, style_sheet, tone
from govsync.model.status import State

PALETTES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
GROUNDS = ("canvas", "rail", "surface", "sunken", "hover", "selected")
TONE_NAMES = ("green", "blue", "amber", "red", "grey")


def test_contrast_is_reckoned_as_the_guideline_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@PALETTES
@pytest.mark.parametrize("ink", ["ink", "ink2", "accent_ink"])
def test_what_is_read_stands_out_on_every_ground(palette, ink):
    found = {ground: contrast(getattr(palette, ink), getattr(palette, ground)) for ground in GROUNDS}
    assert min(found.values()) >= 4.5, found


@PALETTES
def test_what_explains_stands_out_where_it_is_used(palette):
    for ground in ("canvas", "rail", "surface", "sunken", "selected"):
        assert contrast(palette.ink3, getattr(palette, ground)) >= 4.5, ground


@PALETTES
@pytest.mark.parametrize("name", TONE_NAMES)
def test_what_means_something_stands_out_on_its_own_ground_and_on_others(palette, name):
    found = tone(palette, name)
    for ground in (found.tint, palette.surface, palette.canvas):
        assert contrast(found.ink, ground) >= 4.5, ground
    for ground in (found.tint, palette.surface, palette.canvas, palette.rail):
        assert contrast(found.mark, ground) >= 3, ground


@PALETTES
def test_buttons_and_edges_stand_out(palette):
    assert contrast(palette.on_accent, palette.accent) >= 4.5
    assert contrast(palette.on_accent, palette.accent_hover) >= 4.5
    assert contrast(palette.edge, palette.surface) >= 3


@PALETTES
def test_the_style_sheet_has_every_colour_that_it_names(dressed, palette):
    assert "$" not in style_sheet(palette)


@PALETTES
@pytest.mark.parametrize("size", icons.SIZES)
def test_states_differ_by_shape_and_not_by_colour_alone(dressed, palette, size):
    def silhouette(state: State) -> frozenset[tuple[int, int]]:
        image = icons.state_picture(state, palette, size).toImage()
        body = QColor(tone(palette, TONES[state]).mark)
        return frozenset(
            (x, y)
            for x in range(size)
            for y in range(size)
            if image.pixelColor(x, y).alpha() > 127
            and abs(image.pixelColor(x, y).lightness() - body.lightness()) < 40
        )

    shapes = {state: silhouette(state) for state in State}
    for state, shape in shapes.items():
        for other, another in shapes.items():
            if state != other:
                apart = len(shape ^ another) / max(len(shape | another), 1)
                assert apart > 0.15, f"{state} and {other} look alike at {size}"


def test_every_icon_is_drawn_in_one_stroke_and_takes_a_colour(dressed):
    for file in (ART / "icons").iterdir():
        name = file.name.removesuffix(".svg")
        image = icons.picture(name, "#ff0000", 24).toImage()
        colours = {
            image.pixelColor(x, y).name()
            for x in range(24)
            for y in range(24)
            if image.pixelColor(x, y).alpha() == 255
        }
        assert colours == {"#ff0000"}, name
