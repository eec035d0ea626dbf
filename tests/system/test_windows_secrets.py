"""Secrets in the vault of Windows (Credential Manager)."""

import sys

import pytest

if sys.platform != "win32":
    pytest.skip("there is no vault here", allow_module_level=True)

from keyring.backends import Windows
from win32ctypes.pywin32 import pywintypes

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import secrets as module
from govsync.system.secrets import Secrets

pytestmark = pytest.mark.windows

NAME = "https://cloud.example 김지원 00ff"


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SERVICE", "govsync-test")
    found = Secrets(tmp_path / "credentials.json", use_file=False)
    assert found.kept_in == "keyring"
    yield found
    for name in (NAME, "another"):
        found.put(name, None)


def test_the_vault_keeps_each_secret_by_its_name(secrets, tmp_path):
    assert secrets.get(NAME) is None
    secrets.put(NAME, "first")
    secrets.put("another", "kept")
    secrets.put(NAME, "비밀 " * 400)
    assert secrets.get(NAME) == "비밀 " * 400
    assert Secrets(tmp_path / "x", use_file=False).get("another") == "kept"
    secrets.put(NAME, None)
    assert secrets.get(NAME) is None
    assert secrets.get("another") == "kept"
    assert not (tmp_path / "credentials.json").exists()


def test_what_the_vault_refuses_is_said(secrets, monkeypatch):
    def refuse(*_):
        raise pywintypes.error(1312, "CredWrite", "There is no such session.")

    monkeypatch.setattr(Windows.win32cred, "CredWrite", refuse)
    with pytest.raises(Failure) as raised:
        secrets.put(NAME, "first")
    assert raised.value.code is Code.NO_KEYRING
