"""The desktop starts GovSync at sign-in when it is told to, and only then."""

import re
import subprocess

import pytest

from govsync.system.autostart import is_on, turn_off, turn_on

ENTRY = "autostart/govsync.desktop"
ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config"


def test_it_is_off_until_turned_on_and_after_it_is_turned_off(config):
    assert not is_on(config, [])
    turn_on(config, ["/usr/bin/govsync", "start"])
    assert is_on(config, [])
    turn_off(config)
    assert not is_on(config, [])
    turn_on(config, ["/usr/bin/govsync", "start"])
    assert is_on(config, [])


def test_the_person_decides_over_the_machine(config, tmp_path):
    system = tmp_path / "xdg"
    turn_on(system, ["govsync"])
    assert is_on(config, [tmp_path / "none", system])
    turn_off(config)
    assert not is_on(config, [system])
    turn_on(config, ["govsync"])
    turn_off(system)
    assert is_on(config, [system])


@pytest.mark.parametrize(
    "change",
    [
        ("X-GNOME-Autostart-enabled=true", "X-GNOME-Autostart-enabled=false"),
        ("Terminal=false", "Hidden=true"),
        ("Terminal=false", "Hidden=perhaps"),
        ("Exec=", "Comment="),
        ("[Desktop Entry]", ""),
        ("[Desktop Entry]", "[Another]"),
    ],
)
def test_what_other_programs_turned_off_or_broke_is_off(config, change):
    turn_on(config, ["govsync"])
    entry = config / ENTRY
    entry.write_text(entry.read_text().replace(*change))
    assert not is_on(config, [])


@pytest.mark.parametrize(
    "command",
    [
        ["/usr/bin/govsync", "start"],
        ["/opt/Gov Sync/govsync", "--home", "/home/김 철수/100% mine"],
        ['a"b', "c\\d", "$HOME", "`id`", "e'f", "", "*", "g;h", "%f", "i\nj"],
    ],
)
def test_the_command_arrives_as_it_was_meant(config, command):
    turn_on(config, command)
    (line,) = [line for line in (config / ENTRY).read_text().splitlines() if line.startswith("Exec=")]
    # As a desktop reads it: the escapes of the file first, then field codes, then quotes, which are the shell's.
    text = re.sub(r"\\(.?)", lambda found: ESCAPES[found[1]], line.removeprefix("Exec="))
    run = re.sub(r"%(.?)", lambda found: {"%": "%"}[found[1]], text)
    shown = subprocess.run(["sh", "-c", f"printf '%s\\0' {run}"], capture_output=True, check=True, text=True)
    assert shown.stdout.split("\0")[:-1] == command
