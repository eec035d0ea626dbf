"""What a built page would load from elsewhere: nothing may be, since who reads it may have no line, and nobody is to be told."""

import re
from collections.abc import Iterator
from pathlib import Path

_LOADS = re.compile(
    r"""<(?:script|link|img|source|iframe|embed|object|video|audio|image|use)\b[^>]*?"""
    r"""\s(?:src|srcset|href|data|poster|xlink:href)\s*=\s*["']?\s*((?:[a-z]+:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)
_STYLES = re.compile(r"""(?:url\(\s*|@import\s+)["']?\s*((?:[a-z]+:)?//[^"')\s]+)""", re.IGNORECASE)
_SCRIPTS = re.compile(
    r"""(?:import\s*\(|from|importScripts\(|fetch\(|\.src\s*=)\s*["'`]((?:[a-z]+:)?//[^"'`]+)"""
)


def loaded(text: str) -> list[str]:
    """Answers the addresses elsewhere that a page, a style or a script loads. A link that a person may follow is none."""
    return [found for form in (_LOADS, _STYLES, _SCRIPTS) for found in form.findall(text)]


def from_elsewhere(site: Path) -> Iterator[str]:
    """Yields, for each file of a built site, what it loads from elsewhere."""
    for file in sorted(site.rglob("*")):
        if file.suffix in (".html", ".css", ".js", ".svg"):
            for address in loaded(file.read_text(encoding="utf-8")):
                yield f"{file.relative_to(site)}: {address}"
