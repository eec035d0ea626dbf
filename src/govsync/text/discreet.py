"""What a log may say of a bug: where it happened and of which kind, never what was said or read (no names of files)."""

import traceback
from collections.abc import Iterator


def trace(error: BaseException) -> str:
    """Answers an exception, after those that led to it, as kinds and places in our code, a line each.

    Messages and values are left out, because the system puts paths into them.
    """
    led_to_it = reversed(list(_with_causes(error)))
    return "\nwhich led to\n".join("\n".join(_lines(each)) for each in led_to_it)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _lines(error: BaseException) -> Iterator[str]:
    yield type(error).__qualname__
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield f"  {frame.f_code.co_filename}:{line} {frame.f_code.co_qualname}"
