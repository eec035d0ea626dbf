"""What the machine's administrators have fixed, in files; they are looked at now and then, since they are few and change seldom."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

Found = tuple[str, str, str]
"""Which file, its text, and why that cannot be read."""


def found(folder: Path) -> Iterator[Found]:
    """Yields each file of policy by name; what cannot be read is told and stops nothing."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except FileNotFoundError:
        return
    except OSError as error:
        yield str(folder), "", error.strerror or ""
        return
    for path in files:
        try:
            yield str(path), path.read_text(errors="replace"), ""
        except OSError as error:
            yield str(path), "", error.strerror or ""


def proposed() -> Mapping[str, str]:
    """Answers nothing: a package asks nobody, and what it should know is policy."""
    return {}


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
