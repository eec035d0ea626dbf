"""A limit of bytes a second, shared by all transfers of one direction (a token bucket); it may be changed at any time."""

import threading
from collections.abc import Callable


class Rate:
    """Lets bytes pass no faster than `limit` a second; 0: as fast as they come. Counts what passed."""

    def __init__(self, limit: int, clock_s: Callable[[], float], wait: Callable[[float], None]) -> None:
        self.limit = limit
        self.passed_bytes = 0
        self._clock_s = clock_s
        self._wait = wait
        self._lock = threading.Lock()
        self._free_s = 0.0

    def take(self, size_bytes: int) -> None:
        """Returns when so many bytes may pass."""
        with self._lock:
            self.passed_bytes += size_bytes
            if self.limit <= 0:
                return
            now = self._clock_s()
            begin = max(now, self._free_s)
            self._free_s = begin + size_bytes / self.limit
        if begin > now:
            self._wait(begin - now)
