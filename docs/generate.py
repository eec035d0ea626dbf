"""Writes the pages under docs/reference, each a function of one table in the code, what docs/reliability.md counts in the tests,
the pages for staff in Latin letters, the pictures of the icon, the words that the file manager's extension brings along, and
the template of Windows' policies (`make generate`; CI fails on stale ones)."""

import json
from collections.abc import Callable
from pathlib import Path

import click

from docs import evidence, policy_template, spoken
from govsync.cli.main import cli as main_cli
from govsync.desktop.theme import ART, LIGHT, TONES, tone
from govsync.model.codes import CODES
from govsync.model.languages import Language
from govsync.model.status import State
from govsync.protocol.routes import ROUTES
from govsync.protocol.wire import PREFIX, VERSION, VERSION_HEADER
from govsync.server.fleet import KEYS
from govsync.settings.schema import SETTINGS, Setting, Shape
from govsync.text import menu
from govsync.text.sentences import SENTENCES

REFERENCE = Path(__file__).parent / "reference"
STATES = Path(__file__).parent / "pictures" / "states"
LATIN = spoken.folder(Language.SERBIAN_LATIN)
DERIVED = (REFERENCE, STATES, LATIN)
"""The folders that hold nothing else."""
POLICIES = Path(__file__).parents[1] / "packaging" / "windows" / "policy"
WORDS = Path(__file__).parents[1] / "packaging" / "file-manager" / "govsync_words.json"

_WHO = {
    "retry": "GovSync, by trying again",
    "person": "the person at the desk",
    "it": "IT or the server's operator",
    "none": "nobody",
}


def codes() -> str:
    """Renders the table of codes."""
    rows = [
        f"| `{code}` | {SENTENCES[code][0]} {SENTENCES[code][1]} | {_WHO[meaning.actor]} | {meaning.status or '–'} |"
        for code, meaning in sorted(CODES.items())
    ]
    return "\n".join(
        [
            "# Codes",
            "",
            "Every refusal, problem and failure has a code. It is stable from the first release on: scripts and tests may rely on it.",
            "The status is that of the HTTP answer which carries the code.",
            "",
            "| code | what people read | who acts | status |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def settings() -> str:
    """Renders the table of settings."""
    rows = [
        f"| `{setting.key}` | {_kind(setting)} | {_shown(setting.default)} | {'yes' if setting.endpoint else '–'} |"
        f" {setting.meaning} |"
        for setting in SETTINGS
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "The first that says a key wins: the machine's policy (`/etc/govsync/policy.d/*.toml`, on macOS managed preferences, too, on Windows the",
            "registry), what the person's organisation fixes on the server (`govsync admin org policy set ORG KEY VALUE`; only the keys marked",
            "*server*), the person's own (`govsync settings set KEY VALUE`), the default. Nobody at the desk changes what the first two say.",
            "`govsync settings` says each value and its source; what a source says wrongly is told by `govsync doctor` and stops nothing.",
            "",
            "The server may not make a guard weaker or bring a desk to a standstill: of `hold.*` it may only lower the default, of rates say none",
            "or at least 64 KiB/s, of `sync.max_file_size` none or at least 1 MiB, of `folder.minimum_free` at most 100 GiB, and it has at most 100",
            "extensions.",
            "",
            "| key | value | default | server | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _kind(setting: Setting) -> str:
    if setting.shape is Shape.CHOICE:
        return ", ".join(f"`{choice}`" for choice in setting.choices)
    if setting.shape is Shape.NUMBER:
        return f"{setting.numbers[0]:,} to {setting.numbers[1]:,}"
    return {Shape.SWITCH: "on or off", Shape.LIST: "list"}.get(setting.shape, "text")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value in ((), "") else str(value)


def api() -> str:
    """Renders the table of calls."""
    rows = [
        f"| {route.method} `{route.path}` | {route.summary} | {_shape(route.takes, route.request)} | "
        f"{_shape(route.gives, route.response)} | {'yes' if route.repeatable else 'no'} |"
        for route in ROUTES
    ]
    return "\n".join(
        [
            "# Calls",
            "",
            f"Under `{PREFIX}`; every answer of ours has the header `{VERSION_HEADER}: {VERSION}`. Errors are problem documents (RFC 9457) with a",
            "[code](codes.md). *Framed* bodies are described in [formats](../formats.md).",
            "",
            "| call | what it does | takes | gives | may be repeated |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _shape(shape: str, kind: object) -> str:
    name = getattr(kind, "__name__", "")
    return f"{shape} {name}".strip() if shape != "none" else "–"


def fleet() -> str:
    """Renders the keys of a device in the fleet."""
    rows = [f"| `{key}` | {meaning} |" for key, meaning in KEYS.items()]
    return "\n".join(
        [
            "# The fleet",
            "",
            "`govsync admin fleet --json` prints a list of devices with these keys; with `--csv` they are the names of the columns. A text is empty where it is",
            "not known. Before what a spreadsheet would take for a formula `--csv` puts a `'`.",
            "",
            "| key | meaning |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def cli() -> str:
    """Renders every command with its help."""
    lines = [
        "# Commands",
        "",
        "Names, JSON keys and exit codes are stable. 0 done, 1 failed, 2 timed out, 3 agent not running,",
    ]
    lines += ["4 something is kept back or differs, 64 wrong usage.", ""]
    _describe(
        main_cli,
        click.Context(main_cli, info_name="govsync", terminal_width=100, **main_cli.context_settings),
        lines,
    )
    return "\n".join(lines)


def _describe(command: click.Command, context: click.Context, lines: list[str]) -> None:
    lines += [f"## `{context.command_path}`", "", "```", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                _describe(
                    child, click.Context(child, info_name=name, parent=context, terminal_width=100), lines
                )


PAGES: dict[str, Callable[[], str]] = {
    "codes.md": codes,
    "settings.md": settings,
    "api.md": api,
    "cli.md": cli,
    "fleet.md": fleet,
}


def icon(state: State) -> str:
    """Renders the icon of a state in the colour that it has on light ground; what is in it is white there and everywhere else."""
    drawing = (ART / "states" / f"{state}.svg").read_text(encoding="utf-8")
    return drawing.replace("#000001", tone(LIGHT, TONES[state]).mark).replace("#fffffe", LIGHT.surface) + "\n"


def derived() -> dict[Path, str]:
    """Renders everything, each by where it lies."""
    return {
        **{REFERENCE / name: render() for name, render in PAGES.items()},
        **{LATIN / name: spoken.in_latin(spoken.folder(Language.SERBIAN) / name) for name in spoken.names()},
        **{STATES / f"{state}.svg": icon(state) for state in State},
        **{POLICIES / name: text for name, text in policy_template.files().items()},
        WORDS: json.dumps(menu.table(), ensure_ascii=False, indent=1) + "\n",
    }


def main() -> None:
    """Writes everything anew, and removes what is derived no more."""
    found = derived()
    for folder in DERIVED:
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in set(folder.iterdir()) - set(found):
            left_over.unlink()
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    evidence.PAGE.write_text(evidence.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
