"""Passwords: kept as Argon2id hashes alone (RFC 9106). Only here is Argon2 known."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from govsync.model import names

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$fHkgHBXZIAAysrYAmEt0Hg$piimR/aCnFtM7Xy6/WToS8dnRHsg7XhRTaik9JE9J5M"
"""What is compared for a name that is not there, so that it takes as long, from the first time on."""


def hashed(password: str) -> str:
    """Answers what is kept of a password, in its composed form (RFC 8265, section 4.2)."""
    return _HASHER.hash(names.nfc(password))


def fits(stored: str, password: str) -> bool:
    """Says whether a password is the one that was kept; it takes as long for any other."""
    try:
        return _HASHER.verify(stored, names.nfc(password))
    except (VerificationError, InvalidHashError):
        return False
