"""Gives back to a restored or emptied server what it has lost, unasked, before anything else is decided about it (R34); and
to one that has lost the bytes of single files what it asks back.

Folders go before what is in them; a node goes under the ids that it had, with its place in history, so that several desks
refill at once and their offers are one. What has been changed here since, and what hangs below something that the server
does not have, is planned like any other node; the server is then told only what it was made upon.
"""

from collections.abc import Sequence

from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob
from govsync.engine.sending import Sending
from govsync.model.merge import alive
from govsync.model.nodes import Kind, Node, Presence
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.store import local_tree, lost, spaces
from govsync.store.lost import Lost


class Refilling:
    """Chooses what is offered next."""

    def __init__(self, desk: Desk, sending: Sending) -> None:
        self._desk = desk
        self._sending = sending

    def jobs(self) -> list[AnyJob]:
        """Offers what can be offered now, a commit a space."""
        started: list[AnyJob] = []
        if lost.any_offers(self._desk.store):
            for space in spaces.all_spaces(self._desk.store):
                if space.writable and space.id not in self._desk.rereading and self._sending.free(space.id):
                    with self._desk.store.transaction():
                        rows = self._next(space.id)
                    self._sending.offer(space.id, rows, started)
        return started

    def asked_back(self, space: bytes, versions: Sequence[tuple[bytes, bytes]]) -> None:
        """Offers again which of these versions, by node and id, the disk still shows; the server knows them, and takes only
        the bytes that it lacks."""
        store = self._desk.store
        row = spaces.get(store, space)
        if row is None or not row.writable:
            return
        with store.transaction():
            for node_id, rev in versions:
                lid = local_tree.by_id(store, node_id)
                node = local_tree.find_node(store, lid) if lid is not None else None
                if node is not None and _shows(node, rev) and lost.get(store, node.lid) is None:
                    lost.keep(store, _as_lost(node, row.epoch))

    def _next(self, space: bytes) -> list[Lost]:
        chosen: dict[int, Lost] = {}
        for row in lost.offers(self._desk.store, space, LIMITS.operations_per_commit):
            self._choose(row, chosen)
        return list(chosen.values())

    def _choose(self, row: Lost, chosen: dict[int, Lost]) -> None:
        """Takes up a node after its folder, if it can be offered now."""
        store = self._desk.store
        node = local_tree.node(store, row.lid)
        local = node.local
        if row.lid in chosen or self._waits(node):
            return
        if local is None or local.presence is not Presence.HERE or local.hash != row.hash:
            lost.change(store, row)
            return
        above = local_tree.node(store, local.place.parent)
        if not alive(above) and above.lid not in chosen:
            folder = lost.get(store, above.lid)
            if folder is None or not folder.offered:
                lost.change(store, row)
                return
            self._choose(folder, chosen)
            if above.lid not in chosen:
                return  # What became of the folder is decided first; this one's turn comes again.
        chosen[row.lid] = row

    def _waits(self, node: Node) -> bool:
        """Says whether it is not known yet what the disk holds, or the content is on its way."""
        local = node.local
        if local is None:
            return False
        unread = local.kind is Kind.FILE and local.hash is None and local.presence is Presence.HERE
        waits = unread or local.presence is Presence.GAP
        return waits or self._sending.waits(node.lid) or self._desk.occupied(node.lid)


def _shows(node: Node, rev: bytes) -> bool:
    """Says whether the disk shows a version, unchanged, and the server shows no other."""
    local, base, remote = node.local, node.baseline, node.remote
    return (
        local is not None
        and base is not None
        and remote is not None
        and base.rev == remote.rev == rev
        and local.presence is Presence.HERE
        and local.hash == base.hash
    )


def _as_lost(node: Node, epoch: bytes) -> Lost:
    base, remote = node.baseline, node.remote
    assert base is not None
    assert remote is not None
    return Lost(
        lid=node.lid, place=base.place, place_key=base.place_key, epoch=epoch, seq=remote.seq, rev=base.rev,
        hash=base.hash, offered=True,
    )  # fmt: skip
