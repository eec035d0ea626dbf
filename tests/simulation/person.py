"""A person at a desk: everything that people and their programs do to files, and what that means for contents (I1)."""

import os
import shutil
from pathlib import Path

from tests.simulation.world import Desk, World

NAMES = ("a.txt", "b.txt", "Report.docx", "보고서", "d", "e f", "REPORT.docx")


class Person:
    """Acts on a desk's folder, keeps the ledger of contents, and sometimes lets a hint be lost."""

    def __init__(self, world: World, desk: Desk) -> None:
        self._world, self._desk, self._chance = world, desk, world.chance

    def act(self) -> None:
        """Does one thing."""
        choice = self._chance.choice(
            ("write", "write", "edit", "edit", "edit", "word", "replace", "mkdir", "move", "move", "delete", "rmtree", "exec")
        )  # fmt: skip
        getattr(self, f"_{choice}")()

    def _files(self) -> list[Path]:
        return sorted(path for path in self._every() if path.is_file())

    def _folders(self) -> list[Path]:
        return [self._desk.folder, *sorted(path for path in self._every() if path.is_dir())]

    def _every(self) -> list[Path]:
        found = []
        for folder, names, files in os.walk(self._desk.folder):
            names[:] = sorted(name for name in names if name != ".govsync")
            found.extend(Path(folder) / name for name in (*names, *sorted(files)))
        return found

    def _content(self) -> bytes:
        self._world.contents += 1
        words = f"{self._desk.name} content {self._world.contents} ".encode()
        return words * self._chance.choice((1, 1, 40, 9_000))

    def _written(self, path: Path, content: bytes) -> None:
        self._world.living[content] = str(path)
        self._world.say(
            self._desk, f"  person wrote {path.relative_to(self._desk.folder)} = {content[:20]!r}"
        )

    def _given_up(self, path: Path) -> None:
        """The person had this content before her eyes, and gave it up."""
        self._world.living.pop(path.read_bytes(), None)

    def _said(self, *paths: Path) -> None:
        for path in paths:
            if self._chance.random() < 0.8:
                self._desk.hint(*path.relative_to(self._desk.folder).parts)

    def _free(self) -> Path | None:
        path = self._chance.choice(self._folders()) / self._chance.choice(NAMES)
        return None if path.exists() or len(path.parts) > len(self._desk.folder.parts) + 5 else path

    def _write(self) -> None:
        path = self._free()
        if path is not None:
            content = self._content()
            path.write_bytes(content)
            self._written(path, content)
            self._said(path)

    def _edit(self) -> None:
        files = self._files()
        if files:
            path = self._chance.choice(files)
            self._given_up(path)
            content = self._content()
            path.write_bytes(content)
            self._written(path, content)
            self._said(path)

    def _word(self) -> None:
        """Rename the original to a backup, write a temporary file, give it the name, delete the backup."""
        files = self._files()
        if files:
            path = self._chance.choice(files)
            self._given_up(path)
            content = self._content()
            backup, temporary = path.with_name("~backup.bak"), path.with_name("~WRD0001.tmp")
            path.rename(backup)
            temporary.write_bytes(content)
            temporary.rename(path)
            backup.unlink()
            self._written(path, content)
            self._said(path, backup, temporary)

    def _replace(self) -> None:
        """Write beside, rename over."""
        files = self._files()
        if files:
            path = self._chance.choice(files)
            self._given_up(path)
            content = self._content()
            beside = path.with_name("new-content")
            beside.write_bytes(content)
            beside.replace(path)
            self._written(path, content)
            self._said(path, beside)

    def _mkdir(self) -> None:
        path = self._free()
        if path is not None:
            path.mkdir()
            self._world.say(self._desk, f"  person made {path.relative_to(self._desk.folder)}/")
            self._said(path)

    def _move(self) -> None:
        every, target = self._every(), self._free()
        if every and target is not None:
            source = self._chance.choice(every)
            if source not in target.parents and source != target:
                source.rename(target)
                self._world.say(
                    self._desk, f"  person moved {source.name} -> {target.relative_to(self._desk.folder)}"
                )
                self._said(source, target)

    def _delete(self) -> None:
        files = self._files()
        if files:
            path = self._chance.choice(files)
            self._given_up(path)
            path.unlink()
            self._world.say(self._desk, f"  person deleted {path.relative_to(self._desk.folder)}")
            self._said(path)

    def _rmtree(self) -> None:
        folders = self._folders()[1:]
        if folders:
            path = self._chance.choice(folders)
            for folder, _, files in os.walk(path):
                for name in files:
                    self._given_up(Path(folder) / name)
            shutil.rmtree(path)
            self._world.say(self._desk, f"  person deleted {path.relative_to(self._desk.folder)}/")
            self._said(path)

    def _exec(self) -> None:
        files = self._files()
        if files:
            path = self._chance.choice(files)
            path.chmod(path.stat().st_mode ^ 0o111)
            self._said(path)
