"""The settings that the machine's administrators have fixed for everybody on it."""

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path("/etc/govsync/policy.d")


def files() -> Iterator[tuple[Path, str]]:
    """Yields each file of policy with its text, in the order in which later ones win."""
    for file in sorted(FOLDER.glob("*.toml")):
        yield file, file.read_text(errors="replace")
