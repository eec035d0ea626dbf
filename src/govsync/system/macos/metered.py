"""Whether macOS says that its line is metered: it tells by Network.framework alone (`nw_path_is_expensive`, `nw_path_is_constrained`), which
calls back into blocks of C, and those no library of this program makes. So nobody is asked, and every line counts as unmetered."""

from collections.abc import Callable


class Metered:
    """Never tells: a desk on a Mac pauses when its person says so."""

    def __init__(self, tell: Callable[[bool], object]) -> None:
        del tell

    def start(self) -> None:
        """Begins nothing."""

    def stop(self) -> None:
        """Ends nothing."""
