"""A chunk in memory."""

import msgspec

from govsync.content.compress import Encoded, compress


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """A chunk's plain bytes, verified, and the form in which they travelled or lie where that is one of their own: it is
    passed on as it is, since compressing is most of what a small file costs."""

    plain: bytes
    encoded: Encoded | None = None

    @property
    def carried(self) -> Encoded:
        """The form in which to store it, or to send it."""
        return self.encoded or compress(self.plain)
