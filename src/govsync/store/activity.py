"""What happened, newest last: what people did here and elsewhere, and everything that GovSync did on its own (I14)."""

from govsync.model.nodes import Kind
from govsync.protocol.changes import Entry
from govsync.store import paths
from govsync.store.database import Row, Store

KEPT = 100_000
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
