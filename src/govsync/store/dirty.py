"""Which nodes have something to decide, in the order in which they began to.

Outstanding work is stored as nothing but this: after a crash the plan is derived again. A node that failed stays, with
a time before which it is not tried; the time is of the steady clock, so it counts only in one life of the process.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from govsync.store.database import Store, pieces


def begin(store: Store) -> None:
    """Makes everything due, after a start: times of another life of the process mean nothing."""
    store.run("UPDATE dirty SET not_before_ms = 0, attempts = 0 WHERE not_before_ms > 0")


def add(store: Store, lids: Iterable[int]) -> None:
    """Marks nodes as having something to decide; those that wait for their time go on waiting, forgotten ones are none."""
    new = msgspec.json.encode(list(lids)).decode()
    if new != "[]":
        # All at once: the number of the turn is looked up and kept once, and not for each node.
        store.run(
            "INSERT INTO dirty (lid) SELECT n.lid FROM json_each(?) each JOIN node n ON n.lid = each.value WHERE true"
            " ORDER BY each.key ON CONFLICT DO NOTHING",
            (new,),
        )


def due(store: Store, now_ms: int, limit: int, skip: Callable[[int], bool], after: int = 0) -> list[int]:
    """Answers at most `limit` nodes whose time has come, oldest first, without those that `skip` names; only those whose
    turn is behind `after`."""
    found: list[int] = []
    for (lid,) in store.stream(
        "SELECT d.lid FROM dirty d WHERE d.turn > ? AND d.not_before_ms <= ? AND NOT EXISTS (SELECT 1 FROM op_cover o WHERE o.lid = d.lid)"
        " AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.lid = d.lid)"
        " AND NOT EXISTS (SELECT 1 FROM lost l WHERE l.lid = d.lid AND l.offered = 1)"
        " AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.lid = d.lid) ORDER BY d.turn",
        (after, now_ms),
    ):
        if not skip(lid):
            found.append(lid)
            if len(found) == limit:
                break
    return found


def turn(store: Store, lid: int | None = None) -> int:
    """Answers the turn of a node that has something to decide, or the last that there is; 0 where there is none."""
    if lid is None:
        return store.value("SELECT max(turn) FROM dirty") or 0
    return store.value("SELECT turn FROM dirty WHERE lid = ?", (lid,)) or 0


def first_turn(store: Store, lids: Sequence[int]) -> int | None:
    """Answers the earliest turn of these nodes, None where none of them has anything to decide."""
    found = [
        store.value(f"SELECT min(turn) FROM dirty WHERE lid IN ({marks})", piece)
        for marks, piece in pieces(lids)
    ]
    return min((each for each in found if each is not None), default=None)


def delay(store: Store, lid: int, not_before_ms: int) -> None:
    """Lets a node wait until a steady time."""
    store.run("UPDATE dirty SET not_before_ms = ? WHERE lid = ?", (not_before_ms, lid))


def count_attempt(store: Store, lid: int) -> int:
    """Counts a failed attempt of a node; answers how many there were since the last success."""
    add(store, [lid])
    store.run("UPDATE dirty SET attempts = attempts + 1 WHERE lid = ?", (lid,))
    return int(store.value("SELECT attempts FROM dirty WHERE lid = ?", (lid,)))


def hurry(store: Store, space: bytes) -> None:
    """Lets the nodes of a space wait no longer: what they were refused for is not so any more."""
    store.run(
        "UPDATE dirty SET attempts = 0, not_before_ms = 0 WHERE lid IN (SELECT lid FROM node WHERE space = ?)",
        (space,),
    )


def reset_attempts(store: Store, lids: Iterable[int]) -> None:
    """Notes successes."""
    for marks, piece in pieces(list(lids)):
        store.run(
            f"UPDATE dirty SET attempts = 0, not_before_ms = 0 WHERE lid IN ({marks}) AND attempts > 0", piece
        )


def drop(store: Store, lids: Iterable[int]) -> None:
    """Notes that nodes have nothing left to decide."""
    for marks, piece in pieces(list(lids)):
        store.run(f"DELETE FROM dirty WHERE lid IN ({marks})", piece)


def count(store: Store) -> int:
    """Counts the nodes that have something to decide."""
    return int(store.value("SELECT count(*) FROM dirty"))


def next_time(store: Store, now_ms: int) -> int | None:
    """Answers when the next waiting node becomes due."""
    found: int | None = store.value("SELECT min(not_before_ms) FROM dirty WHERE not_before_ms > ?", (now_ms,))
    return found
