"""The one set-up of logging: a rotating file in the home, or the terminal; no names of files above debug, no contents."""

import logging
import logging.handlers
import time
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from govsync.system.durable import open_private, private_folder
from govsync.system.failures import attempt
from govsync.text.discreet import trace

MOST_BYTES = 5 * 1024 * 1024
MOST_KEPT_BYTES = 30 * 1024 * 1024
"""Of all files together, however many days they are kept."""
MOST_FILES = 4_000
_DAY_S = 86_400
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Discreet(logging.Formatter):
    """Writes an exception without its message: the system puts names of files into it."""

    def formatException(self, ei: _Raised) -> str:  # noqa: N802 - the library's name
        """Answers kinds and places alone."""
        return "" if ei[1] is None else trace(ei[1])


class _Private(logging.handlers.RotatingFileHandler):
    """Writes files for their owner alone, whatever the umask is; a new one each day, so that what is older than it may be can
    go."""

    def __init__(self, path: Path, keep_days: int) -> None:
        super().__init__(path, maxBytes=MOST_BYTES, backupCount=MOST_FILES)
        self._path, self._keep_days = path, keep_days
        self._day = _day(path.stat().st_mtime)
        self.tidy(keep_days)

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the library's name
        """As the library asks it: also where what stands there is of another day."""
        before, self._day = self._day, _day(record.created)
        another = before != self._day and self._path.exists() and self._path.stat().st_size > 0
        return another or bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        """As the library asks it."""
        super().doRollover()
        self.tidy(self._keep_days)

    def tidy(self, keep_days: int) -> None:
        """Removes what is older than so many days, and the oldest of what is too much."""
        self._keep_days = keep_days
        room, oldest = MOST_KEPT_BYTES - MOST_BYTES, time.time() - keep_days * _DAY_S
        for path in earlier(self._path):
            with attempt("log"):
                found = path.stat()
                room -= found.st_size
                if room < 0 or found.st_mtime < oldest:
                    path.unlink()

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=open_private)


def earlier(path: Path) -> list[Path]:
    """Answers the files that were written before a log, the newest first."""
    numbers = [each.suffix[1:] for each in path.parent.glob(f"{path.name}.*")]
    found = sorted(int(number) for number in numbers if number.isdecimal())
    return [path.with_name(f"{path.name}.{number}") for number in found]


def set_up(folder: Path | None, level: str = "info", keep_days: int = 14) -> None:
    """Sends log lines to files in a folder, which are kept for some days, or to standard error."""
    handler: logging.Handler = logging.StreamHandler()
    if folder is not None:
        private_folder(folder)
        with attempt("log"):
            handler = _Private(folder / "agent.log", keep_days)
    handler.setFormatter(Discreet(_FORM))
    top = logging.getLogger()
    top.handlers[:] = [handler]
    top.setLevel(level.upper())
    for name in ("httpx", "httpcore", "watchdog"):
        logging.getLogger(name).setLevel(logging.WARNING)


def follow(level: str, keep_days: int) -> None:
    """Goes on with another level, and for other days, than those with which it was set up."""
    top = logging.getLogger()
    top.setLevel(level.upper())
    for handler in top.handlers:
        if isinstance(handler, _Private):
            handler.tidy(keep_days)


def _day(moment_s: float) -> int:
    return int(moment_s // _DAY_S)
