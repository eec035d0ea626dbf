"""What the list says of one guard."""

from typing import NamedTuple


class Guard(NamedTuple):
    """A guard of a rule, and its absence."""

    cites: str
    """The rules, invariants and decisions that it guards, as the documents number them."""
    file: str
    """Where it stands, below `src/govsync`."""
    words: str
    """The source that is taken away; it stands in the file once."""
    without: str
    """What stands there instead."""
    noticed_by: str
    """The tests, below `tests`, of which at least one must fail then; separated by spaces."""
