"""What a server says by itself: that something newer exists, never what (R42), and what it has lost; each is one server-sent
event.

A desk that misses one loses nothing but time: a beat carries the digest of all heads, from which it sees that it missed
something. A kind that a desk does not know is skipped, so that later servers may say more.
"""

from collections.abc import Iterable, Iterator

import msgspec

from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.problems import MALFORMED, Failure
from govsync.protocol.numbers import Count, Moment


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="beat"):
    """Opens a stream, and comes every 20 s: the digest of all heads, read from the database, and the server's time."""

    digest: int
    time_ms: Moment


class HeadMoved(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="head"):
    """Says that a space has reached a sequence."""

    space: bytes
    seq: Count


class Wanted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="wanted"):
    """Asks back what the server has lost of a space: versions of files, each by its node and its id."""

    space: bytes
    versions: tuple[tuple[bytes, bytes], ...]


class RightsChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="rights"):
    """Says that the person reaches other spaces than before."""


class PolicyChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="policy"):
    """Says that the person's organisation fixes other settings than before."""


class Wipe(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="wipe"):
    """Says, with each beat as long as it stands, that an order to take the files off this device waits for it."""

    order: bytes
    epoch: bytes


class SessionEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="session"):
    """Says that this device or its person may no longer come in."""


Event = Beat | HeadMoved | Wanted | RightsChanged | PolicyChanged | Wipe | SessionEnded
_KINDS: dict[str, type[Event]] = {
    "beat": Beat,
    "head": HeadMoved,
    "wanted": Wanted,
    "rights": RightsChanged,
    "policy": PolicyChanged,
    "wipe": Wipe,
    "session": SessionEnded,
}
_END = b"\n\n"
MOST_BYTES = 64 * 1024
"""More than any event needs, so that no stream can demand more memory."""


def encode(event: Event) -> bytes:
    """Writes one server-sent event (WHATWG HTML, section 9.2.6): its kind as the name, itself in JSON as the data."""
    return (
        f"event: {event.__struct_config__.tag}\n".encode() + b"data: " + msgspec.json.encode(event) + b"\n\n"
    )


def read(pieces: Iterable[bytes]) -> Iterator[Event]:
    """Yields the events of a stream as it arrives in pieces, without those of a kind that is not known here.

    Raises Failure(not_our_server) for nonsense, and for an event that has no end. Each ends with an empty line; a field is a
    line, and lines are ended as `encode` ends them.
    """
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(_END)
        for each in whole:
            event = _event(each)
            if event is not None:
                yield event
        if len(rest) > MOST_BYTES:
            raise Failure(Code.NOT_OUR_SERVER, what="event")


def _event(text: bytes) -> Event | None:
    fields = {name: value for name, _, value in (line.partition(b": ") for line in text.split(b"\n"))}
    kind = _KINDS.get(fields.get(b"event", b"").decode(errors="replace"))
    if kind is None:
        return None
    try:
        return from_json(fields.get(b"data", b""), kind)
    except MALFORMED as error:
        raise Failure(Code.NOT_OUR_SERVER, what="event") from error
