"""The digest of all heads of a person: one number that proves, every 20 s, that nothing was missed (R42)."""

import hashlib
from collections.abc import Iterable

from govsync.protocol.session import Head

_MODULUS = 1 << 64


def heads_digest(heads: Iterable[Head]) -> int:
    """Adds up, modulo 2**64, the first 8 bytes of SHA-256 over each space's id, head (u64, big-endian) and chain there.

    A sum needs no order and no list on either side. The chain is part of it because a database that was put back from a
    copy and written on may come to the very sequence that a desk has read, with another history behind it. Spaces that
    have nothing yet (head 0) count as nothing, so that one of which one side does not know makes no difference until
    something is in it.
    """
    total = 0
    for head in heads:
        if head.seq:
            digest = hashlib.sha256(head.space + head.seq.to_bytes(8, "big") + head.chain).digest()
            total += int.from_bytes(digest[:8], "big")
    return total % _MODULUS
