"""Every call of the table by somebody who may not make it: the code that belongs there, and no word of what is there, neither
in an answer nor in a log."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.links import MakeLink
from govsync.protocol.routes import ROUTES, Route, Shape
from govsync.protocol.session import DeviceInfo, Refresh, Role, SignIn
from govsync.protocol.wire import encode_json
from govsync.server import links, spaces, wipes
from govsync.server.accounts import ACCESS_S
from govsync.server.discreet import Discreet
from tests.server.conftest import Served
from tests.server.desk import Desk, give_role
from tests.server.line import Answer, Caller, framed
from tests.server.office import PASSWORD
from tests.server.test_bad_requests import call

SIGNED_IN = [route for route in ROUTES if route.signed_in]
PLANTED = "Zwiebelkuchen"
"""Stands in every name, text and content of these tests, and nowhere else."""


def of_clara(served: Served) -> dict[str, bytes]:
    """What is Clara's alone: a space, and a file in it."""
    clara = Desk(served.office, "clara")
    state = clara.save(f"{PLANTED}.txt", PLANTED.encode() * 20)
    assert state.rev is not None
    request = MakeLink(key=served.office.ids.chance(32), node=state.node)
    link = links.make(served.office.server, clara.caller, clara.space, request)
    with served.office.server.database.begin() as tx:
        assert wipes.order(served.office.server, tx, clara.caller.device)
        order = wipes.standing(tx, [clara.caller.device])[clara.caller.device].id
    return {"space": clara.space, "node": state.node, "rev": state.rev, "link": link.link, "order": order}


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything that anybody logs meanwhile, down to what an operator may ask for."""
    text = io.StringIO()
    handler, root = logging.StreamHandler(text), logging.getLogger()
    handler.setFormatter(Discreet())
    level, ways = root.level, logging.getLogger("uvicorn.access")
    propagated, ways.propagate = ways.propagate, True
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        ways.propagate = propagated


@pytest.mark.parametrize("route", SIGNED_IN, ids=lambda route: route.name)
def test_each_call_has_its_code_for_a_stranger_an_expired_token_and_another_s_space(
    served: Served, route: Route
):
    there = of_clara(served)
    late = served.office.sign_in("boris").access
    served.office.clock.now_ms += ACCESS_S * 1000 + 1
    outside = Caller(served.caller.address, served.office.sign_in("boris").access)
    strangers = [Caller(served.caller.address), Caller(served.caller.address, "x" * 40)]
    assert [call(each, route, **there).code for each in strangers] == [Code.SIGNED_OUT] * 2
    assert call(Caller(served.caller.address, late), route, **there).code is Code.TOKEN_EXPIRED
    if "{space}" in route.path:
        answer = call(outside, route, **there)
        assert answer.code is Code.NOT_FOUND
        assert sorted(answer.headers) == ["content-length", "content-type", "govsync-api"]
        assert set(route.codes) >= {Code.SIGNED_OUT, Code.TOKEN_EXPIRED, Code.NOT_FOUND}


def test_no_name_byte_or_token_is_logged_or_stands_in_a_refusal(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    office = served.office
    device = DeviceInfo(id=office.ids.new(), name=PLANTED, machine=PLANTED)
    wrong = SignIn(login=PLANTED, password=PLANTED, device=device)
    anybody = Caller(served.caller.address)
    refusals: list[Answer] = []
    secrets = [PLANTED, PASSWORD]
    with logged() as log:
        there = of_clara(served)
        tokens = office.sign_in("anna", device)
        secrets += [tokens.access, tokens.refresh]
        anna = Caller(served.caller.address, tokens.access)
        refusals.append(anybody.call("POST", "/sessions", encode_json(wrong)))
        refusals.append(anybody.call("POST", "/sessions", PLANTED.encode()))
        stolen = Refresh(refresh=tokens.refresh, device=office.ids.new())
        refusals.append(anybody.call("POST", "/sessions/refresh", encode_json(stolen)))
        refusals.append(anybody.call("GET", f"/{PLANTED}?{PLANTED}={PLANTED}"))
        for route in ROUTES:
            if route.gives is Shape.EVENTS or route.name == "sign_out":
                continue
            refusals.append(
                anna.call(
                    route.method,
                    route.path.format(space=PLANTED, node=PLANTED, rev=PLANTED, link=PLANTED, order=PLANTED),
                )
            )
            for body in (PLANTED.encode(), framed({PLANTED: PLANTED}), framed([PLANTED])):
                path = route.path.format(**{name: ids.to_text(value) for name, value in there.items()})
                refusals.append(
                    anna.call(route.method, f"{path}?after={PLANTED}&before={PLANTED}&seq={PLANTED}", body)
                )

        def mistaken(*_: object) -> None:
            raise ValueError(f"{PLANTED} of {tokens.access}") from KeyError(PLANTED)

        monkeypatch.setattr(spaces, "heads", mistaken)
        mistake = anna.call("GET", "/heads")

        def refuse(*_: object) -> None:
            raise Failure(Code.NAME_ILLEGAL, name=PLANTED)

        monkeypatch.setattr(spaces, "me", refuse)
        refusals.append(anna.call("GET", "/me"))
    assert mistake.code is Code.INTERNAL
    refused = [each for each in refusals if each.status >= 400]
    assert len(refused) > len(ROUTES)
    for each in (*refused, mistake):
        assert [
            secret for secret in secrets if secret.encode() in each.body or secret in repr(each.headers)
        ] == []
    said = log.getvalue()
    assert [secret for secret in secrets if secret in said] == []
    # And yet what an operator needs is there.
    assert "heads 500" in said
    assert "mistaken" in said
    assert "builtins.KeyError" in said
    assert "builtins.ValueError" in said


def test_who_may_only_look_is_told_so_and_nothing_is_changed(served: Served):
    team = Desk(served.office, "boris", "Planning")
    give_role(served.office, team.space, served.office.clara, Role.VIEWER)
    clara = Caller(served.caller.address, served.office.sign_in("clara").access)
    [chunks] = [route for route in ROUTES if route.name == "chunks"]
    assert call(clara, chunks, space=team.space).code is Code.NO_RIGHT
