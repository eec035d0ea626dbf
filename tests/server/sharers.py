"""How desks share in the tests of the server."""

import copy

from govsync.protocol.changes import NodeState
from govsync.protocol.session import Role, SpaceInfo
from govsync.protocol.sharing import Member, NewMember, Principal, PrincipalKind, SetMember, Share
from govsync.server import members, sharing
from govsync.server.db import tables
from tests.server.desk import Desk, rows
from tests.server.office import Office


def user(login: str) -> Principal:
    return Principal(PrincipalKind.USER, login)


def group(name: str) -> Principal:
    return Principal(PrincipalKind.GROUP, name)


def division(path: str) -> Principal:
    return Principal(PrincipalKind.DIVISION, path)


CLARA = NewMember(user("clara"), Role.EDITOR)


def asked(desk: Desk, folder: NodeState, *new: NewMember, **more: bytes) -> Share:
    """Asks for a folder to be shared, by default with Clara."""
    ids = {"key": desk.key(), "node": folder.node, "space": desk.key(), "mount": desk.key()} | more
    return Share(**ids, members=new or (CLARA,))


def ask(desk: Desk, request: Share) -> SpaceInfo:
    return sharing.share(desk.office.server, desk.caller, desk.space, request)[0]


def share(desk: Desk, folder: NodeState, *new: NewMember) -> SpaceInfo:
    return ask(desk, asked(desk, folder, *new))


def set_member(desk: Desk, space: bytes, who: Principal, role: Role | None) -> None:
    members.set_member(desk.office.server, desk.caller, space, SetMember(who=who, role=role))


def leave(desk: Desk, space: bytes) -> None:
    members.leave(desk.office.server, desk.caller, space)


def listed(desk: Desk, space: bytes) -> dict[str, Member]:
    """Answers the members of a space by their names."""
    found = members.members(desk.office.server, desk.caller, space, None)
    return {each.who.name: each for each in found.members}


def inside(desk: Desk, info: SpaceInfo) -> Desk:
    """Answers a desk at work in another space."""
    other = copy.copy(desk)
    other.space, other.root, other.epoch = info.id, info.root, info.epoch
    return other


def held(office: Office, space: bytes) -> set[object]:
    """Answers which chunks a space has."""
    return {row["hash"] for row in rows(office, tables.chunk) if row["space"] == space}
