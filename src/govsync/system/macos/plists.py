"""Property lists, in which macOS keeps settings: a dictionary, or one exception that says why there is none."""

import plistlib
from pathlib import Path
from xml.parsers.expat import ExpatError

_FELL_OVER = (ValueError, TypeError, AttributeError, LookupError, RecursionError, ExpatError)
"""What plistlib ends with where a list is damaged: only of some damage does it say so itself."""


def read(path: Path) -> dict[str, object]:
    """Reads a list, as XML or binary; raises OSError, and ValueError for what holds no dictionary of names."""
    data = path.read_bytes()
    try:
        found = plistlib.loads(data)
    except _FELL_OVER as error:
        raise ValueError("no property list") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise ValueError("no dictionary of names")
    return found
