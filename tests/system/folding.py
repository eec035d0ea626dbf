"""Names as most disks of macOS hold them, over one that tells each spelling from each: a name is found whatever its case and
composing, and kept as it was given (APFS), or decomposed (HFS+). What a test's person does by a whole path is done by that path.

Which letters are one is the disk's own affair: these are folded one by one, so that ß is not ss, as it is for GovSync (R8).
"""

import os
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest


class Names:
    """What the names of a disk find, and a disk that says so, or does not."""

    def __init__(self) -> None:
        self.folds = False
        self.decomposes = False
        self.refused_question: int | None = None
        """The number with which it is refused to say whether it folds."""

    def found(self, folder: int, name: str) -> str:
        """Answers the name of the entry that a name finds, or the one that a new entry of that name gets."""
        if not self.folds:
            return name
        alike = (each for each in os.listdir(folder) if _folded(each) == _folded(name))
        return next(alike, self.kept(name))

    def kept(self, name: str) -> str:
        """Answers how a new name is kept."""
        return unicodedata.normalize("NFD", name) if self.decomposes else name

    def on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Has the calls of Python that take a folder and a name find names so."""
        for call in ("open", "stat", "mkdir", "rmdir", "unlink"):
            monkeypatch.setattr(os, call, self._finding(getattr(os, call)))
        rename = os.rename

        def rename_there(
            name: str, other: str, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
        ) -> None:
            if src_dir_fd is not None and dst_dir_fd is not None:
                name, other = self.given(src_dir_fd, name, dst_dir_fd, other)
            rename(name, other, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        def fpathconf_there(descriptor: int, name: str | int) -> int:
            assert name == 11  # _PC_CASE_SENSITIVE, sys/unistd.h
            os.fstat(descriptor)
            if self.refused_question is not None:
                raise OSError(self.refused_question, "as macOS has it")
            return 0 if self.folds else 1

        monkeypatch.setattr(os, "rename", rename_there)
        monkeypatch.setattr(os, "fpathconf", fpathconf_there)

    def given(self, a: int, name: str, b: int, other: str) -> tuple[str, str]:
        """Answers which entry is renamed, and to what: what is renamed to another spelling of its own name gets that."""
        source, target = self.found(a, name), self.found(b, other)
        return source, self.kept(other) if self.folds and source == target and same(a, b) else target

    def _finding(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def there(name: str | bytes, *arguments: Any, dir_fd: int | None = None, **options: Any) -> Any:
            if dir_fd is None:
                return call(name, *arguments, **options)
            return call(self.found(dir_fd, os.fsdecode(name)), *arguments, dir_fd=dir_fd, **options)

        return there


def same(a: int, b: int) -> bool:
    """Says whether two descriptors are of one thing."""
    return os.path.samestat(os.fstat(a), os.fstat(b))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).lower())
