"""What the package of the desk puts on a system works with what the product expects there."""

import configparser
import shutil
import subprocess

import pytest

from govsync.cli.main import _WHERE
from govsync.system import autostart
from packages import client
from tests.project.sources import ROOT

LINUX = ROOT / "packaging" / "linux"


def entry(name):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read(LINUX / name)
    return dict(parser["Desktop Entry"])


@pytest.mark.parametrize("name", ["govsync.desktop", "autostart.desktop"])
def test_an_entry_starts_a_command_that_there_is_and_nothing_where_the_package_is_gone(name):
    found = entry(name)
    program, command, *_ = found["Exec"].split()
    assert program == found["TryExec"] == f"/usr/bin/{client.NAME}"
    assert command in _WHERE
    assert found["Icon"] == "govsync"


def test_the_entry_of_the_machine_is_seen_and_a_person_can_turn_it_off(tmp_path):
    machine, person = tmp_path / "xdg", tmp_path / "person"
    installed = machine / client.AUTOSTART.removeprefix("/etc/xdg/")
    installed.parent.mkdir(parents=True)
    installed.write_bytes((LINUX / "autostart.desktop").read_bytes())
    assert autostart.is_on(person, [machine])
    autostart.turn_off(person)
    assert not autostart.is_on(person, [machine])


@pytest.mark.parametrize("name", ["prerm", "postinst"])
def test_a_script_is_one_of_the_shell_and_has_what_it_calls(name):
    text = client.scripts(ROOT)[name]
    assert "#RUNNING#" not in text
    assert "#COMPILED#" not in text
    assert "running()" in text
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def found_by(function, program):
    script = f"{(LINUX / 'running.sh').read_text()}\n{function} {program}"
    return {
        int(each)
        for each in subprocess.run(
            ["sh", "-c", script], capture_output=True, text=True, check=True
        ).stdout.split()
    }


@pytest.fixture
def waiting(tmp_path):
    """Starts a program of its own that waits, with arguments after those that make it wait."""
    program, started = tmp_path / "program", []
    shutil.copy(shutil.which("sh"), program)

    def start(*arguments):
        command = [str(program), "-c", "echo ready; read line", *arguments, ""]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(child)
        assert child.stdout.readline() == "ready\n"
        return child.pid

    yield program, start
    for child in started:
        child.communicate("\n")


def test_agents_and_windows_are_asked_to_begin_anew_and_commands_are_left_to_end(waiting):
    program, start = waiting
    agent, window, command = (
        start("-m", "govsync.cli.main", "run"),
        start("/usr/bin/govsync", "app", "--minimized"),
        start("status"),
    )
    assert found_by("running", program) == {agent, window, command}
    assert found_by("lasting", program) == {agent, window}


def test_what_runs_is_found_when_its_file_is_gone_as_after_an_upgrade(waiting):
    program, start = waiting
    agent = start("run")
    program.unlink()
    assert found_by("running", program) == found_by("lasting", program) == {agent}
    assert found_by("running", f"{program}2") == set()
