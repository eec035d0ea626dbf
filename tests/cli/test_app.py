"""`govsync app` says why there is no window, where there can be none, and begins with what the home knows."""

import sys

import click
import pytest
from click.testing import CliRunner

from govsync.cli import app as module
from govsync.cli.main import cli
from govsync.desktop import app as desktop


@pytest.fixture
def begun(tmp_path, monkeypatch) -> list[desktop.Begin]:
    found: list[desktop.Begin] = []
    monkeypatch.setenv("GOVSYNC_HOME", str(tmp_path))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(desktop, "main", lambda places, now, begin: found.append(begin) or 0)
    return found


def test_without_a_screen_it_says_so(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(cli, ["app"])
    assert done.exit_code == 1
    assert "there is no screen here" in done.stderr


def test_without_qt_it_says_what_to_install(monkeypatch, begun):
    monkeypatch.setitem(sys.modules, "govsync.desktop.app", None)
    done = CliRunner().invoke(cli, ["app"])
    assert done.exit_code == 1
    assert "govsync[desktop]" in done.stderr


def test_a_new_home_begins_with_the_address_that_the_organisation_has_set(begun, tmp_path):
    (tmp_path / "settings.toml").write_text('"endpoint.url" = "https://drive.example.gov/"\n')
    assert CliRunner().invoke(cli, ["app", "--minimized"]).exit_code == 0
    (begin,) = begun
    assert not begin.begun
    assert begin.endpoint == "https://drive.example.gov"
    assert begin.minimized
    assert begin.folder is not None
    assert begin.folder.name == "GovSync"


def test_it_opens_on_the_page_that_is_asked_for_and_on_no_other(begun):
    assert CliRunner().invoke(cli, ["app", "--page", "problems"]).exit_code == 0
    assert begun[0].page == "problems"
    assert CliRunner().invoke(cli, ["app", "--page", "nothing"], standalone_mode=False).exit_code != 0


def test_the_pages_of_the_command_are_those_of_the_window():
    from govsync.desktop.window import PAGES

    assert module.PAGES == PAGES


def test_it_opens_what_is_asked_for_of_a_path_and_one_thing_alone(begun, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["app", "--versions", "a.txt"]).exit_code == 0
    assert begun[0].page == f"versions:{tmp_path / 'a.txt'}"
    both = CliRunner().invoke(cli, ["app", "--share", "a", "--page", "status"], standalone_mode=False)
    assert isinstance(both.exception, click.UsageError)
    assert len(begun) == 1
