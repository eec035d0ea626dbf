"""Writes the pages under docs/reference, each a function of one table in the code (`make generate`; CI fails on stale ones)."""

from collections.abc import Callable
from pathlib import Path

from govsync.model.codes import CODES

REFERENCE = Path(__file__).parent / "reference"

_WHO = {
    "retry": "GovSync, by trying again",
    "person": "the person at the desk",
    "it": "IT or the server's operator",
    "none": "nobody",
}


def codes() -> str:
    """Renders the table of codes."""
    rows = [
        f"| `{code}` | {_WHO[meaning.actor]} | {meaning.status or '–'} |"
        for code, meaning in sorted(CODES.items())
    ]
    return "\n".join(
        [
            "# Codes",
            "",
            "Every refusal, problem and failure has a code. It is stable from the first release on: scripts and tests may rely on it.",
            "The status is that of the HTTP answer which carries the code.",
            "",
            "| code | who acts | status |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


PAGES: dict[str, Callable[[], str]] = {"codes.md": codes}


def main() -> None:
    """Writes every page anew."""
    for name, render in PAGES.items():
        (REFERENCE / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
