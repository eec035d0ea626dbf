"""Sessions in a browser: who begins one, what ends it, and that neither database nor replica matters."""

from functools import partial

import pytest
from sqlalchemy import update

from govsync.model.codes import Code
from govsync.server import accounts, directory, epochs, fleet_right, sessions, upkeep
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.sessions import LONGEST_MS, MOST_OF_ONE, UNUSED_MS
from tests.server.desk import rows
from tests.server.office import PASSWORD, Office, code_of

MINUTE_MS = 60_000
ADDRESS = "192.0.2.9"


@pytest.fixture
def anna(office: Office) -> Office:
    """Anna has a password."""
    office.sign_in("anna")
    return office


def begin(office: Office, login: str = "anna", password: str = PASSWORD) -> str:
    return sessions.begin(office.server, login, password, office.ids.chance, ADDRESS)


def works(office: Office, token: str) -> bool:
    code = code_of(lambda: sessions.session_of(office.server, token))
    assert code in (None, Code.SIGNED_OUT)
    return code is None


def test_a_session_is_its_person_s_and_the_database_does_not_know_its_token(anna: Office) -> None:
    token = begin(anna, " ANNA ")
    session = sessions.session_of(anna.server, token)
    assert (session.user, session.login, session.name) == (anna.anna, "anna", "Anna")
    assert session.caller.device == directory.NOBODY
    [row] = rows(anna, tables.web_session)
    assert token.encode() not in repr(row).encode()
    assert not works(anna, str(row["hash"]))
    assert not works(anna, "")
    assert not works(anna, token[:-1])


def test_it_ends_when_it_is_not_used_for_an_hour_and_after_a_working_day(anna: Office) -> None:
    unused, used = begin(anna), begin(anna)
    anna.clock.now_ms += UNUSED_MS - 1
    assert works(anna, used)
    anna.clock.now_ms += 1
    assert not works(anna, unused)
    begun_ms = anna.clock.now_ms - UNUSED_MS
    while anna.clock.now_ms - begun_ms < LONGEST_MS - 30 * MINUTE_MS:
        assert works(anna, used)
        anna.clock.now_ms += 30 * MINUTE_MS
    assert works(anna, used)
    anna.clock.now_ms = begun_ms + LONGEST_MS
    assert not works(anna, used)


def test_not_every_use_is_a_write(anna: Office) -> None:
    token = begin(anna)
    began_ms = anna.clock.now_ms
    anna.clock.now_ms += MINUTE_MS - 1
    assert works(anna, token)
    [row] = rows(anna, tables.web_session)
    assert row["used_ms"] == began_ms
    anna.clock.now_ms += 1
    assert works(anna, token)
    [row] = rows(anna, tables.web_session)
    assert row["used_ms"] == began_ms + MINUTE_MS


def test_what_is_over_is_swept(anna: Office) -> None:
    begin(anna)
    anna.clock.now_ms += UNUSED_MS // 2
    kept = begin(anna)
    anna.clock.now_ms += UNUSED_MS // 2
    upkeep.turn(anna.server)
    assert len(rows(anna, tables.web_session)) == 1
    assert works(anna, kept)


def test_signing_out_ends_one_and_a_new_password_and_shutting_out_end_all(anna: Office) -> None:
    one, other = begin(anna), begin(anna)
    sessions.end(anna.server, sessions.session_of(anna.server, one))
    assert [works(anna, each) for each in (one, other)] == [False, True]
    with anna.server.database.begin() as tx:
        accounts.set_password(anna.server, tx, anna.anna, "another")
    assert not works(anna, other)
    third = begin(anna, password="another")
    for state in ("disabled", "active"):
        with anna.server.database.begin() as tx:
            directory.set_user_state(anna.server, tx, "anna", state)
        assert not works(anna, third)


def test_who_is_shut_out_is_nobody_whatever_stands_in_the_table(anna: Office) -> None:
    token = begin(anna)
    with anna.server.database.begin() as tx:
        tx.execute(update(tables.user).where(tables.user.c.login == "anna").values(state="disabled"))
    assert not works(anna, token)
    assert code_of(lambda: begin(anna)) is Code.WRONG_PASSWORD


def test_a_copy_that_is_put_back_brings_no_session_back(anna: Office) -> None:
    token = begin(anna)
    epochs.restored(anna.server)
    assert not works(anna, token)


def test_a_password_that_is_changed_meanwhile_begins_nothing(
    anna: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = accounts.prove

    def changed(server: Server, *given: str) -> object:
        proven = prove(server, *given)
        with server.database.begin() as tx:
            accounts.set_password(server, tx, anna.anna, "another")
        return proven

    monkeypatch.setattr(accounts, "prove", changed)
    assert code_of(lambda: begin(anna)) is Code.WRONG_PASSWORD
    assert rows(anna, tables.web_session) == []


def test_nobody_has_any_number_of_them(anna: Office) -> None:
    anna.sign_in("boris")
    of_boris = begin(anna, "boris")
    tokens = []
    for _ in range(MOST_OF_ONE + 2):
        tokens.append(begin(anna))
        anna.clock.now_ms += 1
    assert [works(anna, each) for each in tokens] == [False, False] + [True] * MOST_OF_ONE
    assert works(anna, of_boris)


def test_attempts_are_counted_with_those_of_devices(anna: Office) -> None:
    for _ in range(10):
        assert code_of(lambda: begin(anna, password="wrong")) is Code.WRONG_PASSWORD
    assert code_of(lambda: begin(anna)) is Code.TOO_MANY_REQUESTS
    assert code_of(lambda: begin(anna, "nobody", "wrong")) is Code.WRONG_PASSWORD


def test_the_key_of_a_form_is_for_that_form_of_that_session(anna: Office) -> None:
    one, other = begin(anna), begin(anna)
    key = sessions.form_key(one, "wipe")
    sessions.require_form(one, "wipe", key)
    for token, form, given in (
        (one, "keep", key), (other, "wipe", key), (one, "wipe", ""), (one, "wipe", "é"), ("", "wipe", sessions.form_key("", "wipe")),
    ):  # fmt: skip
        assert code_of(partial(sessions.require_form, token, form, given)) is Code.BAD_REQUEST


def test_the_right_to_a_fleet_is_given_and_taken_and_noted(anna: Office) -> None:
    def has(login: str) -> bool:
        with anna.server.database.begin(write=False) as tx:
            return fleet_right.has(tx, getattr(anna, login))

    def decide(login: str, right: bool) -> None:
        with anna.server.database.begin() as tx:
            fleet_right.decide(anna.server, tx, login, right)

    assert not has("anna")
    decide(" Anna", True)
    assert (has("anna"), has("boris")) == (True, False)
    with anna.server.database.begin() as tx:
        directory.set_user_state(anna.server, tx, "anna", "disabled")
    assert not has("anna")
    decide("anna", False)
    with anna.server.database.begin() as tx:
        directory.set_user_state(anna.server, tx, "anna", "active")
    assert not has("anna")
    assert code_of(lambda: decide("nobody", True)) is Code.NOT_FOUND
    assert [row["kind"] for row in rows(anna, tables.audit)].count("fleet_right") == 2
