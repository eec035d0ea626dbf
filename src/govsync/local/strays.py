"""What lies in our hidden folders and in nobody's memory: the database that knew of it is lost, or was put back (R17, R40).

What was being moved may hold a whole folder with a person's files in it, so what is found parked is taken apart: each
file goes to the trash, under the name that it had, and is a stray there like any other. Cut off anywhere, the next look
finds the rest. Refuses to know what a stray is worth: the engine asks the server.
"""

from govsync.local.folders import OpenFolders
from govsync.local.root import Root, proven
from govsync.local.steps import PARKING, TRASH
from govsync.model.names import kept_name, name_kept
from govsync.system.fs import FileSystem, Folder, Shape


def find(
    fs: FileSystem, expected: Root, trashed: frozenset[str], parked: frozenset[str], tag: str
) -> tuple[str, ...]:
    """Answers the files in the trash that are not among `trashed`, after what is not among `parked` was brought there.

    Nothing else may be moving files meanwhile: it would look like a stray. Raises Failure where the root is not proven.
    """
    with OpenFolders(fs, proven(fs, expected)) as folders:
        parking, trash = folders.hidden(PARKING), folders.hidden(TRASH)
        taking = _Taking(fs, trash, tag)
        for entry in fs.list(parking).entries:
            if entry.name not in parked:
                taking.take(parking, entry.name, entry.stat.shape)
        if taking.count:
            fs.flush_folders([parking, trash])
        entries = fs.list(trash).entries
        return tuple(
            each.name for each in entries if each.stat.shape is Shape.FILE and each.name not in trashed
        )


class _Taking:
    """Brings what was parked into the trash, file by file; `count` says how many."""

    def __init__(self, fs: FileSystem, trash: Folder, tag: str) -> None:
        self._fs = fs
        self._trash = trash
        self._tag = tag
        self.count = 0

    def take(self, folder: Folder, name: str, shape: Shape) -> None:
        if shape is Shape.FOLDER:
            with self._fs.open_folder(folder, name) as below:
                for entry in self._fs.list(below).entries:
                    self.take(below, entry.name, entry.stat.shape)
            self._fs.remove_folder(folder, name)
            return
        self.count += 1
        kept = kept_name(f"{self._tag}.{self.count}", name_kept(name))
        self._fs.rename(folder, name, self._trash, kept)
