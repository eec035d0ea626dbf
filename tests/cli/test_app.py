"""`govsync app` says why there is no window, where there can be none, and begins with what the home knows."""

import sys

import click
import pytest
from click.testing import CliRunner

from govsync.agent import home
from govsync.cli import app as module
from govsync.cli.main import cli
from govsync.desktop import app as desktop
from govsync.system import policy
from govsync.system.machine import machine_id
from govsync.system.places import places


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


@pytest.fixture
def policies(tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    policy.FOLDER.mkdir()
    return lambda text: (policy.FOLDER / "10.toml").write_text(text)


def test_a_first_start_asks_for_nothing_that_policy_fixes(begun, policies, tmp_path):
    policies(f'"endpoint.url" = "https://drive.example.gov"\n"folder.path" = "{tmp_path}/Work"\n')
    assert CliRunner().invoke(cli, ["app"]).exit_code == 0
    policies('"endpoint.locked" = true\n"folder.locked" = true\n')
    (tmp_path / "settings.toml").write_text('"endpoint.url" = "https://own.example"\n')
    assert CliRunner().invoke(cli, ["app"]).exit_code == 0
    policies('"endpoint.locked" = true\n')
    (tmp_path / "settings.toml").write_text("")
    assert CliRunner().invoke(cli, ["app"]).exit_code == 0
    one, two, three = begun
    assert (one.endpoint, one.folder) == ("https://drive.example.gov", tmp_path / "Work")
    assert (two.endpoint, two.folder.name) == ("https://own.example", "GovSync")
    assert (one.known_address, one.known_folder) == (two.known_address, two.known_folder) == (True, True)
    assert (three.known_address, three.known_folder) == (False, False), "there is no address to lock"


def test_without_an_icon_a_minimized_start_is_that_of_the_agent_alone(begun, policies, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(module, "start", lambda: started.append(1))
    policies('"app.show_tray" = false\n')
    assert CliRunner().invoke(cli, ["app", "--minimized"]).exit_code == 0
    assert (len(begun), started) == (1, []), "there is no desk yet, and somebody has to sign in"
    identity = home.Identity(
        device="ab" * 16, name="PC", machine=machine_id(), login="anna", root="cd" * 16, folder="/f"
    )
    home.save(places({"GOVSYNC_HOME": str(tmp_path)}), identity)
    assert CliRunner().invoke(cli, ["app", "--minimized"]).exit_code == 0
    assert (len(begun), started) == (1, [1])
    assert CliRunner().invoke(cli, ["app"]).exit_code == 0
    assert (begun[-1].tray, started) == (False, [1])


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
