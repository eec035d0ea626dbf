"""Commands about sharing: a folder that is shared, whom it is shared with, and leaving one.

All of it is the server's to decide, so it is asked at once, and what it refuses is said. What comes of it reaches this desk
by the journal and the list of spaces, as a colleague's sharing does; a command ends when the desk shows it, or a little
later without waiting longer: the server has it in any case.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.agent.files import STEP_S, Here, parts_of
from govsync.engine import events
from govsync.engine.report import moment
from govsync.model.activity import ActivityRow, FoundRow, RoomRow, ShareRow
from govsync.model.codes import Code
from govsync.model.merged_tree import kind_of
from govsync.model.nodes import Kind, Node
from govsync.model.problems import Failure
from govsync.protocol.activity import Happened, Told
from govsync.protocol.session import Role, SpaceKind, SpaceState
from govsync.protocol.sharing import Member, NewMember, Principal, PrincipalKind, SetMember, Share
from govsync.store import local_tree, paths, spaces
from govsync.store.spaces import SpaceRow

if TYPE_CHECKING:
    from govsync.agent.main import Agent

SHOWN_S = 10.0
_KINDS = {"group:": PrincipalKind.GROUP, "division:": PrincipalKind.DIVISION}


def add(agent: "Agent", here: Here, path: Path, who: str, role: str) -> None:
    """Shares a folder with somebody, or gives somebody a role in one that is shared already."""
    member = NewMember(principal(who), Role(role))
    node, space = at(agent, here, path)
    if space is not None:
        agent.remote.set_member(space.id, SetMember(who=member.who, role=member.role))
        return
    if node is None:
        raise Failure(Code.SHARE_WHOLE)
    if kind_of(node) is Kind.FILE:
        raise Failure(Code.SHARE_FILE)
    if node.remote is None or node.remote.dead:
        raise Failure(Code.NOT_SENT)
    asked = Share(
        key=agent.ids.new(),
        node=node.node_id,
        space=agent.ids.new(),
        mount=agent.ids.new(),
        members=(member,),
    )
    agent.remote.share(node.space, asked)
    _until(agent, here, lambda: spaces.get(agent.store, asked.space) is not None)


def listed(agent: "Agent", here: Here, path: Path | None) -> list[ShareRow]:
    """Lists with whom a folder is shared, or with whom each is; of one into which this person may only put files, who else
    is there is not theirs to know, and they are listed alone."""
    only = None if path is None else _shared(agent, here, path).id

    def find() -> list[tuple[SpaceRow, str]]:
        return [
            (row, "" if row.mount_lid is None else paths.shown(agent.store, row.mount_lid))
            for row in spaces.all_spaces(agent.store)
            if row.id == only
            or (only is None and row.kind is SpaceKind.SHARED and (row.readable or row.adds))
        ]

    def rows_of(space: SpaceRow, where: str) -> Iterator[ShareRow]:
        if space.adds_only:
            yield ShareRow(
                path=where, name=space.name, with_=agent.identity.login, kind=PrincipalKind.USER, role=space.role,
                title=agent.identity.user_name, detail="", you=True,
            )  # fmt: skip
        else:
            yield from (_row(where, space, member) for member in _members(agent, space))

    rows = [row for space, where in here(agent, find) for row in rows_of(space, where)]
    return sorted(rows, key=lambda row: (row.path, row.kind, row.with_))


def happened(agent: "Agent", here: Here, path: Path, limit: int) -> list[ActivityRow]:
    """Lists what happened in a shared folder, newest first, as the server tells it: also to whom it was given, and links."""
    space = _shared(agent, here, path)
    where = here(agent, lambda: "" if space.mount_lid is None else paths.shown(agent.store, space.mount_lid))
    found: list[ActivityRow] = []
    before: int | None = None
    while len(found) < limit:
        page = agent.calls.activity(space.id, before)
        found += [_done(where, each) for each in page.happened]
        before = page.before
        if before is None:
            break
    return found[:limit]


def _done(where: str, happened: Happened) -> ActivityRow:
    """Answers one thing that happened, as those that the desk itself has noted."""
    given = happened.members or (() if happened.who is None else (happened,))
    whom = [
        f"{_written(each.who)} ({each.role})" if each.role else _written(each.who)
        for each in given
        if each.who
    ]
    left = happened.kind == Told.MEMBER_LEFT
    return ActivityRow(
        at=moment(happened.at_ms), kind=Told.MEMBER_ADDED if happened.members else happened.kind,
        path="/".join(part for part in (where, happened.path) if part), user=happened.user_name,
        device=happened.device_name, detail="" if left else ", ".join(whom),
    )  # fmt: skip


def remove(agent: "Agent", here: Here, path: Path, who: str) -> None:
    """Ends the sharing of a folder with somebody."""
    space = _shared(agent, here, path)
    agent.remote.set_member(space.id, SetMember(who=principal(who), role=None))


def find(agent: "Agent", text: str) -> list[FoundRow]:
    """Lists whom the server knows of that name, and with whom it would let this person share."""
    return [
        FoundRow(with_=_written(each.who), kind=each.who.kind, title=each.title, detail=each.detail)
        for each in agent.remote.directory(text).found
    ]


def leave(agent: "Agent", here: Here, path: Path) -> None:
    """Leaves a shared folder: it goes from this desk, and the others keep it."""
    leave_space(agent, here, _shared(agent, here, path).id)


def leave_space(agent: "Agent", here: Here, space: bytes) -> None:
    """Ends this person's own membership, and has the list of spaces asked for, so that it is known at once."""
    agent.remote.leave(space)
    here(agent, lambda: agent.engine.handle(events.RightsChanged(), agent.clock.now()))

    def gone() -> bool:
        row = spaces.get(agent.store, space)
        return row is None or row.state is not SpaceState.MEMBER

    _until(agent, here, gone)


def principal(text: str) -> Principal:
    """Reads LOGIN, group:NAME or division:ORGANISATION/NAME; raises Failure(no_such_member)."""
    prefix, colon, name = text.partition(":")
    kind = _KINDS.get(prefix + colon, PrincipalKind.USER)
    name = text if kind is PrincipalKind.USER else name
    if not name or (kind is PrincipalKind.DIVISION and "/" not in name):
        raise Failure(Code.NO_SUCH_MEMBER)
    return Principal(kind, name)


def _written(who: Principal) -> str:
    return who.name if who.kind is PrincipalKind.USER else f"{who.kind}:{who.name}"


def at(agent: "Agent", here: Here, path: Path) -> tuple[Node | None, SpaceRow | None]:
    """Answers what lies at a path, and the space that is mounted there; no node: it is the synced folder itself."""
    parts = parts_of(agent, path)

    def find() -> tuple[Node | None, SpaceRow | None]:
        lid = paths.find(agent.store, parts) if parts else None
        node = None if lid is None else local_tree.find_node(agent.store, lid)
        if parts and node is None:
            raise Failure(Code.NOT_FOUND, path=str(path))
        every = spaces.all_spaces(agent.store)
        return node, next((row for row in every if lid is not None and row.mount_lid == lid), None)

    return here(agent, find)


def target(agent: "Agent", here: Here, path: Path) -> tuple[bytes, bytes]:
    """Answers space and node of what lies at a path: of a folder that is a space of its own, that space's root."""
    node, space = at(agent, here, path)
    if node is None or space is not None:

        def root() -> tuple[bytes, bytes]:
            lid = space.root_lid if space is not None else spaces.personal_root(agent.store)
            if lid is None:
                raise Failure(Code.NOT_SENT)
            found = local_tree.node(agent.store, lid)
            return found.space, found.node_id

        return here(agent, root)
    if node.remote is None or node.remote.dead:
        raise Failure(Code.NOT_SENT)
    return node.space, node.node_id


def _shared(agent: "Agent", here: Here, path: Path) -> SpaceRow:
    _, space = at(agent, here, path)
    if space is None:
        raise Failure(Code.NOT_SHARED)
    return space


def room(agent: "Agent") -> list[RoomRow]:
    """Lists how full each space is that this person is a member of, the personal one first."""
    return [
        RoomRow(
            id=each.id.hex(), name=each.name, kind=each.kind, used_bytes=each.used_bytes, quota_bytes=each.quota_bytes
        )
        for each in agent.remote.spaces(()).spaces
        if each.state is SpaceState.MEMBER
    ]  # fmt: skip


def _members(agent: "Agent", space: SpaceRow) -> Iterator[Member]:
    after: str | None = None
    while True:
        page = agent.remote.members(space.id, after)
        yield from page.members
        after = page.after
        if after is None:
            return


def _row(path: str, space: SpaceRow, member: Member) -> ShareRow:
    who = member.who
    return ShareRow(
        path=path, name=space.name, with_=_written(who), kind=who.kind, role=member.role, title=member.title,
        detail=member.detail, you=member.you,
    )  # fmt: skip


def _until(agent: "Agent", here: Here, shown: Callable[[], bool]) -> None:
    """Waits a while until the desk shows what the server has done."""
    end = time.monotonic() + SHOWN_S
    while time.monotonic() < end and not here(agent, shown):
        time.sleep(STEP_S)
