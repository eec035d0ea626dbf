"""The digest of all heads of a person: one number that proves, every 20 s, that nothing was missed (R42)."""

import hashlib
from collections.abc import Iterable

from govsync.protocol.session import Head

_MODULUS = 1 << 64


def heads_digest(heads: Iterable[Head]) -> int:
    """Adds up, modulo 2**64, the first 8 bytes of SHA-256 over each space's id and head (u64, big-endian).

    A sum needs no order and no list on either side. Spaces that have nothing yet (head 0) count as nothing, so that a
    space that one side does not know of yet makes no difference until something is in it.
    """
    total = 0
    for head in heads:
        if head.seq:
            digest = hashlib.sha256(head.space + head.seq.to_bytes(8, "big")).digest()
            total += int.from_bytes(digest[:8], "big")
    return total % _MODULUS
