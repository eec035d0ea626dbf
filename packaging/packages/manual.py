"""The manual page, from the table of commands: what `--help` says is what `man` says."""

import gzip
import re
import time

import click

from govsync.cli.main import cli

_EXIT = (
    ("0", "done"), ("1", "failed; the reason is on standard error"), ("2", "timed out"), ("3", "the agent is not running"),
    ("4", "something is kept back, or differs"), ("64", "wrong usage"),
)  # fmt: skip


def page(name: str, epoch: int, version: str) -> str:
    """Answers the page in the language of man(7)."""
    context = click.Context(cli, info_name=name, terminal_width=100, **cli.context_settings)
    day = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    about, *_ = (cli.help or "").split("\n\n")
    lines = [
        f'.TH {name.upper()} 1 "{day}" "GovSync {version}" "User Commands"',
        ".SH NAME", rf"{_plain(name)} \- {_plain(_one_line(about)).rstrip('.')}",
        ".SH SYNOPSIS", rf".B {_plain(name)}", "COMMAND [OPTIONS]",
        ".SH COMMANDS",
    ]  # fmt: skip
    for command in cli.list_commands(context):
        found = cli.get_command(context, command)
        if found is not None:
            lines += _command(found, click.Context(found, info_name=command, parent=context))
    lines.append(".SH EXIT STATUS")
    for code, meaning in _EXIT:
        lines += [".TP", f".B {code}", _plain(meaning)]
    lines += [
        ".SH FILES",
        ".TP",
        ".I /etc/govsync/policy.d/*.toml",
        "Settings that administrators fix for everybody on the machine.",
    ]
    return "\n".join([*lines, ""])


def packed(text: str) -> bytes:
    """Answers a page as it lies on disk, the same each time."""
    return gzip.compress(text.encode(), 9, mtime=0)


def _command(command: click.Command, context: click.Context) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        ".TP",
        rf".B {_plain(context.command_path)} {_plain(usage)}",
        _plain(_one_line(command.help or "")),
    ]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in record[0]:
            lines += [
                ".RS",
                ".TP",
                rf"\fB{_plain(record[0])}\fR",
                _plain(_one_line(record[1])) or r"\&",
                ".RE",
            ]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                lines += _command(child, click.Context(child, info_name=name, parent=context))
    return lines


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _plain(text: str) -> str:
    """Writes a text so that nothing in it is taken for an instruction."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text
