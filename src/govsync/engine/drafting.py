"""Steps towards the server become the operations of one commit (R30, R31).

Beside `sending`, which decides what goes when and takes in the answers. Each operation gets a new key, but what a
restored server has lost is told again under the key that it had, and so is whatever goes to where its person may only add.
"""

from collections.abc import Mapping, Sequence

import msgspec

from govsync.content.hashes import chunk_hash
from govsync.content.manifests import Manifest, encode, manifest_pieces
from govsync.engine.desk import Desk
from govsync.model import operations as ask
from govsync.model.nodes import Kind, Node, Place
from govsync.model.steps import AnyUp, Attr, Delete, Mkdir, Move, Put, Revive
from govsync.model.trees import Trees
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.store import local_tree, lost, manifests, ops, uploads
from govsync.store.lost import Lost


class Draft:
    """What is known of the nodes of one commit, and what of them cannot be told yet."""

    def __init__(
        self, desk: Desk, trees: Trees, steps: Sequence[AnyUp | Lost], durable: Mapping[int, bytes]
    ) -> None:
        """`durable`: by node, contents whose chunks the server has said to hold."""
        lids = [step.lid for step in steps]
        self._desk, self._trees, self._durable = desk, trees, durable
        self._manifests = self._made_of(lids)
        self._on_disk = local_tree.disks(desk.store, lids)
        self._lost = lost.get_many(desk.store, lids)
        self._sources = local_tree.sources(desk.store, lids)
        self.wanted: dict[int, None] = {}
        """Nodes whose contents must be uploaded first."""
        self.unread: dict[int, None] = {}
        """Files that must be read first, because it is not known what they are made of."""

    def _made_of(self, lids: Sequence[int]) -> dict[int, Manifest]:
        """Answers what the files are made of: of those that were just read it is still at hand."""
        found: dict[int, Manifest] = {}
        for lid in lids:
            local = self._node(lid).local
            manifest = self._desk.fresh.manifest(lid, local.hash) if local is not None else None
            if manifest is not None:
                found[lid] = manifest
        return found | manifests.get_many(self._desk.store, [lid for lid in lids if lid not in found])

    def operation(self, step: AnyUp | Lost) -> ops.OpRow | None:
        """Makes the operation of a step, with its own new key; None while its content is not on the server."""
        node = self._node(step.lid)
        key, group = self._key(node), step.group
        covers: tuple[int, ...] = (step.lid,)
        operation: ask.AnyOperation
        if isinstance(step, Put | Lost):
            put = self._put(step, node, key) if isinstance(step, Put) else self._offer(step, node, key)
            if put is None:
                return None
            operation = put
        elif isinstance(step, Mkdir):
            parent, name = self._at(step.place)
            operation = ask.Mkdir(key=key, node=node.node_id, group=group, parent=parent, name=name)
        elif isinstance(step, Move):
            parent, name = self._at(step.place)
            operation = ask.Move(
                key=self._place_key(step, key),
                node=node.node_id,
                group=group,
                place=step.place_key,
                parent=parent,
                name=name,
            )
        elif isinstance(step, Revive):
            parent, name = self._at(step.place)
            operation = ask.Revive(key=key, node=node.node_id, group=group, parent=parent, name=name)
        elif isinstance(step, Delete):
            covers = step.covers
            operation = ask.Delete(
                key=key, node=node.node_id, group=group, place=step.place_key, rev=step.rev, seen=step.seen
            )
        else:
            assert isinstance(step, Attr)
            operation = ask.Attr(key=key, node=node.node_id, group=group, exec=step.exec)
        return ops.OpRow(operation=operation, lid=step.lid, space=node.space, covers=covers)

    def _key(self, node: Node) -> bytes:
        if not self._trees.adds_only(node.lid):
            return self._desk.ids.new()
        return uploads.key(node.node_id, node.local.hash if node.local is not None else None)

    def _place_key(self, move: Move, key: bytes) -> bytes:
        """Answers the key of a move; one that a restored server has lost is told again under the key that it had, so that
        desks which know it recognize the place."""
        row = self._lost.get(move.lid)
        return row.place_key if row is not None and row.moved and row.place == move.place else key

    def _content(self, lid: int, node: Node) -> tuple[Manifest, int] | None:
        """Answers what the file is made of and when it was changed, once the server has its chunks or they can travel
        along; None until then."""
        manifest, disk = self._manifests.get(lid), self._on_disk.get(lid)
        if node.local is None or disk is None:
            return None
        if manifest is None or manifest.content_hash != node.local.hash:
            # It came from the server, so nobody has cut it here yet: it is read before it can be sent (again).
            self.unread[lid] = None
            return None
        if lid not in self._sources and not self._content_at_hand(lid, manifest):
            self.wanted[lid] = None
            return None
        return manifest, disk.mtime_ns

    def _put(self, step: Put, node: Node, key: bytes) -> ask.Put | None:
        found = self._content(step.lid, node)
        if found is None or node.local is None:
            return None
        manifest, mtime_ns = found
        inlined, chunks = _told(manifest)
        row = self._lost.get(step.lid)
        parent, name = self._at(step.place) if step.place is not None else (None, None)
        return ask.Put(
            key=key,
            node=node.node_id,
            group=step.group,
            hash=manifest.content_hash,
            size_bytes=manifest.size_bytes,
            scheme=manifest.scheme,
            base_rev=step.base_rev,
            parent=parent,
            name=name,
            mtime_ns=mtime_ns,
            exec=node.local.exec,
            manifest=inlined,
            manifest_chunks=chunks,
            source=self._source(step.lid, manifest),
            conflict_of=node.conflict_of,
            upon=(row.epoch, row.seq) if row is not None and row.rev is not None else None,
        )

    def _source(self, lid: int, manifest: Manifest) -> tuple[bytes, bytes] | None:
        """Answers where the server has the content of a file that was moved here from another space: it is sent only if the
        server cannot take it from there (R24)."""
        told = self._durable.get(lid) == manifest.content_hash
        return None if told else self._sources.get(lid)

    def _offer(self, row: Lost, node: Node, key: bytes) -> ask.Offer | None:
        local = node.local
        if local is None:
            return None
        parent, name = self._at(local.place)
        offer = ask.Offer(
            key=key, node=node.node_id, node_kind=local.kind, parent=parent, name=name,
            place_key=row.place_key if local.place == row.place else key, origin_epoch=row.epoch, origin_seq=row.seq,
            over=row.over, exec=local.exec, conflict_of=node.conflict_of,
        )  # fmt: skip
        if local.kind is not Kind.FILE:
            return offer
        found = self._content(row.lid, node)
        if found is None:
            return None
        manifest, mtime_ns = found
        inlined, chunks = _told(manifest)
        return msgspec.structs.replace(
            offer, rev=row.rev, hash=manifest.content_hash, size_bytes=manifest.size_bytes, scheme=manifest.scheme,
            mtime_ns=mtime_ns, manifest=inlined, manifest_chunks=chunks,
        )  # fmt: skip

    def _content_at_hand(self, lid: int, manifest: Manifest) -> bool:
        if not manifest.chunks or self._durable.get(lid) == manifest.content_hash:
            return True
        return self._desk.fresh.get(lid, manifest.content_hash) is not None

    def _at(self, place: Place) -> tuple[bytes, str]:
        return self._node(place.parent).node_id, place.name

    def _node(self, lid: int) -> Node:
        return self._trees.node(lid)


def manifest_chunks(encoded: bytes) -> tuple[bytes, ...]:
    """Names the pieces in which a manifest too large to travel inline is stored as chunks."""
    return tuple(chunk_hash(piece) for piece in manifest_pieces(encoded))


def _told(manifest: Manifest) -> tuple[bytes | None, tuple[bytes, ...]]:
    """Answers how an operation tells a manifest: inline, or, where it is too large, by its chunks, which went before."""
    encoded = encode(manifest)
    if len(encoded) <= LIMITS.manifest_inline_bytes:
        return encoded, ()
    return None, manifest_chunks(encoded)
