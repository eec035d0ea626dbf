"""Contents that were lost here and are asked back from desks: unasked by anybody, as soon as the loss is known.

A version whose content cannot be read is noted (`reading.note_lost`), when somebody wanted it or when a check found it. Every beat tells
the desks that listen which versions of their spaces those are; a desk that still shows one sends it again, like something
that a restored server has lost (R34), and whoever is second finds that it is here. A version of which every piece is here
again, whoever brought them, is whole again (`still`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, select, update

from govsync.model.problems import Failure
from govsync.protocol.events import Wanted
from govsync.server import contents, reading
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.among import pieces

AT_ONCE = 100
"""So many versions of one space are asked for at a time, and looked through to see whether they are whole again."""


def still(server: Server, spaces: Sequence[bytes], after: Mapping[bytes, bytes]) -> list[Wanted]:
    """Answers what is asked back for each of these spaces: what comes `after` the version that was told last, from the
    beginning again when there is no more, so that what nobody has keeps nothing else from being asked for."""
    found: list[Wanted] = []
    r = tables.revision.c
    with server.database.begin(write=False) as tx:
        lost = {
            row.space
            for piece in pieces(spaces)
            for row in tx.execute(
                select(r.space).where(r.space.in_(piece), r.state == contents.LOST).distinct()
            )
        }
    for space in sorted(lost):
        wanted = _of(server, space, after.get(space, b"")) or _of(server, space, b"")
        if wanted:
            found.append(Wanted(space=space, versions=tuple(wanted)))
    return found


def _of(server: Server, space: bytes, after: bytes) -> list[tuple[bytes, bytes]]:
    """Answers (node, version) of some that are still lost; those that turn out to be whole are noted as that. Only what is
    current can be asked for: a desk shows nothing else."""
    r, n = tables.revision.c, tables.node.c
    shown = and_(n.id == r.node, n.rev == r.id, n.deleted_seq.is_(None))
    query = (
        select(tables.revision)
        .join_from(tables.revision, tables.node, shown)
        .where(r.space == space, r.state == contents.LOST, r.id > after)
        .order_by(r.id)
        .limit(AT_ONCE)
    )
    with server.database.begin(write=False) as tx:
        rows = tx.execute(query).all()
        whole = {row.id for row in rows if _whole(server, tx, space, row)}
    if whole:
        mended = update(tables.revision).where(r.id.in_(sorted(whole)), r.state == contents.LOST)
        with server.database.begin() as tx:
            tx.execute(mended.values(state=contents.OK))
    return [(row.node, row.id) for row in rows if row.id not in whole]


def _whole(server: Server, tx: Connection, space: bytes, row: Any) -> bool:
    try:
        named = {chunk.hash for chunk in reading.manifest_of(server, tx, space, row).chunks}
    except Failure:
        return False
    return named <= contents.holdings(tx, space, sorted(named)).keys()
