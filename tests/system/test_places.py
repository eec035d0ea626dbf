"""One home holds all; without one the platform says where things go."""

from pathlib import Path

import msgspec

from govsync.system.places import default_data, places


def test_a_chosen_home_holds_everything(tmp_path):
    found = places({"GOVSYNC_HOME": str(tmp_path)})
    paths = [value for value in msgspec.structs.asdict(found).values() if isinstance(value, Path)]
    assert all(path == tmp_path or path.parent == tmp_path for path in paths)
    assert len(set(paths)) == len(paths)
    assert found.own_home


def test_two_homes_share_nothing(tmp_path):
    one, two = (msgspec.structs.asdict(places({"GOVSYNC_HOME": str(tmp_path / name)})) for name in "ab")
    assert all(one[name] != two[name] for name in one if isinstance(one[name], Path))


def test_the_file_instead_of_the_keyring_is_for_who_asks_for_it():
    assert places({"GOVSYNC_CREDENTIALS": "file"}).use_credentials
    assert not places({"GOVSYNC_CREDENTIALS": "keyring"}).use_credentials
    assert not places({}).use_credentials


def test_without_a_home_the_platform_s_directories_are_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for environment in ({}, {"GOVSYNC_HOME": ""}):
        found = places(environment)
        assert found.settings == tmp_path / "config/govsync/settings.toml"
        assert found.store == tmp_path / "state/govsync/store.db"
        assert found.socket.parent == found.lock.parent == found.home == tmp_path / "state/govsync"
        assert not found.own_home
    assert default_data() == tmp_path / "data/govsync-server"


def test_a_home_is_one_place_wherever_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    assert places({"GOVSYNC_HOME": "here"}).home == tmp_path / "here"
    assert places({"GOVSYNC_HOME": "~/there"}).home == tmp_path / "person/there"
    assert list(tmp_path.iterdir()) == []
