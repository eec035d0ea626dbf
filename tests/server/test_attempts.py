"""Guessing passwords is slowed, and nobody keeps a colleague out by guessing wrong on purpose."""

import msgspec
import pytest
from sqlalchemy import select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import DeviceInfo, Refresh, SignIn
from govsync.protocol.wire import encode_json
from govsync.server import accounts, attempts, upkeep
from govsync.server.bounds import Bounds, Tries
from govsync.server.db import tables
from tests.server.line import Caller
from tests.server.office import PASSWORD, Office, code_of
from tests.server.serving import serving
from tests.server.test_oracle import work

MINUTE_MS = 60_000
BOUNDS = Bounds(
    login_at_address=Tries(3, 5 * MINUTE_MS), address=Tries(7, 5 * MINUTE_MS), login=Tries(5, MINUTE_MS),
    device_at_address=Tries(3, 5 * MINUTE_MS), device=Tries(5, MINUTE_MS),
)  # fmt: skip
"""Smaller than those of a server: a password is slow to compare on purpose."""
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def try_in(
    office: Office, login: str = "anna", at: str = HERE, password: str = "wrong", on: DeviceInfo | None = None
) -> Code | None:
    """Signs in; answers with which code that was refused."""
    request = SignIn(login=login, password=password, device=on or office.device())
    return code_of(lambda: accounts.sign_in(office.server, request, office.ids.chance, at))


def guess(office: Office, count: int, **how: object) -> None:
    """Makes attempts that are wrong."""
    for _ in range(count):
        assert try_in(office, **how) is Code.WRONG_PASSWORD  # type: ignore[arg-type]


def addresses(count: int) -> list[str]:
    return [f"203.0.113.{number}" for number in range(count)]


def bounded(office: Office, **bounds: Tries) -> Office:
    office.server = msgspec.structs.replace(office.server, bounds=Bounds(**bounds))
    return office


@pytest.fixture
def office(office: Office) -> Office:
    office.server = msgspec.structs.replace(office.server, bounds=BOUNDS)
    return office


@pytest.fixture
def known(office: Office) -> DeviceInfo:
    """Anna's device, on which she has signed in before."""
    device = office.device()
    office.sign_in("anna", device)
    return device


def test_after_some_failures_a_login_waits_there_and_then_may_try_again(office: Office, known: DeviceInfo):
    guess(office, BOUNDS.login_at_address.most)
    assert try_in(office, password=PASSWORD) is Code.TOO_MANY_REQUESTS
    office.clock.now_ms += BOUNDS.login_at_address.window_ms - 1
    assert try_in(office, password=PASSWORD) is Code.TOO_MANY_REQUESTS
    office.clock.now_ms += 1
    assert try_in(office, password=PASSWORD) is None


def test_it_is_said_how_long_to_wait(office: Office):
    guess(office, BOUNDS.login_at_address.most)
    office.clock.now_ms += 1_000
    with pytest.raises(Failure) as caught:
        office.sign_in("anna")
    assert caught.value.facts == {"wait_ms": BOUNDS.login_at_address.window_ms - 1_000}


def test_a_guesser_elsewhere_keeps_nobody_out(office: Office, known: DeviceInfo):
    """Not on a device that is new, either: what he may try is used up before what all may try together."""
    guess(office, BOUNDS.login_at_address.most, at=ELSEWHERE)
    assert try_in(office, at=ELSEWHERE, password=PASSWORD) is Code.TOO_MANY_REQUESTS
    assert try_in(office, at=HERE, password=PASSWORD) is None
    assert try_in(office, "boris", at=ELSEWHERE) is Code.WRONG_PASSWORD


def test_a_guesser_with_many_addresses_is_slowed_for_a_minute_at_a_time(office: Office, known: DeviceInfo):
    for address in addresses(BOUNDS.login.most):
        guess(office, 1, at=address)
    assert try_in(office, at=HERE, password=PASSWORD) is Code.TOO_MANY_REQUESTS
    office.clock.now_ms += BOUNDS.login.window_ms
    assert BOUNDS.login.window_ms < BOUNDS.login_at_address.window_ms
    assert try_in(office, at=HERE, password=PASSWORD) is None


def test_a_device_that_the_person_has_is_let_in_meanwhile_and_its_session_goes_on(office: Office):
    device = office.device()
    tokens = office.sign_in("anna", device)
    for address in addresses(BOUNDS.login.most):
        guess(office, 1, at=address)
    for number in range(BOUNDS.address.most):
        try_in(office, f"guess{number}", at=HERE)
    assert try_in(office, "boris", at=HERE, password=PASSWORD) is Code.TOO_MANY_REQUESTS
    assert try_in(office, at=HERE, password=PASSWORD, on=device) is None
    tokens = office.sign_in("anna", device)
    request = Refresh(refresh=tokens.refresh, device=device.id)
    assert accounts.refresh(office.server, request, office.ids.chance).user == office.anna


def test_a_known_device_is_no_way_to_guess(office: Office, known: DeviceInfo):
    guess(office, BOUNDS.device_at_address.most, on=known)
    assert try_in(office, on=known, password=PASSWORD) is Code.TOO_MANY_REQUESTS
    office.clock.now_ms += BOUNDS.device_at_address.window_ms
    for address in addresses(BOUNDS.device.most):
        guess(office, 1, at=address, on=known)
    assert try_in(office, at=ELSEWHERE, on=known, password=PASSWORD) is Code.TOO_MANY_REQUESTS
    assert try_in(office, at=ELSEWHERE, password=PASSWORD) is None


def test_a_device_counts_for_itself_only_with_the_login_of_its_person(office: Office, known: DeviceInfo):
    """Else any device would be good for another's login."""
    for address in addresses(BOUNDS.login.most):
        guess(office, 1, login="boris", at=address, on=known)
    assert try_in(office, "boris", on=known) is Code.TOO_MANY_REQUESTS


def test_an_address_that_tries_many_names_waits(office: Office):
    bounded(office, address=Tries(3, 1_000))
    for number in range(3):
        guess(office, 1, login=f"guess{number}")
    assert try_in(office) is Code.TOO_MANY_REQUESTS
    assert try_in(office, at=ELSEWHERE) is Code.WRONG_PASSWORD


def test_a_whole_office_behind_one_address_may_come_in(office: Office):
    bounded(office, address=Tries(3, 1_000), login=Tries(3, 1_000))
    for _ in range(10):
        assert office.sign_in("anna").user == office.anna


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "unix", False),
    ],
)
def test_who_has_a_whole_network_has_one_address(office: Office, one: str, other: str, same: bool):
    bounded(office, address=Tries(1, 1_000))
    guess(office, 1, at=one)
    assert (try_in(office, "clara", at=other) is Code.TOO_MANY_REQUESTS) is same


def test_what_is_refused_is_not_counted_and_writes_nothing(office: Office):
    """A flood of it would keep the commits waiting."""
    guess(office, BOUNDS.login_at_address.most)
    before = rows(office)
    with work(office) as done:
        assert try_in(office) is Code.TOO_MANY_REQUESTS
    assert {each.split()[0] for each in done} <= {"BEGIN", "SELECT"}
    assert not any("IMMEDIATE" in each for each in done)
    assert rows(office) == before
    office.clock.now_ms += BOUNDS.login_at_address.window_ms
    guess(office, 1)


def test_nobody_is_counted_by_a_name_that_can_be_read(office: Office):
    """People type passwords where the login belongs."""
    guess(office, 1, login=PASSWORD)
    assert PASSWORD not in repr(rows(office))
    assert HERE not in repr(rows(office))


@pytest.mark.parametrize("login", ["", " ", "an\0na", "a" * 10_000, "\u202e", "\ud55c\uae00"])
def test_a_login_that_can_be_none_answers_like_a_wrong_one(office: Office, login: str):
    assert try_in(office, login) is Code.WRONG_PASSWORD


def test_what_counts_no_more_is_swept_by_the_upkeep(office: Office):
    guess(office, 1, login="nobody")
    office.clock.now_ms += BOUNDS.longest_window_ms - 1
    upkeep.turn(office.server)
    assert len(rows(office)) == 3
    office.clock.now_ms += 1
    upkeep.turn(office.server)
    assert rows(office) == []


def test_what_a_wrong_clock_dated_keeps_nobody_out(office: Office):
    office.clock.now_ms += 1_000_000_000
    guess(office, BOUNDS.login_at_address.most)
    office.clock.now_ms -= 1_000_000_000
    assert try_in(office) is Code.WRONG_PASSWORD
    attempts.sweep(office.server)
    assert len(rows(office)) == 3


def rows(office: Office) -> list[object]:
    with office.server.database.begin(write=False) as tx:
        return [tuple(row) for row in tx.execute(select(tables.attempt).order_by(tables.attempt.c.subject))]


# Whence


def said_by_a_proxy(office: Office, address: str, client: str, device: DeviceInfo) -> Code:
    body = encode_json(SignIn(login="anna", password="wrong", device=device))
    return Caller(address).call("POST", "/sessions", body, **{"X-Forwarded-For": client}).code


def test_a_proxy_is_believed_only_where_the_operator_named_it(office: Office):
    bounded(office, login_at_address=Tries(1, 60_000))
    tries = [(HERE, Code.WRONG_PASSWORD), (ELSEWHERE, Code.WRONG_PASSWORD), (HERE, Code.TOO_MANY_REQUESTS)]
    with serving(office.server, proxies=["127.0.0.0/8"]) as address:
        for client, code in tries:
            assert said_by_a_proxy(office, address, client, office.device()) is code
        # What a client itself wrote there is before the proxy's word.
        assert (
            said_by_a_proxy(office, address, f"203.0.113.9, {ELSEWHERE}", office.device())
            is Code.TOO_MANY_REQUESTS
        )
    for proxies in ([], ["192.0.2.0/24"]):
        with office.server.database.begin() as tx:
            tx.execute(tables.attempt.delete())
        with serving(office.server, proxies=proxies) as address:
            assert said_by_a_proxy(office, address, HERE, office.device()) is Code.WRONG_PASSWORD
            assert said_by_a_proxy(office, address, ELSEWHERE, office.device()) is Code.TOO_MANY_REQUESTS
