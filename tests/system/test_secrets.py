"""Secrets are kept in the system's keyring or in a file that says what it is, never in plain text by accident."""

import json
import stat
import subprocess
import sys

import keyring
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as NoKeyring

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.secrets import Secrets
from tests.foreign import changed, damaged

NAME = "https://cloud.example jiwon.kim 00ff"


class Fake(KeyringBackend):
    """A keyring in memory, which can be made to fail."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None

    def _ask(self) -> dict[tuple[str, str], str]:
        if self.error is not None:
            raise self.error
        return self.kept

    def get_password(self, service, username):
        return self._ask().get((service, username))

    def set_password(self, service, username, password):
        self._ask()[service, username] = password

    def delete_password(self, service, username):
        del self._ask()[service, username]


def backend(module: str) -> Fake:
    return type("Keyring", (Fake,), {"__module__": module})()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "home" / "credentials.json"


def with_keyring(monkeypatch, chosen, file, use_file=False) -> Secrets:
    monkeypatch.setattr(keyring, "get_keyring", lambda: chosen)
    return Secrets(file, use_file)


def round_trip(secrets: Secrets) -> None:
    assert secrets.get(NAME) is None
    secrets.put(NAME, "first")
    secrets.put("another", "kept")
    secrets.put(NAME, "second")
    assert secrets.get(NAME) == "second"
    secrets.put(NAME, None)
    secrets.put(NAME, None)
    assert secrets.get(NAME) is None
    assert secrets.get("another") == "kept"


def test_the_file_keeps_secrets_for_its_owner_alone(file):
    secrets = Secrets(file, use_file=True)
    assert secrets.kept_in == "file"
    round_trip(secrets)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert Secrets(file, use_file=True).get("another") == "kept"


@pytest.mark.parametrize(
    "module",
    [f"keyring.backends.{name}" for name in ("SecretService", "libsecret", "kwallet", "Windows", "macOS")],
)
def test_a_keyring_of_the_system_keeps_them_and_no_file_is_made(monkeypatch, file, module):
    chosen = backend(module)
    secrets = with_keyring(monkeypatch, chosen, file)
    assert secrets.kept_in == "keyring"
    round_trip(secrets)
    assert chosen.kept == {("govsync", "another"): "kept"}
    assert not file.exists()


@pytest.mark.parametrize(
    "module",
    ["keyrings.alt.file", "keyring.backends.null", "keyring.backends.SecretService.evil", "builtins"],
)
def test_any_other_keyring_is_passed_over_for_the_file(monkeypatch, file, module):
    chosen = backend(module)
    secrets = with_keyring(monkeypatch, chosen, file)
    assert secrets.kept_in == "file"
    secrets.put(NAME, "first")
    assert chosen.kept == {}
    assert json.loads(file.read_text()) == {NAME: "first"}


def test_of_several_keyrings_the_first_of_the_system_s_is_taken(monkeypatch, file):
    first, second = backend("keyring.backends.SecretService"), backend("keyring.backends.kwallet")
    monkeypatch.setattr(ChainerBackend, "backends", [backend("keyrings.alt.file"), first, second])
    secrets = with_keyring(monkeypatch, ChainerBackend(), file)
    secrets.put(NAME, "first")
    assert first.kept == {("govsync", NAME): "first"}
    assert second.kept == {}


def test_without_a_keyring_the_file_is_taken(monkeypatch, file):
    assert with_keyring(monkeypatch, NoKeyring(), file).kept_in == "file"

    def fail() -> None:
        raise ModuleNotFoundError("no such backend")

    monkeypatch.setattr(keyring, "get_keyring", fail)
    assert Secrets(file, use_file=False).kept_in == "file"


def test_the_file_is_taken_where_it_is_wanted(monkeypatch, file):
    chosen = backend("keyring.backends.SecretService")
    assert with_keyring(monkeypatch, chosen, file, use_file=True).kept_in == "file"


@pytest.mark.parametrize("error", [keyring.errors.KeyringLocked("no"), ConnectionResetError()])
def test_a_keyring_that_does_not_answer_is_said_and_nothing_goes_to_the_file(monkeypatch, file, error):
    chosen = backend("keyring.backends.SecretService")
    secrets = with_keyring(monkeypatch, chosen, file)
    chosen.error = error
    for call in (lambda: secrets.get(NAME), lambda: secrets.put(NAME, "x"), lambda: secrets.put(NAME, None)):
        with pytest.raises(Failure) as raised:
            call()
        assert raised.value.code is Code.NO_KEYRING
    assert not file.exists()


@pytest.mark.parametrize("letter", ["a", "가", "\U0001f600"])
def test_what_is_too_long_for_the_vault_of_windows_is_refused_before_it_is_handed_over(
    monkeypatch, file, letter
):
    chosen = backend("keyring.backends.Windows")
    secrets = with_keyring(monkeypatch, chosen, file)
    most = letter * (1280 // (len(letter.encode("utf-16-le")) // 2))
    secrets.put(NAME, most)
    with pytest.raises(Failure) as raised:
        secrets.put(NAME, most + letter)
    assert raised.value.code is Code.KEYRING_TOO_SMALL
    assert raised.value.facts == {
        "size_bytes": 2560 + len(letter.encode("utf-16-le")),
        "most_bytes": 2560,
    }
    assert secrets.get(NAME) == most
    elsewhere = with_keyring(monkeypatch, backend("keyring.backends.libsecret"), file)
    elsewhere.put(NAME, most + letter)
    assert elsewhere.get(NAME) == most + letter


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "7", f'{{"{NAME}": 7}}', "\xff", '{"x":' + "[" * 100_000, f'{{"{NAME}": "\\ud800"}}', "9" * 5_000,
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_understood_holds_no_secret(file, text):
    file.parent.mkdir()
    file.write_bytes(text.encode("latin-1"))
    secrets = Secrets(file, use_file=True)
    assert secrets.get(NAME) is None
    secrets.put(NAME, "new")
    assert secrets.get(NAME) == "new"


@given(
    changed({NAME: "first", "another": "kept"}).map(json.dumps) | st.text(max_size=60), damaged(b'{"a": "b"}')
)
def test_any_bytes_are_texts_by_name_or_no_secret(tmp_path_factory, text, torn):
    file = tmp_path_factory.mktemp("home") / "credentials.json"
    for data in (text.encode(), torn):
        file.write_bytes(data)
        secrets = Secrets(file, use_file=True)
        assert isinstance(secrets.get(NAME), str | None)
        secrets.put(NAME, "new")
        assert secrets.get(NAME) == "new"


def test_a_home_that_uses_the_file_never_loads_a_keyring(file):
    script = (
        "import sys\nfrom pathlib import Path\nfrom govsync.system.secrets import Secrets\n"
        f"secrets = Secrets(Path({str(file)!r}), use_file=True)\n"
        "secrets.put('a', 'b')\nassert secrets.get('a') == 'b'\nprint('keyring' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
