"""Single facts of a desk, by key."""

from govsync.model.nodes import Seal
from govsync.store.database import Store


def get(store: Store, key: str) -> bytes | None:
    """Answers a fact, or None."""
    value: bytes | None = store.value("SELECT value FROM meta WHERE key = ?", (key,))
    return value


def put(store: Store, key: str, value: bytes | None) -> None:
    """Sets a fact, or forgets it (None)."""
    if value is None:
        store.run("DELETE FROM meta WHERE key = ?", (key,))
    else:
        store.run(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (key, value)
        )


def last_change_ms(store: Store) -> int | None:
    """Answers when somebody last changed anything in a space, here or elsewhere, by the server's clock."""
    value = get(store, "last_change")
    return int(value) if value is not None else None


def changed_at(store: Store, at_ms: int) -> None:
    """Remembers that something was changed, unless something was later."""
    if at_ms > (last_change_ms(store) or 0):
        put(store, "last_change", str(at_ms).encode())


def paused_until(store: Store) -> int | None:
    """Answers until which wall time in ms a person paused the desk, or None."""
    value = get(store, "paused_until")
    return int(value) if value is not None else None


def set_paused_until(store: Store, until_ms: int | None) -> None:
    """Remembers a pause; it survives a restart."""
    put(store, "paused_until", None if until_ms is None else str(until_ms).encode())


def folder_left(store: Store) -> bool:
    """Says whether a person has answered that the folder which is gone, or replaced, will come back."""
    return get(store, "folder_left") is not None


def set_folder_left(store: Store, left: bool) -> None:
    """Remembers that answer, or that the question has ended."""
    put(store, "folder_left", b"1" if left else None)


def joined_as(store: Store) -> bytes | None:
    """Answers the device for which this memory was made, or united with the server since."""
    return get(store, "joined_as")


def set_joined_as(store: Store, device: bytes) -> None:
    """Remembers the device whose memory this is."""
    put(store, "joined_as", device)


def unjoin(store: Store) -> None:
    """Has this memory united with the server again before anything is planned by it, as if it were another device's."""
    put(store, "joined_as", b"")


def seal(store: Store) -> tuple[Seal | None, bytes | None]:
    """Answers by which number this memory and its folder belong together, and the one that is being written (R29)."""
    value = get(store, "seal")
    known = None
    if value is not None:
        known = Seal(value[8:], int.from_bytes(value[:8], "big", signed=True))
    return known, get(store, "coming_seal")


def set_coming_seal(store: Store, number: bytes) -> None:
    """Remembers the number that is going to be written."""
    put(store, "coming_seal", number)


def set_seal(store: Store, written: Seal | None) -> None:
    """Remembers the number that was written; None: memory and folder are joined anew, and get another."""
    value = None if written is None else written.made_ns.to_bytes(8, "big", signed=True) + written.number
    put(store, "seal", value)
    put(store, "coming_seal", None)
