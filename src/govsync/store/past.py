"""What the server has shown of a node before the present: the keys of its earlier revisions and places, in order.

Only this tells, after the server was put back from a copy, whether what it shows is something older that this desk knows,
or something that was made since by somebody who did not know what this desk knows (docs/decisions/0008). A node's first
place and its first revision have one key, so the two are kept apart.
"""

from enum import StrEnum

from govsync.store.database import Store

KEPT = 128
"""How many keys of one node are remembered (I16); what is forgotten can only lead to a conflict copy too many."""


class Fact(StrEnum):
    """Says what a key stands for."""

    REV = "rev"
    PLACE = "place"


def remember(store: Store, lid: int, fact: Fact, key: bytes, seq: int) -> None:
    """Remembers a key that something newer has taken the place of; `seq`: of the last change while it was current."""
    store.run("INSERT INTO past (lid, fact, key, seq) VALUES (?, ?, ?, ?)", (lid, fact, key, seq))
    store.run(
        "DELETE FROM past WHERE lid = ?1 AND turn <="
        " (SELECT turn FROM past WHERE lid = ?1 ORDER BY turn DESC LIMIT 1 OFFSET ?2)",
        (lid, KEPT),
    )


def seq_of(store: Store, lid: int, fact: Fact, key: bytes) -> int | None:
    """Answers the sequence of a remembered key, or None."""
    query = "SELECT seq FROM past WHERE lid = ? AND fact = ? AND key = ? ORDER BY turn DESC LIMIT 1"
    found: int | None = store.value(query, (lid, fact, key))
    return found


def before(store: Store, lid: int, fact: Fact, key: bytes, other: bytes | None) -> bool:
    """Says whether the server is known to have shown one key before another; None: before the present one."""
    turn = "SELECT max(turn) FROM past WHERE lid = ?1 AND fact = ?2 AND key = "
    return bool(
        store.value(
            f"SELECT coalesce(CASE WHEN ?4 IS NULL THEN ({turn} ?3) IS NOT NULL ELSE ({turn} ?3) < ({turn} ?4) END, 0)",
            (lid, fact, key, other),
        )
    )
