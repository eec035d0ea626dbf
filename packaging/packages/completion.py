"""What a shell needs to complete our command: it asks the command itself, so that the table of commands is said once."""

from pathlib import Path

from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from govsync.cli.main import cli

_SHELLS: tuple[tuple[type[ShellComplete], str], ...] = (
    (BashComplete, "usr/share/bash-completion/completions/{name}"),
    (ZshComplete, "usr/share/zsh/vendor-completions/_{name}"),
    (FishComplete, "usr/share/fish/vendor_completions.d/{name}.fish"),
)
"""Where each shell of a Debian looks, below the root."""


def put(tree: Path, name: str) -> None:
    """Puts a file for each shell; nothing of it runs before somebody asks for a completion."""
    for shell, place in _SHELLS:
        file = tree / place.format(name=name)
        file.parent.mkdir(parents=True)
        file.write_text(_script(shell, name), encoding="utf-8")


def _script(shell: type[ShellComplete], name: str) -> str:
    """Answers what click prints for a shell, without asking which shells this machine has."""
    asks = shell(cli, {}, name, f"_{name.replace('-', '_').upper()}_COMPLETE")
    return (asks.source_template % asks.source_vars()).strip() + "\n"
