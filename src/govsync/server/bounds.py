"""The one table of what a server bears with: how long, how often and how much of it anybody may take up.

Unlike `protocol.limits` these are told to nobody: no desk has to know them, and one that behaves never meets them.
"""

import msgspec

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS


class Tries(msgspec.Struct, frozen=True):
    """So many failed sign-ins in so much time; the next one waits for the rest of it."""

    most: int
    window_ms: int


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds what a caller may take up; `_s` are seconds of a line's silence or of a whole, as each says."""

    login_at_address: Tries = Tries(10, 5 * MINUTE_MS)
    address: Tries = Tries(100, 5 * MINUTE_MS)
    """An address may be a whole office."""
    login: Tries = Tries(20, MINUTE_MS)
    """From all addresses together. It slows a guesser who has many, and keeps a person out for a minute at most after him,
    and only on a device that is new."""
    device_at_address: Tries = Tries(10, 5 * MINUTE_MS)
    """A device that this person has signed in on before: it counts for itself, so that no guesser elsewhere shuts it out."""
    device: Tries = Tries(20, MINUTE_MS)

    @property
    def longest_window_ms(self) -> int:
        """After which no attempt counts any more."""
        all_tries = (self.login_at_address, self.address, self.login, self.device_at_address, self.device)
        return max(tries.window_ms for tries in all_tries)
