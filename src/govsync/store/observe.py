"""What one look at a folder says about the local tree: who is who, what is new, what has vanished (R1-R3, R6, R23).

Files keep their node by path, whatever their inode: that is what keeps a history through every way of saving. Folders
keep it by identity, wherever they are found. A name that vanished is only a *gap*; `close_gaps` decides, later and
after another look, whether it was a move or a deletion. Nothing is concluded from a look that is not complete (I6).
"""

from collections.abc import Sequence

import msgspec

from govsync.content.manifests import Manifest
from govsync.model import names
from govsync.model.codes import Code
from govsync.model.ids import Ids
from govsync.model.nodes import Kind, Local, Place, Presence
from govsync.model.problems import Failure, Problem
from govsync.store import dirty, local_tree, manifests, paths, spaces
from govsync.store.database import Store
from govsync.store.local_tree import Disk
from govsync.system.fs import Shape, Stat

GAP_LONGEST_MS = 15_000
"""How long vanished names wait for new files to be read, before they are believed to be gone."""

Entry = tuple[str, Stat, int | None, str | None]
"""A name on the disk, a look at it, its birth time where that was asked for, and why it would be left alone."""


class Observed(msgspec.Struct, kw_only=True):
    """What follows from a look at one folder."""

    changed: bool = False
    to_read: list[int] = []
    folders: list[int] = []
    """All folders in it."""
    new_folders: list[int] = []
    vanished: bool = False
    gap: bool = False
    """Whether some names of the folder are still in a gap."""
    look_at: list[tuple[int, str]] = []
    """Places to look at before the rest can be understood: where a moved file came from, or a birth time is needed."""
    illegal: dict[str, Problem] = {}
    skipped: list[tuple[str, str]] = []


class _Known(msgspec.Struct):
    """A node remembered in the folder."""

    lid: int
    name: str
    kind: Kind
    presence: Presence
    ino: int | None
    birth_ns: int | None
    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    racy: bool
    hash: bytes | None
    exec: bool
    space: bytes
    remote: bool
    parent: int


_COLUMNS = (
    "lid, disk_name, kind, presence, ino, birth_ns, size, mtime_ns, ctime_ns, racy, l_hash, l_exec, space,"
    " r_parent IS NOT NULL, l_parent"
)
_REMEMBERED = ("here", "local_only", "obscured", "gap", "missing")


def _known(row: tuple[object, ...]) -> _Known:
    return msgspec.convert(
        dict(zip(_Known.__struct_fields__, row, strict=True)), _Known, strict=False, builtin_types=(bytes,)
    )


def observe(
    store: Store, ids: Ids, folder: int, entries: Sequence[Entry], complete: bool, now_ms: int
) -> Observed:
    """Compares a look at a folder with what is remembered of it, and changes the local tree."""
    parent = paths.inner(store, folder)
    return _Folder(store, ids, parent, entries, now_ms).compare(complete)


class _Folder:
    """One comparison."""

    def __init__(self, store: Store, ids: Ids, parent: int, entries: Sequence[Entry], now_ms: int) -> None:
        self._store, self._ids, self._parent, self._now_ms = store, ids, parent, now_ms
        self._entries = sorted(entries, key=lambda entry: entry[0].encode(errors="surrogateescape"))
        self._space: bytes = store.value("SELECT space FROM node WHERE lid = ?", (parent,))
        rows = store.all(f"SELECT {_COLUMNS} FROM node WHERE l_parent = ? ORDER BY lid", (parent,))
        known = [_known(row) for row in rows if row[3] in _REMEMBERED]
        known.sort(key=lambda node: -_REMEMBERED.index(node.presence))
        self._all = known
        self._known = {node.name: node for node in known}
        self._seen: set[int] = set()
        self.found = Observed(to_read=[], folders=[], new_folders=[], look_at=[], illegal={}, skipped=[])

    def compare(self, complete: bool) -> Observed:
        new: list[Entry] = []
        listed = {entry[0] for entry in self._entries}
        for entry in self._entries:
            node = self._known.get(entry[0]) or self._other_form(entry[0], listed)
            if node is not None and entry[1].shape in (Shape.LINK, Shape.OTHER):
                self._hidden(node)
            elif node is None or not self._same(node, entry):
                new.append(entry)
        for entry in new:
            if entry[3] is not None:
                self.found.skipped.append((entry[0].encode(errors="backslashreplace").decode(), entry[3]))
            else:
                self._new(entry)
        if complete:
            self._vanished()
        return self.found

    def _hidden(self, node: _Known) -> None:
        """A link, or something stranger, where a node was: nothing is known of the node now, and nothing follows (R29)."""
        self._seen.add(node.lid)
        local_tree.obscure(self._store, node.lid)
        local_tree.set_presence(self._store, node.lid, Presence.OBSCURED)

    def _other_form(self, name: str, listed: set[str]) -> _Known | None:
        """Finds the node whose name differs from this one by its Unicode form alone: that is no change (R8)."""
        if name.isascii():
            return None
        for known in self._known.values():
            if known.name not in listed and known.lid not in self._seen and _nfc(known.name) == _nfc(name):
                return known
        return None

    # Names that hold a node already

    def _same(self, node: _Known, entry: Entry) -> bool:
        """Keeps a node at its name; False when what is there now is something else."""
        name, stat, birth_ns, _ = entry
        if (stat.shape is Shape.FILE) != (node.kind is Kind.FILE):
            return False
        if node.kind is not Kind.FILE and node.ino != stat.ino and self._moved_folder(entry) is not None:
            return False
        self._seen.add(node.lid)
        if node.kind is Kind.FILE:
            self._file(node, name, stat, birth_ns)
        else:
            self._keep_folder(node, name, stat, birth_ns)
        return True

    def _file(self, node: _Known, name: str, stat: Stat, birth_ns: int | None) -> None:
        signature = (stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns)
        back = node.presence in (Presence.GAP, Presence.MISSING, Presence.OBSCURED)
        unchanged = signature == (node.ino, node.size, node.mtime_ns, node.ctime_ns) and name == node.name
        if unchanged and not back and not node.racy and node.exec == stat.exec and node.hash is not None:
            return
        if unchanged and not back and node.exec == stat.exec:
            self.found.to_read.append(node.lid)
            return
        self._write(
            node.lid, name, stat, birth_ns if birth_ns is not None or not unchanged else node.birth_ns
        )
        if node.presence is Presence.LOCAL_ONLY:
            local_tree.set_presence(self._store, node.lid, Presence.LOCAL_ONLY)
        self.found.to_read.append(node.lid)
        self.found.changed = True

    def _keep_folder(self, node: _Known, name: str, stat: Stat, birth_ns: int | None) -> None:
        self.found.folders.append(node.lid)
        if node.presence is not Presence.HERE and node.presence is not Presence.LOCAL_ONLY:
            self.found.new_folders.append(node.lid)
        if node.presence is Presence.HERE and node.ino == stat.ino and node.name == name:
            return
        if node.presence is Presence.LOCAL_ONLY:
            return
        self._write(node.lid, name, stat, birth_ns, folder=True)
        dirty.add(self._store, [node.lid])
        self.found.changed = True

    def _write(self, lid: int, name: str, stat: Stat, birth_ns: int | None, folder: bool = False) -> None:
        """Records a look; the content of a file is unknown until it is read."""
        local = _local(Place(self._parent, _nfc(name)), Kind.FOLDER if folder else Kind.FILE, stat)
        local_tree.set_local(self._store, lid, local, _disk(name, stat, birth_ns))
        if folder:
            spaces.sync_mount(self._store, lid)
        self._wake_husk()

    # Names that hold no node yet

    def _new(self, entry: Entry) -> None:
        name, stat, birth_ns, _ = entry
        if stat.shape is Shape.FOLDER:
            self._new_folder(entry)
            return
        source = self._moved_file(entry)
        if source == 0:
            return  # Something must be looked at first; this name comes again.
        if source is not None:
            self._seen.add(source)
            self._write(source, name, stat, birth_ns)
            self.found.to_read.append(source)
            self.found.changed = True
            return
        lid = self._insert(name, Kind.FILE, stat, birth_ns)
        if lid is not None:
            self.found.to_read.append(lid)

    def _new_folder(self, entry: Entry) -> None:
        name, stat, birth_ns, _ = entry
        source = self._moved_folder(entry)
        if source is not None:
            back = [lid for lid in local_tree.below(self._store, source) if lid != source]
            self._store.many(
                "UPDATE node SET presence = 'here', since_ms = NULL WHERE lid = ? AND presence IN ('gap', 'missing')",
                ((lid,) for lid in back),
            )
            self._seen.add(source)
            self._write(source, name, stat, birth_ns, folder=True)
            dirty.add(self._store, [source, *back])
            self.found.folders.append(source)
            self.found.new_folders.append(source)
            self.found.changed = True
            return
        lid = self._insert(name, Kind.FOLDER, stat, birth_ns)
        if lid is not None:
            self.found.folders.append(lid)
            self.found.new_folders.append(lid)
            dirty.add(self._store, [lid])
            self.found.changed = True

    def _insert(self, name: str, kind: Kind, stat: Stat, birth_ns: int | None) -> int | None:
        try:
            names.check(_nfc(name))
        except Failure as failure:
            facts = {key: str(value) for key, value in failure.facts.items()}
            self.found.illegal[ascii(name) if failure.code is Code.NAME_NOT_TEXT else name] = Problem(
                failure.code, facts
            )
            return None
        lid = local_tree.insert(self._store, self._ids.new(), self._space, kind)
        self._write(lid, name, stat, birth_ns, folder=kind is Kind.FOLDER)
        self._from_other_space(lid, kind, stat)
        return lid

    def _candidates(self, kind: Kind, ino: int) -> list[_Known]:
        marks = "('file')" if kind is Kind.FILE else "('folder', 'mount')"
        rows = self._store.all(
            f"SELECT {_COLUMNS} FROM node WHERE ino = ? AND kind IN {marks} AND presence IN ('here', 'gap', 'missing')"
            " AND l_parent != 0 ORDER BY lid",
            (ino,),
        )
        return [node for node in map(_known, rows) if node.lid not in self._seen]

    def _moved_folder(self, entry: Entry) -> int | None:
        """Finds the folder node that this is, wherever it was: a folder cannot have two names (R2.1)."""
        _, stat, birth_ns, _ = entry
        for node in self._candidates(Kind.FOLDER, stat.ino):
            if node.space == self._space and birth_ns is not None and node.birth_ns == birth_ns:
                return node.lid
        return None

    def _moved_file(self, entry: Entry) -> int | None:
        """Finds the node whose file turned up at a new name (R2.3); 0 when something must be looked at first."""
        name, stat, birth_ns, _ = entry
        if stat.links != 1:
            return None
        for node in self._candidates(Kind.FILE, stat.ino):
            if node.space != self._space:
                continue
            untouched = (node.size, node.mtime_ns) == (stat.size_bytes, stat.mtime_ns)
            if birth_ns is None and node.birth_ns is not None and not untouched:
                self.found.look_at.append((self._parent, name))
                return 0
            if not (untouched or (birth_ns is not None and node.birth_ns == birth_ns)):
                continue
            if node.presence is Presence.HERE and node.parent != self._parent:
                # Its old name has not been looked at since. A file with one link cannot have both.
                self.found.look_at += [(node.parent, node.name), (self._parent, name)]
                return 0
            if node.presence is Presence.HERE and any(node.name == listed for listed, *_ in self._entries):
                continue
            return node.lid
        return None

    def _from_other_space(self, lid: int, kind: Kind, stat: Stat) -> None:
        """Ties the deletion in another space to the arrival of what was moved from there (R24)."""
        for node in self._candidates(kind, stat.ino):
            same = kind is Kind.FOLDER or (node.size, node.mtime_ns) == (stat.size_bytes, stat.mtime_ns)
            if node.space != self._space and same and node.lid != lid:
                self._store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (lid, node.lid))

    def _wake_husk(self) -> None:
        """A folder of which only this desk has something is offered again once something is put into it (R12)."""
        lid = self._parent
        while self._store.value("SELECT presence FROM node WHERE lid = ?", (lid,)) == Presence.LOCAL_ONLY:
            local_tree.set_presence(self._store, lid, Presence.HERE)
            dirty.add(self._store, [lid])
            lid = self._store.value("SELECT l_parent FROM node WHERE lid = ?", (lid,))

    # Names that are gone

    def _vanished(self) -> None:
        for node in self._all:
            if node.lid in self._seen or node.presence is Presence.MISSING:
                continue
            if node.presence is Presence.GAP:
                self.found.gap = True
                continue
            if self._store.value("SELECT l_parent FROM node WHERE lid = ?", (node.lid,)) != self._parent:
                continue  # It was found elsewhere in this very look.
            self.found.changed = True
            if node.presence is Presence.LOCAL_ONLY:
                for lid in reversed(local_tree.below(self._store, node.lid)):
                    local_tree.forget(self._store, lid)
            else:
                self.found.vanished = True
                lids = local_tree.below(self._store, node.lid)
                self._store.many(
                    "UPDATE node SET presence = 'gap', since_ms = ? WHERE lid = ? AND presence IN ('here', 'obscured')",
                    ((self._now_ms, lid) for lid in lids),
                )
                for lid in lids:
                    spaces.sync_mount(self._store, lid)
                dirty.add(self._store, lids)


def _nfc(name: str) -> str:
    return names.nfc(name)


def _disk(name: str, stat: Stat, birth_ns: int | None) -> Disk:
    return Disk(name, stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns, birth_ns)


def _local(place: Place, kind: Kind, stat: Stat) -> Local:
    executable = stat.exec if kind is Kind.FILE else False
    return Local(place, kind, Presence.HERE, None, executable)


def close_gaps(store: Store, folder: int, now_ms: int) -> bool:
    """Decides what the vanished names of a folder mean, now that it was quiet and has been listed once more (R2.4, R3).

    A vanished file whose content turned up as exactly one new file, and nowhere else, was moved; anything else is
    missing. Answers False when new files must be read first.
    """
    parent = paths.inner(store, folder)
    gaps = store.all(
        "SELECT lid, kind, l_hash, size, since_ms FROM node WHERE l_parent = ? AND presence = 'gap' ORDER BY lid",
        (parent,),
    )
    if not gaps:
        return True
    unread = store.value(
        "SELECT 1 FROM node WHERE presence = 'here' AND kind = 'file' AND l_hash IS NULL AND r_parent IS NULL LIMIT 1"
    )
    if unread is not None and any(now_ms - (since or 0) < GAP_LONGEST_MS for *_, since in gaps):
        return False
    for lid, _kind, content_hash, size, _ in gaps:
        if content_hash is not None and size and (target := _only_match(store, content_hash)) is not None:
            _take_place(store, lid, target)
            continue
        for gone in local_tree.below(store, lid):
            _conclude(store, gone)
    return True


def _only_match(store: Store, content_hash: bytes) -> int | None:
    lost = store.all("SELECT lid FROM node WHERE presence = 'gap' AND l_hash = ?", (content_hash,))
    found = store.all(
        "SELECT lid FROM node WHERE presence = 'here' AND l_hash = ? AND r_parent IS NULL AND b_parent IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM op_cover o WHERE o.lid = node.lid)",
        (content_hash,),
    )
    return int(found[0][0]) if len(lost) == 1 and len(found) == 1 else None


def _take_place(store: Store, lid: int, target: int) -> None:
    """The vanished node is the new one: it takes over what the disk shows of it."""
    store.run(
        "UPDATE node SET (l_parent, l_name, l_key, disk_name, presence, ino, birth_ns, size, mtime_ns, ctime_ns, racy,"
        " l_hash, l_exec, since_ms) = (SELECT l_parent, l_name, l_key, disk_name, presence, ino, birth_ns, size, mtime_ns,"
        " ctime_ns, racy, l_hash, l_exec, NULL FROM node WHERE lid = ?1) WHERE lid = ?2",
        (target, lid),
    )
    manifests.copy(store, target, lid)
    local_tree.forget(store, target)
    dirty.add(store, [lid])


def _conclude(store: Store, lid: int) -> None:
    row = store.one(
        "SELECT presence, r_parent IS NULL AND b_parent IS NULL, kind FROM node WHERE lid = ?", (lid,)
    )
    if row is None or row[0] != Presence.GAP:
        return
    if row[2] == Kind.MOUNT:
        _mount_vanished(store, lid)
        return
    sent = store.value("SELECT 1 FROM op_cover WHERE lid = ?", (lid,)) is not None
    if row[1] and not sent:
        local_tree.forget(store, lid)
        return
    local_tree.set_presence(store, lid, Presence.MISSING)
    dirty.add(store, [lid])


def _mount_vanished(store: Store, mount: int) -> None:
    """The disappearance of a mount deletes nothing in its space: everything comes back (R25)."""
    root = paths.inner(store, mount)
    inside = [lid for lid in local_tree.below(store, root) if lid not in (root, mount)]
    local_tree.ask_back(store, inside)
    local_tree.set_presence(store, mount, Presence.MISSING)
    spaces.sync_mount(store, mount)
    dirty.add(store, [mount, *inside])


def read_done(
    store: Store, lid: int, seen: Disk, content_hash: bytes, manifest: Manifest, exec: bool
) -> bool:
    """Records what a file holds, with exactly the signature with which it was read (R4).

    Answers False when the name holds another file by now than the one that was read: then it must be read again.
    """
    row = store.one("SELECT presence, ino, l_parent, l_name, disk_name FROM node WHERE lid = ?", (lid,))
    if row is None or row[0] not in (Presence.HERE, Presence.LOCAL_ONLY) or row[1] != seen.ino:
        return False
    local = Local(Place(row[2], row[3]), Kind.FILE, Presence(row[0]), content_hash, exec)
    local_tree.set_local(store, lid, local, msgspec.structs.replace(seen, name=row[4]))
    manifests.put(store, lid, manifest)
    dirty.add(store, [lid])
    return True


def unread(store: Store) -> list[int]:
    """Lists the files on the disk that have not been read to their end, or whose signature may deceive (R4)."""
    rows = store.all(
        "SELECT lid FROM node WHERE presence = 'here' AND kind = 'file' AND (l_hash IS NULL OR racy) ORDER BY lid"
    )
    return [lid for (lid,) in rows]
