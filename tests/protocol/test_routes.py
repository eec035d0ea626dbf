"""The table of routes: whole, and in agreement with the tables of codes and limits."""

import re

import pytest

from govsync.model.codes import CODES, Code
from govsync.protocol.limits import DEFAULT
from govsync.protocol.routes import BY_NAME, ROUTES, Route, Shape

every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)


def test_a_name_and_an_address_mean_one_route() -> None:
    assert len(BY_NAME) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


@every_route
def test_a_body_has_a_type_and_a_bound(route: Route) -> None:
    assert (route.takes is Shape.NONE) == (route.request is None)
    assert route.body_bytes <= DEFAULT.chunks_body_bytes
    if route.gives in (Shape.JSON, Shape.FRAMED):
        assert route.response is not None


@every_route
def test_every_refusal_has_a_status(route: Route) -> None:
    assert all(CODES[code].status is not None for code in route.codes)


@every_route
def test_what_is_inside_a_space_may_be_unknown(route: Route) -> None:
    assert (Code.NOT_FOUND in route.codes) == bool(re.search(r"\{\w+\}", route.path))


def test_only_signing_in_needs_no_session() -> None:
    assert {route.name for route in ROUTES if not route.signed_in} == {"sign_in", "refresh"}


def test_a_second_sign_in_or_link_is_not_asked_for_by_itself() -> None:
    assert [route.name for route in ROUTES if not route.repeatable] == ["sign_in"]
