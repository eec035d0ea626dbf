"""The keys of a place of updates: one file for each role, in folders of which some are at hand only now and then."""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Key

OFFLINE = ("root", "targets", "pilot", "broad")
"""Whose keys say what is trusted and what is offered: at hand while something is published, else locked away."""
ONLINE = ("snapshot", "timestamp")
"""Whose keys only say that this is still the newest list: on the machine that renews it."""


class Lacking(Exception):
    """A key that is needed is not at hand."""


class Keys:
    """The keys that are at hand, in some folders."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def has(self, role: str) -> bool:
        """Says whether the key of a role is at hand."""
        return self._file(role) is not None

    def of(self, role: str) -> CryptoSigner:
        """Answers what signs for a role; raises Lacking."""
        file = self._file(role)
        if file is None:
            raise Lacking(f"no {role}.pem in {', '.join(map(str, self._folders))}")
        return CryptoSigner(load_pem_private_key(file.read_bytes(), None))

    def _file(self, role: str) -> Path | None:
        return next((file for each in self._folders if (file := each / f"{role}.pem").exists()), None)


def make(folder: Path, roles: Sequence[str]) -> dict[str, Key]:
    """Makes a key for each role, readable by its owner alone; answers their public halves. Raises FileExistsError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {}
    for role in roles:
        signer = CryptoSigner.generate_ed25519()
        with open(folder / f"{role}.pem", "xb", opener=_private) as file:
            file.write(signer.private_bytes)
        made[role] = signer.public_key
    return made


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
