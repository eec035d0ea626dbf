"""What happened, newest last: what people did here and elsewhere, and everything that GovSync did on its own (I14)."""

from govsync.protocol.changes import Entry
from govsync.store import paths
from govsync.store.database import Row, Store

KEPT = 100_000


def note(
    store: Store, at_ms: int, kind: str, path: str, user: str = "", device: str = "", detail: str = ""
) -> None:
    """Adds a row."""
    store.run(
        "INSERT INTO activity (at_ms, kind, path, user, device, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (at_ms, kind, path, user, device, detail),
    )


def told(store: Store, lid: int, entry: Entry) -> None:
    """Notes what somebody did on another device."""
    detail = "dead" if entry.state.dead else ""
    note(store, entry.at_ms, entry.op, paths.shown(store, lid), entry.user_name, entry.device_name, detail)


def here(store: Store, lid: int, kind: str, at_ms: int, detail: str = "") -> None:
    """Notes what was done on this desk."""
    note(store, at_ms, kind, paths.shown(store, lid), detail=detail)


def latest(store: Store, limit: int, before: int | None = None) -> list[Row]:
    """Lists rows (id, at_ms, kind, path, user, device, detail), newest first."""
    return store.all(
        "SELECT id, at_ms, kind, path, user, device, detail FROM activity WHERE id < ? ORDER BY id DESC LIMIT ?",
        (before if before is not None else 1 << 62, limit),
    )


def trim(store: Store) -> None:
    """Forgets the oldest rows beyond what is kept (I16)."""
    store.run("DELETE FROM activity WHERE id <= (SELECT max(id) FROM activity) - ?", (KEPT,))
