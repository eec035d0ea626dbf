"""Sign-in in a browser: what its cookie is, what a form must prove, and what nobody learns who has not signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.protocol.web import ROOT
from govsync.server import sessions
from govsync.server.bounds import Bounds, Tries
from govsync.server.db import tables
from tests.server.desk import rows
from tests.server.office import PASSWORD
from tests.server.test_discretion import logged
from tests.server.web.person import Person, fields
from tests.server.web.test_handlers import secure
from tests.server.web.town import Town, founded
from tests.server.web.visitor import Seen

PAGES = (
    "",
    "sign-in",
    "fleet",
    "fleet/devices.csv",
    "fleet/devices.json",
    f"fleet/{'A' * 22}",
    f"fleet/{'A' * 22}/wipe",
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with founded(tmp_path) as town:
        town.office.sign_in("anna")
        yield town


@pytest.fixture
def anna(town: Town) -> Person:
    return Person(town.address)


def sessions_of(town: Town) -> int:
    return len(rows(town.office, tables.web_session))


@pytest.mark.parametrize("page", PAGES)
def test_who_has_not_signed_in_is_asked_to_and_told_nothing(town: Town, anna: Person, page: str) -> None:
    seen = secure(anna.get(ROOT + page))
    assert (seen.status, "Sign in" in seen.text) == (403, True)
    assert fields(seen, "sign-in")["place"] == page
    anna.cookies["govsync"] = "A" * 43
    assert secure(anna.get(ROOT + page)).status == 403


def test_one_signs_in_and_is_where_one_wanted_to_be(town: Town, anna: Person) -> None:
    page = f"{ROOT}fleet?state=problem&lang=en"
    assert anna.onward(anna.sign_in("anna", page=page), f"{ROOT}sign-in") == page
    home = secure(anna.get(ROOT))
    assert (home.status, "You are signed in as anna ." in home.text) == (200, True)
    assert anna.onward(anna.get(f"{ROOT}sign-in"), f"{ROOT}sign-in") == ROOT
    assert [row["kind"] for row in rows(town.office, tables.audit)].count("web_sign_in") == 1


def test_the_cookie_is_for_this_server_alone(town: Town, anna: Person) -> None:
    anna.get(ROOT)
    assert anna.cookies.keys() == {"govsync_form"}
    cookie = anna.sign_in("anna").headers["set-cookie"]
    assert cookie.startswith("govsync=")
    assert cookie.partition("; ")[2] == "HttpOnly; Path=/; SameSite=strict"
    safe = Person(town.address)
    safe._headers["X-Forwarded-Proto"] = "https"
    cookie = safe.sign_in("anna").headers["set-cookie"]
    assert cookie.startswith("__Host-govsync=")
    assert cookie.partition("; ")[2] == "HttpOnly; Path=/; SameSite=strict; Secure"
    assert safe.get(ROOT).status == 200
    safe.cookies = {"govsync": safe.cookies["__Host-govsync"]}
    assert safe.get(ROOT).status == 403


def test_a_wrong_name_and_a_wrong_password_are_told_alike(anna: Person) -> None:
    def answer(login: str, password: str) -> tuple[int, str]:
        seen = secure(anna.sign_in(login, password))
        return seen.status, seen.text

    wrong = answer("anna", "wrong")
    assert wrong == answer("nobody", "wrong") == answer("clara", PASSWORD)
    assert wrong[0] == 403
    assert "Account and password do not fit. Try again." in wrong[1]
    page = anna.sign_in("<b>anna", "wrong").body.decode()
    assert 'value="&lt;b&gt;anna"' in page
    assert "<b>anna" not in page
    assert "secret words" not in anna.sign_in("anna", "secret words").body.decode()


def test_too_many_attempts_wait(tmp_path: Path) -> None:
    with founded(tmp_path, Bounds(login_at_address=Tries(2, 60_000))) as town:
        town.office.sign_in("anna")
        anna = Person(town.address)
        for _ in range(2):
            anna.sign_in("anna", "wrong")
        seen = secure(anna.sign_in("anna"))
        assert (seen.status, seen.headers["retry-after"]) == (429, "60")
        assert "Wait a few minutes" in seen.text
        assert Person(town.address, "192.0.2.78").sign_in("anna").status == 303


def test_nobody_signs_a_person_in_from_elsewhere(town: Town, anna: Person) -> None:
    """A page of another site can send the form, but not with the cookie that fits it."""
    mine = Person(town.address)
    stolen = fields(mine.get(ROOT), "sign-in") | {"login": "anna", "password": PASSWORD}
    for form in (stolen, stolen | {"key": ""}, stolen | {"key": sessions.form_key("", "sign-in")}):
        assert secure(anna.post(f"{ROOT}sign-in", form)).status == 400
    anna.get(ROOT)
    assert secure(anna.post(f"{ROOT}sign-in", stolen)).status == 400
    own = fields(anna.get(ROOT), "sign-in") | {"login": "anna", "password": PASSWORD}
    assert secure(anna.post(f"{ROOT}sign-in", own, Sec_Fetch_Site="cross-site")).status == 400
    assert sessions_of(town) == 0
    assert anna.post(f"{ROOT}sign-in", own, Sec_Fetch_Site="same-origin").status == 303


@pytest.mark.parametrize(
    "place",
    [
        "//elsewhere.example",
        "https://elsewhere.example",
        "\\\\elsewhere.example",
        "a\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
        "../../x",
        "/etc",
    ],
)
def test_nobody_is_led_elsewhere_after_the_sign_in(town: Town, anna: Person, place: str) -> None:
    form = fields(anna.get(ROOT), "sign-in") | {"login": "anna", "password": PASSWORD, "place": place}
    answer = anna.post(f"{ROOT}sign-in", form)
    assert answer.status == 303
    assert answer.headers["location"].startswith("./")
    assert anna.onward(answer, f"{town.address}{ROOT}sign-in").startswith(f"{town.address}/")


def test_one_signs_out_by_a_form_of_that_session_alone(town: Town, anna: Person) -> None:
    anna.sign_in("anna")
    other = Person(town.address)
    other.sign_in("anna")
    foreign = fields(other.get(ROOT), "sign-out")
    for form in ({}, {"key": ""}, foreign):
        assert secure(anna.post(f"{ROOT}sign-out", form)).status == 400
    token = anna.cookies["govsync"]
    assert anna.onward(anna.send(ROOT, "sign-out"), f"{ROOT}sign-out") == ROOT
    assert anna.get(ROOT).status == 403
    anna.cookies["govsync"] = token
    assert anna.get(ROOT).status == 403
    assert other.get(ROOT).status == 200
    assert sessions_of(town) == 1


def test_a_session_that_is_over_asks_anew(town: Town, anna: Person) -> None:
    anna.sign_in("anna")
    town.office.clock.now_ms += sessions.UNUSED_MS
    seen = secure(anna.get(f"{ROOT}fleet"))
    assert (seen.status, "Sign in" in seen.text) == (403, True)


def test_what_is_no_page_is_none(anna: Person) -> None:
    def told(seen: Seen) -> tuple[int, str]:
        secure(seen)
        return seen.status, seen.text

    anna.sign_in("anna")
    nothing = told(anna.get(f"{ROOT}nothing"))
    assert (nothing[0], "Nothing is here" in nothing[1]) == (404, True)
    assert told(anna.get(f"{ROOT}static/../secret")) == nothing
    assert anna.get(f"{ROOT}static/style.css").status == 200


@pytest.mark.parametrize(("accept", "said"), [("ko", "로그인"), ("sr", "Пријава"), ("sr-Latn", "Prijava")])
def test_it_is_said_in_the_language_of_the_browser(town: Town, accept: str, said: str) -> None:
    assert said in Person(town.address, accept=accept).get(ROOT).text


def test_no_log_has_a_name_a_password_or_a_token(town: Town, anna: Person) -> None:
    with logged() as log:
        anna.sign_in("anna", "wrong word")
        anna.sign_in("anna")
        anna.get(ROOT)
    text = log.getvalue()
    assert "web_home 200" in text
    for secret in ("anna", "wrong word", PASSWORD, anna.cookies["govsync"], anna.cookies["govsync_form"]):
        assert secret not in text
