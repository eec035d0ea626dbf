"""Takes from the files of a package what differs between two builds of the same: times, and rights beyond those of their kind."""

import os
from collections.abc import Sequence
from pathlib import Path


def settle(root: Path, epoch: int, programs: Sequence[Path] = ()) -> None:
    """Gives all below `root` the time `epoch` and the rights of its kind; `programs` run, whatever they look like."""
    for file in [root, *root.rglob("*")]:
        if not file.is_symlink():
            runs = file.is_dir() or file in programs or _runs(file)
            file.chmod(0o755 if runs else 0o644)
        os.utime(file, (epoch, epoch), follow_symlinks=False)


def _runs(file: Path) -> bool:
    """Says whether a file is a program: an interpreter's script, or one of ELF that is no library."""
    with file.open("rb") as opened:
        begins = opened.read(18)
    return (file.parent.name == "bin" and begins.startswith(b"#!")) or (
        begins.startswith(b"\x7fELF") and ".so" not in file.name
    )
