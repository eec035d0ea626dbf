"""What happened, newest last: what people did here and elsewhere, and everything that GovSync did on its own (I14).

What was done on this desk is told once the server has it. One by one as long as a person could have done it by hand; what
programs do, and the first sync of a folder, is one row that counts, so that a hundred thousand files push nothing out.
"""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from govsync.model.nodes import Kind
from govsync.protocol.changes import Entry
from govsync.store import paths
from govsync.store.database import Row, Store, pieces

KEPT = 100_000
FEW = 3
"""So many at once are told one by one, whatever else was done."""
MOST_SINGLY = 50
"""So many in a minute are told one by one."""
MINUTE_MS = 60_000
_NEAR = 60
"""How many of the newest rows are looked through for what was done here a moment ago."""
MANY = "_many"
"""What the kind of a row that counts ends with; its detail is the number."""
_FOLDERS = 16
"""In so many folders at most it is looked for the one that holds them all."""
_CONTAINS = "path LIKE ? ESCAPE '!' OR user LIKE ? ESCAPE '!' OR device LIKE ? ESCAPE '!'"
_ROW = "activity (at_ms, kind, path, user, device, detail)"


def note(
    store: Store, at_ms: int, kind: str, path: str, user: str = "", device: str = "", detail: str = ""
) -> None:
    """Adds a row."""
    store.insert(_ROW, [(at_ms, kind, path, user, device, detail)])


class Told:
    """What others did on other devices, as a page of a journal tells it; noted all at once.

    Each is shown where it lay when it was done, so folders are looked up anew after one of them has changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folders: dict[int, str] = {}
        self._rows: list[Row] = []

    def folder_changed(self) -> None:
        """Forgets where folders lie."""
        self._folders.clear()

    def add(self, lid: int, entry: Entry, folder: int | None = None) -> None:
        """Takes in what somebody did to a node; `folder`: where a file lies that has no row yet."""
        if folder is None:
            path = paths.shown(self._store, lid, self._folders)
        else:
            path = paths.shown_in(self._store, folder, entry.state.name, self._folders)
        # A mount is no thing of its own that could be deleted: what hung there has come to hang elsewhere, or ended.
        ended = entry.state.dead and entry.state.kind is Kind.MOUNT
        detail = "dead" if entry.state.dead and not ended else ""
        self._rows.append(
            (
                entry.at_ms,
                "mount_ended" if ended else entry.op,
                path,
                entry.user_name,
                entry.device_name,
                detail,
            )
        )

    def note(self) -> None:
        """Adds the rows."""
        self._store.insert(_ROW, self._rows)


def here(store: Store, lid: int, kind: str, at_ms: int, detail: str = "") -> None:
    """Notes what was done on this desk."""
    note(store, at_ms, kind, paths.shown(store, lid), detail=detail)


def own(store: Store, at_ms: int, done: Sequence[tuple[int, str]], root: int) -> None:
    """Notes what this desk did, as node and kind of its operation, while each still lies where it was done; `root` is the
    root of the space."""
    newest = store.all(
        "SELECT id, at_ms, kind, path, detail FROM activity WHERE user = '' AND device = ''"
        " AND id > (SELECT max(id) FROM activity) - ? ORDER BY id DESC",
        (_NEAR,),
    )
    near = [row for row in newest if abs(at_ms - row[1]) <= MINUTE_MS]
    counting = any(row[2].endswith(MANY) for row in near)
    if len(done) <= FEW or (not counting and len(near) + len(done) <= MOST_SINGLY):
        folders: dict[int, str] = {}
        rows = [(at_ms, kind, paths.shown(store, lid, folders), "", "", "") for lid, kind in done]
        store.insert(_ROW, rows)
        return
    for kind in dict.fromkeys(kind for _, kind in done):
        _count(store, at_ms, kind + MANY, [lid for lid, each in done if each == kind], root, near)


def _count(store: Store, at_ms: int, kind: str, lids: Sequence[int], root: int, near: Iterable[Row]) -> None:
    """Adds to the row that counts what was done a moment ago, or begins one. It becomes the newest row, under a new id: who
    looks at the list asks for what is newer than what it has."""
    count, where = len(lids), _holding(store, lids, root)
    before = next((row for row in near if row[2] == kind), None)
    if before is not None:
        id, _, _, path, detail = before
        count, where = count + int(detail), _common([path, where])
        store.run("DELETE FROM activity WHERE id = ?", (id,))
    note(store, at_ms, kind, where, detail=str(count))


def _holding(store: Store, lids: Sequence[int], root: int) -> str:
    """Answers the path of the folder that holds nodes; where they lie in many, that of their space."""
    parents: set[int] = set()
    for marks, piece in pieces(lids):
        query = f"SELECT DISTINCT coalesce(l_parent, r_parent, b_parent) FROM node WHERE lid IN ({marks})"
        parents.update(parent for (parent,) in store.all(query, piece) if parent is not None)
    if len(parents) > _FOLDERS:
        return paths.shown(store, root)
    return _common([paths.shown(store, parent) for parent in sorted(parents)])


def _common(every: Sequence[str]) -> str:
    """Answers the folder that holds all these, or is one of them."""
    parts = [path.split("/") if path else [] for path in every]
    shared = zip(*parts, strict=False)
    same = list(takewhile(lambda names: len(set(names)) == 1, shared))
    return "/".join(names[0] for names in same)


def latest(store: Store, limit: int, before: int | None = None, matching: str = "") -> list[Row]:
    """Lists rows (id, at_ms, kind, path, user, device, detail), newest first; where path, person or device contain a text,
    in small letters or capitals."""
    patterns = _patterns(matching)
    where = f" AND ({' OR '.join([_CONTAINS] * len(patterns))})" if patterns else ""
    values = [each for pattern in patterns for each in (pattern,) * _CONTAINS.count("?")]
    return store.all(
        f"SELECT id, at_ms, kind, path, user, device, detail FROM activity WHERE id < ?{where} ORDER BY id DESC LIMIT ?",
        (before if before is not None else 1 << 62, *values, limit),
    )


def _patterns(text: str) -> list[str]:
    """Answers patterns for a text in each writing: LIKE itself knows the capitals of ASCII alone."""
    marked = "".join(f"!{letter}" if letter in "!%_" else letter for letter in text)
    return [f"%{each}%" for each in sorted({marked, marked.lower(), marked.upper(), marked.title()}) if each]


def trim(store: Store) -> None:
    """Forgets the oldest rows beyond what is kept (I16)."""
    store.run("DELETE FROM activity WHERE id <= (SELECT max(id) FROM activity) - ?", (KEPT,))
