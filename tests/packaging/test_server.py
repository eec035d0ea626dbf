"""The server's package runs it as a user of its own that reaches its data and the network, and little else."""

import configparser
import re
import shutil
import subprocess

import click
import pytest

from govsync.cli.admin import COMMANDS as ADMIN
from govsync.cli.serve import serve
from packages import server
from tests.project.sources import ROOT

OURS = ROOT / "packaging" / "server"
UNIT = OURS / f"{server.NAME}.service"
EXPOSURE = 1.5
"""What systemd may find at most, of 10; what is left is the network, which a server needs."""


def unit():
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(UNIT)
    return dict(parser["Service"])


def variables(command):
    return {each.envvar for each in command.params if isinstance(each, click.Option) and each.envvar}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_little_is_left_open_to_it():
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout
    assert float(found[1]) <= EXPOSURE


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_knows_every_word_of_the_unit():
    done = subprocess.run(
        ["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True, check=False
    )
    about = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert [line for line in about if "not executable" not in line and "man " not in line] == []


def test_it_runs_as_nobody_else_and_writes_only_below_its_data():
    found = unit()
    assert found["User"] == found["Group"] == found["StateDirectory"] == server.NAME
    assert found["Environment"] == f"GOVSYNC_SERVER_DATA=/var/lib/{found['StateDirectory']}"
    assert (found["ProtectSystem"], found["NoNewPrivileges"], found["CapabilityBoundingSet"]) == (
        "strict",
        "yes",
        "",
    )
    assert "ReadWritePaths" not in found
    assert found["ExecStart"] == f"/usr/bin/{server.NAME} serve"
    assert found["EnvironmentFile"].lstrip("-") == server.OPTIONS


def test_what_the_options_name_is_what_the_command_reads():
    named = set(re.findall(r"^#(GOVSYNC_\w+)=", (OURS / "options").read_text(), re.M))
    assert named | {"GOVSYNC_SERVER_DATA"} == variables(serve)


def test_administration_reads_where_the_data_are_as_the_server_does():
    collect = ADMIN["admin"].commands["check"]
    assert variables(collect) == {f"GOVSYNC_SERVER_{each}" for each in ("DATA", "DATABASE", "BLOBS")}


@pytest.mark.parametrize("name", sorted(server.scripts(ROOT)))
def test_a_script_is_one_of_the_shell_and_never_removes_data(name):
    text = server.scripts(ROOT)[name]
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert not re.search(r"\b(rm|userdel|deluser)\b", text)


def test_the_container_starts_from_no_registry_of_ours_and_runs_the_same_command_as_the_same_user():
    text = (OURS / "Containerfile").read_text()
    base = re.search(r"^ARG BASE=(\S+)$", text, re.M)
    assert base
    assert "/" not in base[1]
    assert f"USER {server.NAME}\n" in text
    assert f'ENTRYPOINT ["/usr/bin/{server.NAME}"]' in text
    assert set(re.findall(r"GOVSYNC_SERVER_\w+", text)) <= variables(serve)
