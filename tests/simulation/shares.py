"""People share folders with each other at any moment, change each other's roles, and leave: asked of the server directly, as
from a browser or a phone."""

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Select, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Role, SpaceKind, SpaceState
from govsync.protocol.sharing import NewMember, Principal, PrincipalKind, SetMember, Share
from govsync.server import access, members, sharing
from govsync.server.context import Caller
from govsync.server.db import tables
from govsync.store import spaces
from tests.builders import fill_medium

if TYPE_CHECKING:
    from tests.simulation.desks import SimDesk
    from tests.simulation.world import World

ROOT = ("GovSync",)
_ROLES = (Role.EDITOR, Role.EDITOR, Role.VIEWER, Role.MANAGER)
_WITH_ADDING = (*_ROLES, *(Role.UPLOADER,) * 4)


class _Given(msgspec.Struct, frozen=True):
    """A folder that was shared: by whom, with whom, and in which role now, as far as nobody put the server back."""

    folder: bytes
    by: Caller
    other: bytes
    role: Role | None


class Shares:
    """What is shared in one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._given: dict[bytes, _Given] = {}
        """What was shared, by the space that it became, the oldest first."""
        self.reached: dict[bytes, set[bytes]] = {}
        """Who has ever reached a shared space; anybody may show what was in it then (I8)."""

    def begin(self) -> None:
        """Has each person share a folder into which the other may only put things."""
        world = self._world
        for desk in (world.desks[0], world.desks[-1]):
            fill_medium(desk.medium, ROOT, f"by-{self._login(desk.user)}/", desk.name)
        world.settle()
        for desk in (world.desks[0], world.desks[-1]):
            n = tables.node.c
            with world.server.database.begin(write=False) as tx:
                query = select(n.id, n.space).where(n.name == f"by-{self._login(desk.user)}")
                folder = tx.execute(query).first()
            other = next(user for user in world.users if user != desk.user)
            if folder is not None:
                self._carry_out(_Given(folder.id, desk.caller, other, None), folder.space, Role.UPLOADER)
                self._tell()

    def happen(self, desk: "SimDesk") -> None:
        """Lets the person of a desk share something, or do something about what is shared."""
        if not self._world.server_up:
            return
        chance = self._world.chance
        what = chance.choice((self._share, self._share, self._set_role, self._leave))
        if self._world.perils.adding and chance.random() < 0.7:
            what = self._set_role
        try:
            what(desk.caller)
            self._tell()
        except Failure as failure:
            self._world.say("server", f"refuses it: {failure.code}")

    def _share(self, caller: Caller) -> None:
        world = self._world
        if self.lost():
            return  # What is shared of a folder whose own sharing is lost would keep it from being shared again.
        with world.server.database.begin(write=False) as tx:
            n = tables.node.c
            query = select(n.id, n.space, n.name).where(
                n.kind == "folder", n.deleted_seq.is_(None), n.parent.is_not(None)
            )
            if world.perils.adding and world.chance.random() < 0.8:
                # Of what lies in the team's space everybody sees something.
                query = query.where(n.space.in_(self._own(caller)))
            folders = tx.execute(query.order_by(n.id)).all()
        if not folders:
            return
        folder = world.chance.choice(folders)
        other = world.users[0] if caller.user == world.users[1] else world.users[1]
        role = world.chance.choice(self._roles())
        self._carry_out(_Given(folder.id, caller, other, role), folder.space, role)
        world.say("server", f"{folder.name} is SHARED by {self._login(caller.user)} as {role}")

    def _own(self, caller: Caller) -> Select[tuple[bytes]]:
        s = tables.space.c
        return select(s.id).where(s.owner == caller.user, s.kind != SpaceKind.TEAM)

    def _roles(self) -> tuple[Role, ...]:
        return _WITH_ADDING if self._world.perils.adding else _ROLES

    def _carry_out(self, given: _Given, around: bytes, role: Role) -> None:
        new = self._world.ids.new
        members = (NewMember(self._named(given.other), role),)
        asked = Share(key=new(), node=given.folder, space=new(), mount=new(), members=members)
        sharing.share(self._world.server, given.by, around, asked)
        self._given[asked.space] = msgspec.structs.replace(given, role=role)
        self.reached[asked.space] = {given.by.user, *self._around(around)}
        self._reaches(asked.space, given.other, role)

    def _around(self, space: bytes) -> set[bytes]:
        """Answers who reaches a space in which a folder is shared."""
        with self._world.server.database.begin(write=False) as tx:
            s = tables.space.c
            row = tx.execute(select(s.kind, s.owner).where(s.id == space)).one()
        if row.kind == SpaceKind.PERSONAL:
            return {row.owner}
        return self.reached.get(space, set(self._world.users))

    def _set_role(self, caller: Caller) -> None:
        space = self._one()
        if space is None:
            return
        self._set(space, self._world.chance.choice((*self._roles(), Role.UPLOADER, None)))

    def _leave(self, caller: Caller) -> None:
        space = self._one()
        if space is not None:
            given = self._given[space]
            members.leave(self._world.server, Caller(user=given.other, device=given.by.device), space)
            self._given[space] = msgspec.structs.replace(given, role=None)
            self._world.say("server", f"{self._login(given.other)} LEAVES what was shared")

    def _one(self) -> bytes | None:
        return self._world.chance.choice(sorted(self._given)) if self._given else None

    def _set(self, space: bytes, role: Role | None) -> None:
        given = self._given[space]
        asked = SetMember(who=self._named(given.other), role=role)
        members.set_member(self._world.server, given.by, space, asked)
        self._given[space] = msgspec.structs.replace(given, role=role)
        self._reaches(space, given.other, role)
        self._world.say(
            "server", f"{self._login(given.other)} is {role or 'no member'} of what was shared now"
        )

    def _reaches(self, space: bytes, user: bytes, role: Role | None) -> None:
        if role not in (None, Role.UPLOADER):
            self.reached[space].add(user)

    def lost(self) -> list[bytes]:
        """Lists the spaces of which the server knows nothing any more, the oldest first."""
        with self._world.server.database.begin(write=False) as tx:
            there = set(tx.execute(select(tables.space.c.id)).scalars())
        return [space for space in self._given if space not in there]

    def share_again(self) -> None:
        """Shares again what the server has lost the sharing of, and has been given back: the outermost first, for what has
        a shared folder in it cannot be shared."""
        for space in sorted(self.lost(), key=lambda space: self._depth(self._given[space].folder)):
            given = self._given.pop(space)
            with self._world.server.database.begin(write=False) as tx:
                n = tables.node.c
                folder = (n.id == given.folder, n.parent.is_not(None), n.deleted_seq.is_(None))
                around = tx.execute(select(n.space).where(*folder)).scalar()
            if around is None:
                continue
            try:
                self._carry_out(*self._as_may_be(given, around))
            except Failure as failure:
                if failure.code is not Code.CONTAINS_MOUNT:
                    raise
                # Another's folder was put into it meanwhile: it stays unshared, which its people see.
                self._world.say(
                    "server", f"what {self._login(given.by.user)} had shared cannot be SHARED AGAIN"
                )
                continue
            self._world.say("server", f"what {self._login(given.by.user)} had shared is SHARED AGAIN")
        self._tell()

    def _as_may_be(self, given: _Given, around: bytes) -> tuple[_Given, bytes, Role]:
        """Answers the sharing as it can be done now: by the other one, where who did it may not any more, and in no higher
        role than whoever does it has there."""
        with self._world.server.database.begin(write=False) as tx:
            _, role = access.memberships(tx, given.by.user).get(around, (None, None))
            if role not in (Role.EDITOR, Role.MANAGER):
                other = Caller(user=given.other, device=given.by.device)
                given = msgspec.structs.replace(given, by=other, other=given.by.user)
                _, role = access.memberships(tx, given.by.user).get(around, (None, None))
        editor = role is Role.EDITOR and given.role is Role.MANAGER
        return given, around, Role.EDITOR if editor else given.role or Role.EDITOR

    def _depth(self, folder: bytes) -> int:
        """Answers below how many folders of its space a folder lies."""
        n = tables.node.c
        depth = 0
        with self._world.server.database.begin(write=False) as tx:
            above: bytes | None = folder
            while above is not None:
                above = tx.execute(select(n.parent).where(n.id == above)).scalar()
                depth += 1
        return depth

    def end_well(self) -> None:
        """Lets whoever may only read change what is shared, so that all that people wrote can come to rest. What is put where
        its person may only add comes to rest as it is."""
        for space, given in sorted(self._given.items()):
            with self._world.server.database.begin(write=False) as tx:
                state, role = access.memberships(tx, given.other).get(space, (None, None))
            adding = self._world.perils.adding and self._world.chance.random() < 0.8
            still = (Role.VIEWER, Role.CONTRIBUTOR) if adding else (Role.VIEWER, Role.UPLOADER)
            if state is SpaceState.MEMBER and role in still:
                self._set(space, Role.EDITOR)
                self._tell()

    def ask_back(self) -> bool:
        """Gives back the right to read what a restored server believes that its person may only add to, and what therefore stays
        on the desk as it is, until somebody is asked; says whether there was such a space."""
        frozen = [
            space
            for space, given in sorted(self._given.items())
            for desk in self._world.desks
            if desk.user == given.other
            and (row := spaces.get(desk.store, space)) is not None
            and row.state is SpaceState.UNKNOWN
            and space not in self.lost()
        ]
        for space in frozen:
            self._set(space, Role.EDITOR)
        self._tell()
        return bool(frozen)

    def _tell(self) -> None:
        """The server tells the desks that are listening; the others ask when they are again."""
        for desk in self._world.desks:
            if desk.line.heard:
                desk.rights_changed()

    def _login(self, user: bytes) -> str:
        return ("anna", "boris")[self._world.users.index(user)]

    def _named(self, user: bytes) -> Principal:
        return Principal(PrincipalKind.USER, self._login(user))
