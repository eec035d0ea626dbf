"""The one error on its way: a stable code and the facts that explain it.

A `Failure` is raised where something cannot be done and is turned, at the edge that meets a person or the wire, into a
sentence (`text.sentences`) or an RFC 9457 document. It never carries a ready-made sentence, so that every language and
every surface can say it in its own words. Trouble with one item travels as the value `Problem`.
"""

import msgspec

from govsync.model.codes import Code

MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the reading of a message raises that is none: of another shape, no text, or nested deeper than any of ours."""


class Failure(Exception):
    """Says that something could not be done, and which code and facts explain it."""

    def __init__(self, code: Code, /, **facts: object) -> None:
        super().__init__(code, facts)
        self.code: Code = code
        self.facts: dict[str, object] = facts

    def __str__(self) -> str:
        facts = " ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code} {facts}".rstrip()


class Problem(msgspec.Struct, frozen=True):
    """Says what a person has to know or decide about one item; `facts` fill the sentence of the code."""

    code: Code
    facts: dict[str, str] = {}


def problem_of(failure: Failure) -> Problem:
    """Turns a failure about one item into the value that is shown for it."""
    return Problem(failure.code, {name: str(fact) for name, fact in failure.facts.items()})
