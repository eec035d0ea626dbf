"""What one look at a folder says about the local tree: who is who, what is new, what has vanished (R1-R3, R6, R23).

Files keep their node by path, whatever their inode: that is what keeps a history through every way of saving. Folders
keep it by identity, wherever they are found. A name that vanished is only in a *gap*, and a new name that seems to hold
its file waits for it: `gaps` decides, later and after another look, whether it was a move or a deletion. Nothing is
concluded from a look that is not complete (I6).
"""

from collections.abc import Iterable, Sequence

import msgspec

from govsync.model import names
from govsync.model.codes import Code
from govsync.model.ids import Ids
from govsync.model.nodes import Kind, Local, Place, Presence
from govsync.model.problems import Failure, Problem, problem_of
from govsync.store import (
    activity,
    damage,
    dirty,
    gaps,
    local_tree,
    mounts,
    paths,
    problems,
    protection,
    spaces,
)
from govsync.store.database import Row, Store, pieces
from govsync.store.local_tree import Disk, NewNode
from govsync.system.fs import Shape, Stat

Entry = tuple[str, Stat, int | None, str | None]
"""A name on the disk, a look at it, its birth time where that was asked for, and why it would be left alone."""

OTHER_DISK = "mount"
"""The reason for leaving alone what lies on another disk than the synced folder (R1)."""
OTHER_SPACE = "space"
"""The reason for leaving alone the root of a space that is not mounted here (R25)."""


_MAY_NOT_TRAVEL = {
    "not_text": Code.NAME_NOT_TEXT,
    "reserved": Code.NAME_RESERVED,
    "too_deep": Code.TOO_DEEP,
}
"""Reasons for leaving alone that no person asked for: each is a problem, or "in sync" would not be true (I13)."""


class Observed(msgspec.Struct, kw_only=True):
    """What follows from a look at one folder."""

    changed: bool = False
    to_read: list[int] = []
    folders: list[int] = []
    """All folders in it."""
    new_folders: list[int] = []
    """Those of them in which anything may have changed unseen."""
    vanished: bool = False
    gap: bool = False
    """Whether some names of the folder are still in a gap, or waited for."""
    look_at: list[tuple[int, str | None]] = []
    """What to look at before the rest can be understood: a name whose birth time is needed, or a whole folder (None)."""
    illegal: dict[str, Problem] = {}
    skipped: list[tuple[str, str]] = []


class _Known(msgspec.Struct, gc=False):
    """A node as it is remembered."""

    lid: int
    name: str
    kind: Kind
    presence: Presence
    ino: int | None
    birth_ns: int | None
    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    racy: int
    hash: bytes | None
    exec: int
    space: bytes
    parent: int


_COLUMNS = "lid, disk_name, kind, presence, ino, birth_ns, size, mtime_ns, ctime_ns, racy, l_hash, l_exec, space, l_parent"
_READ = "presence = 'here' AND kind = 'file' AND racy = 0 AND l_hash IS NOT NULL"
"""What is known of a file that need not be read."""
_REMEMBERED = ("here", "local_only", "obscured", "gap", "missing")
_RANK = {Presence(presence): rank for rank, presence in enumerate(_REMEMBERED)}
_KINDS = {kind.value: kind for kind in Kind}
_PRESENCES = {presence.value: presence for presence in Presence}


def _known(row: Row) -> _Known:
    lid, name, kind, presence, *rest = row
    return _Known(lid, name, _KINDS[kind], _PRESENCES[presence], *rest)


def observe(
    store: Store,
    ids: Ids,
    folder: int,
    entries: Sequence[Entry],
    complete: bool,
    now_ms: int,
    identity: bool = True,
) -> Observed:
    """Compares a look at a folder with what is remembered of it, and changes the local tree.

    `entries` are all entries of the folder, or only some; only from a `complete` look follows that a name is gone.
    Without `identity` numbers tell nothing: everything is known by its path, and what moved by its content alone (R1).
    """
    parent = paths.inner(store, folder)
    return _Folder(store, ids, parent, entries, complete, now_ms, identity).compare()


class _Folder:
    """One comparison."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        parent: int,
        entries: Sequence[Entry],
        complete: bool,
        now_ms: int,
        identity: bool,
    ) -> None:
        self._store, self._ids, self._parent, self._now_ms = store, ids, parent, now_ms
        self._identity = identity
        self._complete = complete
        self._listed = {entry[0]: entry for entry in entries}
        row = store.one("SELECT space, presence, kind, r_dead FROM node WHERE lid = ?", (parent,))
        assert row is not None, "a folder that is looked at is known"
        self._space: bytes = row[0]
        self._husk = row[1] == Presence.LOCAL_ONLY
        self._others = not self._husk and row[2] == Kind.MOUNT and row[3] == 0
        """Whether a space hangs here that is not known yet: what is in it belongs to others."""
        unchanged, rows = self._remembered()
        self._seen = set(unchanged)
        others = self._listed.keys() - unchanged.values()
        self._entries = [
            self._listed[name]
            for name in sorted(others, key=lambda name: name.encode(errors="surrogateescape"))
        ]
        known = [_known(row) for row in rows if row[0] not in unchanged and row[3] in _REMEMBERED]
        known.sort(key=lambda node: -_RANK[node.presence])
        self._all = known
        self._known = {node.name: node for node in known}
        self._forms: dict[str, _Known] | None = None
        self.found = Observed(to_read=[], folders=[], new_folders=[], look_at=[], illegal={}, skipped=[])

    def _remembered(self) -> tuple[dict[int, str], Iterable[Row]]:
        """Reads what is remembered of the folder: the files, with their names, from which nothing follows, since they were
        read and lie there unchanged; and the rows of at least all others. So it is with nearly every name there is, and a
        scan of them all costs what this costs."""
        if not self._complete:
            return {}, self._rows_of_names()
        shown = {
            name: (stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns, stat.exec)
            for name, stat, _, reason in self._listed.values()
            if reason is None and stat.shape is Shape.FILE
        }
        files = self._store.all(
            "SELECT lid, disk_name, ino, size, mtime_ns, ctime_ns, l_exec FROM node"
            f" WHERE l_parent = ? AND {_READ}",
            (self._parent,),
        )
        unchanged = {
            row[0]: row[1]
            for row in files
            if (seen := shown.get(row[1])) == row[2:]
            or seen == (*row[2:-1], None)  # Its disk keeps no such bit.
        }
        others = f" AND NOT ({_READ})" if len(unchanged) == len(files) else ""
        return unchanged, self._store.all(
            f"SELECT {_COLUMNS} FROM node WHERE l_parent = ?{others} ORDER BY lid", (self._parent,)
        )

    def _rows_of_names(self) -> Iterable[Row]:
        """Reads what could be meant by the names that were looked at."""
        legible = [name for name in self._listed if _is_text(name)]
        keys = sorted({names.key(name) for name in legible})
        for slots, piece in pieces(keys):
            yield from self._store.all(
                f"SELECT {_COLUMNS} FROM node WHERE l_parent = ? AND l_key IN ({slots}) ORDER BY lid",
                (self._parent, *piece),
            )
        # Only a name that the disk could not hold is another there, and its key as well (R8).
        for name in sorted(name for name in legible if "~" in name):
            yield from self._store.all(
                f"SELECT {_COLUMNS} FROM node WHERE l_parent = ? AND disk_name = ? AND l_name != disk_name ORDER BY lid",
                (self._parent, name),
            )

    def compare(self) -> Observed:
        """Changes the local tree; to be called once."""
        if self._others:
            return self.found
        new: list[Entry] = []
        for entry in self._moved_folders():
            node = self._at(entry[0])
            if node is None:
                new.append(entry)
            elif entry[1].shape in (Shape.LINK, Shape.OTHER) or entry[3] == OTHER_DISK:
                self._hidden(node, entry)
            elif (entry[1].shape is Shape.FILE) == (node.kind is Kind.FILE):
                self._same(node, entry)
            elif self._complete:
                new.append(entry)
            else:
                self._look_at_all(self._parent)
        files: list[Entry] = []
        for entry in new:
            if entry[3] in _MAY_NOT_TRAVEL:
                self._illegal(entry[0], Problem(_MAY_NOT_TRAVEL[entry[3]]))
            elif entry[3] is not None:
                self.found.skipped.append((shown(entry[0]), entry[3]))
            elif entry[1].shape is Shape.FOLDER:
                self._new_folder(entry)
            else:
                files.append(entry)
        self._new_files(files)
        if self._complete:
            self._vanished()
            self._freed()
            self.found.gap = gaps.is_open(self._store, self._parent)
        return self.found

    def _at(self, name: str) -> _Known | None:
        """Finds the node that is remembered at a name, in either Unicode form: that is no change (R8)."""
        node = self._known.get(name)
        if node is None and not name.isascii():
            if self._forms is None:
                self._forms = {
                    names.nfc(known.name): known for known in self._all if known.name not in self._listed
                }
            node = self._forms.get(names.nfc(name))
        return node if node is not None and node.lid not in self._seen else None

    def _look_at_all(self, folder: int) -> None:
        if (folder, None) not in self.found.look_at:
            self.found.look_at.append((folder, None))

    def _hidden(self, node: _Known, entry: Entry) -> None:
        """A link, another disk, or something stranger where a node was: nothing follows for it now, but that it is
        said (R29)."""
        code = Code.OBSCURED if entry[3] == OTHER_DISK else Code.LINK_IN_THE_WAY
        problems.raise_for(self._store, node.lid, Problem(code), self._now_ms)
        self._seen.add(node.lid)
        local_tree.obscure(self._store, node.lid)
        local_tree.set_presence(self._store, node.lid, Presence.OBSCURED)

    # Folders, which are who they are wherever they lie

    def _moved_folders(self) -> list[Entry]:
        """Gives folders that are known from elsewhere their new name, before any name is compared (R2.1); answers the
        other entries."""
        others: list[Entry] = []
        for entry in self._entries:
            known = self._known.get(entry[0])
            same = entry[1].shape is not Shape.FOLDER or (known is not None and known.ino == entry[1].ino)
            # Where another was, two have perhaps changed places: only a look at all names says where that one is now.
            unsure = known is not None and not self._complete
            strange = entry[3] is not None or not _is_text(entry[0])
            source = None if same or unsure or strange else self._known_folder(entry)
            if source is None:
                others.append(entry)
            else:
                self._move_folder(source, entry)
        return others

    def _known_folder(self, entry: Entry) -> int | None:
        """Finds the folder node that this is, wherever it was: a folder cannot have two names. In another space it is new,
        but for a mount, which is what it is wherever it lies (R24, R25)."""
        _, stat, birth_ns, _ = entry
        for node in self._candidates(Kind.FOLDER, [stat.ino]).get(stat.ino, ()):
            same = birth_ns is not None and node.birth_ns == birth_ns
            mine = node.space == self._space or node.kind is Kind.MOUNT
            if same and mine and not self._lies_in(node.lid):
                return node.lid
        return None

    def _lies_in(self, lid: int) -> bool:
        """Says whether this folder is believed to lie in another: until that is known better, it is not its parent."""
        above: int | None = self._parent
        while above:
            if above == lid:
                return True
            above = self._store.value("SELECT l_parent FROM node WHERE lid = ?", (above,))
        return False

    def _move_folder(self, source: int, entry: Entry) -> None:
        name, stat, birth_ns, _ = entry
        inside = gaps.with_mounted(self._store, local_tree.below(self._store, source))
        self._store.many(
            "UPDATE node SET presence = 'here', since_ms = NULL WHERE lid = ? AND presence IN ('gap', 'missing')",
            ((lid,) for lid in inside),
        )
        self._seen.add(source)
        self._write(source, name, stat, birth_ns, Kind.FOLDER)
        if self._store.value("SELECT space FROM node WHERE lid = ?", (source,)) != self._space:
            # A mount cannot hang in another space than it does: the plan lets it go back (R25).
            activity.here(self._store, source, "mount_put_back", self._now_ms)
        else:
            self._wake_husk()
        spaces.sync_mounts(self._store)
        dirty.add(self._store, inside)
        self.found.folders.append(source)
        self.found.new_folders.append(source)
        self.found.changed = True

    # Names that hold a node already

    def _same(self, node: _Known, entry: Entry) -> None:
        """Keeps a node at its name, whatever is there now (R2.2)."""
        self._seen.add(node.lid)
        if node.kind is Kind.FILE:
            self._file(node, entry)
        else:
            self._folder(node, entry)

    def _file(self, node: _Known, entry: Entry) -> None:
        name, stat, birth_ns, _ = entry
        back = node.presence in (Presence.GAP, Presence.MISSING, Presence.OBSCURED)
        ino = node.ino if self._identity else stat.ino
        signature = (ino, node.size, node.mtime_ns, node.ctime_ns)
        unchanged = (
            signature == (stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns) and name == node.name
        )
        if unchanged and not back and stat.exec in (None, node.exec):
            if node.ino != stat.ino:  # Counted anew with the mount; what is changed here is looked at by it.
                self._store.run("UPDATE node SET ino = ? WHERE lid = ?", (stat.ino, node.lid))
            if node.racy or node.hash is None:
                self.found.to_read.append(node.lid)
            return
        damage.suspect(self._store, node.lid, stat.mtime_ns, self._now_ms)
        self._right_to_write(node.lid, stat, own=node.presence is Presence.LOCAL_ONLY)
        self._write(node.lid, name, stat, birth_ns, Kind.FILE)
        if node.presence is Presence.LOCAL_ONLY:
            local_tree.set_presence(self._store, node.lid, Presence.LOCAL_ONLY)
        else:
            self._wake_husk()
        self.found.to_read.append(node.lid)
        self.found.changed = True

    def _right_to_write(self, lid: int, stat: Stat, own: bool) -> None:
        """Takes in who may write a file that was known before; what this desk alone has is its person's own (R38)."""
        if stat.write:
            protection.seen_open(self._store, lid)
        elif stat.shut:
            protection.seen_shut(self._store, lid, own)

    def _folder(self, node: _Known, entry: Entry) -> None:
        """Keeps a folder whose identity was found nowhere else at its name (R2.1)."""
        name, stat, birth_ns, _ = entry
        same = node.ino == stat.ino and (birth_ns is None or node.birth_ns == birth_ns)
        if not same and not self._complete:
            self._look_at_all(self._parent)  # The folder that was here may lie beside it.
            return
        self.found.folders.append(node.lid)
        here, own = node.presence is Presence.HERE, node.presence is Presence.LOCAL_ONLY
        if same and (own or (here and name == node.name)):
            return
        if not here or not same:
            self.found.new_folders.append(node.lid)
        self._write(node.lid, name, stat, birth_ns, Kind.FOLDER)
        if own:  # Another folder has its name; whatever is put into that is found there.
            local_tree.set_presence(self._store, node.lid, Presence.LOCAL_ONLY)
            return
        spaces.sync_mounts(self._store)
        self._wake_husk()
        dirty.add(self._store, [node.lid])
        self.found.changed = True

    def _write(self, lid: int, name: str, stat: Stat, birth_ns: int | None, kind: Kind) -> None:
        """Records a look; the content of a file is unknown until it is read."""
        local = self._local(self._meant(lid, name), stat, kind, lid)
        local_tree.set_local(self._store, lid, local, _disk(name, stat, birth_ns))

    def _meant(self, lid: int, name: str) -> str:
        """Answers the name that a node's disk name stands for: one that the disk could not hold is longer (R8)."""
        if "~" not in name:
            return name
        whole: str | None = self._store.value(
            "SELECT l_name FROM node WHERE lid = ? AND disk_name = ?", (lid, name)
        )
        return whole or name

    def _local(self, name: str, stat: Stat, kind: Kind, known: int | None) -> Local:
        """Answers what is seen of a node; `known` is the one from which is taken what its disk does not keep."""
        if stat.exec is None and known is not None:
            executable = bool(self._store.value("SELECT l_exec FROM node WHERE lid = ?", (known,)))
        else:
            executable = stat.exec is True and kind is Kind.FILE
        return Local(Place(self._parent, names.nfc(name)), kind, Presence.HERE, None, executable)

    def _illegal(self, name: str, problem: Problem) -> None:
        """Notes a name that may not travel; the list of a folder's is made when the whole folder is looked at."""
        self.found.illegal[name if _is_text(name) else ascii(name)] = problem
        if not self._complete:
            self._look_at_all(self._parent)

    # Names that hold no node yet

    def _new_folder(self, entry: Entry) -> None:
        marked = self._marked(entry)
        if marked is not None:
            self._mount(marked, entry)
            return
        new = self._new_node(entry, Kind.FOLDER, None)
        if new is not None:
            (lid,) = local_tree.insert_seen(self._store, [new])
            self.found.folders.append(lid)
            self.found.new_folders.append(lid)
            self.found.changed = True
            dirty.add(self._store, [lid])
            ino = entry[1].ino
            self._from_other_space(lid, entry, self._candidates(Kind.FOLDER, [ino]).get(ino, ()))

    def _marked(self, entry: Entry) -> bytes | None:
        """Answers of which space this folder is the root, though this desk does not remember it (R25)."""
        name, stat, birth_ns, _ = entry
        if self._identity and birth_ns is not None:
            return mounts.by_identity(self._store, stat.ino, birth_ns)
        folder = paths.disk_path(self._store, self._parent)
        return None if folder is None or not _is_text(name) else mounts.by_path(self._store, (*folder, name))

    def _mount(self, space: bytes, entry: Entry) -> None:
        """Knows a mount again. While its place in this space is not known it is left alone: what is in it belongs to
        others, and must not be sent as if it were this person's own."""
        mount = mounts.mount_in(self._store, self._space, space)
        if mount is not None:
            self._move_folder(mount, entry)
        else:
            self.found.skipped.append((entry[0].encode(errors="backslashreplace").decode(), OTHER_SPACE))

    def _new_files(self, entries: Sequence[Entry]) -> None:
        """Takes in the files at new names, all at once: hardly anything else is in a folder that is looked at first."""
        single = [entry[1].ino for entry in entries if entry[1].links == 1]
        known = self._candidates(Kind.FILE, single) if single else {}
        made: list[tuple[Entry, list[_Known], NewNode]] = []
        for entry in entries:
            once = known.get(entry[1].ino, ()) if entry[1].links == 1 else ()
            candidates = [node for node in once if node.lid not in self._seen] if once else []
            new = self._new_file(entry, candidates) if candidates else self._new_node(entry, Kind.FILE, None)
            if new is not None:
                made.append((entry, candidates, new))
        if made:
            lids = local_tree.insert_seen(self._store, [new for _, _, new in made])
            self.found.to_read.extend(lids)
            for lid, (entry, candidates, _) in zip(lids, made, strict=True):
                if candidates:
                    self._from_other_space(lid, entry, candidates)
                if entry[1].shut:
                    protection.seen_shut(self._store, lid, own=True)

    def _new_file(self, entry: Entry, candidates: Sequence[_Known]) -> NewNode | None:
        """Answers the node to make for a file at a new name; where it seems to have come from another name, it waits for
        that (R3).

        What was believed to be gone already is simply back, under this name.
        """
        name, stat, birth_ns, _ = entry
        mine = [node for node in candidates if node.space == self._space]
        unsure = [node for node in mine if node.birth_ns is not None and not _untouched(node, stat)]
        # A look at one name asks for its birth time; where a folder is remembered there, that look in turn asks for this one.
        if unsure and birth_ns is None and self._complete and self._at(name) is None:
            self.found.look_at.append((self._parent, name))
            return None
        origin = next((node for node in mine if self._was(node, entry)), None)
        if origin is not None and origin.presence is Presence.MISSING:
            self._seen.add(origin.lid)
            self._right_to_write(origin.lid, stat, own=False)
            self._write(origin.lid, name, stat, birth_ns, Kind.FILE)
            self._wake_husk()
            self.found.to_read.append(origin.lid)
            self.found.changed = True
            return None
        return self._new_node(entry, Kind.FILE, origin)

    def _new_node(self, entry: Entry, kind: Kind, origin: _Known | None) -> NewNode | None:
        """Answers the node to make for what is at a new name, or notes that it may have none."""
        name, stat, birth_ns, _ = entry
        try:
            names.check(names.nfc(name))
        except Failure as failure:
            self._illegal(name, problem_of(failure))
            return None
        if (
            origin is not None
            and origin.presence is Presence.HERE
            and (origin.parent != self._parent or not self._complete)
        ):
            self._look_at_all(origin.parent)  # Its old name has not been looked at since.
        self._wake_husk()
        known = origin.lid if origin is not None else None
        meant = name if known is None else self._meant(known, name)
        local = self._local(meant, stat, kind, known)
        return NewNode(self._ids.new(), self._space, local, _disk(name, stat, birth_ns), known)

    def _candidates(self, kind: Kind, inos: Sequence[int]) -> dict[int, list[_Known]]:
        """Lists the nodes that last had one of these inodes, by inode."""
        found: dict[int, list[_Known]] = {}
        if not self._identity:
            return found
        kinds = "('file')" if kind is Kind.FILE else "('folder', 'mount')"
        for slots, piece in pieces(inos):
            for row in self._store.all(
                f"SELECT {_COLUMNS} FROM node WHERE ino IN ({slots}) AND kind IN {kinds}"
                " AND presence IN ('here', 'gap', 'missing') AND l_parent != 0 ORDER BY lid",
                piece,
            ):
                node = _known(row)
                if node.lid not in self._seen and node.ino is not None:
                    found.setdefault(node.ino, []).append(node)
        return found

    def _was(self, node: _Known, entry: Entry) -> bool:
        """Says whether a node's file is the one at this new name (R1). A file with one link has one name, so a node that
        is believed to be elsewhere is not there any more, unless that was seen in this very look."""
        _, stat, birth_ns, _ = entry
        if node.presence is Presence.HERE and node.parent == self._parent and node.name in self._listed:
            return False
        if birth_ns is not None and node.birth_ns is not None:
            return node.birth_ns == birth_ns
        return _untouched(node, stat)

    def _from_other_space(self, lid: int, entry: Entry, candidates: Iterable[_Known]) -> None:
        """Ties the deletion in another space to the arrival of what was moved from there (R24)."""
        _, stat, birth_ns, _ = entry
        for node in candidates:
            known = birth_ns is not None and node.birth_ns is not None
            same = node.birth_ns == birth_ns if known else _untouched(node, stat)
            if node.space != self._space and same:
                self._store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (lid, node.lid))

    def _wake_husk(self) -> None:
        """A folder of which only this desk has something is offered again once something is put into it (R12)."""
        lid: int | None = self._parent if self._husk else None
        self._husk = False
        while (
            lid
            and self._store.value("SELECT presence FROM node WHERE lid = ?", (lid,)) == Presence.LOCAL_ONLY
        ):
            local_tree.set_presence(self._store, lid, Presence.HERE)
            dirty.add(self._store, [lid])
            # What lies at the top of a space lies in its mount.
            lid = self._store.value(
                "SELECT coalesce((SELECT mount_lid FROM space WHERE root_lid = ?1), l_parent) FROM node WHERE lid = ?1",
                (lid,),
            )

    # Names that are gone

    def _vanished(self) -> None:
        gone: list[int] = []
        for node in self._all:
            if node.lid in self._seen or node.presence in (Presence.MISSING, Presence.GAP):
                continue
            self.found.changed = True
            if node.presence is Presence.OBSCURED:
                problems.clear(self._store, [node.lid], (Code.OBSCURED, Code.LINK_IN_THE_WAY))
            below = [node.lid] if node.kind is Kind.FILE else local_tree.below(self._store, node.lid)
            if node.presence in (Presence.LOCAL_ONLY, Presence.OBSCURED):
                # Of what was hidden nobody knows when it went, or whether: only what was seen here can be deleted (R26).
                # What was moved here from another space is deleted there only if it turns up nowhere else (R24).
                self.found.vanished |= bool(local_tree.moved_here(self._store, below))
                gaps.let_go(self._store, gaps.with_mounted(self._store, below))
                spaces.sync_mounts(self._store)
            else:
                gone += below
        if gone:
            self.found.vanished = True
            gaps.open_for(self._store, gone, self._now_ms)

    def _freed(self) -> None:
        """Lets come what found its name taken, as soon as nothing has it any more."""
        for lid, name in self._store.all(
            # The few problems first: asked the other way round, each look would read all nodes.
            "SELECT n.lid, n.r_name FROM problem p CROSS JOIN node n ON n.lid = p.lid"
            " WHERE n.r_parent = ? AND n.presence IS NULL"
            " AND p.name = '' AND p.code IN ('exists', 'link_in_the_way') ORDER BY n.lid",
            (self._parent,),
        ):
            if name not in self._listed:
                problems.clear(self._store, [lid])
                dirty.reset_attempts(self._store, [lid])
                self.found.changed = True


def shown(name: str) -> str:
    """Writes a name for people, also one that is no text."""
    return name.encode(errors="backslashreplace").decode()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _untouched(node: _Known, stat: Stat) -> bool:
    return (node.size, node.mtime_ns) == (stat.size_bytes, stat.mtime_ns)


def _disk(name: str, stat: Stat, birth_ns: int | None) -> Disk:
    return Disk(name, stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns, birth_ns)
