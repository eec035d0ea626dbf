"""Where a device's refresh token is kept: the person's keyring, or a file that only the person can read.

The only module that knows keyring. Only backends of the operating systems are accepted: one that keeps secrets in plain
text is no keyring. A home of its own, GOVSYNC_CREDENTIALS=file, and a machine without a keyring use the file.
"""

import json
from pathlib import Path

import keyring
import keyring.errors

from govsync.system.durable import replace_file

_SERVICE = "govsync"
_ALLOWED = ("keyring.backends.SecretService", "keyring.backends.kwallet", "keyring.backends.Windows",
            "keyring.backends.macOS")  # fmt: skip


class Secrets:
    """Keeps texts by name."""

    def __init__(self, file: Path, use_file: bool) -> None:
        self._file = file
        self._use_file = use_file or not _has_keyring()

    @property
    def kept_in(self) -> str:
        """Says where secrets are kept: "keyring" or "file"."""
        return "file" if self._use_file else "keyring"

    def get(self, name: str) -> str | None:
        """Answers a secret, or None."""
        if not self._use_file:
            return keyring.get_password(_SERVICE, name)
        found = self._read().get(name)
        return found if isinstance(found, str) else None

    def put(self, name: str, value: str | None) -> None:
        """Keeps a secret, or forgets it (None); it is safe on return."""
        if not self._use_file:
            if value is not None:
                keyring.set_password(_SERVICE, name, value)
            elif keyring.get_password(_SERVICE, name) is not None:
                keyring.delete_password(_SERVICE, name)
            return
        kept = self._read()
        kept.pop(name, None)
        if value is not None:
            kept[name] = value
        replace_file(self._file, json.dumps(kept).encode())

    def _read(self) -> dict[str, object]:
        try:
            found = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            return {}  # A file that cannot be read holds no secret: the person signs in again.
        return found if isinstance(found, dict) else {}


def _has_keyring() -> bool:
    try:
        backend = type(keyring.get_keyring())
    except keyring.errors.KeyringError:
        return False
    return backend.__module__.startswith(_ALLOWED)
