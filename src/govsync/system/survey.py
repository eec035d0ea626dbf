"""What lies in folders that are not synced, or not yet: names alone, as far as this person may look."""

import os
from collections.abc import Iterator
from pathlib import Path


def names_in(folder: Path) -> list[str]:
    """Lists a folder; one that this person may not read holds nothing that their programs put there."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def folders_below(top: Path, but: str) -> Iterator[Path]:
    """Yields every folder below one, those of the name `but` and what is in them left out; no link is followed."""
    for at, names, _ in os.walk(top):
        names[:] = [name for name in names if name != but]
        yield from (Path(at, name) for name in names)
