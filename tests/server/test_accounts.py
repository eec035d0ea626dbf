"""Coming in: passwords, sessions, tokens; what a thief, a lost answer and a restored copy do to them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import DeviceInfo, Refresh, Tokens
from govsync.server import accounts, directory, passwords
from govsync.server.db import tables
from govsync.server.db.connect import Database
from tests.server.office import PASSWORD, Office


def code_of(call: Callable[[], object]) -> Code:
    with pytest.raises(Failure) as caught:
        call()
    return caught.value.code


class Home:
    """A desk's home: its device and the newest refresh token that it was handed."""

    def __init__(self, office: Office, login: str = "anna") -> None:
        self.office, self.device = office, office.device()
        self.tokens = office.sign_in(login, self.device)

    def ask(self, old: Tokens | None = None) -> Tokens:
        """Refreshes, and forgets the answer."""
        request = Refresh(refresh=(old or self.tokens).refresh, device=self.device.id)
        return accounts.refresh(self.office.server, request, self.office.ids.chance)

    def refresh(self) -> Tokens:
        """Refreshes; answers the tokens from before."""
        before, self.tokens = self.tokens, self.ask()
        return before

    def let_in(self, tokens: Tokens | None = None) -> bytes:
        return accounts.caller_of(self.office.server, (tokens or self.tokens).access).user


@pytest.fixture
def home(office: Office) -> Home:
    return Home(office)


# Passwords


def test_the_right_password_lets_in(office: Office, home: Home):
    assert home.let_in() == office.anna
    assert (home.tokens.login, home.tokens.name) == ("anna", "Anna")


def test_a_wrong_password_a_wrong_name_and_a_disabled_person_answer_alike(office: Office):
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "boris", "disabled")
    tries = [("anna", "wrong"), ("nobody", PASSWORD), ("boris", PASSWORD)]
    assert {code_of(lambda t=t: office.sign_in(t[0], password=t[1])) for t in tries} == {Code.WRONG_PASSWORD}


def test_a_name_that_is_not_there_costs_the_same_work(office: Office, monkeypatch: pytest.MonkeyPatch):
    office.sign_in("anna")
    with office.server.database.begin() as tx:
        accounts.set_password(office.server, tx, office.anna, PASSWORD)
    compared: list[str] = []
    monkeypatch.setattr(passwords, "fits", lambda stored, _password: bool(compared.append(stored)))
    for login in ("anna", "nobody"):
        code_of(lambda login=login: office.sign_in(login))
    parameters = [stored.split("$")[:4] for stored in compared]
    assert len(parameters) == 2
    assert parameters[0] == parameters[1]


@pytest.mark.parametrize("written", ["ANNA", " anna ", "Anna"])
def test_a_login_is_read_whatever_its_case(office: Office, written: str):
    assert office.sign_in(written).user == office.anna


def test_a_password_is_the_same_in_either_unicode_form(office: Office):
    office.sign_in("anna")
    with office.server.database.begin() as tx:
        accounts.set_password(office.server, tx, office.anna, "한글")
    assert office.sign_in("anna", password="한글").user == office.anna


def test_an_empty_password_is_refused(office: Office):
    with office.server.database.begin() as tx, pytest.raises(Failure):
        accounts.set_password(office.server, tx, office.anna, "")


def test_no_password_or_token_stands_in_the_database_or_a_journal(office: Office, home: Home):
    secrets = [PASSWORD.encode(), home.tokens.refresh.encode(), home.tokens.access.encode()]
    with office.server.database.begin(write=False) as tx:
        stored = tx.execute(select(tables.credential.c.hash)).scalars().first()
        for table in tables.metadata.tables.values():
            for row in tx.execute(select(table)):
                text = repr(row)
                assert not any(repr(secret)[2:-1] in text for secret in secrets)
                if table is not tables.credential:
                    assert stored not in text


# Access tokens


def test_an_access_token_lasts_ten_minutes(office: Office, home: Home):
    office.clock.now_ms += accounts.ACCESS_S * 1000
    assert home.let_in() == office.anna
    office.clock.now_ms += 1
    assert code_of(home.let_in) is Code.TOKEN_EXPIRED


def test_a_token_that_was_touched_or_is_of_the_other_kind_lets_nobody_in(office: Office, home: Home):
    good = home.tokens.access
    other = "B" if good[5] == "A" else "A"
    for bad in ("", "x", "é", good[:-4], good[:5] + other + good[6:], home.tokens.refresh, "A" * 100):
        assert code_of(lambda bad=bad: accounts.caller_of(office.server, bad)) is Code.SIGNED_OUT
    request = Refresh(refresh=good, device=home.device.id)
    assert code_of(lambda: accounts.refresh(office.server, request, office.ids.chance)) is Code.SIGNED_OUT


def test_a_disabled_person_is_out_at_once_and_comes_back_only_by_signing_in(office: Office, home: Home):
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "anna", "disabled")
    assert code_of(home.let_in) is Code.SIGNED_OUT
    assert code_of(home.ask) is Code.SIGNED_OUT
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "anna", "active")
    with pytest.raises(Failure):
        home.ask()
    assert office.sign_in("anna").user == office.anna


def test_signing_out_ends_the_session_of_this_device_alone(office: Office, home: Home):
    other = Home(office)
    accounts.sign_out(office.server, accounts.caller_of(office.server, home.tokens.access))
    assert code_of(home.let_in) is Code.SIGNED_OUT
    assert code_of(home.ask) is Code.SIGNED_OUT
    other.refresh()
    assert other.let_in() == office.anna


# Refresh tokens


def test_a_session_goes_on_by_refreshing(office: Office, home: Home):
    for _ in range(5):
        office.clock.now_ms += accounts.REFRESH_MS // 2
        home.refresh()
        assert home.let_in() == office.anna


def test_a_session_that_nobody_used_for_long_ends(office: Office, home: Home):
    office.clock.now_ms += accounts.REFRESH_MS + 1
    assert code_of(home.ask) is Code.SIGNED_OUT


def test_a_desk_that_lost_the_answer_asks_again_and_stays_signed_in(office: Office, home: Home):
    home.ask()
    home.refresh()
    home.refresh()
    assert home.let_in() == office.anna


def test_an_answer_that_comes_late_is_as_good_as_the_one_that_was_asked_for_again(home: Home):
    late = home.ask()
    home.ask()
    home.tokens = late
    home.refresh()
    home.refresh()


def test_however_often_an_answer_is_lost_the_successors_are_bounded(office: Office, home: Home):
    for _ in range(3 * accounts.MOST_SUCCESSORS):
        home.ask()
    with office.server.database.begin(write=False) as tx:
        t = tables.token.c
        rows = tx.execute(select(t.used).where(t.device == home.device.id)).scalars().all()
    assert len(rows) == accounts.MOST_SUCCESSORS + 1
    home.refresh()
    home.refresh()


def test_an_old_token_signs_the_device_out(office: Office, home: Home):
    stolen = home.refresh()
    home.refresh()
    assert code_of(lambda: home.ask(stolen)) is Code.TOKEN_REUSED
    assert code_of(home.let_in) is Code.SIGNED_OUT
    assert code_of(home.ask) is Code.SIGNED_OUT


def test_a_thief_who_was_quicker_is_signed_out_when_the_owner_comes(office: Office, home: Home):
    stolen = home.ask()
    thiefs = home.ask(stolen)
    assert code_of(home.ask) is Code.TOKEN_REUSED
    assert code_of(lambda: home.ask(thiefs)) is Code.SIGNED_OUT
    assert code_of(lambda: home.let_in(thiefs)) is Code.SIGNED_OUT


def test_a_token_is_bound_to_its_device(office: Office, home: Home):
    request = Refresh(refresh=home.tokens.refresh, device=office.ids.new())
    assert code_of(lambda: accounts.refresh(office.server, request, office.ids.chance)) is Code.SIGNED_OUT


def test_a_device_id_that_is_another_person_s_is_refused(office: Office, home: Home):
    assert code_of(lambda: office.sign_in("boris", home.device)) is Code.DEVICE_CLONED
    assert home.let_in() == office.anna


def test_a_machine_s_odd_name_keeps_nobody_out(office: Office):
    device = DeviceInfo(id=office.ids.new(), name="\x00" + "PC/" * 100, machine="m" * 1000)
    assert office.sign_in("anna", device).user == office.anna


# A database put back from a copy


class Copied(Office):
    """A ministry whose database can be put back, undeclared, to the moment when it was copied."""

    def copy(self) -> None:
        with self.server.database.begin(write=False) as tx:
            self._rows = {
                table: [dict(row) for row in tx.execute(select(table)).mappings()]
                for table in tables.metadata.tables.values()
            }

    def restore(self) -> None:
        with self.server.database.begin() as tx:
            for table, rows in self._rows.items():
                tx.execute(delete(table))
                if rows:
                    tx.execute(table.insert(), rows)


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Copied]:
    with closing(Database(f"sqlite:///{tmp_path / 'server.db'}")) as database:
        yield Copied(database, tmp_path / "store")


@pytest.mark.parametrize("known", [False, True])
def test_sessions_survive_a_restored_copy(copied: Copied, known: bool):
    """Whether the copy knows the device already, or the device signed in after it was made."""
    if not known:
        copied.copy()
    home = Home(copied)
    if known:
        copied.copy()
    for _ in range(3):
        home.refresh()
    copied.restore()
    before = home.refresh()
    assert home.let_in() == copied.anna
    home.ask(before)
    home.refresh()
    assert code_of(lambda: home.ask(before)) is Code.TOKEN_REUSED


def test_a_person_who_was_added_after_the_copy_has_to_be_added_again(copied: Copied):
    office = copied
    copied.copy()
    with office.server.database.begin() as tx:
        dora = directory.add_user(office.server, tx, "dora", "Dora", "Health")
        accounts.set_password(office.server, tx, dora, PASSWORD)
    home = Home(office, "dora")
    copied.restore()
    assert code_of(home.ask) is Code.SIGNED_OUT


def test_a_person_who_is_disabled_in_the_copy_stays_out(copied: Copied):
    office = copied
    copied.copy()
    home = Home(office)
    copied.restore()
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "anna", "disabled")
    assert code_of(home.ask) is Code.SIGNED_OUT


def test_a_server_with_another_key_takes_nobody_s_token(copied: Copied):
    office = copied
    home = Home(office)
    with office.server.database.begin() as tx:
        directory.set_setting(tx, "token_secret", bytes(32))
    assert code_of(home.ask) is Code.SIGNED_OUT
    assert code_of(home.let_in) is Code.SIGNED_OUT
