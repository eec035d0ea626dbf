"""What each node's own facts say: where it belongs, and which way its content goes (R18, the conflict table).

The local side always yields: a fact that the server changed wins over what the desk changed, and what either changed
wins over what neither did; a deletion loses against any change of what it deletes. Nothing here looks at a second
node; what parents, names and cycles demand of each other is settled in `reconcile`.
"""

from enum import StrEnum

import msgspec

from govsync.model.nodes import NOWHERE, Baseline, Kind, Local, Node, Place, Presence, Remote


class Side(StrEnum):
    """Says which tree a merged place comes from."""

    LOCAL = "local"
    REMOTE = "remote"
    BOTH = "both"


class Merged(msgspec.Struct, frozen=True):
    """Where a node belongs; `place` None: nowhere, it is dead unless something alive hangs below it."""

    place: Place | None
    side: Side


DEAD = Merged(None, Side.BOTH)


class Flow(StrEnum):
    """Says what must happen to a file's content."""

    NONE = "none"
    """Nothing: it is the same on both sides, or the node is no file on this disk."""
    UNKNOWN = "unknown"
    """The file on the disk has not been read to its end yet."""
    UP = "up"
    DOWN = "down"
    BOTH = "both"
    """Both sides have a content that the other has not seen: edit / edit."""


def presence(node: Node) -> Presence:
    """Answers the presence, `not_yet` where the disk never held the node."""
    return node.local.presence if node.local else Presence.NOT_YET


def alive(node: Node) -> bool:
    """Says whether the server has the node, alive."""
    return node.remote is not None and not node.remote.dead


def belongs(node: Node, read_only: bool = False, strayed: bool = False, adds_only: bool = False) -> Merged:
    """Merges the three places of a node by its own facts alone; `read_only`: as somebody has it who may only read;
    `strayed`: lying in another space, where it cannot hang; `adds_only`: as somebody has it who may only add."""
    local, remote = node.local, node.remote
    if remote is not None and remote.place.parent == NOWHERE:
        return Merged(
            remote.place, Side.BOTH
        )  # A space's root is where its mount is, and goes only with the space.
    if local is not None and local.presence is Presence.LOCAL_ONLY:
        return Merged(local.place, Side.LOCAL)
    if adds_only:
        return _adds_only(local, remote)
    if read_only:
        return _read_only(local, remote, node.baseline)
    if local is not None and local.presence is Presence.HERE:
        return _here(local, remote, None if strayed else node.baseline)
    if remote is None or remote.dead:
        return DEAD
    if local is not None and local.presence is Presence.MISSING and node.baseline is not None:
        return _missing(remote, node.baseline)
    return Merged(remote.place, Side.REMOTE)


def _here(local: Local, remote: Remote | None, base: Baseline | None) -> Merged:
    """The node lies on the disk where the person put it."""
    if remote is None:
        return Merged(local.place, Side.LOCAL)
    if remote.dead:
        # Edit / delete and move / delete: the edit, the move lives. Without a baseline the desk's copy is news. A mount is
        # not this desk's to bring back: what hangs there is not to be reached any more, or is reached elsewhere (R25).
        if remote.kind is Kind.MOUNT:
            return DEAD
        untouched = base is not None and local.place == base.place and _content_kept(local, base)
        return DEAD if untouched else Merged(local.place, Side.LOCAL)
    if local.place == remote.place:
        return Merged(remote.place, Side.BOTH)
    if base is None or remote.place != base.place:
        return Merged(remote.place, Side.REMOTE)
    return Merged(local.place, Side.LOCAL)


def _read_only(local: Local | None, remote: Remote | None, base: Baseline | None) -> Merged:
    """Where its person may only read, the node belongs where the server has it, whatever was moved or deleted here; only
    what the server does not have, or not any more, and was made or written here, is the person's own."""
    here = local is not None and local.presence is Presence.HERE
    if remote is not None and not remote.dead:
        there = here and local is not None and local.place == remote.place
        return Merged(remote.place, Side.BOTH if there else Side.REMOTE)
    if not here or local is None or (remote is not None and base is not None and _content_kept(local, base)):
        return DEAD
    return Merged(local.place, Side.LOCAL)


def _adds_only(local: Local | None, remote: Remote | None) -> Merged:
    """Where its person may only add, what was sent is where it lies here, or nowhere; only what is new is told."""
    if local is None or local.presence is not Presence.HERE:
        return DEAD
    return Merged(local.place, Side.LOCAL if remote is None else Side.BOTH)


def _missing(remote: Remote, base: Baseline) -> Merged:
    """The person deleted the node here; a mount only seems deleted: that is a question, never a deletion (R25)."""
    edited = remote.kind is Kind.FILE and remote.hash != base.hash
    if edited or remote.place != base.place or remote.kind is Kind.MOUNT:
        return Merged(remote.place, Side.REMOTE)
    return DEAD


def _content_kept(local: Local, base: Baseline) -> bool:
    return local.kind is not Kind.FILE or (local.hash is not None and local.hash == base.hash)


def flow(node: Node) -> Flow:
    """Says which way the content of a file that is here must go."""
    local, remote, base = node.local, node.remote, node.baseline
    if local is None or local.kind is not Kind.FILE or not local.here:
        return Flow.NONE
    if local.hash is None:
        return Flow.UNKNOWN
    if remote is None:
        return Flow.UP
    if local.hash == remote.hash:
        return Flow.NONE
    if base is not None and base.hash is not None and local.hash == base.hash:
        return Flow.DOWN
    if remote.dead or (base is not None and base.hash is not None and remote.hash == base.hash):
        return Flow.UP
    return Flow.BOTH
