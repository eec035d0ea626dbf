"""The one set-up of logging: a rotating file in the home, or the terminal; no names of files above debug, no contents."""

import logging
import logging.handlers
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from govsync.system.durable import open_private, private_folder
from govsync.system.failures import attempt
from govsync.text.discreet import trace

MOST_BYTES = 5 * 1024 * 1024
KEPT = 5
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Discreet(logging.Formatter):
    """Writes an exception without its message: the system puts names of files into it."""

    def formatException(self, ei: _Raised) -> str:  # noqa: N802 - the library's name
        """Answers kinds and places alone."""
        return "" if ei[1] is None else trace(ei[1])


class _Private(logging.handlers.RotatingFileHandler):
    """Writes files for their owner alone, whatever the umask is."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=open_private)


def set_up(folder: Path | None, level: int = logging.INFO) -> None:
    """Sends log lines to rotating files in a folder, or to standard error."""
    handler: logging.Handler = logging.StreamHandler()
    if folder is not None:
        private_folder(folder)
        with attempt("log"):
            handler = _Private(folder / "agent.log", maxBytes=MOST_BYTES, backupCount=KEPT)
    handler.setFormatter(Discreet(_FORM))
    top = logging.getLogger()
    top.handlers[:] = [handler]
    top.setLevel(level)
    for name in ("httpx", "httpcore", "watchdog"):
        logging.getLogger(name).setLevel(logging.WARNING)
