"""What a device management writes on a Mac is policy, beside the files; what of it is wrong stops nothing."""

import datetime
import plistlib
import pwd
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govsync.settings.merge import merge, read
from govsync.system import policy
from govsync.system.macos import plists
from govsync.system.macos import policy as module
from tests.foreign import damaged

LIST = "org.govsync.desk.plist"
PATIENCE_S = 30


@pytest.fixture
def mac(tmp_path, monkeypatch):
    """The places of a Mac in a folder of the test's own."""
    (tmp_path / "managed/kim").mkdir(parents=True)
    (tmp_path / "policy.d").mkdir()
    monkeypatch.setattr(module, "MANAGED", tmp_path / "managed")
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    monkeypatch.setattr(policy, "found", module.found)
    kim = pwd.struct_passwd(("kim", "x", 501, 20, "Kim", "/Users/kim", "/bin/zsh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: kim)
    monkeypatch.setenv("LOGNAME", "somebody")
    return tmp_path


def put(path: Path, values: object, form=plistlib.FMT_XML) -> Path:
    path.write_bytes(plistlib.dumps(values, fmt=form))
    return path


def texts():
    found = {}
    for file in policy.files():
        flat, wrong = read(file.text)
        assert wrong == []
        found.update(flat)
    return found


def unreadable():
    return [(file.path, file.unreadable) for file in policy.files() if file.unreadable]


def test_without_lists_and_files_there_is_none(mac):
    assert list(policy.files()) == []
    (mac / "managed/kim").rmdir()
    (mac / "managed").rmdir()
    assert list(policy.files()) == []


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_each_kind_of_value_is_the_text_that_a_person_would_type(mac, form):
    values = {
        "endpoint.url": "https://sync.example", "endpoint.locked": True, "app.autostart": False, "hold.deletions": 150,
        "hold.deletions_share": 0.25, "sync.ignore": ["*.tmp", "오늘/*", 'a"b\\c'], "sync.blocked_extensions": [],
    }  # fmt: skip
    put(mac / "managed" / LIST, values, form)
    assert texts() == {
        "endpoint.url": "https://sync.example", "endpoint.locked": "true", "app.autostart": "false", "hold.deletions": "150",
        "hold.deletions_share": "0.25", "sync.ignore": '*.tmp\n오늘/*\na"b\\c', "sync.blocked_extensions": "",
    }  # fmt: skip
    effective, wrong = merge([("policy", texts())])
    assert wrong == []
    assert effective["sync.ignore"].value == ("*.tmp", "오늘/*", 'a"b\\c')
    assert (effective["endpoint.locked"].value, effective["hold.deletions"].value) == (True, 150)


def test_the_machine_s_list_wins_over_files_and_files_over_the_person_s(mac):
    put(mac / "managed/kim" / LIST, {"hold.deletions": 1, "hold.rewrites": 1, "log.level": "debug"})
    (mac / "policy.d/it.toml").write_text("[hold]\ndeletions = 2\nrewrites = 2\n")
    put(mac / "managed" / LIST, {"hold.deletions": 3})
    put(mac / "managed" / "org.another.plist", {"hold.deletions": 4})
    assert texts() == {"hold.deletions": "3", "hold.rewrites": "2", "log.level": "debug"}


def test_a_person_whom_the_machine_does_not_know_has_the_machine_s_policy(mac, monkeypatch):
    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    put(mac / "managed" / LIST, {"hold.deletions": 3})
    assert texts() == {"hold.deletions": "3"}


def test_a_value_of_a_kind_that_is_none_is_said_and_the_others_hold(mac):
    path = put(
        mac / "managed" / LIST,
        {
            "hold.deletions": b"\1\2", "endpoint": {"url": "https://sync.example"}, "sync.ignore": ["*.tmp", 7],
            "log.keep_days": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "app.language": "ko",
        },
    )  # fmt: skip
    assert texts() == {"app.language": "ko"}
    assert sorted(unreadable()) == [
        (path, "endpoint: dict"), (path, "hold.deletions: data"), (path, "log.keep_days: datetime"), (path, "sync.ignore: array"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no list", b"<plist><dict><key>a</key></dict></plist>", b"<plist><array/></plist>", b"<plist><key>a</key></plist>",
        b"<plist><dict><key>a</key><date>soon</date></dict></plist>", b"<plist><date>2026Z</date></plist>", b"bplist00",
        b'<?xml version="1.0" encoding="none"?><plist/>', plistlib.dumps({"a": "b"})[:-20],
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_said_and_all_else_holds(mac, content):
    path = mac / "managed" / LIST
    path.write_bytes(content)
    put(mac / "managed/kim" / LIST, {"app.language": "ko"})
    assert texts() == {"app.language": "ko"}
    assert [file for file, _ in unreadable()] == [path]


def test_a_list_that_is_none_is_said(mac):
    (mac / "managed" / LIST).mkdir()
    assert unreadable() == [(mac / "managed" / LIST, "Is a directory")]


LISTS = {
    "endpoint.url": "https://sync.example",
    "sync.ignore": ["a", "b"],
    "hold": {"deletions": 7, "on": True},
}
WHOLE = st.sampled_from([plistlib.dumps(LISTS, fmt=form) for form in (plistlib.FMT_XML, plistlib.FMT_BINARY)])


@given(WHOLE.flatmap(damaged))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_damage_a_list_has_it_is_a_dictionary_or_none(tmp_path, data):
    (tmp_path / LIST).write_bytes(data)
    try:
        found = plists.read(tmp_path / LIST)
    except ValueError:
        return
    assert all(isinstance(name, str) for name in found)


def test_a_change_of_a_list_is_told(mac, monkeypatch):
    monkeypatch.setattr(policy, "AGAIN_S", 0.01)
    told = threading.Event()
    watch = policy.PolicyWatch(told.set)
    watch.start()
    try:
        put(mac / "managed" / LIST, {"app.language": "ko"})
        assert told.wait(PATIENCE_S)
    finally:
        watch.stop()
