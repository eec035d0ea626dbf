"""What a person has to know or decide about an item, what waits for a program, and what was left alone and why (I10, I14).

A problem needs a person. A *notice* is about what goes on by itself as soon as something else has ended, and is said only
once it has lasted: most programs have closed a file again before anybody could ask.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.model.problems import Problem
from govsync.store import kept, paths
from govsync.store.database import Store, pieces

SAID_AFTER_MS = 10_000
"""How long something must have waited before a notice of it is listed (R41)."""
_COLUMNS = "id, lid, name, code, facts, since_ms, waiting"


class ProblemRow(msgspec.Struct, frozen=True, kw_only=True):
    """A problem as it is listed, or a notice (`waiting`); the `id` of what is kept here alone is negative."""

    id: int
    lid: int
    path: str
    problem: Problem
    since_ms: int
    waiting: bool


def raise_for(
    store: Store, lid: int, problem: Problem, at_ms: int, name: str = "", waiting: bool = False
) -> None:
    """Notes a problem of a node, or of a name in a folder that has no node; one that lasts keeps its date, a notice that
    becomes a problem gets a new one."""
    store.run(
        "INSERT INTO problem (lid, name, code, facts, since_ms, waiting) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (lid, name) DO UPDATE SET code = excluded.code, facts = excluded.facts, waiting = excluded.waiting,"
        " since_ms = CASE WHEN waiting = excluded.waiting THEN since_ms ELSE excluded.since_ms END",
        (lid, name, problem.code, msgspec.msgpack.encode(problem.facts), at_ms, waiting),
    )


def raise_in_time(store: Store, lid: int, problem: Problem, at_ms: int, patience_ms: int) -> None:
    """Notes of a node what is a notice at first, and a problem when it has lasted for so long; what else keeps the node back
    is said before that."""
    row = store.one("SELECT code, waiting, since_ms FROM problem WHERE lid = ? AND name = ''", (lid,))
    if row is None:
        raise_for(store, lid, problem, at_ms, waiting=True)
    elif row[0] == problem.code and row[1] and not 0 <= at_ms - row[2] < patience_ms:
        raise_for(store, lid, problem, at_ms)


UNLISTED = (
    Code.NO_ACCESS, Code.READ_ONLY, Code.DISK_FULL, Code.BUSY, Code.UNREADABLE, Code.LINK_IN_THE_WAY, Code.OBSCURED,
)  # fmt: skip
"""What a folder that could not be listed may have been listed as a problem for."""


def clear(store: Store, lids: Iterable[int], codes: Sequence[Code] = ()) -> None:
    """Notes that nodes have no problem (any more), or none with one of these codes."""
    which = f" AND code IN ({','.join('?' * len(codes))})" if codes else ""
    for marks, piece in pieces(list(lids)):
        store.run(f"DELETE FROM problem WHERE lid IN ({marks}) AND name = ''{which}", (*piece, *codes))


def of(store: Store, lid: int) -> Problem | None:
    """Answers what keeps a node back, a mere notice too."""
    row = store.one("SELECT code, facts FROM problem WHERE lid = ? AND name = ''", (lid,))
    return None if row is None else Problem(Code(row[0]), from_packed(row[1], dict[str, str]))


def by_code(store: Store) -> dict[str, int]:
    """Counts problems by their codes, without the notices, and with what is kept here alone."""
    rows = store.all("SELECT code, count(*) FROM problem WHERE waiting = 0 GROUP BY code")
    noted: Counter[str] = Counter({str(code): int(count) for code, count in rows})
    return dict(noted + Counter(code.value for _, code, _ in kept.listed(store)))


def listed(store: Store) -> list[ProblemRow]:
    """Lists all problems, and all notices too, the oldest first, and among them what is kept here alone."""
    found = _rows(store, store.all(f"SELECT {_COLUMNS} FROM problem ORDER BY since_ms, id"))
    return sorted((*found, *_kept(store)), key=lambda row: row.since_ms)


def page(store: Store, after: int = 0, limit: int = -1) -> list[ProblemRow]:
    """Lists problems without the notices, as they were noted, and then what is kept here alone: those after an id, so many
    at most (-1: all)."""
    where = "waiting = 0 AND id > ? ORDER BY id LIMIT ?"
    noted = store.all(f"SELECT {_COLUMNS} FROM problem WHERE {where}", (after, limit)) if after >= 0 else []
    found = _rows(store, noted)
    if limit < 0 or len(found) < limit:
        rest = sorted((row for row in _kept(store) if -row.id > -min(after, 0)), key=lambda row: -row.id)
        found += rest if limit < 0 else rest[: limit - len(found)]
    return found


def _kept(store: Store) -> Iterable[ProblemRow]:
    return (
        ProblemRow(
            id=-lid, lid=lid, path=paths.shown(store, lid), problem=Problem(code), since_ms=since_ms, waiting=False
        )
        for lid, code, since_ms in kept.listed(store)
    )  # fmt: skip


def notices(store: Store, now_ms: int, limit: int) -> list[ProblemRow]:
    """Lists the notices that have lasted, the oldest first."""
    where = lasting(now_ms)
    return _rows(
        store,
        store.all(f"SELECT {_COLUMNS} FROM problem WHERE {where} ORDER BY since_ms, id LIMIT ?", (limit,)),
    )


def lasting(now_ms: int) -> str:
    """Answers the condition that a row is a notice which has lasted, and is about something that has not vanished. A date
    that lies in the future is of another clock: it says nothing, and is as good as an old one."""
    return (
        f"waiting = 1 AND since_ms NOT BETWEEN {now_ms - SAID_AFTER_MS + 1} AND {now_ms}"
        " AND NOT EXISTS (SELECT 1 FROM node n WHERE n.lid = problem.lid AND n.presence IN ('gap', 'missing'))"
    )


def _rows(store: Store, rows: Iterable[tuple[Any, ...]]) -> list[ProblemRow]:
    found = []
    for id, lid, name, code, facts, since_ms, waiting in rows:
        folder = paths.shown(store, lid)
        path = f"{folder}/{name}".lstrip("/") if name else folder
        problem = Problem(Code(code), from_packed(facts, dict[str, str]))
        found.append(
            ProblemRow(id=id, lid=lid, path=path, problem=problem, since_ms=since_ms, waiting=bool(waiting))
        )
    return found


def counts(store: Store, now_ms: int) -> tuple[int, int]:
    """Counts problems, and the notices that have lasted."""
    row = store.one(
        f"SELECT count(*) FILTER (WHERE waiting = 0), count(*) FILTER (WHERE {lasting(now_ms)}) FROM problem"
    )
    assert row is not None
    return int(row[0]) + kept.count(store), int(row[1])


def set_skipped(
    store: Store, folder: int, skipped: Iterable[tuple[str, str]], looked_at: Iterable[str] | None = None
) -> None:
    """Replaces the list of what is left alone in a folder, by name and reason, as far as it was looked at (None: all)."""
    if looked_at is None:
        store.run("DELETE FROM skipped WHERE folder = ?", (folder,))
    else:
        store.many(
            "DELETE FROM skipped WHERE folder = ? AND name = ?", ((folder, name) for name in looked_at)
        )
    store.many("INSERT OR IGNORE INTO skipped VALUES (?, ?, ?)", ((folder, *each) for each in skipped))


def set_names(store: Store, folder: int, found: dict[str, Problem], at_ms: int) -> None:
    """Replaces the problems of names in a folder that cannot be synced."""
    for (name,) in store.all(
        "SELECT name FROM problem WHERE lid = ? AND name != '' ORDER BY name", (folder,)
    ):
        if name not in found:
            store.run("DELETE FROM problem WHERE lid = ? AND name = ?", (folder, name))
    for name, problem in found.items():
        raise_for(store, folder, problem, at_ms, name=name)


def skipped_count(store: Store) -> int:
    """Counts what is left alone."""
    return int(store.value("SELECT count(*) FROM skipped"))
