"""How large a day is: small enough for every change, or as it was (`make test-all FULL=1`)."""

import os

FULL = os.environ.get("GOVSYNC_FULL") == "1"


def size(small: int, full: int) -> int:
    """Answers how many, how long or how large."""
    return full if FULL else small
