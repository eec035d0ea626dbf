"""What people and their programs do on a desk, system call by system call (the table "How people's programs write").

Each program is a generator: it yields between two calls, so that GovSync may act there, and the power may go. It works
on the same `Medium` as GovSync, waits where a real one would wait (for a lease), and enters into the ledger what it
finished and what it overwrote or deleted. Refuses to know anything of GovSync but the name of its hidden folder.
"""

import random
from collections.abc import Callable, Generator

from govsync.local.ignore import fixed_reason
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import Shape
from tests.simulation.hints import visible
from tests.simulation.ledger import Ledger
from tests.simulation.medium import Inode, Medium

Steps = Generator[None, None, None]
_Path = tuple[str, ...]

ELSEWHERE = "elsewhere"
"""A folder of the same disk outside the synced one."""
TEAM = ("Team",)
"""Where the team's space hangs in everybody's folder."""
NAMES = ("a.txt", "b.txt", "Report.docx", "REPORT.docx", "보고서.hwp", "d", "d.d", "e f", "x.bin", "ж.csv")
FOLDERS = ("d", "e", "2025", "2025 old", "D")
DEPTH = 4


class Person:
    """Works at one desk; `chance` decides what at."""

    def __init__(
        self,
        medium: Medium,
        root: _Path,
        name: str,
        ledger: Ledger,
        chance: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self._medium = medium
        self._root = root
        self._home = root[:-1]
        self._name = name
        self._ledger = ledger
        self._chance = chance
        self._say = say

    # ---- choosing ----

    def files(self) -> list[_Path]:
        """Lists the files that may be synced."""
        return [
            path for path, inode in visible(self._medium, self._root)
            if inode.shape is Shape.FILE and fixed_reason(path[-1]) is None
        ]  # fmt: skip

    def folders(self) -> list[_Path]:
        """Lists the folders, the synced one first."""
        below = [path for path, inode in visible(self._medium, self._root) if inode.shape is Shape.FOLDER]
        return [(), *below]

    def a_file(self) -> _Path:
        """Picks a file; raises Failure(gone) when there is none."""
        return self._pick(self.files())

    def a_folder(self) -> _Path:
        """Picks a folder below the root that is no mount; raises Failure(gone) when there is none."""
        return self._pick(self._movable())

    def _movable(self) -> list[_Path]:
        """Lists the folders that may be renamed and removed without a question: a mount may not (R25)."""
        return [path for path in self.folders()[1:] if path != TEAM]

    def a_free_name(self, names: tuple[str, ...] = NAMES) -> _Path:
        """Picks a name at which nothing is; raises Failure(exists) when the one picked is taken."""
        folders = [path for path in self.folders() if len(path) < DEPTH]
        path = (*self._pick(folders), self._chance.choice(names))
        if self._inode_or_none(path) is not None:
            raise Failure(Code.EXISTS)
        return path

    def content(self) -> bytes:
        """Makes a content that nobody else has."""
        size = self._chance.choices((1, 30, 4_000, 60_000), (60, 30, 8, 2))[0]
        return f"{self._name} wrote number {self._ledger.number():05} ".encode() * size

    def _pick(self, found: list[_Path]) -> _Path:
        if not found:
            raise Failure(Code.GONE)
        return self._chance.choice(found)

    # ---- system calls ----

    def _inode(self, path: _Path) -> Inode:
        folder = self._medium.resolve((*self._root, *path[:-1]))
        found = self._medium.here(folder, path[-1])
        if found is None:
            raise Failure(Code.GONE)
        return found

    def _inode_or_none(self, path: _Path) -> Inode | None:
        try:
            return self._inode(path)
        except Failure:
            return None

    def _folder(self, path: _Path) -> Inode:
        return self._medium.resolve((*self._root, *path))

    def _where(self, path: _Path) -> str:
        return f"{self._name}:{'/'.join(path)}"

    def _opened(self, inode: Inode) -> Steps:
        """Opens for writing; waits while GovSync holds a lease (F3). What may not be written is left alone, but for a person
        who insists."""
        if not inode.write:
            if self._chance.random() < 0.5:
                raise Failure(Code.NO_ACCESS)
            self._medium.set_write(inode, True)
        while not self._medium.may_write(inode):
            yield
        self._medium.opened(inode, write=True)

    def _rename(self, source: _Path, target: _Path) -> None:
        there = self._inode_or_none(target)
        moved = self._inode(source)
        self._medium.rename(
            self._folder(source[:-1]), source[-1], self._folder(target[:-1]), target[-1], replace=True
        )
        if there is not None and there is not moved:
            self._gone(there, target)

    def _unlink(self, path: _Path) -> None:
        inode = self._inode(path)
        self._medium.unlink(self._folder(path[:-1]), path[-1])
        self._gone(inode, path)

    def _gone(self, inode: Inode, path: _Path) -> None:
        """A name was taken off a file: its content is given up unless another name keeps it."""
        if inode.shape is Shape.FILE and not inode.places:
            self._ledger.give_up(inode.data, self._where(path))

    def _put(self, inode: Inode, data: bytes, path: _Path, *, by_mapping: bool = False) -> None:
        """Gives an open file other bytes; whatever it held lay before the person, or was another program's of hers."""
        self._ledger.give_up(inode.data, self._where(path))
        self._medium.set_data(inode, data, self._name, by_mapping=by_mapping)
        if not self._medium.has_leases:
            self._ledger.left_unfinished(data, self._where(path))

    def _finish(self, inode: Inode, path: _Path) -> None:
        """A program closed what it wrote; without a name by now, it wrote into what a person has deleted."""
        if inode.places:
            self._ledger.finish(inode.data, self._where(path))

    def _write(self, path: _Path, pieces: list[bytes], mtime_ns: int | None = None) -> Steps:
        """Creates or truncates, writes in pieces, closes."""
        inode = self._inode_or_none(path)
        if inode is None:
            inode = self._medium.make(self._folder(path[:-1]), path[-1], Shape.FILE, self._name)
            self._medium.opened(inode, write=True)
        elif inode.shape is not Shape.FILE:
            raise Failure(Code.EXISTS)  # Another program has made a folder of that name meanwhile.
        else:
            yield from self._opened(inode)
            self._put(inode, b"", path)
        try:
            for piece in pieces:
                yield
                self._put(inode, inode.data + piece, path)
            if mtime_ns is not None:
                self._medium.set_times(inode, mtime_ns)
        finally:
            self._medium.closed(inode, write=True)
        self._finish(inode, path)
        if self._chance.random() < 0.5:
            self._medium.flush_file(inode)

    def _halves(self, content: bytes) -> list[bytes]:
        half = len(content) // 2
        return [content[:half], content[half:]]

    def rename(self, source: _Path, target: _Path) -> None:
        """Renames; what stands at the target is replaced, and given up."""
        self._rename(source, target)

    def remove(self, path: _Path) -> Steps:
        """Deletes a file, or a folder with all in it, one call after the other."""
        if self._inode(path).shape is Shape.FOLDER:
            yield from self._remove_tree(path)
        else:
            self._unlink(path)

    # ---- programs ----

    def create(self) -> Steps:
        """Writes a new file."""
        path, content = self.a_free_name(), self.content()
        self._say(f"writes new {'/'.join(path)} = {label(content)}")
        yield from self._write(path, self._halves(content))

    def truncate(self) -> Steps:
        """Truncates, writes in pieces, closes: simple editors and scripts."""
        path, content = self.a_file(), self.content()
        self._say(f"truncates and writes {'/'.join(path)} = {label(content)}")
        yield from self._write(path, self._halves(content))

    def replace(self) -> Steps:
        """Writes beside, renames over: modern editors."""
        path, content = self.a_file(), self.content()
        beside = (*path[:-1], self._chance.choice((".goutputstream-1", "new-content")))
        self._say(f"replaces {'/'.join(path)} = {label(content)}")
        yield from self._write(beside, self._halves(content))
        yield
        self._rename(beside, path)

    def word(self) -> Steps:
        """Renames the original to a backup, a temporary file to the original, deletes the backup, with a lock beside."""
        path, content = self.a_file(), self.content()
        lock = (*path[:-1], "~$" + path[-1])
        temporary, backup = (*path[:-1], "~WRD0001.tmp"), (*path[:-1], path[-1] + ".wbk")
        self._say(f"opens {'/'.join(path)} in an office program, will save {label(content)}")
        if self._inode_or_none(lock) is None:
            self._medium.make(self._folder(path[:-1]), lock[-1], Shape.FILE, self._name)
        for _ in range(self._chance.randrange(4)):
            yield
        yield from self._write(temporary, self._halves(content))
        yield
        self._rename(path, backup)
        yield
        self._rename(temporary, path)
        yield
        self._unlink(backup)
        yield
        self._unlink(lock)

    def delete_and_rename(self) -> Steps:
        """Deletes the original, then renames a temporary file to it."""
        path, content = self.a_file(), self.content()
        beside = (*path[:-1], "saving")
        self._say(f"deletes and rewrites {'/'.join(path)} = {label(content)}")
        yield from self._write(beside, self._halves(content))
        yield
        self._unlink(path)
        for _ in range(self._chance.randrange(3)):
            yield
        self._rename(beside, path)

    def append(self) -> Steps:
        """Keeps a file open, and appends now and then."""
        path = self.a_file()
        inode = self._inode(path)
        self._say(f"opens {'/'.join(path)} to append")
        yield from self._opened(inode)
        try:
            for _ in range(self._chance.randint(1, 12)):
                yield
                self._put(inode, inode.data + self.content()[:60], path)
        finally:
            self._medium.closed(inode, write=True)
        self._finish(inode, path)

    def map(self) -> Steps:
        """Stores through a mapping, and closes it at last: databases, some CAD programs (F5)."""
        path = self.a_file()
        inode = self._inode(path)
        self._say(f"maps {'/'.join(path)}")
        yield from self._opened(inode)
        try:
            for _ in range(self._chance.randint(1, 6)):
                yield
                stamp = self.content()[: len(inode.data)]
                self._put(inode, stamp + inode.data[len(stamp) :], path, by_mapping=True)
        finally:
            self._medium.closed(inode, write=True)
        self._finish(inode, path)

    def same_size_and_time(self) -> Steps:
        """Writes other bytes of equal length, and puts the modification time back."""
        path = self.a_file()
        inode = self._inode(path)
        stamp = self.content()[: len(inode.data)]
        if len(stamp) < 30:
            return
        content = (stamp * (len(inode.data) // len(stamp) + 1))[: len(inode.data)]
        self._say(f"rewrites {'/'.join(path)} at equal size and time = {label(content)}")
        yield from self._write(path, [content], mtime_ns=inode.mtime_ns)

    def swap(self) -> Steps:
        """Exchanges two names through a third."""
        one, other = self.a_file(), self.a_file()
        if one == other:
            return
        third = (*one[:-1], "third")
        if self._inode_or_none(third) is not None:
            return
        self._say(f"swaps {'/'.join(one)} and {'/'.join(other)}")
        self._rename(one, third)
        yield
        self._rename(other, one)
        yield
        self._rename(third, other)

    def rename_over(self) -> Steps:
        """Renames one synced file over another."""
        source, target = self.a_file(), self.a_file()
        if source != target:
            self._say(f"renames {'/'.join(source)} over {'/'.join(target)}")
            self._rename(source, target)
        yield

    def move(self) -> Steps:
        """Moves a file to a free name."""
        source, target = self.a_file(), self.a_free_name()
        self._say(f"moves {'/'.join(source)} to {'/'.join(target)}")
        self._rename(source, target)
        yield

    def move_folder(self) -> Steps:
        """Moves or renames a folder."""
        source, target = self.a_folder(), self.a_free_name(FOLDERS)
        if target[: len(source)] != source:
            self._say(f"moves folder {'/'.join(source)} to {'/'.join(target)}")
            self._rename(source, target)
        yield

    def rename_then_new(self) -> Steps:
        """Renames a folder, makes a new one of the old name, and copies the files in ("2025" of every January)."""
        source = self.a_folder()
        target = (*source[:-1], source[-1] + " old")
        if self._inode_or_none(target) is not None:
            return
        self._say(f"renames folder {'/'.join(source)} to {'/'.join(target)}, and makes it anew")
        self._rename(source, target)
        yield
        self._medium.make(self._folder(source[:-1]), source[-1], Shape.FOLDER, self._name)
        yield
        yield from self._write((*source, self._chance.choice(NAMES)), [self.content()])

    def make_folder(self) -> Steps:
        """Makes a folder, and perhaps a file in it at once."""
        path = self.a_free_name(FOLDERS)
        self._say(f"makes folder {'/'.join(path)}")
        self._medium.make(self._folder(path[:-1]), path[-1], Shape.FOLDER, self._name)
        if self._chance.random() < 0.5:
            yield
            yield from self._write((*path, self._chance.choice(NAMES)), [self.content()])

    def delete(self) -> Steps:
        """Deletes a file."""
        path = self.a_file()
        self._say(f"deletes {'/'.join(path)}")
        self._unlink(path)
        yield

    def delete_folder(self) -> Steps:
        """Deletes a folder and all in it, as `rm -r` does: one call after the other."""
        path = self.a_folder()
        self._say(f"deletes folder {'/'.join(path)}")
        yield from self._remove_tree(path)

    def _remove_tree(self, path: _Path) -> Steps:
        folder = self._folder(path)
        for name in sorted(folder.entries):
            yield
            inode = self._medium.here(folder, name)
            if inode is None:
                continue
            if inode.shape is Shape.FOLDER:
                yield from self._remove_tree((*path, name))
            else:
                self._unlink((*path, name))
        self._medium.remove_folder(self._folder(path[:-1]), path[-1])

    def exec_bit(self) -> Steps:
        """Makes a file executable, or not."""
        path = self.a_file()
        inode = self._inode(path)
        self._say(f"flips the executable bit of {'/'.join(path)}")
        self._medium.set_exec(inode, not inode.exec)
        yield

    def move_in(self) -> Steps:
        """Moves a finished file in from elsewhere: no Closed event ever comes (F7)."""
        target, content = self.a_free_name(), self.content()
        outside = self._medium.resolve((*self._home, ELSEWHERE))
        inode = self._medium.make(outside, f"made-{self._ledger.number()}", Shape.FILE, self._name)
        self._medium.set_data(inode, content, self._name)
        self._say(f"moves {'/'.join(target)} = {label(content)} in")
        yield
        name = next(name for name, found in outside.entries.items() if found is inode)
        self._medium.rename(outside, name, self._folder(target[:-1]), target[-1], replace=False)
        self._ledger.finish(content, self._where(target))

    def move_out(self) -> Steps:
        """Moves a file or folder out of the synced folder."""
        self.take_out(self._pick([*self.files(), *self._movable()]))
        yield

    def take_out(self, path: _Path) -> None:
        """Moves this file or folder out of the synced folder."""
        inode = self._inode(path)
        self._say(f"moves {'/'.join(path)} out")
        outside = self._medium.resolve((*self._home, ELSEWHERE))
        name = f"out-{self._ledger.number()}"
        self._medium.rename(self._folder(path[:-1]), path[-1], outside, name, replace=False)
        for each in self._taken_out(inode):
            self._ledger.give_up(each.data, self._where(path))

    def _taken_out(self, inode: Inode) -> list[Inode]:
        """Makes everything in a thing that was moved out the person's own: GovSync has put nothing outside (I7)."""
        below = self._medium.walk(inode) if inode.shape is Shape.FOLDER else ()
        taken = [inode, *(each for _, each in below)]
        for each in taken:
            each.author = self._name
        return taken

    def link_in_the_way(self) -> Steps:
        """Moves a folder elsewhere, puts a link to it in its place, and takes both back later (I7)."""
        path = self.a_folder()
        parent, outside = self._folder(path[:-1]), self._medium.resolve((*self._home, ELSEWHERE))
        name = f"linked-{self._ledger.number()}"
        self._say(f"puts a link in the place of {'/'.join(path)}")
        inode = self._inode(path)
        self._medium.rename(parent, path[-1], outside, name, replace=False)
        self._taken_out(inode)
        link = self._medium.make(parent, path[-1], Shape.LINK, self._name)
        link.target = (*self._home, ELSEWHERE, name)
        for _ in range(self._chance.randint(1, 10)):
            yield
        if self._medium.here(parent, path[-1]) is link:
            self._medium.unlink(parent, path[-1])
        self._say(f"puts {'/'.join(path)} back")
        self._medium.rename(outside, name, parent, path[-1], replace=False)

    def unmount(self) -> Steps:
        """Lets the synced folder vanish under an empty mount for a while (I6)."""
        root = self._medium.resolve(self._root)
        self._say("finds the folder empty: something is mounted over it")
        self._medium.cover(root)
        for _ in range(self._chance.randint(2, 12)):
            yield
        self._medium.uncover()
        self._say("has the folder back")

    def rename_root(self) -> Steps:
        """Renames the synced folder itself, and back later; no event tells of it (F7)."""
        home = self._medium.resolve(self._home)
        self._say("renames the synced folder")
        self._medium.rename(home, self._root[-1], home, "renamed", replace=False)
        for _ in range(self._chance.randint(2, 12)):
            yield
        self._say("names it as before")
        self._medium.rename(home, "renamed", home, self._root[-1], replace=False)


def label(content: bytes) -> str:
    """Shows a content in a trace: its first words, and its size."""
    return f"'{content[:26].decode(errors='replace').strip()}' ({len(content)})"
