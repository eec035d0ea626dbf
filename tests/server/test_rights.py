"""Every call about a space by everybody: each role, by each relation to the space; who has none; and who had one (I8, R38)."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from govsync.model import ids
from govsync.model.codes import Code
from govsync.protocol.commits import Commit
from govsync.protocol.routes import ROUTES, Route, Shape
from govsync.protocol.session import Role
from govsync.protocol.web import ROOT
from govsync.protocol.wire import PREFIX
from govsync.server import directory
from govsync.server.access import GIVEN, MAY, Action
from govsync.server.accounts import ACCESS_S
from govsync.server.db import tables
from govsync.server.http import Http
from tests.server.conftest import Served
from tests.server.desk import Desk
from tests.server.line import Answer, Caller, framed
from tests.server.test_access import RELATIONS
from tests.server.test_bad_requests import BODIES
from tests.server.test_links import make

NEEDS = {
    "changes": Action.READ, "nodes": Action.READ, "known": Action.READ, "fetch": Action.READ, "manifest": Action.READ,
    "revisions": Action.READ, "trash": Action.READ, "members": Action.READ, "activity": Action.READ,
    "earlier": Action.READ,
    "missing": Action.ADD, "chunks": Action.ADD, "commit": Action.ADD,
    "share": Action.SHARE, "make_link": Action.SHARE, "links": Action.SHARE, "set_member": Action.MANAGE,
    "end_link": Action.MANAGE, "leave": None,
}  # fmt: skip
"""What one must be allowed to do, for each call about a space or what is in one; `leave` asks for nothing but a membership.
Who made a link ends it, too (`test_links`)."""
ABOUT_ONESELF = {
    "sign_in",
    "refresh",
    "sign_out",
    "me",
    "policy",
    "spaces",
    "heads",
    "events",
    "directory",
    "health",
    "begin_wipe",
    "end_wipe",
}
"""Calls that are about nobody's space; what a stranger is told stands in `test_discretion`."""
OF_LINKS = {"", "/content", "/content/{node}", "/password", "/upload"}
"""Pages below the address of a link, for whoever has that; what they open and to whom stands in `web/test_handlers`."""
OF_PEOPLE = {"", "sign-in", "sign-out", "fleet", "fleet/devices.csv", "fleet/devices.json", "fleet/{device}", "fleet/{device}/wipe",
             "fleet/{device}/keep", "fleet/{device}/sign-out", "f/{space}/{node}", "f/{space}/{node}/content",
             "f/{space}/{node}/content/{rev}"}  # fmt: skip
"""Pages for those who sign in in a browser; to whom they show what stands in `web/test_signed_in`, `web/test_fleet_pages` and
`web/test_file_pages`."""
OF_ALL = {"/api/v1/openapi.json", "/l/static/{name}", "/web/static/{name}"}
ABOUT_A_SPACE = [route for route in ROUTES if route.name not in ABOUT_ONESELF]


class Place:
    """A space that is nobody's but Boris's, with a file, and a folder to be shared for each who asks."""

    def __init__(self, served: Served) -> None:
        self.desk = Desk(served.office, "boris")
        self.state = self.desk.save("file", b"file")

    def ask(self, caller: Caller, route: Route) -> Answer:
        """Makes a call that somebody who may make it is not refused."""
        path = {"space": self.desk.space, "node": self.state.node, "rev": self.state.rev}
        if "{link}" in route.path:
            path["link"] = make(self.desk, self.state.node).link
        text = route.path.format(
            **{name: ids.to_text(value) for name, value in path.items() if value is not None}
        )
        return caller.call(route.method, text, self._body(route))

    def _body(self, route: Route) -> bytes | None:
        document: Any = BODIES.get(route.name, {})
        if route.name == "commit":
            document = Commit(epoch=self.desk.epoch, operations=(self.desk.mkdir(self.desk.key().hex()),))
        elif route.name == "share":
            [folder] = self.desk.do(self.desk.mkdir(self.desk.key().hex()))
            new = {name: self.desk.key() for name in ("key", "space", "mount")}
            document = document | new | {"node": folder.node, "members": [GROUP]}
        elif route.name == "make_link":
            document = {"key": self.desk.office.ids.chance(32), "node": self.state.node}
        elif route.name == "set_member":
            document = GROUP
        if route.takes is Shape.NONE:
            return None
        return msgspec.json.encode(document) if route.takes is Shape.JSON else framed(document)


GROUP = {"who": {"kind": "division", "name": "Interior/Planning"}, "role": "viewer"}


@pytest.fixture
def place(served: Served) -> Place:
    made = Place(served)
    # Shared, so that its members can be changed.
    with served.office.server.database.begin() as tx:
        tx.execute(update(tables.space).where(tables.space.c.id == made.desk.space).values(kind="shared"))
    return made


def clara(served: Served) -> Caller:
    return Caller(served.caller.address, served.office.sign_in("clara").access)


def test_it_is_known_what_each_call_needs(served: Served) -> None:
    """Whoever adds a call, or a page, has to say here who may make it."""
    assert {route.name for route in ROUTES} == NEEDS.keys() | ABOUT_ONESELF
    assert all(route.signed_in for route in ABOUT_A_SPACE)
    app = Http(served.office.server, served.office.ids.chance).app()
    paths = {getattr(each, "path", "") for each in app.routes}
    of_links = {"/l/{token}" + each for each in OF_LINKS}
    of_people = {ROOT + each for each in OF_PEOPLE}
    assert paths == {PREFIX + route.path for route in ROUTES} | of_links | of_people | OF_ALL


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("role", GIVEN)
def test_each_call_is_answered_as_the_role_allows_by_whatever_relation(
    served: Served, place: Place, role: Role, relation: str
) -> None:
    RELATIONS[relation](served.office, place.desk.space, role)
    caller = clara(served)
    # The right to add ends with the space that it was given in.
    may = frozenset[Action]() if role is Role.UPLOADER and "around" in relation else MAY[role]
    for route in ABOUT_A_SPACE:
        if route.name == "leave":
            continue
        answer = place.ask(caller, route)
        if NEEDS[route.name] in may:
            assert answer.status < 300, (route.name, answer)
        else:
            expected = Code.NO_RIGHT if Action.READ in may else Code.NOT_FOUND
            assert answer.code is expected, route.name
            assert expected in route.codes, route.name
    [leave] = (route for route in ABOUT_A_SPACE if route.name == "leave")
    gone = place.ask(caller, leave)
    if relation == "a person":
        assert gone.status == 204
        assert {place.ask(caller, route).code for route in ABOUT_A_SPACE if route.name != "leave"} == {
            Code.NOT_FOUND
        }
    else:
        assert gone.code is (Code.MEMBER_THROUGH if may else Code.NOT_FOUND)


@pytest.mark.parametrize("relation", RELATIONS)
def test_each_call_is_refused_to_whose_membership_has_ended(
    served: Served, place: Place, relation: str
) -> None:
    RELATIONS[relation](served.office, place.desk.space, Role.MANAGER)
    m = tables.member.c
    hers = (m.role == Role.MANAGER) & (m.kind != "space") & (m.principal != served.office.boris)
    with served.office.server.database.begin() as tx:
        tx.execute(update(tables.member).where(hers).values(ended_ms=1))
    caller = clara(served)
    for route in ABOUT_A_SPACE:
        answer = place.ask(caller, route)
        if route.name == "leave" and relation == "a person":
            assert answer.status == 204  # It has ended already.
        else:
            assert answer.code is Code.NOT_FOUND, route.name


def test_each_call_is_refused_to_who_is_disabled(served: Served, place: Place) -> None:
    RELATIONS["a person"](served.office, place.desk.space, Role.MANAGER)
    caller = clara(served)
    with served.office.server.database.begin() as tx:
        directory.set_user_state(served.office.server, tx, "clara", "disabled")
    for route in ABOUT_A_SPACE:
        assert place.ask(caller, route).code is Code.SIGNED_OUT, route.name


def test_each_call_is_refused_to_strangers_and_with_tokens_that_are_none(
    served: Served, place: Place
) -> None:
    """Clara is a member of another space, of which she is the manager."""
    office, address = served.office, served.caller.address
    late = office.sign_in("boris").access
    office.clock.now_ms += ACCESS_S * 1000 + 1
    callers = {
        Code.SIGNED_OUT: Caller(address), Code.TOKEN_EXPIRED: Caller(address, late), Code.NOT_FOUND: clara(served),
    }  # fmt: skip
    for code, caller in callers.items():
        for route in ABOUT_A_SPACE:
            assert place.ask(caller, route).code is code, route.name
