"""The ways in which programs save a file, one system call after the other, as they were seen to do it."""

from collections.abc import Callable
from pathlib import Path


def _in_place(path: Path, text: str) -> None:
    path.write_text(text)


def _beside_and_renamed(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text)
    beside.rename(path)


def _as_a_word_processor(path: Path, text: str) -> None:
    beside, old = path.with_name("~WRD0001.tmp"), path.with_name("~WRL0001.tmp")
    beside.write_text(text)
    if path.exists():
        path.rename(old)
    beside.rename(path)
    old.unlink(missing_ok=True)


def _removed_and_made(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)


WAYS: tuple[Callable[[Path, str], None], ...] = (
    _in_place, _beside_and_renamed, _as_a_word_processor, _removed_and_made,
)  # fmt: skip


def save(path: Path, text: str, turn: int) -> None:
    """Saves a text in one of the ways, each in its turn."""
    WAYS[turn % len(WAYS)](path, text)
