"""The settings of a home: who says them, who may change them, and that nothing a person wrote is lost."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.agent import fixed, home
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Policy
from govsync.settings.merge import Effective
from govsync.system import autostart, policy
from govsync.system.machine import machine_id
from govsync.system.places import places
from tests.foreign import changed, damaged


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    return places({"GOVSYNC_HOME": str(tmp_path / "home")})


def say_policy(name: str, text: str) -> None:
    policy.FOLDER.mkdir(exist_ok=True)
    (policy.FOLDER / name).write_text(text)


def refused(here, key: str, text: str) -> Failure:
    with pytest.raises(Failure) as raised:
        home.set_setting(here, key, text)
    return raised.value


def test_a_home_on_a_network_disk_is_refused_with_its_kind(here, monkeypatch):
    monkeypatch.setattr(home, "network_kind", lambda path: "nfs" if path == here.home else None)
    with pytest.raises(Failure) as raised:
        home.take(here)
    assert (raised.value.code, raised.value.facts) == (Code.HOME_UNFIT, {"what": "nfs"})
    assert not here.lock.exists()


def test_what_a_person_sets_stays_set_beside_what_was_set_before(here):
    home.set_setting(here, "hold.deletions", "7")
    home.set_setting(here, "sync.ignore", '*.tmp, "quoted"\n보고서/')
    effective, wrong = home.settings(here)
    assert wrong == []
    assert effective["hold.deletions"] == Effective(7, "user")
    assert effective["sync.ignore"].value == ("*.tmp", '"quoted"', "보고서/")


def test_what_is_set_is_read_again_whatever_signs_are_in_it_and_in_the_file(here):
    here.settings.parent.mkdir(parents=True)
    here.settings.write_text('"a \\" quoted\\\\ key" = 1\n')
    home.set_setting(here, "sync.ignore", "a\x7f\x01b\\")
    home.set_setting(here, "hold.deletions", "7")
    effective, wrong = home.settings(here)
    assert effective["sync.ignore"].value == ("a\x7f\x01b\\",)
    assert [failure.code for failure in wrong] == [Code.SETTING_UNKNOWN]


def test_a_value_that_is_no_text_is_refused_and_nothing_is_written(here):
    assert refused(here, "sync.ignore", "\udcff").code is Code.SETTING_BAD
    assert not here.settings.exists()


def test_what_the_installer_was_told_is_weaker_than_what_anybody_says(here, monkeypatch):
    monkeypatch.setattr(policy, "seed", lambda: {"endpoint.url": "https://installer.example"})
    assert home.settings(here)[0]["endpoint.url"] == Effective("https://installer.example", "installer")
    home.set_setting(here, "endpoint.url", "https://person.example")
    assert home.settings(here)[0]["endpoint.url"] == Effective("https://person.example", "user")
    say_policy("it.toml", "endpoint.url = 'https://policy.example'")
    assert home.settings(here)[0]["endpoint.url"] == Effective("https://policy.example", "policy", "policy")


def test_the_last_policy_file_by_name_beats_the_others_and_the_person(here):
    home.set_setting(here, "hold.deletions", "7")
    say_policy("20-agency.toml", "[hold]\ndeletions = 30")
    say_policy("10-all.toml", "[hold]\ndeletions = 20\nrewrites = 50")
    effective, _ = home.settings(here)
    assert effective["hold.deletions"] == Effective(30, "policy", "policy")
    assert effective["hold.rewrites"] == Effective(50, "policy", "policy")


def test_what_policy_fixes_cannot_be_set(here):
    say_policy("10.toml", "[hold]\ndeletions = 30")
    assert refused(here, "hold.deletions", "7").code is Code.SETTING_FIXED
    assert not here.settings.exists()


def test_what_the_organisation_fixes_cannot_be_set_and_beats_the_person(here):
    home.set_setting(here, "hold.deletions", "7")
    fixed.keep(here, Policy(settings={"hold.deletions": "40", "hold.rewrites": "60"}))
    say_policy("10.toml", "[hold]\nrewrites = 3000")
    effective, wrong = home.settings(here)
    assert wrong == []
    assert effective["hold.deletions"] == Effective(40, "endpoint", "endpoint")
    assert effective["hold.rewrites"] == Effective(3000, "policy", "policy")
    assert refused(here, "hold.deletions", "8").code is Code.SETTING_FIXED
    fixed.forget(here)
    assert home.settings(here)[0]["hold.deletions"] == Effective(7, "user")


@pytest.mark.parametrize(
    "content", [b"no toml", b"\xff\x00", b'"endpoint.url" = "https://elsewhere.example"\n']
)
def test_what_an_endpoint_says_wrongly_stops_nothing_and_is_told(here, content):
    here.endpoint_policy.parent.mkdir(parents=True)
    here.endpoint_policy.write_bytes(content)
    effective, wrong = home.settings(here)
    assert {each.source for each in effective.values()} == {"default"}
    assert len(wrong) == 1


def test_a_wrong_file_stops_nothing_and_is_told(here):
    say_policy("10.toml", "this is no TOML")
    say_policy("20.toml", 'hold = {deletions = "many", fly = 1}')
    effective, wrong = home.settings(here)
    assert effective["hold.deletions"].source == "default"
    assert [failure.code for failure in wrong].count(Code.SETTING_BAD) == 2
    assert [failure.facts["name"] for failure in wrong if failure.code is Code.SETTING_UNKNOWN] == [
        "hold.fly"
    ]


def test_a_policy_that_cannot_be_read_stops_nothing_and_is_told(here):
    say_policy("20.toml", "[hold]\ndeletions = 30")
    (policy.FOLDER / "10.toml").mkdir()
    effective, wrong = home.settings(here)
    assert effective["hold.deletions"] == Effective(30, "policy", "policy")
    assert [(failure.code, failure.facts["name"]) for failure in wrong] == [
        (Code.SETTING_BAD, str(policy.FOLDER / "10.toml"))
    ]


def test_a_folder_of_policy_that_cannot_be_listed_stops_nothing_and_is_told(here):
    policy.FOLDER.write_text("no folder")
    effective, wrong = home.settings(here)
    assert {each.source for each in effective.values()} == {"default"}
    assert [failure.facts["name"] for failure in wrong] == [str(policy.FOLDER)]


def test_only_files_of_toml_are_policy(here):
    say_policy("10.toml.bak", "[hold]\ndeletions = 30")
    assert home.settings(here)[0]["hold.deletions"].source == "default"


DEVICE = {
    "device": "ab" * 16, "name": "PC", "machine": "m", "endpoint": "https://cloud.example", "login": "anna",
    "folder": "/home/anna/GovSync", "root": "cd" * 16, "root_ino": 12,
}  # fmt: skip


def test_a_home_that_was_copied_to_another_machine_is_another_device_with_the_same_folder(tmp_path):
    here = places({"GOVSYNC_HOME": str(tmp_path)})
    here.identity.write_bytes(msgspec.json.encode({**DEVICE, "machine": machine_id()}))
    assert home.load(here, bytes(16)).device == DEVICE["device"]
    here.identity.write_bytes(msgspec.json.encode(DEVICE))
    found = home.load(here, bytes(16))
    assert (found.device, found.machine, found.folder) == ("00" * 16, machine_id(), DEVICE["folder"])
    assert not found.login


def wrong(**fields: object) -> bytes:
    return msgspec.json.encode({**DEVICE, **fields})


@given(
    changed(DEVICE).map(msgspec.json.encode) | damaged(msgspec.json.encode(DEVICE)) | st.binary(max_size=60)
)
def test_any_bytes_are_a_device_that_can_be_used_or_are_damaged(tmp_path_factory, data):
    here = places({"GOVSYNC_HOME": str(tmp_path_factory.mktemp("home"))})
    here.identity.write_bytes(data)
    try:
        found = home.load(here, bytes(16))
    except Failure as failure:
        assert failure.code is Code.STORE_DAMAGED  # noqa: PT017 - either end is right, no other is
    else:
        assert len(bytes.fromhex(found.device)) == 16
        found.root_of()
        assert "\0" not in found.folder
        home.save(here, found)
        assert home.load(here, bytes(16)).device == found.device or found.machine != machine_id()


@pytest.mark.parametrize(
    "spoilt",
    [
        b"", b"{", b"\xff", b'{"device": 1}', b'{"x":' + b"[" * 100_000, wrong(device="zz" * 16), wrong(device="ab"),
        wrong(root="c" * 31), wrong(folder="/home\0"), wrong(root_ino=-1), wrong(root_ino=1 << 64),
    ],
)  # fmt: skip
def test_a_device_that_cannot_be_read_is_said_and_left_as_it_is(here, spoilt):
    here.home.mkdir()
    here.identity.write_bytes(spoilt)
    with pytest.raises(Failure) as failed:
        home.load(here, bytes(16))
    assert failed.value.code is Code.STORE_DAMAGED
    assert here.identity.read_bytes() == spoilt


def test_a_file_that_a_person_has_spoilt_is_not_written_over(here):
    here.settings.parent.mkdir(parents=True)
    here.settings.write_text('"hold.deletions" = 7\nsync.ignore = [')
    failure = refused(here, "hold.rewrites", "9")
    assert failure.code is Code.SETTING_BAD
    assert failure.facts["name"] == str(here.settings)
    assert here.settings.read_text().startswith('"hold.deletions" = 7')


@pytest.mark.parametrize(("text", "on"), [("true", True), ("false", False)])
def test_the_setting_of_the_start_at_sign_in_has_its_effect_at_once(here, tmp_path, text, on):
    config = tmp_path / "config"
    platform = msgspec.structs.replace(here, settings=config / "govsync" / "settings.toml", own_home=False)
    home.set_setting(platform, "app.autostart", text)
    assert autostart.is_on(config, ()) is on


def test_a_home_of_its_own_leaves_the_desktop_alone(here, tmp_path):
    home.set_setting(here, "app.autostart", "true")
    assert not autostart.is_on(here.settings.parent.parent, ())
