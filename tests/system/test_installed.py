"""As which package this GovSync came, and who keeps it: only a desk of ours that nobody keeps looks for newer versions."""

import platform
import sys

import pytest

from govsync.system import installed
from packages import client


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A system that has our package of Debian."""
    home, entry = tmp_path / "home", tmp_path / "govsync.list"
    home.mkdir()
    entry.touch()
    monkeypatch.setattr(installed, "HOME", home)
    monkeypatch.setattr(installed, "_DATABASES", (("deb", entry), ("rpm", tmp_path / "rpm")))
    monkeypatch.setattr(sys, "executable", str(home / "python"))
    return tmp_path


def test_a_package_is_of_its_system_and_machine(package):
    assert installed.package_kind() == f"deb-{platform.machine()}"
    (package / "govsync.list").rename(package / "rpm")
    assert installed.package_kind() == f"rpm-{platform.machine()}"


def test_what_came_otherwise_is_no_package_of_ours(package, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(package / "venv" / "python"))
    assert installed.package_kind() is None


def test_a_package_that_neither_system_knows_is_none(package):
    (package / "govsync.list").unlink()
    assert installed.package_kind() is None


def test_a_package_that_a_mirror_keeps_says_so(package, monkeypatch):
    monkeypatch.setattr(client, "HOME", "home")
    client.keep(package)
    assert installed.package_kind() is None


def test_packages_lie_where_they_are_looked_for():
    assert installed.HOME.relative_to("/") == client.HOME
