"""Sharing a folder: it becomes the root of a space of its own, with all that is in it, and a mount takes its place; in one
transaction over both spaces (R24, R25, R37; docs/decisions/0024).

The journal of the space that the folder was in tells of the mount, with the id of the root: so a desk that has read it so far
knows the new space up to its floor. Whoever is a member there is one here, but in a person's own space: that is its person's.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, exists, insert, or_, select, update

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.model.ids import SIZE_BYTES
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.activity import Told
from govsync.protocol.changes import NodeState
from govsync.protocol.session import Role, SpaceInfo, SpaceKind
from govsync.protocol.sharing import NewMember, PrincipalKind, Share
from govsync.server import (
    access,
    audit,
    chain,
    directory,
    horizon,
    members,
    mounts,
    named,
    policy,
    spaces,
    transfer,
)
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space
from govsync.server.named import SPACE, USER, Whom

OPERATION = "share"
_FROM_ABOVE = ("owner_org", "owner", "epoch", "retention_ms", "grade")
_J, _N, _S = tables.journal.c, tables.node.c, tables.space.c


def share(server: Server, caller: Caller, space: bytes, request: Share) -> tuple[SpaceInfo, int]:
    """Shares a folder of a space; answers the new space, and the head of the old one.

    Asked again, with the same key, it answers the same. Raises Failure(not_found, no_right, wrong_kind, node_dead,
    contains_mount, subtree_too_large, no_such_member, share_self, share_outside, too_many_members, too_many_shares,
    bad_request).
    """
    new = (request.key, request.node, request.space, request.mount)
    if any(len(each) != SIZE_BYTES for each in new) or len(set(new)) < len(new) or not request.members:
        raise Failure(Code.BAD_REQUEST, what="share")
    with server.database.begin(write=False) as tx:
        row, role = _space(tx, caller, space, tx.execute(select(tables.space).where(_S.id == space)).first())
        if not _is_done(tx, space, request):
            _folder(server, tx, row, request)
            _roles(tx, caller, row, role, request.members)
    ahead = transfer.read_ahead(server, space, request.node)
    with server.database.begin() as tx:
        row, role = _space(tx, caller, space, lock_space(tx, space))
        head: int = row.head
        if not _is_done(tx, space, request):
            folder = _folder(server, tx, row, request)
            roles = _roles(tx, caller, row, role, request.members)
            _carry_out(server, caller, tx, row, folder, request, ahead)
            members.admit(server, tx, request.space, roles)
            _note(server, caller, tx, request, roles)
            head += 1
        return spaces.info(tx, caller, request.space), head


def _space(tx: Connection, caller: Caller, space: bytes, row: Any) -> tuple[Any, Role]:
    """Answers the row of a space in which the caller may share, and the caller's role in it."""
    role = access.require(tx, caller.user, space, Action.SHARE)
    if row is None:
        raise Failure(Code.NOT_FOUND)
    return row, role


def _is_done(tx: Connection, space: bytes, request: Share) -> bool:
    """Says whether this was done before."""
    query = select(_J.kind, _J.body).where(_J.stream == space, _J.op_key == request.key)
    done = tx.execute(query).one_or_none()
    if done is None:
        return False
    state = from_packed(done.body, NodeState)
    if (done.kind, state.target_space, state.root) != (OPERATION, request.space, request.node):
        raise Failure(Code.BAD_REQUEST, what="key")
    return True


def _folder(server: Server, tx: Connection, row: Any, request: Share) -> Any:
    """Answers the row of the folder, if it can become a space with these ids."""
    folder = tx.execute(select(tables.node).where(_N.id == request.node, _N.space == row.id)).one_or_none()
    if folder is None:
        raise Failure(Code.NOT_FOUND)
    if folder.kind != Kind.FOLDER:
        raise Failure(Code.WRONG_KIND)
    taken = or_(exists().where(_S.id == request.space), exists().where(_N.id == request.mount))
    if folder.parent is None or tx.execute(select(taken)).scalar():
        raise Failure(Code.BAD_REQUEST, what="share")
    if folder.deleted_seq is not None:
        raise Failure(Code.NODE_DEAD)
    inside = transfer.look(tx, request.node, server.limits.shared_nodes)
    if inside.count > server.limits.shared_nodes:
        raise Failure(Code.SUBTREE_TOO_LARGE, limit=server.limits.shared_nodes)
    if inside.mount:
        raise Failure(Code.CONTAINS_MOUNT)
    return folder


def _roles(
    tx: Connection, caller: Caller, row: Any, role: Role, asked: tuple[NewMember, ...]
) -> Mapping[Whom, Role]:
    """Answers who will be a member, and in which role: nobody in a higher one than who shares has; who shares manages it."""
    if any(each.who.kind is PrincipalKind.SPACE for each in asked):
        raise Failure(Code.BAD_REQUEST, what="members")
    found = named.find(tx, [each.who for each in asked])
    if (USER, caller.user) in found.values():
        raise Failure(Code.SHARE_SELF)
    if any(access.is_above(each.role, role) for each in asked):
        raise Failure(Code.NO_RIGHT)
    policy.judge(tx, caller, row.owner_org, found.values())
    around = (USER, row.owner) if row.kind == SpaceKind.PERSONAL else (SPACE, row.id)
    first = {around: Role.MANAGER, (USER, caller.user): Role.MANAGER}
    return {found[each.who]: each.role for each in asked} | first


def _carry_out(
    server: Server,
    caller: Caller,
    tx: Connection,
    row: Any,
    folder: Any,
    request: Share,
    ahead: transfer.Manifests,
) -> None:
    """Writes everything but the members."""
    now_ms = horizon.moment(server, tx)
    seq = row.head + 1
    size = transfer.carry_over(tx, row.id, request.space, request.node, ahead, now_ms)
    made = {
        **{name: getattr(row, name) for name in _FROM_ABOVE}, "id": request.space, "kind": SpaceKind.SHARED,
        "name": folder.name, "root": request.node, "head": seq, "floor": seq, "chain": chain.START, "bytes": size,
        "quota": 0, "past": chain.past_of(row),
    }  # fmt: skip
    tx.execute(insert(tables.space), [made])
    directory.note(server, tx, "space", request.space, made)
    of_a_root = {"space": request.space, "parent": None, "name": "", "key": "", "place": request.node}
    tx.execute(update(tables.node).where(_N.id == request.node).values(**of_a_root))
    root = tx.execute(select(tables.space).where(_S.id == request.space)).one()
    state = mounts.mount_of(request.mount, folder.parent, folder.name, request.key, seq, root)
    mounts.insert_mounts(tx, row.id, [state])
    entry = chain.JournalEntry(
        key=request.key, kind=OPERATION, node=request.mount, user=caller.user, device=caller.device, at_ms=now_ms,
        body=msgspec.msgpack.encode(state),
    )  # fmt: skip
    head, value = chain.append(tx, row.id, row.head, row.chain, [entry])
    left = {"head": head, "chain": value, "bytes": max(0, row.bytes - size)}
    tx.execute(update(tables.space).where(_S.id == row.id).values(**left))


def _note(server: Server, caller: Caller, tx: Connection, request: Share, roles: Mapping[Whom, Role]) -> None:
    given = [(kind, principal, role) for (kind, principal), role in roles.items() if kind != SPACE]
    facts = {"node": request.node, "members": given}
    audit.note(server, tx, Told.SHARE, caller.user, caller.device, request.space, **facts)
