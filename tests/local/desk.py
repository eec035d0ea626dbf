"""A synced folder on the real disk, and a person who works in it between any two primitives."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from govsync.content.chunks import cut, reading
from govsync.content.manifests import Manifest, manifest_of
from govsync.local import place, recover
from govsync.local.root import Root, adopt
from govsync.local.staging import Staged, Staging
from govsync.local.steps import (
    AnyStep,
    At,
    BringBack,
    Exchange,
    InstallNew,
    MakeFolder,
    Move,
    Remove,
    RemoveFolder,
    SetExec,
    SetWrite,
    Signature,
    StepOutcome,
)
from govsync.system.disk import DiskFileSystem
from govsync.system.fs import FileSystem, Stat
from tests.system.desk import take_over

ROOT_ID, DEVICE = b"r" * 16, b"d" * 16
OLD_NS = 1_600_000_000_123_456_700


class Crash(BaseException):
    """The power goes: nothing that the product catches."""


class Hooked:
    """A FileSystem that calls `before(primitive, arguments)` ahead of each of its primitives."""

    def __init__(self, fs: FileSystem, before: Callable[[str, tuple[object, ...]], None]) -> None:
        self._fs = fs
        self._before = before

    def __getattr__(self, primitive: str) -> Callable[..., object]:
        call = getattr(self._fs, primitive)

        def hooked(*arguments: object, **options: object) -> object:
            self._before(primitive, arguments)
            return call(*arguments, **options)

        return hooked


class Desk:
    """A folder, adopted; steps are numbered from 1. `disk` is what it lies on."""

    def __init__(self, path: Path, disk: type[DiskFileSystem] = DiskFileSystem) -> None:
        self.path = path
        self.disk = disk
        path.mkdir(exist_ok=True)
        self.fs: FileSystem = disk(path)
        self.root: Root = adopt(self.fs, ROOT_ID, DEVICE)
        self.intents = 0

    # ---- a person ----

    def write(self, name: str, content: bytes, mtime_ns: int = OLD_NS) -> Signature:
        """Saves a file in place, with an old time, so that no tick of the clock can be meant."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, ns=(mtime_ns, mtime_ns))
        return self.signature(name)

    def replace(self, name: str, content: bytes) -> None:
        """Saves as modern editors do: beside it, then over it."""
        beside = self.path / (name + ".saving")
        beside.write_bytes(content)
        take_over(beside, self.path / name)

    def read(self, name: str) -> bytes | None:
        file = self.path / name
        return file.read_bytes() if file.is_file() else None

    def signature(self, name: str) -> Signature:
        return Signature.of(self._look(name))

    def ino(self, name: str) -> int:
        return self._look(name).ino

    def _look(self, name: str) -> Stat:
        fs, last = DiskFileSystem(self.path), Path(name).name
        with ExitStack() as stack:
            folder = stack.enter_context(fs.root())
            for each in Path(name).parts[:-1]:
                folder = stack.enter_context(fs.open_folder(folder, each))
            found = fs.stat(folder, last)
        assert found is not None, name
        return found

    # ---- what lies where ----

    def contents(self, hidden: bool = True) -> set[bytes]:
        """All contents in the folder, with those in the trash and in parking, without staging and marker."""
        return {
            file.read_bytes()
            for file in self.path.rglob("*")
            if file.is_file() and not file.is_symlink() and self._counts(file, hidden)
        }

    def _counts(self, file: Path, hidden: bool) -> bool:
        parts = file.relative_to(self.path).parts
        return parts[0] != ".govsync" or (hidden and parts[1] in ("trash", "parking"))

    def tree(self) -> list[str]:
        """All visible entries, folders with a slash."""
        found = []
        for entry in sorted(self.path.rglob("*")):
            parts = entry.relative_to(self.path).parts
            if parts[0] != ".govsync":
                found.append("/".join(parts) + ("/" if entry.is_dir() and not entry.is_symlink() else ""))
        return found

    def visible(self) -> dict[str, bytes | None]:
        """All visible entries but litter, with their contents."""
        return {name: self.read(name) for name in self.tree() if not name.endswith("Thumbs.db")}

    def hidden(self, folder: str) -> dict[str, bytes]:
        return {
            file.name: file.read_bytes()
            for file in (self.path / ".govsync" / folder).iterdir()
            if file.is_file()
        }

    # ---- steps ----

    def stage(self, content: bytes, name: str = "staged", exec: bool = False, write: bool = True) -> Staged:
        with Staging(self.fs, self.root, 0) as staging:
            staged = staging.small(name, content, manifest(content).content_hash, OLD_NS + 100, exec, write)
            staging.flush()
        return staged

    def next_intent(self) -> int:
        self.intents += 1
        return self.intents

    def make_folder(self, name: str) -> MakeFolder:
        return MakeFolder(intent=self.next_intent(), lid=1, at=at(name))

    def install(self, name: str, staged: Staged) -> InstallNew:
        return InstallNew(
            intent=self.next_intent(), lid=1, at=at(name), staged=staged.name, staged_ino=staged.ino
        )

    def exchange(self, name: str, staged: Staged, expected: Signature | None = None) -> Exchange:
        intent = self.next_intent()
        return Exchange(
            intent=intent,
            lid=1,
            at=at(name),
            staged=staged.name,
            staged_ino=staged.ino,
            expected=expected or self.signature(name),
            trash=f"t{intent}",
        )

    def move(self, name: str, target: str, ino: int | None = None, **parked: bool) -> Move:
        return Move(
            intent=self.next_intent(),
            lid=1,
            source=at(name),
            target=at(target),
            ino=self.ino(name) if ino is None else ino,
            **parked,
        )

    def remove(self, name: str, expected: Signature | None = None) -> Remove:
        intent = self.next_intent()
        return Remove(
            intent=intent,
            lid=1,
            at=at(name),
            expected=expected or self.signature(name),
            trash=f"t{intent}",
        )

    def remove_folder(self, name: str) -> RemoveFolder:
        intent = self.next_intent()
        return RemoveFolder(intent=intent, lid=1, at=at(name), ino=self.ino(name), trash=f"t{intent}")

    def set_exec(self, name: str, exec: bool) -> SetExec:
        return SetExec(
            intent=self.next_intent(), lid=1, at=at(name), exec=exec, expected=self.signature(name)
        )

    def set_write(self, name: str, write: bool) -> SetWrite:
        return SetWrite(
            intent=self.next_intent(), lid=1, at=at(name), write=write, expected=self.signature(name)
        )

    def bring_back(self, trash: str, name: str) -> BringBack:
        return BringBack(
            intent=self.next_intent(),
            lid=1,
            at=at(name),
            trash=trash,
            ino=self.ino(".govsync/trash/" + trash),
        )

    def carry_out(self, *steps: AnyStep) -> tuple[StepOutcome, ...]:
        return place.carry_out(self.fs, self.root, steps)

    def recover(self, *steps: AnyStep) -> tuple[StepOutcome, ...]:
        return recover.recover(self.fs, self.root, steps)

    # ---- what happens in between ----

    def before(self, act: Callable[[str, tuple[object, ...]], None]) -> None:
        """Has `act(primitive, arguments)` called ahead of each primitive from now on."""
        self.fs = Hooked(self.disk(self.path), act)

    def undisturbed(self) -> None:
        self.fs = self.disk(self.path)


def at(name: str) -> At:
    *path, last = name.split("/")
    return At(tuple(path), last)


def manifest(content: bytes) -> Manifest:
    return manifest_of(piece for _, piece in cut(reading(content), len(content)))


def shown(stat: Stat | None) -> Signature | None:
    return None if stat is None else Signature.of(stat)


def once(primitive: str, act: Callable[[], None], turn: int = 1) -> Callable[[str, tuple[object, ...]], None]:
    """Makes a hook that acts once, before the `turn`-th use of a primitive."""
    left = [turn]

    def hook(name: str, arguments: tuple[object, ...]) -> None:
        if name == primitive:
            left[0] -= 1
            if left[0] == 0:
                act()

    return hook


def at_each(
    stop_at: int, act: Callable[[], None], primitives: Iterable[str] = ()
) -> tuple[Callable[[str, tuple[object, ...]], None], list[str]]:
    """Makes a hook that acts before the primitive number `stop_at`, and the list of those that were reached."""
    reached: list[str] = []
    wanted = tuple(primitives)

    def hook(name: str, arguments: tuple[object, ...]) -> None:
        if not wanted or name in wanted:
            reached.append(name)
            if len(reached) == stop_at:
                act()

    return hook, reached
