"""What administrators have fixed on a Mac: managed preferences, which a device management writes, besides the files of policy.

Source: the payload `com.apple.ManagedClient.preferences` of configuration profiles (Device Management, Apple's documentation). What it
forces for a domain lies in a property list that people may only read, for the machine and for one person; its keys are called as the
settings are. Each list is handed on as a text of TOML, like a file of policy. What holds for the machine is stronger than what holds for
the person, and a profile than a file.
"""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from govsync.system import toml
from govsync.system.macos import DOMAIN, plists
from govsync.system.posix import policy as files
from govsync.system.posix.policy import Found

MANAGED = Path("/Library/Managed Preferences")
_LIST = f"{DOMAIN}.plist"
_KINDS: dict[type, str] = {dict: "dict", list: "array", bytes: "data"}
"""What kinds of values are called in a list; dates and the rest go by their own names."""


def found(folder: Path) -> Iterator[Found]:
    """Yields the person's list, the files of policy, then the machine's list; what of them cannot be read is told and stops
    nothing."""
    person = _person()
    if person is not None:
        yield from _listed(MANAGED / person / _LIST)
    yield from files.found(folder)
    yield from _listed(MANAGED / _LIST)


def _person() -> str | None:
    """Answers the person's short name, not by the environment, which people set as they like; None where the machine has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return None


def _listed(path: Path) -> Iterator[Found]:
    """Yields a list as a text; then a line for each value that is none."""
    try:
        known = plists.read(path)
    except FileNotFoundError:
        return
    except OSError as error:
        yield str(path), "", error.strerror or ""
        return
    except ValueError as error:
        yield str(path), "", str(error)
        return
    lines = []
    wrong = []
    for name, value in known.items():
        text = _text(value)
        if text is None:
            wrong.append(f"{name}: {_KINDS.get(type(value), type(value).__name__)}")
        else:
            lines.append(toml.line(name, text))
    if lines:
        yield str(path), "".join(lines), ""
    for each in wrong:
        yield str(path), "", each


def _text(value: object) -> str | None:
    """Answers a value as a person would type it, a list a line each; None for what no setting is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    return None
