"""What a log may say of an exception: where it was and of which kind, and nothing of what it says itself, since that may
name people, files and tokens. Codes are ours and may be said."""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType

from govsync.model.problems import Failure

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Discreet(logging.Formatter):
    """Writes log lines; whoever logged an exception, its text stays out of them."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """As `Formatter.format`, which takes what another one has written of an exception."""
        record.exc_text = None
        return super().format(record)

    def formatException(  # noqa: N802 - the name is logging's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """As `Formatter.formatException`."""
        return "".join(_said(ei[1])) if ei[1] is not None else ""


def _said(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for other in (before, *(error.exceptions if isinstance(error, BaseExceptionGroup) else ())):
        if other is not None:
            yield from _said(other)
    yield from traceback.format_tb(error.__traceback__)
    kind = type(error)
    code = f": {error.code}" if isinstance(error, Failure) else ""
    yield f"{kind.__module__}.{kind.__qualname__}{code}\n"
