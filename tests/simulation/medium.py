"""A disk in memory, with everything about real ones that has ever cost somebody a file.

Two images: what programs see, and what a power cut leaves. Each change of entries is one *effect* (a rename is atomic,
also across folders, as journalling file systems promise); flushing makes effects durable, and a crash keeps a seeded
subset of the rest, closed under dependence: what was done later to the same name or the same file needs what was done
before. Data that was not flushed may be old, new, short or zeros.

Inode numbers are reused at once, as ext4 does (F1); times move in coarse ticks, so several writes share one (F6); a
rename moves the ctime of what is renamed and of nothing below it (F4); stores through a mapping move the mtime only
when the page was clean (F5); a lease is refused while anybody may write, and an opener who comes later waits and is
seen (F2, F3). Neighbours: `disk` offers this as the product's `FileSystem`, `programs` as what people's programs call.
"""

import random
from collections.abc import Callable, Iterable, Iterator

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import Shape, Stat
from tests.simulation.clock import MS

FIRST_INODE = 12
GOVSYNC = "govsync"


class Inode:
    """One file, folder or link; `author` is who gave it its present content: `GOVSYNC`, or a person."""

    def __init__(self, number: int, dev: int, shape: Shape, birth_ns: int) -> None:
        self.number = number
        self.dev = dev
        self.shape = shape
        self.birth_ns = self.mtime_ns = self.ctime_ns = birth_ns
        self.exec = False
        self.write = True
        self.shut = False
        self.author = ""
        self.data = b""
        self.target: tuple[str, ...] = ()
        self.entries: dict[str, Inode] = {}
        self.places: list[tuple[Inode, str]] = []
        self.alive = False
        self.opens = 0
        self.writers = 0
        self.leases: list[Lease] = []
        self.page_dirty = False
        self.unreadable = False
        self.cover: Inode | None = None
        self.durable_data = b""
        self.durable_rest = (birth_ns, birth_ns, False, "", True, False)
        self.durable_entries: dict[str, Inode] = {}

    def stat(self) -> Stat:
        """Looks at it."""
        return Stat(
            shape=self.shape, dev=self.dev, ino=self.number, size_bytes=len(self.data), mtime_ns=self.mtime_ns,
            ctime_ns=self.ctime_ns, exec=self.exec, links=max(1, len(self.places)), write=self.write,
            shut=self.shut and not self.write,
        )  # fmt: skip


class Lease:
    """A read lease; `broken` once somebody has asked to open the file for writing."""

    def __init__(self, inode: Inode) -> None:
        self.inode = inode
        self.broken = False


class Effect:
    """One change of entries that is not durable yet: all of it is kept by a crash, or nothing."""

    def __init__(self, edits: list[tuple[Inode, str, Inode | None]], removed: "Inode | None") -> None:
        self.edits = edits
        self.touches: set[tuple[object, ...]] = set()
        self.needs: set[tuple[object, ...]] = set()
        for folder, name, inode in edits:
            entry = ("entry", id(folder), name)
            self.touches |= {entry, ("within", id(folder))}
            self.needs |= {entry, ("inode", id(folder))}
            if inode is not None:
                self.touches |= {("inode", id(inode))}
                self.needs |= {("inode", id(inode)), ("number", inode.number)}
        if removed is not None:
            self.touches |= {("number", removed.number)}
            self.needs |= {("within", id(removed)), ("inode", id(removed))}

    def depends_on(self, earlier: "Effect") -> bool:
        """Says whether this effect makes no sense without an earlier one: on the same entry or the same thing, on a
        folder that was made or moved, on what was taken out of a folder that is removed, on a number that was freed."""
        return not self.needs.isdisjoint(earlier.touches)

    def apply(self) -> None:
        """Makes it durable."""
        for folder, name, inode in self.edits:
            if inode is None:
                folder.durable_entries.pop(name, None)
            else:
                folder.durable_entries[name] = inode


Notify = Callable[[Inode, str, str, bool], None]
"""Hears of a change: the folder, what happened, at which name, and whether to a folder."""


class Medium:
    """One machine's disk; every call is one system call, and atomic."""

    def __init__(
        self,
        clock_ns: Callable[[], int],
        chance: random.Random,
        *,
        tick_ms: int = 4,
        births: bool = True,
        leases: bool = True,
        exchange: bool = True,
        network: bool = False,
        capacity_bytes: int = 1 << 40,
    ) -> None:
        self._clock_ns = clock_ns
        self._chance = chance
        self._tick_ns = tick_ms * MS
        self.network = network
        """Others may write on it unseen, nobody sees who writes, and it tells less than a local disk (R45)."""
        self.births = births and not network
        self.has_leases = leases and not network
        self.has_exchange = exchange and not network
        self._shift = 0
        self.mapped = False
        """Whether anything was ever stored through a mapping: such a change may be told by nothing (F5)."""
        self.capacity_bytes = capacity_bytes
        self._next_number = FIRST_INODE
        self._free_numbers: list[int] = []
        self._last_birth_ns = 0
        self._effects: list[Effect] = []
        self._unflushed: dict[int, Inode] = {}
        self.changes = 0
        """Counts what was changed, but for flushing."""
        self.flushes = 0
        self._covered: list[Inode] = []
        self.listeners: list[Notify] = []
        self.top = self._new(Shape.FOLDER)
        self.top.alive = True

    # ---- looking ----

    def here(self, folder: Inode, name: str) -> Inode | None:
        """Answers what lies at a name; what is mounted there hides it."""
        found = folder.entries.get(name)
        return found.cover if found is not None and found.cover is not None else found

    def resolve(self, path: Iterable[str], hops: int = 8) -> Inode:
        """Walks a path from the top, through links; raises Failure(gone, not_a_folder)."""
        at = self.top
        for name in path:
            if at.shape is not Shape.FOLDER:
                raise Failure(Code.NOT_A_FOLDER, name=name)
            found = self.here(at, name)
            if found is not None and found.shape is Shape.LINK and hops > 0:
                found = self.resolve(found.target, hops - 1)
            if found is None:
                raise Failure(Code.GONE, name=name)
            at = found
        return at

    def stat(self, inode: Inode) -> Stat:
        """Looks at something, as the machine sees it that has mounted this disk now."""
        found = inode.stat()
        return msgspec.structs.replace(found, ino=found.ino + self._shift) if self._shift else found

    def mount_anew(self) -> None:
        """Gives everything another number, where numbers mean something only until the disk is mounted again."""
        self._shift += 7 if self.network else 0

    def walk(self, folder: Inode, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Inode]]:
        """Yields everything below a folder, in order of name, with the path to it; links are not followed."""
        for name in sorted(folder.entries):
            inode = self.here(folder, name)
            assert inode is not None
            yield (*path, name), inode
            if inode.shape is Shape.FOLDER:
                yield from self.walk(inode, (*path, name))

    def free_bytes(self) -> int:
        """Answers how much still fits."""
        used = sum(len(inode.data) for _, inode in self.walk(self.top))
        return max(0, self.capacity_bytes - used)

    # ---- changing entries ----

    def make(self, folder: Inode, name: str, shape: Shape, author: str) -> Inode:
        """Makes an empty thing at a free name; raises Failure(exists, gone)."""
        self._require_folder(folder)
        if name in folder.entries:
            raise Failure(Code.EXISTS, name=name)
        inode = self._new(shape)
        inode.author = author
        inode.durable_rest = (inode.mtime_ns, inode.ctime_ns, False, author, True, False)
        self._edit([(folder, name, inode)])
        self._tell(folder, "create", name, inode)
        return inode

    def link(self, inode: Inode, folder: Inode, name: str) -> None:
        """Gives a file a second name; raises Failure(exists, gone)."""
        self._require_folder(folder)
        if name in folder.entries:
            raise Failure(Code.EXISTS, name=name)
        inode.ctime_ns = self._now()
        self._edit([(folder, name, inode)])
        self._tell(folder, "create", name, inode)

    def rename(self, source: Inode, name: str, target: Inode, target_name: str, replace: bool) -> None:
        """Renames; what stands at the target is replaced, or the rename refused with Failure(exists)."""
        moved = self._own(source, name)
        self._require_folder(target)
        there = target.entries.get(target_name)
        if there is not None and not replace:
            raise Failure(Code.EXISTS, name=target_name)
        if there is moved:
            return
        self._refuse_loop(moved, target)
        if there is not None:
            if there.shape is Shape.FOLDER and (moved.shape is not Shape.FOLDER or there.entries):
                raise Failure(Code.EXISTS, name=target_name)
            if moved.shape is Shape.FOLDER and there.shape is not Shape.FOLDER:
                raise Failure(Code.NOT_A_FOLDER, name=target_name)
        moved.ctime_ns = self._now()
        self._edit([(source, name, None), (target, target_name, moved)], removed=there)
        self._tell(source, "moved_from", name, moved)
        self._tell(target, "moved_to", target_name, moved)
        if there is not None:
            self._unlinked(there)

    def exchange(self, a: Inode, a_name: str, b: Inode, b_name: str) -> None:
        """Swaps two names; raises Failure(gone)."""
        one, other = self._own(a, a_name), self._own(b, b_name)
        self._refuse_loop(one, b)
        self._refuse_loop(other, a)
        one.ctime_ns = other.ctime_ns = self._now()
        self._edit([(a, a_name, other), (b, b_name, one)])
        for folder, name, inode in ((a, a_name, other), (b, b_name, one)):
            self._tell(folder, "moved_from", name, inode)
            self._tell(folder, "moved_to", name, inode)

    def unlink(self, folder: Inode, name: str) -> None:
        """Removes a file's or link's name."""
        inode = self._own(folder, name)
        if inode.shape is Shape.FOLDER:
            raise Failure(Code.NOT_A_FOLDER, name=name)
        self._edit([(folder, name, None)], removed=inode)
        self._tell(folder, "delete", name, inode)
        self._unlinked(inode)

    def remove_folder(self, folder: Inode, name: str) -> None:
        """Removes an empty folder; raises Failure(exists) when it is not empty."""
        inode = self._own(folder, name)
        if inode.shape is not Shape.FOLDER:
            raise Failure(Code.NOT_A_FOLDER, name=name)
        if inode.entries:
            raise Failure(Code.EXISTS, name=name)
        self._edit([(folder, name, None)], removed=inode)
        self._tell(folder, "delete", name, inode)
        self._unlinked(inode)

    # ---- changing files ----

    def set_data(self, inode: Inode, data: bytes, author: str, *, by_mapping: bool = False) -> None:
        """Gives a file other bytes; raises Failure(disk_full)."""
        if len(data) > len(inode.data) and len(data) - len(inode.data) > self.free_bytes():
            raise Failure(Code.DISK_FULL)
        inode.data = data
        inode.author = author
        self.changes += 1
        self._unflushed[id(inode)] = inode
        if not by_mapping or not inode.page_dirty:
            inode.mtime_ns = inode.ctime_ns = self._now()
        inode.page_dirty = by_mapping
        self.mapped |= by_mapping
        if not by_mapping:
            self._tell_file(inode, "modify")

    def set_times(self, inode: Inode, mtime_ns: int) -> None:
        """Sets the modification time, as tools do that restore it."""
        inode.mtime_ns, inode.ctime_ns = mtime_ns, self._now()
        self._unflushed[id(inode)] = inode
        self._tell_file(inode, "attrib")

    def set_exec(self, inode: Inode, exec: bool) -> None:
        """Sets or clears the executable bit."""
        inode.exec, inode.ctime_ns = exec, self._now()
        self._unflushed[id(inode)] = inode
        self._tell_file(inode, "attrib")

    def set_write(self, inode: Inode, write: bool, mark: bool = False) -> None:
        """Gives a file the right to be written, or takes it, with GovSync's mark; nothing happens where it is so already."""
        if (inode.write, inode.shut) != (write, mark):
            inode.write, inode.shut, inode.ctime_ns = write, mark, self._now()
            self._unflushed[id(inode)] = inode
            self._tell_file(inode, "attrib")

    def opened(self, inode: Inode, write: bool) -> None:
        """Counts an opener; for writing only where no lease is held (see `may_write`)."""
        inode.opens += 1
        inode.writers += write

    def closed(self, inode: Inode, write: bool) -> None:
        """Counts an opener off."""
        inode.opens -= 1
        inode.writers -= write
        if write:
            self._tell_file(inode, "close")
        self._recycle(inode)

    def may_write(self, inode: Inode) -> bool:
        """Asks to open for writing: breaks the leases there are; while one is held the opener waits (F3)."""
        for lease in inode.leases:
            lease.broken = True
        return not inode.leases

    def lease(self, inode: Inode) -> Lease | None:
        """Takes a read lease; None while anybody may write."""
        if not self.has_leases or inode.writers:
            return None
        lease = Lease(inode)
        inode.leases.append(lease)
        return lease

    def release(self, lease: Lease) -> None:
        """Gives a lease back."""
        if lease in lease.inode.leases:
            lease.inode.leases.remove(lease)

    # ---- what mounts, and what fails ----

    def cover(self, inode: Inode) -> Inode:
        """Mounts another, empty file system over a folder; answers its root."""
        inode.cover = self._new(Shape.FOLDER)
        inode.cover.dev = 2
        inode.cover.alive = True
        self._covered.append(inode)
        return inode.cover

    def uncover(self) -> None:
        """Takes away everything that was mounted."""
        for inode in self._covered:
            inode.cover = None
        self._covered = []

    # ---- flushing, and power cuts ----

    def flush_file(self, inode: Inode) -> None:
        """Makes a file's data durable."""
        self.flushes += 1
        inode.durable_data = inode.data
        inode.durable_rest = (
            inode.mtime_ns, inode.ctime_ns, inode.exec, inode.author, inode.write, inode.shut,
        )  # fmt: skip
        inode.page_dirty = False
        self._unflushed.pop(id(inode), None)

    def flush(self, folders: Iterable[Inode]) -> None:
        """Makes the entries of folders durable, and all data written so far; other folders only as far as these need."""
        self.flushes += 1
        for inode in list(self._unflushed.values()):
            self.flush_file(inode)
        wanted = {id(folder) for folder in folders}
        kept: list[Effect] = []
        for effect in reversed(self._effects):
            if any(id(folder) in wanted for folder, _, _ in effect.edits) or any(
                later.depends_on(effect) for later in kept
            ):
                kept.append(effect)
        for effect in reversed(kept):
            effect.apply()
        self._effects = [effect for effect in self._effects if effect not in kept]

    def flush_all(self) -> None:
        """What the system does by itself every few seconds."""
        for inode in list(self._unflushed.values()):
            self.flush_file(inode)
        for effect in self._effects:
            effect.apply()
        self._effects = []

    @property
    def unflushed(self) -> int:
        """Counts what a power cut may keep or not: changes of entries, and files."""
        return len(self._effects) + len(self._unflushed)

    def crash(self, keep: float, damage: float) -> None:
        """Cuts the power: keeps each effect with chance `keep`, and damages unflushed data with chance `damage`."""
        self.cut(lambda: self._chance.random() < keep, lambda: self._chance.random() < damage)

    def cut(self, keeps: Callable[[], bool], damages: Callable[[], bool]) -> None:
        """Cuts the power: asks of each effect that can be kept whether it is, and of data that are whether in part."""
        self.uncover()
        dropped: list[Effect] = []
        for effect in self._effects:
            lost = any(effect.depends_on(earlier) for earlier in dropped)
            if lost or not keeps():
                dropped.append(effect)
            else:
                effect.apply()
        self._effects = []
        for inode in list(self._unflushed.values()):
            self._after_crash(inode, keeps, damages)
        self._unflushed = {}
        self._rebuild()

    def _after_crash(self, inode: Inode, keeps: Callable[[], bool], damages: Callable[[], bool]) -> None:
        if not keeps():
            inode.data = inode.durable_data
            inode.mtime_ns, inode.ctime_ns, inode.exec, inode.author, inode.write, inode.shut = (
                inode.durable_rest
            )
        elif inode.data != inode.durable_data and damages():
            cut = self._chance.randrange(len(inode.data) + 1)
            inode.data = self._chance.choice((b"", bytes(len(inode.data)), inode.data[:cut]))
        self.flush_file(inode)

    def _rebuild(self) -> None:
        """Takes the durable image for the visible one; whatever it does not reach is free."""
        used: set[int] = {self.top.number}
        seen: set[int] = set()
        pending = [self.top]
        while pending:
            folder = pending.pop()
            folder.entries = dict(sorted(folder.durable_entries.items()))
            for name, inode in folder.entries.items():
                if id(inode) not in seen:
                    seen.add(id(inode))
                    inode.places, inode.opens, inode.writers, inode.leases = [], 0, 0, []
                    inode.alive = True
                    used.add(inode.number)
                    if inode.shape is Shape.FOLDER:
                        pending.append(inode)
                inode.places.append((folder, name))
        self._free_numbers = [
            number for number in range(FIRST_INODE, self._next_number) if number not in used
        ]

    # ---- the inside ----

    def _now(self) -> int:
        return self._clock_ns() // self._tick_ns * self._tick_ns

    def _new(self, shape: Shape) -> Inode:
        if self._free_numbers:
            number = self._free_numbers.pop()
        else:
            number = self._next_number
            self._next_number += 1
        inode = Inode(number, 1, shape, self._now())
        # A file made where another was just deleted is born later, however short the while (F1).
        self._last_birth_ns = max(self._last_birth_ns + 1, self._clock_ns())
        inode.birth_ns = self._last_birth_ns
        return inode

    def _own(self, folder: Inode, name: str) -> Inode:
        inode = folder.entries.get(name)
        if inode is None:
            raise Failure(Code.GONE, name=name)
        if inode.cover is not None:
            raise Failure(Code.BUSY, name=name)
        return inode

    def _require_folder(self, folder: Inode) -> None:
        if folder.shape is not Shape.FOLDER:
            raise Failure(Code.NOT_A_FOLDER)
        if not folder.alive:
            raise Failure(Code.GONE, what="folder")

    def _refuse_loop(self, moved: Inode, target: Inode) -> None:
        at = target
        while True:
            if at is moved:
                raise Failure(Code.UNREADABLE, errno="EINVAL")
            if not at.places:
                return
            at = at.places[0][0]

    def _edit(self, edits: list[tuple[Inode, str, Inode | None]], removed: Inode | None = None) -> None:
        now = self._now()
        for folder, name, _ in edits:
            old = folder.entries.pop(name, None)
            if old is not None:
                old.places.remove((folder, name))
        for folder, name, inode in edits:
            if inode is not None:
                folder.entries[name] = inode
                inode.places.append((folder, name))
                inode.alive = True
            folder.mtime_ns = folder.ctime_ns = now
        self._effects.append(Effect(edits, removed))
        self.changes += 1

    def _unlinked(self, inode: Inode) -> None:
        inode.ctime_ns = self._now()
        inode.alive = bool(inode.places)
        self._recycle(inode)

    def _recycle(self, inode: Inode) -> None:
        if not inode.alive and inode.opens == 0:
            self._free_numbers.append(inode.number)
            self._unflushed.pop(id(inode), None)

    def _tell(self, folder: Inode, what: str, name: str, inode: Inode) -> None:
        for listener in self.listeners:
            listener(folder, what, name, inode.shape is Shape.FOLDER)

    def _tell_file(self, inode: Inode, what: str) -> None:
        for folder, name in inode.places:
            self._tell(folder, what, name, inode)
