"""The lock on the synced folder, which is taken whenever the folder can be had: it may be missing, or read-only, when the
agent starts, and be another one when it is back (R29, R45)."""

from pathlib import Path
from threading import Lock as Mutex

from govsync.agent import home
from govsync.local.steps import STATE
from govsync.system.lock import Lock


class FolderLock:
    """Holds the lock of what lies at a path. May be asked for from any thread: proofs of the folder do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: Lock | None = None
        self._mutex = Mutex()

    def take(self) -> None:
        """Takes the lock, where it is not held; raises Failure(folder_taken) while somebody else has it, and read_only or
        no_access where nothing can be written there."""
        with self._mutex:
            if self._lock is not None and not self._lock.is_found():
                self._lock.release()
                self._lock = None
            if self._lock is None and (self._folder / STATE).is_dir():
                self._lock = home.lock_folder(self._folder)

    def release(self) -> None:
        """Gives it back."""
        with self._mutex:
            if self._lock is not None:
                self._lock.release()
                self._lock = None
