"""Database and store belong together, know each other by a mark, and are made only when both are new (R48).

The mark is decided in the database first and then put into the store; until that is known to have happened the database
says so, so that a start that was cut off between the two is finished by the next. After that, a store without the mark is
one that is not mounted, or lost, and is never made anew unasked.
"""

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import directory, signing
from govsync.server.blobs.interface import Blobs
from govsync.server.blobs.owned import OwnedBlobs
from govsync.server.context import Server
from govsync.server.db.connect import take_turns
from govsync.server.signing import Chance

_IDENTITY, _MARKED = "store_identity", "store_marked"


def bring_together(server: Server, chance: Chance, new: bool = False) -> Blobs:
    """Answers the store, proven to be the database's own; makes what a new database needs. Safe when replicas start
    together.

    With `new`, a new database begins on a store that belonged to another, and an empty store takes the place of one that
    is lost; desks bring the contents back. Raises Failure(store_unavailable) where the two do not belong together.
    """
    found = server.blobs.identity()
    with server.database.begin() as tx:
        take_turns(tx, "identity")
        known = directory.setting(tx, _IDENTITY)
        if known is None:
            if found is not None and not new:
                raise Failure(Code.STORE_UNAVAILABLE, what="the store belongs to a database that is not here")
            known = (found or server.ids.new().hex()).encode()
            directory.begin_epoch(server, tx)
            signing.make_secret(tx, chance)
            directory.set_setting(tx, _IDENTITY, known)
        marked = directory.setting(tx, _MARKED) is not None
    identity = known.decode()
    if found is None and (new or not marked):
        server.blobs.establish(identity)
        found = server.blobs.identity()
    if found != identity:
        raise Failure(Code.STORE_UNAVAILABLE, what="the store is missing, or another one")
    if not marked:
        with server.database.begin() as tx:
            directory.set_setting(tx, _MARKED, b"1")
    return OwnedBlobs(server.blobs, identity)
