"""How a space was at an earlier moment: the journal up to there, told in the order in which it happened.

Every entry holds the whole state of its node, so whoever lays them over each other has the tree of that moment. What is told
is about nodes that are in this space now: a folder that has been shared since is a space of its own, in which its past is
told to those who may read it (docs/decisions/0024).
"""

from sqlalchemy import select

from govsync.model.documents import from_packed
from govsync.protocol.changes import Earlier, NodeState
from govsync.server import access, chain
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables


def earlier(server: Server, caller: Caller, space: bytes, at_ms: int, after: int) -> Earlier:
    """Answers a page of what happened in a space up to a moment, after a sequence (0: from its beginning); raises
    Failure(not_found, no_right)."""
    j, n = tables.journal.c, tables.node.c
    found: list[tuple[int, bytes]] = []
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        row = tx.execute(select(tables.space).where(tables.space.c.id == space)).one()
        for part in reversed(chain.parts(row)):
            query = (
                select(j.seq, j.body)
                .join_from(tables.journal, tables.node, n.id == j.node)
                .where(j.stream == part.stream, j.seq > max(after, part.after), j.seq <= part.until)
                .where(j.at_ms <= at_ms, n.space == space)
                .order_by(j.seq)
                .limit(server.limits.page - len(found))
            )
            found += [(seq, body) for seq, body in tx.execute(query)]
            if len(found) == server.limits.page:
                break
    full = len(found) == server.limits.page
    return Earlier(
        states=tuple(from_packed(body, NodeState) for _, body in found), after=found[-1][0] if full else None
    )
