"""Forms that browsers send: one with files (RFC 7578), read as it comes and never held as a whole, and one of plain fields.

A sans-I/O parser: bytes go in as they come, in whatever pieces, and what they say comes out. Names of files are as browsers
write them (WHATWG, "multipart/form-data encoding algorithm": of the signs in a name three are escaped).
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from urllib.parse import parse_qs

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure

MOST_HEAD_BYTES = 16 * 1024
MOST_PADDING_BYTES = 256
MOST_FIELDS = 16
_BOUNDARY = re.compile(
    r'multipart/form-data\s*;(?:.*;)?\s*boundary=("?)([^";,\s]{1,70})\1\s*(?:;|$)', re.IGNORECASE
)
"""Of at most 70 signs (RFC 2046, section 5.1.1)."""
_FILE_NAME = re.compile(rb'\r\ncontent-disposition:[^\r\n]*?;\s*filename="([^"\r\n]*)"', re.IGNORECASE)
_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}


class FileBegins(msgspec.Struct, frozen=True):
    """A file begins, of this name as the browser gave it."""

    name: str


class FileData(msgspec.Struct, frozen=True):
    """Some more bytes of the file that has begun."""

    data: bytes


class FileEnds(msgspec.Struct, frozen=True):
    """The file that had begun is whole."""


Event = FileBegins | FileData | FileEnds


class _At(Enum):
    DELIMITER = auto()
    """Behind a delimiter: the next part follows, or the end."""
    HEAD = auto()
    FILE = auto()
    OTHER = auto()
    """In what is no file: what comes before the first part, or a plain field."""
    END = auto()


def boundary_of(content_type: str) -> bytes:
    """Answers what parts the parts of a form; raises Failure(bad_request) where it is none with files."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise Failure(Code.BAD_REQUEST, what="form")
    return found[2].encode("latin-1")


class Form:
    """One form on its way in."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._at = _At.OTHER
        # The first delimiter stands at the very beginning, and is then read as any other.
        self._held = bytearray(b"\r\n")

    @property
    def ended(self) -> bool:
        """Says whether it has come whole."""
        return self._at is _At.END

    def feed(self, data: bytes) -> Iterator[Event]:
        """Takes bytes in and yields what they say; raises Failure(bad_request) where they are no form."""
        self._held += data
        state = None
        while state != (self._at, len(self._held)):
            state = self._at, len(self._held)
            yield from self._step()

    def _step(self) -> Iterator[Event]:
        match self._at:
            case _At.DELIMITER:
                self._after_delimiter()
            case _At.HEAD:
                yield from self._head()
            case _At.FILE | _At.OTHER:
                yield from self._content()
            case _At.END:
                self._held.clear()

    def _after_delimiter(self) -> None:
        if len(self._held) < 2:
            return
        if self._held.startswith(b"--"):
            self._at = _At.END
            return
        end = self._held.find(b"\r\n")
        padding = self._held[:end] if end >= 0 else self._held.rstrip(b"\r")
        if len(padding) > MOST_PADDING_BYTES or padding.strip(b" \t"):
            raise Failure(Code.BAD_REQUEST, what="form")
        if end >= 0:
            del self._held[:end]  # The line's end stays: each field of a head has one before it.
            self._at = _At.HEAD

    def _head(self) -> Iterator[Event]:
        end = self._held.find(b"\r\n\r\n")
        if max(end, len(self._held) if end < 0 else 0) > MOST_HEAD_BYTES:
            raise Failure(Code.BAD_REQUEST, what="form")
        if end < 0:
            return
        name = _FILE_NAME.search(bytes(self._held[:end]))
        del self._held[: end + 4]
        self._at = _At.OTHER if name is None else _At.FILE
        if name is not None:
            yield FileBegins(_unescaped(name[1].decode(errors="replace")))

    def _content(self) -> Iterator[Event]:
        end = self._held.find(self._delimiter)
        # What may be the beginning of a delimiter waits until more of it is here.
        sure = end if end >= 0 else max(0, len(self._held) - len(self._delimiter) + 1)
        if sure:
            if self._at is _At.FILE:
                yield FileData(bytes(self._held[:sure]))
            del self._held[:sure]
        if end >= 0:
            if self._at is _At.FILE:
                yield FileEnds()
            del self._held[: len(self._delimiter)]
            self._at = _At.DELIMITER


def _unescaped(name: str) -> str:
    for written, sign in _ESCAPED.items():
        name = name.replace(written, sign)
    return name


def fields(body: bytes) -> dict[str, str]:
    """Reads a form of plain fields, each once; raises Failure(bad_request)."""
    try:
        found = parse_qs(
            body.decode("ascii"),
            strict_parsing=bool(body),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise Failure(Code.BAD_REQUEST, what="form") from error
    return {name: values[0] for name, values in found.items()}
