"""Signing in with what policy has fixed: nothing is asked, nothing else is taken, and what the organisation fixes is there
before the first look at the folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.agent import accounts, fixed, home
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import fixed as on_server
from govsync.server.db.connect import Database
from govsync.settings.values import values
from govsync.system import policy
from govsync.system.machine import user_name
from govsync.system.places import Places, places
from tests.server.office import PASSWORD, Office
from tests.server.serving import serving


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    policy.FOLDER.mkdir()
    return places({"GOVSYNC_HOME": str(tmp_path / "home"), "GOVSYNC_CREDENTIALS": "file"})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    made = Office(database, tmp_path / "store")
    made.sign_in("anna")  # Gives her the password.
    yield made
    database.close()


@pytest.fixture
def endpoint(office: Office) -> Iterator[str]:
    with serving(office.server) as address:
        yield address


def say(text: str) -> None:
    (policy.FOLDER / "10.toml").write_text(text)


def refusal(work: object, *arguments: object) -> Code:
    with pytest.raises(Failure) as raised:
        work(*arguments)  # type: ignore[operator]
    return raised.value.code


def test_a_sign_in_takes_the_folder_that_policy_names(here, endpoint, tmp_path):
    say(
        f'"endpoint.url" = "{endpoint}"\n"folder.path" = "{{home}}/Work of {{user}}"\n"folder.locked" = true\n'
    )
    accounts.sign_in(here, endpoint, "anna", PASSWORD)
    found = home.load(here, bytes(16))
    assert Path(found.folder) == tmp_path / "person" / f"Work of {user_name()}"
    assert found.root_of() is not None
    assert refusal(accounts.set_folder, here, tmp_path / "elsewhere") is Code.SETTING_FIXED
    assert not (tmp_path / "elsewhere").exists()
    accounts.set_folder(here, Path(found.folder))
    say('"folder.path" = "{home}/Work"\n')
    accounts.set_folder(here, tmp_path / "elsewhere")


def test_a_folder_that_is_fixed_beats_the_one_that_the_home_had_and_else_it_does_not(here, tmp_path):
    had = home.Identity(device="00" * 16, name="PC", machine="m", folder=str(tmp_path / "had"))
    for locked, expected in (("false", "had"), ("true", "person/GovSync")):
        say(f'"folder.locked" = {locked}\n')
        settings = values(home.settings(here)[0])
        assert home.folder_of(settings, had) == tmp_path / expected
        assert home.folder_of(settings) == tmp_path / "person" / "GovSync"


def test_nobody_signs_in_elsewhere_than_where_policy_says_and_is_not_even_sent_there(here, endpoint):
    say('"endpoint.url" = "https://drive.example.gov"\n"endpoint.locked" = true\n')
    assert refusal(accounts.sign_in, here, endpoint, "anna", PASSWORD) is Code.SETTING_FIXED
    assert refusal(home.set_setting, here, "endpoint.url", endpoint) is Code.SETTING_FIXED
    say('"endpoint.url" = "https://drive.example.gov"\n')
    accounts.sign_in(here, endpoint, "anna", PASSWORD)


def test_an_address_without_a_name_locks_nothing(here, endpoint):
    say('"endpoint.locked" = true\n')
    accounts.sign_in(here, endpoint + "/", "anna", PASSWORD)
    assert home.load(here, bytes(16)).endpoint == endpoint


def test_what_the_organisation_fixes_is_there_after_the_sign_in_and_forgotten_after_the_sign_out(
    here, endpoint, office
):
    with office.server.database.begin() as tx:
        on_server.fix(office.server, tx, "Interior", "sync.max_file_size", "2 GB")
    here.endpoint_policy.parent.mkdir(parents=True, exist_ok=True)
    here.endpoint_policy.write_text('"app.language" = "ko"\n')
    accounts.sign_in(here, endpoint, "anna", PASSWORD)
    assert fixed.kept(here)[0] == {"sync.max_file_size": "2 GB"}
    assert home.settings(here)[0]["sync.max_file_size"].source == "endpoint"
    accounts.sign_out(here)
    assert not here.endpoint_policy.exists()
    assert home.settings(here)[0]["sync.max_file_size"].source == "default"


def test_a_desk_that_was_wiped_has_left_and_one_that_was_not_has_not(here, endpoint, office, monkeypatch):
    with office.server.database.begin() as tx:
        on_server.fix(office.server, tx, "Interior", "sync.max_file_size", "2 GB")
    accounts.sign_in(here, endpoint, "anna", PASSWORD)

    def refused(*_: object) -> None:
        raise Failure(Code.NOT_FOUND)

    monkeypatch.setattr(accounts, "obey", refused)
    assert refusal(accounts.wipe, here, bytes(16)) is Code.NOT_FOUND
    assert fixed.kept(here)[0] == {"sync.max_file_size": "2 GB"}
    monkeypatch.setattr(accounts, "obey", lambda *_: None)
    accounts.wipe(here, bytes(16))
    assert not here.endpoint_policy.exists(), (
        "what the organisation has fixed goes with the session, as at every sign-out"
    )
    assert refusal(accounts.wipe, here, bytes(16)) is Code.SIGNED_OUT


def test_a_server_that_does_not_say_what_is_fixed_keeps_nobody_out(here, endpoint, monkeypatch):
    def silent(_: object) -> None:
        raise Failure(Code.STORE_UNAVAILABLE)

    monkeypatch.setattr("govsync.remote.http.HttpCalls.policy", silent)
    here.endpoint_policy.parent.mkdir(parents=True, exist_ok=True)
    here.endpoint_policy.write_text('"app.language" = "ko"\n')
    accounts.sign_in(here, endpoint, "anna", PASSWORD)
    assert home.load(here, bytes(16)).login == "anna"
    assert not here.endpoint_policy.exists(), "another's is nobody's"


def test_a_sign_out_removes_files_only_where_it_is_asked_to(here, endpoint, monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr(accounts, "remove_files", lambda _, identity, __: asked.append(identity.login))
    for remove in (False, True):
        accounts.sign_in(here, endpoint, "anna", PASSWORD)
        accounts.sign_out(here, remove)
        assert asked == ["anna"] * remove
