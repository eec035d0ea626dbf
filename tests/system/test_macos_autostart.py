"""A Mac starts GovSync at sign-in when it is told to, and only then; launchd is played by a script that keeps what it is told."""

import plistlib

import pytest

from govsync.model.problems import Failure
from govsync.system.macos import autostart as module
from govsync.system.macos.autostart import is_on, turn_off, turn_on

LABEL = "org.govsync.desk"
COMMAND = ["/Applications/GovSync.app/Contents/MacOS/python", "-m", "govsync.cli.main", "app", "--minimized"]
LAUNCHCTL = """#!/bin/sh
echo "$@" >> "{folder}/calls"
case "$1" in
    disable) echo "${{2##*/}}" > "{folder}/off" ;;
    enable) rm -f "{folder}/off" ;;
    print-disabled)
        printf 'disabled services = {{\\n\\t"com.example.another" => {word}\\n\\t"{label}.helper" => {word}\\n'
        [ -e "{folder}/off" ] && printf '\\t"%s" => {word}\\n' "$(cat "{folder}/off")"
        printf '\\t"com.example.third" => enabled\\n}}\\n' ;;
    *) exit 64 ;;
esac
"""


@pytest.fixture(params=["disabled", "true"])
def mac(tmp_path, monkeypatch, request):
    """A person's home, the machine's launch agents, and launchd as newer and as older systems answer."""
    (tmp_path / "machine").mkdir()
    script = tmp_path / "launchctl"
    script.write_text(LAUNCHCTL.format(folder=tmp_path, word=request.param, label=LABEL))
    script.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(module, "MACHINE", tmp_path / "machine")
    monkeypatch.setattr(module, "LAUNCHCTL", str(script))
    monkeypatch.setattr(module.os, "getuid", lambda: 501)
    return tmp_path


def own(mac):
    return mac / "home/Library/LaunchAgents" / f"{LABEL}.plist"


def told(mac):
    calls = mac / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    return [line for line in lines if not line.startswith("print-disabled")]


def put_for_the_machine(mac):
    job = {"Label": LABEL, "ProgramArguments": COMMAND, "RunAtLoad": True}
    (mac / "machine" / f"{LABEL}.plist").write_bytes(plistlib.dumps(job))


def test_it_is_off_until_turned_on_and_after_it_is_turned_off(mac):
    assert not is_on(mac)
    turn_on(mac, COMMAND)
    assert is_on(mac)
    assert plistlib.loads(own(mac).read_bytes()) == {
        "Label": LABEL, "ProgramArguments": COMMAND, "RunAtLoad": True, "ProcessType": "Interactive",
    }  # fmt: skip
    assert own(mac).stat().st_mode & 0o777 == 0o644
    turn_off(mac)
    turn_off(mac)
    assert not is_on(mac)
    assert not own(mac).exists()
    assert told(mac) == []


def test_the_command_arrives_as_it_was_meant(mac):
    command = [
        "/opt/Gov Sync/govsync",
        "--home",
        "/Users/김 철수/100% <mine> & 'yours'",
        'a"b',
        "c\\d",
        "$HOME",
        "",
    ]
    turn_on(mac, command)
    assert plistlib.loads(own(mac).read_bytes())["ProgramArguments"] == command


def test_what_the_machine_starts_is_not_started_twice_and_is_turned_off_for_the_person_alone(mac):
    put_for_the_machine(mac)
    assert is_on(mac)
    turn_on(mac, COMMAND)
    assert not own(mac).exists()
    turn_off(mac)
    assert not is_on(mac)
    assert told(mac) == [f"disable gui/501/{LABEL}"]
    turn_on(mac, COMMAND)
    assert is_on(mac)
    assert told(mac)[1:] == [f"enable gui/501/{LABEL}"]
    assert list((mac / "machine").iterdir()) == [mac / "machine" / f"{LABEL}.plist"]


def test_what_launchd_has_turned_off_is_off_until_it_is_turned_on_again(mac):
    turn_on(mac, COMMAND)
    (mac / "off").write_text(LABEL)
    assert not is_on(mac)
    turn_on(mac, COMMAND)
    assert is_on(mac)


@pytest.mark.parametrize("change", [{"RunAtLoad": False}, {"RunAtLoad": "yes"}, {"ProgramArguments": []}])
def test_a_list_that_starts_nothing_is_off(mac, change):
    turn_on(mac, COMMAND)
    own(mac).write_bytes(plistlib.dumps(plistlib.loads(own(mac).read_bytes()) | change))
    assert not is_on(mac)


def test_a_list_that_cannot_be_understood_is_off(mac):
    own(mac).parent.mkdir(parents=True)
    own(mac).write_bytes(b"no list")
    assert not is_on(mac)


@pytest.mark.parametrize("launchctl", ["#!/bin/sh\nexit 113\n", None])
def test_a_launchd_that_does_not_answer_is_said_where_it_is_needed_alone(mac, launchctl):
    script = mac / "launchctl"
    if launchctl is None:
        script.unlink()
    else:
        script.write_text(launchctl)
    turn_on(mac, COMMAND)
    assert is_on(mac)
    turn_off(mac)
    assert not is_on(mac)
    put_for_the_machine(mac)
    with pytest.raises(Failure):
        turn_off(mac)
    assert is_on(mac)
