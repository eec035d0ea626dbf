"""`govsync`: all commands, loaded only when they are called, so that each starts quickly."""

import sys
from importlib import import_module

import click

import govsync
from govsync.cli.output import USAGE
from govsync.model.languages import Language
from govsync.system.process import environment
from govsync.text.catalog import speaking
from govsync.text.languages import of_system

_WHERE = {
    "serve": "serve", "admin": "admin", "demo": "demo", "app": "app",
    **dict.fromkeys(
        ("login", "logout", "folder", "run", "start", "stop", "restart", "status", "wait", "pause", "resume", "sync-now",
         "problems", "holds", "approve", "reject", "activity", "settings", "doctor",
         "support-bundle"),
        "device",
    ),
    **dict.fromkeys(("versions", "restore", "trash", "rewind", "verify", "conflicts", "resolve", "exclude", "include", "web"), "files"),
    "share": "sharing", "link": "links",
}  # fmt: skip


class _Lazy(click.Group):
    """Finds a command in its module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _WHERE:
            return None
        module = import_module(f"govsync.cli.{_WHERE[cmd_name]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(govsync.__version__, prog_name="govsync")
def cli() -> None:
    """GovSync keeps a folder on every desk the same as on the government's own server.

    Example: govsync status
    """


def main() -> None:
    """Runs a command, in the language of the system; wrong usage ends with 64."""
    with speaking(of_system(environment()) or Language.ENGLISH):
        _run()


def _run() -> None:
    try:
        code = cli.main(prog_name="govsync", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(USAGE)
    except click.Abort:
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
