"""From which files the right to write was taken, because their person may only read the space that they lie in (R38).

A row is a file that is, or is to be, without that right (`shut`), or is to get it back; `due` says that the disk has not
been made so yet. Only what GovSync has shut is ever opened again: a person's own read-only file stays as it is. Which of the
two a file is it says itself, wherever a person takes it and however old this memory is.
"""

from collections.abc import Mapping

from govsync.store import spaces
from govsync.store.database import Store

_KNOWN = "presence IN ('here', 'gap', 'missing', 'parked', 'obscured')"
"""What is on the disk, or may be there again without this desk's placing it: nobody asks for its right to write then."""
_SET = "INSERT INTO protection (lid, shut, due) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET shut = excluded.shut, due = excluded.due"


def follow(store: Store, space: bytes) -> None:
    """Takes in what this person may do in a space: its files are to be made so. Where it may not be read nothing is done."""
    row = spaces.get(store, space)
    if row is not None and row.read_only:
        store.run(
            "INSERT INTO protection (lid, shut, due) SELECT lid, 1, 1 FROM node WHERE space = ? AND kind = 'file'"
            f" AND {_KNOWN} AND b_parent IS NOT NULL ON CONFLICT DO UPDATE SET due = max(due, shut = 0), shut = 1",
            (space,),
        )
    elif row is not None and row.writable:
        store.run(
            "UPDATE protection SET shut = 0, due = 1 WHERE shut = 1 AND lid IN (SELECT lid FROM node WHERE space = ?)",
            (space,),
        )


def placed(store: Store, writable: Mapping[int, bool]) -> None:
    """Notes which files were placed with the right to write, and which without it; where their person may do another thing
    by now than when they were fetched, they are to be made so."""
    readers = spaces.read_only(store)
    for lid, write in writable.items():
        if write and not readers:
            continue
        shut = store.value("SELECT space FROM node WHERE lid = ?", (lid,)) in readers
        if shut or not write:
            store.run(_SET, (lid, shut, shut is write))


def want(store: Store, lid: int) -> None:
    """Asks for a file of who may only read to be looked at: it came to be agreed on, and was not placed by this desk."""
    store.run(_SET, (lid, True, True))


def seen_open(store: Store, lid: int) -> None:
    """Takes in that somebody has made a file that was shut writable, or that another file has its name."""
    store.run("UPDATE protection SET due = 1 WHERE lid = ? AND shut = 1", (lid,))


def seen_shut(store: Store, lid: int, own: bool) -> None:
    """Takes in that a file lies here as this desk has shut it, whatever is remembered of that: somebody may have moved it
    here, or the memory may be older than the file. It is to be opened where its person may change it, or has it for their
    `own`."""
    opens = own or store.value("SELECT space FROM node WHERE lid = ?", (lid,)) not in spaces.read_only(store)
    store.run(_SET, (lid, not opens, opens))


def inherit(store: Store, source: int, lid: int, own: bool) -> None:
    """Takes in that what may have been shut as another node's file is this one's, and perhaps the person's `own`, now."""
    if store.value("SELECT 1 FROM protection WHERE lid = ?", (source,)) is not None:
        seen_shut(store, lid, own)


def due(store: Store, limit: int) -> list[tuple[int, bool]]:
    """Answers files on the disk that are to be made otherwise now, and whether they are to be shut: of those that are, only
    such as hold what the server has. What may have been moved here is not touched before that is known: it would look
    like another file."""
    return [
        (lid, bool(shut))
        for lid, shut in store.all(
            "SELECT p.lid, p.shut FROM protection p JOIN node n ON n.lid = p.lid WHERE p.due = 1"
            " AND (p.shut = 0 AND n.presence IN ('here', 'local_only') OR p.shut = 1 AND n.presence = 'here'"
            " AND n.l_hash = n.r_hash AND n.l_hash = n.b_hash) AND n.l_hash IS NOT NULL AND n.ino > 0"
            " AND n.waits_for IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.lid = p.lid)"
            " AND NOT EXISTS (SELECT 1 FROM op_cover o WHERE o.lid = p.lid)"
            " AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.lid = p.lid) ORDER BY p.lid LIMIT ?",
            (limit,),
        )
    ]


def done(store: Store, lid: int, write: bool) -> None:
    """Notes that a file may be written, or may not, or that the disk does not let it be so; what is wanted may be another
    thing by now, and is then still to be done."""
    if write:
        store.run("DELETE FROM protection WHERE lid = ? AND shut = 0", (lid,))
    else:
        store.run("UPDATE protection SET due = 0 WHERE lid = ? AND shut = 1", (lid,))
