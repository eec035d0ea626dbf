"""Who wrote which content, and who gave it up having had it: what invariant I1 is judged by.

A content is a byte string that a program finished writing under a name. It may be asked for again, on every desk and on
the server, until a person overwrote or deleted it while it lay before them on that disk.
"""


class Ledger:
    """Every content of one world; contents are made unique by those who write them."""

    def __init__(self) -> None:
        self._number = 0
        self.finished: dict[bytes, str] = {}
        """Every content that was ever finished, and who wrote it where."""
        self.wanted: dict[bytes, str] = {}
        self.given_up: dict[bytes, str] = {}
        self.forgiven: dict[bytes, str] = {}
        """Contents that a power cut took before they were anywhere else than in that machine's memory."""

    def number(self) -> int:
        """Answers a number that makes a content unique."""
        self._number += 1
        return self._number

    def finish(self, content: bytes, where: str) -> None:
        """A program finished writing a content."""
        if content:
            self.finished.setdefault(content, where)
            self.wanted[content] = where

    def give_up(self, content: bytes, where: str) -> None:
        """A person overwrote or deleted a content that lay before them."""
        if self.wanted.pop(content, None) is not None:
            self.given_up[content] = where

    def left_unfinished(self, content: bytes, where: str) -> None:
        """Something that nobody meant was what a person would have found under a name: a power cut left it, or a
        program paused there where nobody can know whether it still writes (R5)."""
        self.finished.setdefault(content, where)

    def forgive(self, content: bytes, where: str) -> None:
        """The power went before a content was on any disk."""
        if self.wanted.pop(content, None) is not None:
            self.forgiven[content] = where
