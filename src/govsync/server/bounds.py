"""The one table of what a server bears with: how long, how often and how much of it anybody may take up.

Unlike `protocol.limits` these are told to nobody: no desk has to know them, and one that behaves never meets them.
"""

import msgspec

from govsync.protocol.limits import GIB, KIB, MIB

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS


class Tries(msgspec.Struct, frozen=True):
    """So many failed attempts in so much time; the next one waits for the rest of it."""

    most: int
    window_ms: int


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds what a caller may take up."""

    connections: int = 20_000
    """Fewer where the operating system lets one process open fewer files."""
    head_s: float = 10.0
    """From the first byte of a request, or the connection, to the end of its head."""
    head_bytes: int = 64 * KIB
    requests_ahead: int = 16
    """Sent on one line before the answer to the first; no desk sends any."""
    idle_s: int = 75
    """Longer than a desk keeps an idle connection, so that it never sends into one that is just being closed."""
    silence_s: float = 30.0
    """How long nothing of a body may come before it counts as lost."""
    least_bytes_s: int = 4 * KIB
    """A body has, beyond one silence, the time in which the longest that its call may have comes so fast. The slowest line of
    an office, or a limit that a person has set, must still bring a whole commit through."""
    stall_s: float = 60.0
    """In this time a piece of an answer is taken."""
    piece_bytes: int = 256 * KIB
    threads: int = 72
    """More than all kinds of calls together have that can wait for the store or for a space: changes, chunks, commits,
    fetches, manifests, questions for what is missing, and what is fetched with a browser, by links and by people."""
    threads_of_kind: int = 8
    threads_of_space: int = 4
    """Of each kind."""
    turn_s: float = 20.0
    """How long a call waits for a thread."""
    held_bytes: int = 512 * MIB
    """Bodies and answers that are held at the same time, of all callers together. See `bodies.Held` for what one may hold."""

    login_at_address: Tries = Tries(10, 5 * MINUTE_MS)
    address: Tries = Tries(100, 5 * MINUTE_MS)
    """An address may be a whole office."""
    login: Tries = Tries(20, MINUTE_MS)
    """From all addresses together. It slows a guesser who has many, and keeps a person out for a minute at most after him,
    and only on a device that is new."""
    device_at_address: Tries = Tries(10, 5 * MINUTE_MS)
    """A device that this person has signed in on before: it counts for itself, so that no guesser elsewhere shuts it out."""
    device: Tries = Tries(20, MINUTE_MS)
    link_at_address: Tries = Tries(100, 5 * MINUTE_MS)
    """Addresses of links that open nothing, tried from one address: it may be a whole office, in which an old message is read."""
    link_password_at_address: Tries = Tries(10, 5 * MINUTE_MS)
    """Of one link."""
    link_password: Tries = Tries(20, MINUTE_MS)
    """Of one link, from all addresses together: who guesses from many keeps others out for a minute at most."""

    link_upload_bytes: int = 4 * GIB
    """One sending of files through a link."""
    link_files: int = 20_000
    """Files and folders that are packed into one ZIP: its table of contents is kept in memory until its end."""

    @property
    def longest_window_ms(self) -> int:
        """After which no attempt counts any more."""
        all_tries = (
            self.login_at_address, self.address, self.login, self.device_at_address, self.device, self.link_at_address,
            self.link_password_at_address, self.link_password,
        )  # fmt: skip
        return max(tries.window_ms for tries in all_tries)
