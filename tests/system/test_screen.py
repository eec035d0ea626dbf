"""A screen is where the environment says that one is; on Windows and macOS always."""

import sys

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


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_who_has_signed_in_at_a_pc_or_a_mac_has_one(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    assert has_screen({})
