"""Which of the locked dependencies a package brings: those that the product names, with some extras, and what these need.

The lock says of each entry who needs it ("via"), so the answer is the same without asking anybody.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker

_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==")
_CONDITION = re.compile(r" ; (.+?) \\$")
_VIA = re.compile(r"^    #(?: via|  ) +(.+)$")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Locked(NamedTuple):
    """One entry of a lock: its lines, and who needs it."""

    lines: tuple[str, ...]
    via: frozenset[str]


def requirements(
    root: Path,
    extras: Sequence[str],
    lock: str = "product.lock",
    also: Sequence[str] = (),
    system: Mapping[str, str] | None = None,
) -> str:
    """Answers the part of a lock that a package with some extras needs, and what else is named, in the form that pip reads.

    For another system than this one, `system` says what differs of that in the words of markers (PEP 508); what is not for it is
    left out, with what only that needs."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [
        *project["dependencies"],
        *(line for each in extras for line in project["optional-dependencies"][each]),
        *also,
    ]
    entries = read((root / "requirements" / lock).read_text(encoding="utf-8"))
    wanted = {canonical(line) for line in named}
    if wanted - entries.keys():
        raise KeyError(f"not locked: {sorted(wanted - entries.keys())}")
    if system is not None:
        entries = {name: entry for name, entry in entries.items() if _is_for(entry, system)}
        wanted &= entries.keys()
    while more := {name for name, entry in entries.items() if entry.via & wanted} - wanted:
        wanted |= more
    return "".join(f"{line}\n" for name in sorted(wanted) for line in entries[name].lines)


def read(text: str) -> dict[str, Locked]:
    """Reads a lock into its entries by name."""
    found: dict[str, Locked] = {}
    name, lines, via = "", list[str](), set[str]()
    for line in [*text.splitlines(), "end=="]:
        entry = _ENTRY.match(line)
        if entry:
            if name:
                found[name] = Locked(tuple(lines), frozenset(via))
            name, lines, via = canonical(line), [line], set()
        elif needed_by := _VIA.match(line):
            via.add(canonical(needed_by[1]))
        elif line.startswith("    --hash="):
            lines.append(line)
    return found


def _is_for(entry: Locked, system: Mapping[str, str]) -> bool:
    condition = _CONDITION.search(entry.lines[0])
    return condition is None or Marker(condition[1]).evaluate(dict(system))


def canonical(line: str) -> str:
    """Answers the name with which a line begins, as indexes write it."""
    found = _NAME.match(line)
    assert found, line
    return re.sub(r"[-_.]+", "-", found[0]).lower()
