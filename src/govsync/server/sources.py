"""What an operation takes from a space that its caller reads: a content that is there already travels from space to space
without its bytes (R24). Who may not read it, and who names another content, is answered as if it was not there (I8, R37).
"""

from typing import Any

from sqlalchemy import Connection, select

from govsync.model import operations as ask
from govsync.model.problems import Failure
from govsync.server import access, contents
from govsync.server.access import Action
from govsync.server.context import Caller
from govsync.server.db import tables


class Sources:
    """The revisions that operations of one commit name as their sources."""

    def __init__(self, tx: Connection, caller: Caller) -> None:
        self._tx, self._caller = tx, caller
        self._readable: dict[bytes, bool] = {}

    def revision(self, operation: ask.AnyOperation) -> Any:
        """Answers the row of the revision that an operation takes its content from; None where it names none, or none that
        the caller may read now and that has this very content."""
        if not isinstance(operation, ask.Put) or operation.source is None:
            return None
        space, rev = operation.source
        if not self._may_read(space):
            return None
        r = tables.revision.c
        wanted = (r.id == rev, r.space == space, r.hash == operation.hash, r.state == contents.OK)
        return self._tx.execute(select(tables.revision).where(*wanted)).one_or_none()

    def _may_read(self, space: bytes) -> bool:
        if space not in self._readable:
            try:
                access.require(self._tx, self._caller.user, space, Action.READ)
                self._readable[space] = True
            except Failure:
                self._readable[space] = False
        return self._readable[space]
