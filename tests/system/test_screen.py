"""A screen is where the environment says that one is."""

import pytest

from govsync.system.screen import has_screen


@pytest.mark.parametrize(
    ("environment", "there"),
    [
        ({}, False), ({"DISPLAY": ""}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
    ],
)  # fmt: skip
def test_a_screen_is_where_the_environment_names_one(environment, there):
    assert has_screen(environment) is there
