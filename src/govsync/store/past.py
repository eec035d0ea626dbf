"""What the server has shown of a node before the present: the keys of its earlier revisions and places, in order.

Only this tells, after the server was put back from a copy, whether what it shows is something older that this desk knows,
or something that was made since by somebody who did not know what this desk knows (docs/decisions/0008).
"""

from govsync.store.database import Store

KEPT = 128
"""How many keys of one node are remembered (I16); what is forgotten can only lead to a conflict copy too many."""


def remember(store: Store, lid: int, key: bytes, seq: int) -> None:
    """Remembers a key that something newer has taken the place of; `seq`: of the last change while it was current."""
    store.run("INSERT INTO past (lid, key, seq) VALUES (?, ?, ?)", (lid, key, seq))
    store.run(
        "DELETE FROM past WHERE lid = ?1 AND turn <="
        " (SELECT turn FROM past WHERE lid = ?1 ORDER BY turn DESC LIMIT 1 OFFSET ?2)",
        (lid, KEPT),
    )


def seq_of(store: Store, lid: int, key: bytes) -> int | None:
    """Answers the sequence of a remembered key, or None."""
    found: int | None = store.value("SELECT seq FROM past WHERE lid = ? AND key = ?", (lid, key))
    return found


def before(store: Store, lid: int, key: bytes, other: bytes | None) -> bool:
    """Says whether the server is known to have shown one key before another; None: before the present one."""
    return bool(
        store.value(
            "SELECT EXISTS (SELECT 1 FROM past WHERE lid = ?1 AND key = ?2 AND (?3 IS NULL OR turn <"
            " (SELECT turn FROM past WHERE lid = ?1 AND key = ?3)))",
            (lid, key, other),
        )
    )
