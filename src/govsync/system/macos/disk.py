"""The real disk on macOS: that of POSIX, where most disks hold `report.txt` and `Report.txt` for one name, and é for one letter
or two (APFS as it is delivered, HFS+).

There the kernel finds whatever is spelled otherwise, too. The rest of GovSync goes by what listings say: what is spelled in other
letters is another name. So a look answers only for what is spelled so, and a rename that changes no more than the spelling is
done. Names that differ by composing alone are one name in the tree, and stay one here: APFS keeps them as they were given, HFS+
lists them decomposed.

What is left as it is on POSIX: `create` and `make_folder` are refused a name that is taken in any spelling, which nothing can be
made beside. `exchange`, `unlink`, `remove_folder` and the source of a `rename` take what the kernel finds: whoever calls them has
looked first, and looks at what came of it by its number; the spelling of both stays what it is when two are exchanged.
On a disk that tells case apart nothing of this is asked. Never run on a Mac.
"""

import os
from pathlib import Path

from govsync.model.codes import Code
from govsync.model.names import key, nfc
from govsync.model.problems import Failure
from govsync.system.failures import attempt, failure_of
from govsync.system.fs import File, Folder, Shape, Stat
from govsync.system.macos import kernel
from govsync.system.posix import disk as posix


class DiskFileSystem(posix.DiskFileSystem):
    """The disk below one folder (`fs.FileSystem`)."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._folding: bool | None = None

    def stat(self, folder: Folder, name: str) -> Stat | None:
        """As `FileSystem.stat`."""
        found = super().stat(folder, name)
        if found is None or (self._folds(folder) and not self._is_spelled_so(folder, name, found)):
            return None
        return found

    def open_folder(self, parent: Folder, name: str) -> Folder:
        """As `FileSystem.open_folder`."""
        self._require_spelled_so(parent, name)
        return super().open_folder(parent, name)

    def open_file(self, folder: Folder, name: str) -> File:
        """As `FileSystem.open_file`."""
        self._require_spelled_so(folder, name)
        return super().open_file(folder, name)

    def rename(self, source: Folder, name: str, target: Folder, target_name: str) -> None:
        """As `FileSystem.rename`.

        Where a disk folds the target is looked at first, since kernels differ in what a rename that replaces nothing does when
        it finds the file itself (XNU, renameat_internal): older ones refuse each, newer ones let it change its spelling, and say
        of a second name of the file that it was renamed, which it was not. A disk that tells case apart may hold both spellings,
        of one file too (hard links): there the kernel's refusal stands.
        """
        taker = super().stat(target, target_name) if self._folds(source) else None
        if taker is None:
            super().rename(source, name, target, target_name)
            return
        if not self._is_respelled(source, name, target, target_name, taker):
            raise Failure(Code.EXISTS, what="rename", name=target_name)
        # This call replaces what the new name finds. That is what is renamed and nothing else, whatever lies there by now: which
        # names are one, a disk says by their letters alone, and it has said so of these.
        with attempt("rename"):
            os.rename(name, target_name, src_dir_fd=_fd(source), dst_dir_fd=_fd(target))

    def _folds(self, folder: Folder) -> bool:
        """Says whether case makes no second name here; asked once, since all folders are on one disk (R10)."""
        if self._folding is None:
            with attempt("folds"):
                self._folding = kernel.folds(_fd(folder))
        return self._folding

    def _require_spelled_so(self, folder: Folder, name: str) -> None:
        if self._folds(folder) and self.stat(folder, name) is None:
            raise Failure(Code.GONE, name=name)

    def _is_spelled_so(self, folder: Folder, name: str, found: Stat) -> bool:
        """Says whether what a name has found is called so.

        The kernel is asked by the name: a descriptor (F_GETPATH) would have to be opened, which links, and what may not be read,
        do not let one do. Of a file with several names it tells one of them, which may lie anywhere, and of a disk that is
        mounted here the disk's own. So its word counts where it is the name of a thing that has one; else the listing decides.
        """
        try:
            if found.links == 1 or found.shape is Shape.FOLDER:
                stored = kernel.stored_name(_fd(folder), name)
                if stored is not None and nfc(stored) == nfc(name):
                    return True
            return nfc(name) in map(nfc, os.listdir(_fd(folder)))
        except FileNotFoundError:
            return False  # It went between the two looks.
        except OSError as error:
            raise failure_of(error, "stat") from error

    def _is_respelled(self, source: Folder, name: str, target: Folder, target_name: str, taker: Stat) -> bool:
        """Says whether what takes a name is what is to get it, in its own folder and in another spelling.

        Both names have to be one to us (R8) and to the disk: it has found, by the second, the number of the first, and of all
        names in the folder that are one to us only the first is there. A second name of the file (a hard link) that our
        tables hold for the same, and the disk's do not (ß, ss), is there beside it.
        """
        if name == target_name or key(name) != key(target_name):
            return False
        here, there = self.identity(source), self.identity(target)
        if (here.dev, here.ino) != (there.dev, there.ino):
            return False
        listing = self.list(source)
        alike = [(nfc(each.name), each.stat.ino) for each in listing.entries if key(each.name) == key(name)]
        return listing.complete and alike == [(nfc(name), taker.ino)]


def _fd(folder: Folder) -> int:
    assert isinstance(folder, posix.DiskFolder)
    return folder.fd
