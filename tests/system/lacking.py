"""Disks that lack something, in the ways that real ones show it: this machine's own, with that taken away."""

from pathlib import Path

import msgspec

from govsync.system.disk import DiskFile, DiskFileSystem
from govsync.system.fs import File, Folder, Listing, Stat, Trust


class NoExchange(DiskFileSystem):
    """A local disk that cannot exchange two names (R15)."""

    def exchange(self, a: Folder, a_name: str, b: Folder, b_name: str) -> bool:
        return False


def _plain(stat: Stat) -> Stat:
    return msgspec.structs.replace(stat, exec=None)


class NoExec(NoExchange):
    """A disk that keeps no executable bit, as those of Windows."""

    def identity(self, folder: Folder) -> Stat:
        return _plain(super().identity(folder))

    def stat(self, folder: Folder, name: str) -> Stat | None:
        found = super().stat(folder, name)
        return None if found is None else _plain(found)

    def list(self, folder: Folder) -> Listing:
        found = super().list(folder)
        entries = tuple(msgspec.structs.replace(each, stat=_plain(each.stat)) for each in found.entries)
        return msgspec.structs.replace(found, entries=entries)

    def open_file(self, folder: Folder, name: str) -> File:
        file = super().open_file(folder, name)
        assert isinstance(file, DiskFile)
        look = file.stat
        file.stat = lambda: _plain(look())  # type: ignore[method-assign]
        file.opened = _plain(file.opened)
        return file

    def create(self, folder: Folder, name: str) -> File:
        file = super().create(folder, name)
        assert isinstance(file, DiskFile)
        finish = file.finish
        file.finish = lambda mtime_ns, _, write=True: finish(mtime_ns, False, write)  # type: ignore[method-assign]
        return file

    def set_exec(self, folder: Folder, name: str, exec: bool) -> None:
        self.open_file(folder, name).close()


class Network(NoExchange):
    """A disk that others may change unseen, too: no leases, no birth times, and numbers that mean something else each
    time that it is mounted (R11, R45)."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.mounts = 0

    def trust(self) -> Trust:
        return Trust(watched=False, identity=False)

    def leases(self) -> bool:
        return False

    def lease(self, file: File) -> bool:
        return False

    def written_by_somebody(self, folder: Folder, name: str) -> bool | None:
        return None

    def birth_ns(self, folder: Folder, name: str, ino: int) -> int | None:
        return None

    def renumbered(self, stat: Stat) -> Stat:
        return msgspec.structs.replace(stat, ino=stat.ino + 7 * self.mounts)

    def identity(self, folder: Folder) -> Stat:
        return self.renumbered(super().identity(folder))

    def stat(self, folder: Folder, name: str) -> Stat | None:
        found = super().stat(folder, name)
        return None if found is None else self.renumbered(found)

    def list(self, folder: Folder) -> Listing:
        found = super().list(folder)
        entries = tuple(
            msgspec.structs.replace(entry, stat=self.renumbered(entry.stat)) for entry in found.entries
        )
        return msgspec.structs.replace(found, entries=entries)

    def open_file(self, folder: Folder, name: str) -> File:
        file = self._numbered(super().open_file(folder, name))
        file.opened = self.renumbered(file.opened)
        return file

    def create(self, folder: Folder, name: str) -> File:
        file = self._numbered(super().create(folder, name))
        finish = file.finish
        file.finish = lambda *to: finish(*to) + 7 * self.mounts  # type: ignore[method-assign]
        return file

    def _numbered(self, file: File) -> DiskFile:
        assert isinstance(file, DiskFile)
        look = file.stat
        file.stat = lambda: self.renumbered(look())  # type: ignore[method-assign]
        return file
