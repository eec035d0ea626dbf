"""What was put into a space whose person may only add to it (R37, docs/decisions/0026).

Nothing is ever read of such a space. What is remembered as the server's is what was sent, with sequence 0, which is older
than whatever a journal tells: should the person read the space one day, it is read from its beginning, and all of this is
the server's own word again. The key under which something is sent says what it is, so that it has one effect however often
it is told, also after a restore.
"""

from collections.abc import Sequence
from hashlib import blake2b

from govsync.model import operations as ask
from govsync.protocol.session import Role
from govsync.store import dirty, local_tree, trees
from govsync.store.database import Store, pieces
from govsync.store.ops import OpRow

_AS_IT_LIES = (
    "r_parent = l_parent, r_name = l_name, r_key = l_key, r_exec = l_exec, b_parent = l_parent, b_name = l_name,"
    " b_exec = l_exec"
)
_NOT_THERE = (
    "r_parent = NULL, r_name = NULL, r_key = NULL, r_place = NULL, r_rev = NULL, r_seq = NULL, r_hash = NULL,"
    " r_size = NULL, r_mtime_ns = NULL, r_exec = NULL, r_dead = NULL"
)
_AGREED_BY_NOBODY = (
    "b_parent = NULL, b_name = NULL, b_place = NULL, b_rev = NULL, b_hash = NULL, b_exec = NULL"
)

_FOLDER = (None, None, 0, None)
"""Revision, content, size and time of change."""


def key(node_id: bytes, content_hash: bytes | None) -> bytes:
    """Answers under which key a node is sent: always the same for what it holds, and another one for something else."""
    return blake2b(node_id + (content_hash or b""), digest_size=16).digest()


def sent(store: Store, rows: Sequence[OpRow]) -> int:
    """Remembers as sent what these operations have made, where it lies now; answers of how many nothing is left to decide."""
    for row in rows:
        op = row.operation
        made = (op.key, op.hash, op.size_bytes, op.mtime_ns) if isinstance(op, ask.Put) else _FOLDER
        store.run(
            f"UPDATE node SET {_AS_IT_LIES}, r_place = ?1, b_place = ?1, r_seq = 0, r_dead = 0, r_rev = ?2, b_rev = ?2,"
            " r_hash = ?3, b_hash = ?3, r_size = ?4, r_mtime_ns = ?5 WHERE lid = ?6 AND node_id = ?7 AND l_parent IS NOT NULL",
            (op.key, *made, row.lid, op.node),
        )
    lids = [row.lid for row in rows]
    settled = trees.settled(store, lids)
    local_tree.settle(store, settled)
    dirty.add(store, (lid for lid in lids if lid not in settled))
    return len(settled)


def leave(store: Store, lid: int) -> None:
    """Takes what was sent for agreed on where it lies."""
    store.run(f"UPDATE node SET {_AS_IT_LIES} WHERE lid = ?", (lid,))


def renew(store: Store, lid: int, node_id: bytes) -> None:
    """Makes a node another one that was never sent; nothing changes about what is in it."""
    store.run(
        f"UPDATE node SET node_id = ?, {_NOT_THERE}, {_AGREED_BY_NOBODY} WHERE lid = ?"
        " AND lid NOT IN (SELECT root_lid FROM space)",
        (node_id, lid),
    )
    dirty.add(store, [lid])


def part(store: Store, space: bytes, node_ids: Sequence[bytes]) -> list[bytes]:
    """Gives what was put into another space another id, where `space` has it by now under the one that it was sent with: it
    was moved on by who may, or a folder with it is a space of its own. Here both are seen, each where it belongs. Answers
    the ids that are free now."""
    found = [
        row
        for marks, piece in pieces(node_ids)
        for row in store.all(
            f"SELECT n.node_id, n.lid FROM node n JOIN space s ON s.id = n.space WHERE n.node_id IN ({marks})"
            " AND n.space != ? AND s.role = ? AND n.lid != s.root_lid",
            (*piece, space, Role.UPLOADER),
        )
    ]
    store.many(
        "UPDATE node SET node_id = ? WHERE lid = ?", ((key(node_id, space), lid) for node_id, lid in found)
    )
    return [node_id for node_id, _ in found]


def send_again(store: Store, space: bytes) -> None:
    """Has everything sent again that was sent in a life of the server that is gone, as far as nothing was read of it; until
    it is there, only this disk is known to hold it."""
    lids = store.all(
        "SELECT lid FROM node WHERE space = ? AND r_parent > 0 AND r_seq = 0 ORDER BY lid", (space,)
    )
    store.many(f"UPDATE node SET {_NOT_THERE}, b_rev = NULL WHERE lid = ?", lids)
    dirty.add(store, (lid for (lid,) in lids))
