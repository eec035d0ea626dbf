"""A desk that is too old for this server is told so by every call but those that it needs to part in peace."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.routes import BY_NAME, ROUTES
from govsync.server import releases, spaces
from govsync.server.db.connect import Database
from tests.server.line import Caller
from tests.server.office import Office
from tests.server.serving import serving

PARTING = {
    "refresh", "sign_out", "policy", "spaces", "health", "begin_wipe", "end_wipe", "heads", "events", "nodes", "known", "missing",
}  # fmt: skip


@pytest.mark.parametrize(
    ("program", "least", "is_refused"),
    [
        ("govsync/1.2", "1.3", True),
        ("govsync/1.3", "1.3", False),
        ("govsync/1.3.0-rc1", "1.3", True),
        ("govsync/1.3", "1.3.0", False),
        ("govsync/1.10", "1.9", False),
        ("govsync/0.1.dev7+gabc", "1", True),
        ("govsync/strange", "1.3", False),
        ("govsync", "1.3", False),
        ("", "1.3", False),
        ("curl/1.0", "1.3", False),
        ("govsync/0.1", "", False),
    ],
)
def test_what_is_known_to_be_older_is_refused(program: str, least: str, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(Failure) as raised:
            releases.require(program, least)
        assert raised.value.code is Code.CLIENT_TOO_OLD
    else:
        releases.require(program, least)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[tuple[Caller, Caller]]:
    """Answers Anna's calls, and a stranger's, to a server that wants newer desks."""
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    office = Office(database, tmp_path / "store")
    server = msgspec.structs.replace(office.server, least_client="2.0")
    with serving(server) as address:
        yield Caller(address, office.sign_in("anna").access), Caller(address)
    database.close()


def code(caller: Caller, name: str, version: str) -> Code | None:
    """Answers with what a call of a desk of a version is refused; an id in its path is nobody's."""
    route = BY_NAME[name]
    nobody = {each: ids.to_text(bytes(16)) for each in ("space", "rev", "node", "link", "order")}
    answer = caller.call(
        route.method, route.path.format(**nobody), b"{}", **{"User-Agent": f"govsync/{version}"}
    )
    return None if answer.status < 300 else answer.code


def test_an_old_desk_is_refused_what_it_does_not_need_to_part_in_peace(old: tuple[Caller, Caller]) -> None:
    anna, stranger = old
    others = {route.name for route in ROUTES} - PARTING
    assert {route.name for route in ROUTES if route.any_version} == PARTING
    assert {code(anna, name, "1.9") for name in others} == {Code.CLIENT_TOO_OLD}
    assert code(stranger, "sign_in", "1.9") is Code.CLIENT_TOO_OLD
    assert code(stranger, "me", "1.9") is Code.SIGNED_OUT
    asked = [*sorted(PARTING - {"events", "sign_out"}), "sign_out"]
    assert Code.CLIENT_TOO_OLD not in {code(anna, name, "1.9") for name in asked}


def test_a_desk_that_is_new_enough_is_refused_nothing_by_its_version(old: tuple[Caller, Caller]) -> None:
    anna, _ = old
    asked = {route.name for route in ROUTES} - {"events", "sign_out"}
    assert Code.CLIENT_TOO_OLD not in {code(anna, name, "2.0") for name in asked}


def test_every_desk_is_told_the_oldest_version(office: Office) -> None:
    server = msgspec.structs.replace(office.server, least_client="2.0")
    assert spaces.me(server, office.caller("anna"), "2.1").min_client == "2.0"
