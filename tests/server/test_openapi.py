"""The server by its own description: every call that the OpenAPI document names, asked by a stranger, with a bad token and by
somebody signed in, with what the document allows and with what it does not, answers with a status, a kind of content and
a document that it names; never by a bug.

What is asked is made by schemathesis from the document alone. A framed body is made and read by the document that begins it
(`x-govsync-document`); its bytes are base64 for schemathesis, as they are in JSON.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from govsync.content import frames
from govsync.model import ids
from govsync.protocol import events, wire
from govsync.protocol.links import MakeLink
from govsync.server import links, openapi, wipes
from tests.server.desk import LARGE, Desk
from tests.server.office import PASSWORD, Office
from tests.server.serving import LIMIT_S, serving
from tests.server.sharers import asked, share

pytestmark = pytest.mark.slow

EXAMPLES = 6
EVENTS = "events"
WIPES = ("begin_wipe", "end_wipe")
"""Calls of a device that is ordered to be wiped, in this order."""
WITHOUT_CONTENT = ("sign_out", "end_link", "set_member", "leave", "health", *WIPES)
KINDS = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
CALLERS = ["a stranger", "a bad token", "anna"]
WHAT_MUST_HOLD = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_schema_conformance,
]  # fmt: skip
some_octets: list[str] = []
"""Ids that are somebody's, so that not everything asks for nothing."""


def lifted(value: Any) -> Any:
    """Answers a description in which a framed body is the document that begins it, and bytes are a format of their own."""
    if isinstance(value, dict):
        if "x-govsync-document" in value:
            return value["x-govsync-document"]
        made = {name: lifted(each) for name, each in value.items()}
        return made | {"format": "octets"} if "contentEncoding" in made else made
    return [lifted(each) for each in value] if isinstance(value, list) else value


def in_base64(value: Any) -> Any:
    """Answers what was packed as JSON has it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: in_base64(each) for name, each in value.items()}
    return [in_base64(each) for each in value] if isinstance(value, list) else value


def in_octets(value: Any) -> Any:
    """Answers what JSON has as it is packed: what may be an id or a hash is bytes, and no number has more than 64 bits."""
    if isinstance(value, str):
        try:
            found = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return value
        return found if len(found) in (16, 32) else value
    if isinstance(value, dict):
        return {name: in_octets(each) for name, each in value.items()}
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return [in_octets(each) for each in value] if isinstance(value, list) else value


@schemathesis.serializer(wire.FRAMES)
def _framed(_context: Any, value: Any) -> bytes:
    return b"".join(frames.encode(wire.DOCUMENT, msgspec.msgpack.encode(in_octets(value))))


@schemathesis.deserializer(wire.FRAMES)
def _document(_context: Any, response: Any) -> Any:
    content = response.content
    first = next(frames.decode([content], frame_bytes=len(content), total_bytes=len(content)))
    return in_base64(msgspec.msgpack.decode(first.body))


octets = st.binary(min_size=16, max_size=16) | st.binary(min_size=32, max_size=32) | st.binary(max_size=40)
schemathesis.openapi.format(
    "octets", octets.map(in_base64) | st.deferred(lambda: st.sampled_from(some_octets or [""]))
)
load_all_checks()
DESCRIPTION = lifted(openapi.document("0"))
OPERATIONS: dict[str, APIOperation] = {
    found.ok().definition.raw["operationId"]: found.ok()
    for found in schemathesis.openapi.from_dict(DESCRIPTION).get_all_operations()
}


class World:
    """A server with two people and a file of each, and who calls it."""

    def __init__(self, office: Office, address: str) -> None:
        self.office, self.address = office, address
        self.anna, clara = Desk(office), Desk(office, "clara")
        self.mine, hers = self.anna.save("mine", LARGE), clara.save("hers", LARGE)
        self.shared = share(self.anna, self.anna.do(self.anna.mkdir("shared"))[0])
        self.gone = self.anna.do(self.anna.delete(self.anna.save("gone", b"1")))[0]
        request = MakeLink(key=office.ids.chance(32), node=self.mine.node)
        self.link = links.make(office.server, self.anna.caller, self.anna.space, request).link
        device = office.device()
        self.ordered = office.sign_in("anna", device).access
        with office.server.database.begin() as tx:
            wipes.order(office.server, tx, device.id)
            self.order = wipes.standing(tx, [device.id])[device.id].id
        some = [
            self.anna.space,
            self.anna.root,
            self.anna.epoch,
            self.mine.node,
            self.mine.rev,
            clara.space,
            hers.node,
            self.link,
        ]
        some_octets[:] = [in_base64(each) for each in some]
        self.texts = [ids.to_text(each) for each in some if each is not None]

    def right(self, name: str) -> dict[str, Any]:
        """Answers what makes a call succeed."""
        epoch, rev = in_base64(self.anna.epoch), in_base64(self.mine.rev)
        device = {"id": in_base64(self.office.device().id), "name": "desk", "machine": "m"}
        bodies: dict[str, Callable[[], Any]] = {
            "sign_in": lambda: {"login": "anna", "password": PASSWORD, "device": device},
            "refresh": self._refresh, "spaces": dict, "known": lambda: {"keys": [rev], "contents": [["mine", rev]]},
            "missing": lambda: {"hashes": [in_base64(bytes(32))]}, "chunks": dict,
            "commit": lambda: {"epoch": epoch, "operations": [self._operation()]},
            "fetch": lambda: {"wants": [[rev, 0, 1]]}, "make_link": lambda: {"key": in_base64(self.office.ids.chance(32)), "node": in_base64(self.mine.node)},
            "health": lambda: {"version": "1.2.3", "system": "Linux", "state": "in_sync"},
            "end_wipe": lambda: {"removed": 1, "kept": 1},
            "share": self._share, "set_member": lambda: {"who": {"kind": "user", "name": "clara"}, "role": "manager"},
        }  # fmt: skip
        space = self.shared.id if name in ("set_member", "leave") else self.anna.space
        path = {
            "space": space,
            "node": self.mine.node,
            "rev": self.mine.rev,
            "link": self.link,
            "order": self.order,
        }
        more: dict[str, Any] = {"body": bodies[name]()} if name in bodies else {}
        if name == "directory":
            more["query"] = {"text": "clara"}
        return {"path_parameters": {key: ids.to_text(value) for key, value in path.items() if value}, **more}

    def _share(self) -> Any:
        [folder] = self.anna.do(self.anna.mkdir("another"))
        return in_base64(msgspec.to_builtins(asked(self.anna, folder), builtin_types=(bytes,)))

    def _refresh(self) -> dict[str, str]:
        device = self.office.device()
        return {"refresh": self.office.sign_in("anna", device).refresh, "device": in_base64(device.id)}

    def _operation(self) -> dict[str, Any]:
        return {"kind": "mkdir"} | in_base64(
            msgspec.to_builtins(self.anna.mkdir("new"), builtin_types=(bytes,))
        )

    def headers(self, caller: str) -> dict[str, str]:
        if caller == "a stranger":
            return {}
        token = "x" * 80 if caller == "a bad token" else self.office.sign_in("anna").access
        return {"Authorization": f"Bearer {token}"}

    def call(self, case: Case, headers: dict[str, str]) -> schemathesis.Response:
        case.headers = {name: text for name, text in (case.headers or {}).items() if name != "Authorization"}
        sent = headers or {"Authorization": ""}  # Without one requests would look for a .netrc.
        response = case.call(base_url=self.address + wire.PREFIX, headers=sent, timeout=LIMIT_S)
        case.validate_response(response, checks=WHAT_MUST_HOLD)
        return response


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One kind of database is enough for what is said of calls."""
    return f"sqlite:///{tmp_path / 'server.db'}"


@pytest.fixture
def world(office: Office, caplog: pytest.LogCaptureFixture):
    """Serves; the log holds no bug when all is done."""
    with caplog.at_level(logging.INFO), serving(office.server) as address:
        yield World(office, address)
    assert [
        each.getMessage() for each in caplog.records if each.exc_info or each.levelno >= logging.ERROR
    ] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_call_answers_as_the_description_says(world: World, name: str) -> None:
    cases = {kind: OPERATIONS[name].as_strategy(generation_mode=kind) for kind in KINDS}
    signed_in = world.headers("anna")
    known = st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("space", "node", "rev", "link", "order"), st.sampled_from(world.texts))
    )

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data(), known=known)
    def ask(data: st.DataObject, known: dict[str, str]) -> None:
        for kind, caller in product(KINDS, CALLERS):
            if name == EVENTS and caller == "anna":
                continue  # It has no end.
            case = data.draw(cases[kind], f"{caller}, {kind}")
            if caller == "anna" and kind is GenerationMode.POSITIVE:
                case.path_parameters |= {key: known[key] for key in case.path_parameters if key in known}
            again = caller != "anna" or name == "sign_out"
            world.call(case, world.headers(caller) if again else signed_in)

    ask()


def test_what_succeeds_is_what_the_description_promises(world: World) -> None:
    for name, operation in OPERATIONS.items():
        if name != EVENTS:
            ordered = {"Authorization": f"Bearer {world.ordered}"}
            headers = ordered if name in WIPES else world.headers("anna")
            answer = world.call(operation.Case(**world.right(name)), headers)
            assert (name, answer.status_code) == (name, 204 if name in WITHOUT_CONTENT else 200)


def test_every_event_is_described() -> None:
    answer = DESCRIPTION["paths"]["/events"]["get"]["responses"]["200"]["content"][wire.EVENTS]
    described = {each["$ref"].rsplit("/", 1)[1] for each in answer["schema"]["oneOf"]}
    assert described == {kind.__name__ for kind in get_args(events.Event)}
