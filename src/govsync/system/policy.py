"""The settings that the machine's administrators have fixed for everybody on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path("/etc/govsync/policy.d")


class PolicyFile(NamedTuple):
    """One file of policy: its text, or why that cannot be read."""

    path: Path
    text: str = ""
    unreadable: str = ""


def files() -> Iterator[PolicyFile]:
    """Yields each file of policy, in the order in which later ones win; what cannot be read is told and stops nothing."""
    try:
        found = sorted(path for path in FOLDER.iterdir() if path.suffix == ".toml")
    except FileNotFoundError:
        return
    except OSError as error:
        yield PolicyFile(FOLDER, unreadable=error.strerror or "")
        return
    for path in found:
        try:
            yield PolicyFile(path, path.read_text(errors="replace"))
        except OSError as error:
            yield PolicyFile(path, unreadable=error.strerror or "")
