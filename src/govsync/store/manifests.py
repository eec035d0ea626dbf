"""What the files on this disk are made of, as they were last read."""

from collections.abc import Mapping, Sequence

from govsync.content import manifests as content
from govsync.content.manifests import Manifest
from govsync.store.database import Store, pieces


def get(store: Store, lid: int) -> Manifest | None:
    """Answers the manifest of a node's content on the disk, or None."""
    body: bytes | None = store.value("SELECT body FROM manifest WHERE lid = ?", (lid,))
    return content.decode(body) if body is not None else None


def get_many(store: Store, lids: Sequence[int]) -> dict[int, Manifest]:
    """Answers the manifests of nodes, without those that have none."""
    return {
        lid: content.decode(body)
        for marks, piece in pieces(lids)
        for lid, body in store.all(f"SELECT lid, body FROM manifest WHERE lid IN ({marks})", piece)
    }


def put(store: Store, made_of: Mapping[int, Manifest]) -> None:
    """Remembers the manifests of nodes."""
    store.many(
        "INSERT INTO manifest VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        ((lid, content.encode(manifest)) for lid, manifest in made_of.items()),
    )


def copy(store: Store, lid: int, target: int) -> None:
    """Gives one node's manifest to another that has the same content."""
    store.run("INSERT OR REPLACE INTO manifest SELECT ?, body FROM manifest WHERE lid = ?", (target, lid))
