"""Disks that lack something, in the ways that real ones show it: this machine's own, with that taken away."""

from collections.abc import Sequence

from govsync.system.disk import DiskFileSystem
from govsync.system.fs import File, Folder, Trust


class NoExchange(DiskFileSystem):
    """A local disk that cannot exchange two names (R15)."""

    def exchange(self, a: Folder, a_name: str, b: Folder, b_name: str) -> bool:
        return False


class Network(NoExchange):
    """A disk that others may change unseen, too: no leases, no watcher, and numbers that do not last (R11, R45)."""

    def trust(self) -> Trust:
        return Trust(watched=False, identity=False)

    def leases(self) -> bool:
        return False

    def lease(self, file: File) -> bool:
        return False

    def written_by_somebody(self, folder: Folder, name: str) -> bool | None:
        return None

    def birth_ns(self, folder: Folder, name: str) -> int | None:
        return None

    def flush_folders(self, folders: Sequence[Folder]) -> None:
        """There is nothing to wait for in a test."""
