"""The one set-up of logging: a rotating file in the home, or the terminal; no names of files above debug, no contents."""

import logging
import logging.handlers
from pathlib import Path

MOST_BYTES = 5 * 1024 * 1024
KEPT = 5
_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


def set_up(folder: Path | None, level: int = logging.INFO) -> None:
    """Sends log lines to rotating files in a folder, or to standard error."""
    handler: logging.Handler = logging.StreamHandler()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "agent.log", maxBytes=MOST_BYTES, backupCount=KEPT, encoding="utf-8"
        )
    handler.setFormatter(logging.Formatter(_FORM))
    top = logging.getLogger()
    top.handlers[:] = [handler]
    top.setLevel(level)
    for name in ("httpx", "httpcore", "watchdog"):
        logging.getLogger(name).setLevel(logging.WARNING)
