"""When policy changes: its files are looked at now and then, since they are few and change seldom."""

import threading


class Changes:
    """Waits for the next look."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def wait(self, most_s: float) -> bool:
        """Returns after a while; False when it was stopped."""
        return not self._stopped.wait(most_s)

    def stop(self) -> None:
        """Ends the waiting, now and from now on."""
        self._stopped.set()
