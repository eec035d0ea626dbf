"""What is remembered of files in a folder that was put back, and was not held against what lies there yet (R29, R49).

A remembered place, content and revision only say what a file may have been made from. Until such a file is read, and the
server has said whether it is an older version of it, nothing is planned for the node.
"""

from collections.abc import Iterable, Sequence

import msgspec

from govsync.store import dirty
from govsync.store.database import Store, pieces


class Strange(msgspec.Struct, frozen=True):
    """A file that holds something else than what is remembered and than what the server shows; `name` is the server's."""

    lid: int
    space: bytes
    name: str
    hash: bytes


def begin(store: Store) -> None:
    """Takes what was agreed about each file that is not looked at yet for evidence."""
    store.run(
        "INSERT OR IGNORE INTO evidence SELECT lid FROM node WHERE presence = 'obscured' AND kind = 'file'"
        " AND b_hash IS NOT NULL AND r_parent IS NOT NULL"
    )
    store.run("INSERT INTO dirty (lid) SELECT lid FROM evidence WHERE true ON CONFLICT DO NOTHING")


def any_left(store: Store) -> bool:
    """Says whether something is still to be found out."""
    return store.value("SELECT 1 FROM evidence LIMIT 1") is not None


def known(store: Store) -> list[int]:
    """Lists the files among them of which the content is known."""
    rows = store.all(
        "SELECT e.lid FROM evidence e JOIN node n ON n.lid = e.lid WHERE n.presence = 'here' AND n.l_hash IS NOT NULL"
        " ORDER BY e.lid"
    )
    return [lid for (lid,) in rows]


def weigh(store: Store, lids: Sequence[int]) -> list[Strange]:
    """Decides about those of these files that hold what is remembered, or what the server shows; answers the others of
    which the content is known."""
    strange: list[Strange] = []
    plain: list[int] = []
    for marks, piece in pieces(lids):
        for lid, space, name, content, expected in store.all(
            "SELECT n.lid, n.space, coalesce(n.r_name, n.l_name), n.l_hash, n.l_hash IN (n.b_hash, n.r_hash)"
            f" FROM evidence e JOIN node n ON n.lid = e.lid WHERE e.lid IN ({marks}) AND n.presence = 'here'"
            " AND n.l_hash IS NOT NULL ORDER BY n.lid",
            piece,
        ):
            if expected:
                plain.append(lid)
            else:
                strange.append(Strange(lid, space, name, content))
    decided(store, plain)
    return strange


def decided(store: Store, lids: Iterable[int]) -> None:
    """Lets the nodes be planned for like any others."""
    lids = list(lids)
    drop(store, lids)
    dirty.add(store, lids)


def drop(store: Store, lids: Iterable[int]) -> None:
    """Forgets that something was remembered of these."""
    store.many("DELETE FROM evidence WHERE lid = ?", ((lid,) for lid in lids))
