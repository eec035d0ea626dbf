"""Where a device's refresh token is kept: the person's keyring, or a file that only the person can read.

The only module that knows keyring. Only what the operating systems themselves offer counts as one: a backend that keeps
secrets in plain text, by whatever way it got here, is passed over for our own file, which says what it is. keyring is imported
where it is asked for: a home that keeps its secrets in the file starts without.
"""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.problems import MALFORMED, Failure
from govsync.system.durable import replace_file
from govsync.system.failures import attempt

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "govsync"
_ALLOWED = ("SecretService", "libsecret", "kwallet", "Windows", "macOS")
_MOST_BYTES = {"Windows": 2560}
"""What a secret may take there, in UTF-16 (CRED_MAX_CREDENTIAL_BLOB_SIZE)."""

_REFUSALS: tuple[type[Exception], ...] = (OSError,)
"""What backends raise besides keyring's own."""
if sys.platform == "win32":
    from win32ctypes.pywin32 import pywintypes

    _REFUSALS = (OSError, pywintypes.error)


class Secrets:
    """Keeps texts by name, in one of two places for good; raises Failure(no_keyring) where the keyring is locked or
    does not answer, and Failure(keyring_too_small) for what it cannot hold: what it had stays."""

    def __init__(self, file: Path, use_file: bool) -> None:
        """Decides for the keyring, unless `use_file` or there is none."""
        self._file = file
        self._keyring = None if use_file else _system_keyring()

    @property
    def kept_in(self) -> str:
        """Says where secrets are kept: "keyring" or "file"."""
        return "file" if self._keyring is None else "keyring"

    def get(self, name: str) -> str | None:
        """Answers a secret, or None."""
        if self._keyring is None:
            return self._read().get(name)
        with _answering():
            return self._keyring.get_password(_SERVICE, name)

    def put(self, name: str, value: str | None) -> None:
        """Keeps a secret, or forgets it (None); it is safe on return."""
        if self._keyring is None:
            kept = {known: secret for known, secret in self._read().items() if known != name}
            if value is not None:
                kept[name] = value
            replace_file(self._file, msgspec.json.encode(kept))
            return
        if value is not None:
            _require_room(value, _most_bytes(type(self._keyring)))
        with _answering():
            if value is not None:
                self._keyring.set_password(_SERVICE, name, value)
            elif self._keyring.get_password(_SERVICE, name) is not None:
                self._keyring.delete_password(_SERVICE, name)

    def _read(self) -> dict[str, str]:
        with attempt("credentials"):
            try:
                found = from_json(self._file.read_bytes(), dict[str, Any])
            except FileNotFoundError:
                return {}
            except MALFORMED:
                return {}  # A file that cannot be understood holds no secret: the person signs in again.
        return {name: value for name, value in found.items() if isinstance(value, str)}


@contextmanager
def _answering() -> Iterator[None]:
    from keyring.errors import KeyringError

    refusals: tuple[type[Exception], ...] = (KeyringError, *_REFUSALS)
    try:
        yield
    except refusals as error:
        raise Failure(Code.NO_KEYRING, what=type(error).__name__) from error


def _system_keyring() -> "KeyringBackend | None":
    """Answers the keyring that the person or the machine has chosen, if it is one of the operating system's."""
    import keyring
    from keyring.backends.chainer import ChainerBackend
    from keyring.errors import KeyringError

    try:
        chosen = keyring.get_keyring()
    except (KeyringError, ImportError, AttributeError, ValueError):
        return None  # None that works; or the configuration names one that there is not.
    several = chosen.backends if isinstance(chosen, ChainerBackend) else [chosen]
    return next((backend for backend in several if _is_allowed(type(backend))), None)


def _is_allowed(kind: "type[KeyringBackend]") -> bool:
    return kind.__module__ in {f"keyring.backends.{name}" for name in _ALLOWED}


def _require_room(value: str, most_bytes: float) -> None:
    size_bytes = len(value.encode("utf-16-le"))
    if size_bytes > most_bytes:
        raise Failure(Code.KEYRING_TOO_SMALL, size_bytes=size_bytes, most_bytes=most_bytes)


def _most_bytes(kind: "type[KeyringBackend]") -> float:
    return _MOST_BYTES.get(kind.__module__.removeprefix("keyring.backends."), math.inf)
