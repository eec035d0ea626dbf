"""Every command of the contract is there, loads when it is called, explains itself, and ends as it should."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest

import govsync as product
from govsync.cli.main import _WHERE, cli

CONTRACT = {
    "serve", "admin org add", "admin org share", "admin division add", "admin user add", "admin user list", "admin user disable",
    "admin group add", "admin group member add", "admin check", "admin collect", "admin restored", "login", "logout",
    "folder set", "run", "start", "stop", "restart", "status", "wait", "verify", "pause", "resume", "sync-now", "problems",
    "holds", "approve", "reject", "activity", "conflicts", "resolve", "versions", "restore", "trash list", "trash restore",
    "rewind", "share add", "share list", "share remove", "share leave", "link add", "link list", "link remove",
    "exclude", "include", "settings", "settings get", "settings set", "demo", "doctor", "support-bundle", "app",
}  # fmt: skip
JSON = {
    "admin user list", "status", "verify", "problems", "holds", "activity", "conflicts", "versions", "trash list",
    "settings", "doctor", "share list", "link list",
}  # fmt: skip


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                yield from walk(child, (*path, name))


COMMANDS = dict(walk(cli))


def test_every_command_of_the_contract_is_there():
    assert CONTRACT - set(COMMANDS) == set()


def test_what_the_contract_gives_as_json_can_be_had_as_json():
    offered = {
        path for path, command in COMMANDS.items() if any("--json" in each.opts for each in command.params)
    }
    assert offered >= JSON


def test_a_command_is_looked_for_where_it_is():
    for module in set(_WHERE.values()):
        found = import_module(f"govsync.cli.{module}").COMMANDS
        assert set(found) == {name for name, where in _WHERE.items() if where == module}
        assert all(command.name == name for name, command in found.items())


@pytest.mark.parametrize("path", COMMANDS)
def test_every_help_shows_an_example_that_can_be_typed(path):
    help_text = COMMANDS[path].help or ""
    example = help_text.rsplit("Example: ", 1)[1]
    program, *words = shlex.split(example)
    assert program == "govsync"
    assert " ".join(words).startswith(path)
    command: click.Command = cli
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, name
        command = found
    above = click.Context(
        cli, **cli.context_settings
    )  # click remembers the names of the help option from the first use.
    command.make_context(
        command.name, words, parent=above
    )  # It raises UsageError for arguments that do not fit.


@pytest.mark.parametrize("path", COMMANDS)
def test_help_is_no_failure(govsync, path):
    done = govsync(*path.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: govsync{' ' if path else ''}{path}")


def test_the_version_is_told(govsync):
    assert govsync("--version") == (0, f"govsync, version {product.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        "fly",
        "status --jason",
        "status more",
        "wait --timeout soon",
        "wait --timeout -1",
        "pause 3x",
        "pause 0s",
        "pause 900d",
        "resolve 7",
        "resolve 7 --keep all",
        "activity --limit 0",
        "trash restore",
        "rewind Plans --to yesterday",
        "folder set",
        "settings set hold.deletions",
        "login --endpoint http://127.0.0.1 --password-stdin",
        "login --endpoint drive.example.gov --user anna --password-stdin",
        "login --endpoint http://127.0.0.1 --user anna --password-stdin",
        "serve --port many",
        "admin user add anna",
    ],
)
def test_wrong_usage_ends_with_64_and_says_what_is_wrong(govsync, arguments):
    done = govsync(*arguments.split())
    assert done.code == 64
    assert done.out == ""
    assert "Error: " in done.err


def test_without_a_command_the_help_is_shown_and_it_is_wrong_usage(govsync):
    done = govsync()
    assert done.code == 64
    assert "Commands:" in done.err


def test_help_loads_no_more_than_it_shows():
    heavy = [
        "govsync.engine",
        "govsync.store",
        "govsync.server",
        "govsync.remote",
        "httpx",
        "sqlalchemy",
        "keyring",
    ]
    script = (
        "import sys\nfrom govsync.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "Commands:" in done.stdout
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["settings"], ["settings", "--json"]])
def test_a_reader_that_has_seen_enough_is_no_accident(arguments, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "govsync.cli.main", *arguments],
        env={**os.environ, "GOVSYNC_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
