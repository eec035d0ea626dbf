r"""Paths in the form that may be longer than 259 characters and hold any name (`\\?\`)."""

import ntpath
from pathlib import Path


def extended(path: Path | str) -> str:
    """Answers the long form of a path."""
    text = ntpath.abspath(path)
    if text.startswith(("\\\\?\\", "\\\\.\\")):
        return text
    return f"\\\\?\\UNC\\{text[2:]}" if text.startswith("\\\\") else f"\\\\?\\{text}"
