"""A server that is hostile, mad or somebody else: its answers are bounded, refused with a code, and cost no memory (I6, I16,
R29)."""

import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govsync.content import manifests
from govsync.content.compress import Encoded, Encoding
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import events as said
from govsync.protocol import wire
from govsync.protocol.changes import Changes, Cursor
from govsync.protocol.commits import Nothing, Want
from govsync.protocol.limits import DEFAULT, MIB
from govsync.protocol.session import Head, Heads
from govsync.remote.http import HttpCalls
from tests.accepting import Accepting
from tests.foreign import changed, damaged
from tests.server.serving import Kept, unsigned

SPACE = REV = bytes(16)
OURS = f"{wire.VERSION_HEADER}: {wire.VERSION}"
REFRESHED = (
    b'{"access":"a","refresh":"r","expires_s":600,"user":"AAAAAAAAAAAAAAAAAAAAAA==","login":"a","name":"A"}'
)
DEEP = b'{"x":' + b"[" * 100_000


def answer(media: str, body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    head = f"HTTP/1.1 {status}\r\n{OURS}\r\nContent-Type: {media}\r\nContent-Length: {len(body) if length is None else length}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body


def framed(message: object, *chunks: tuple[int, bytes]) -> bytes:
    """Frames with chunks in their zstd form, of which is said what size they have."""
    body = b"".join(wire.encode_framed(message))
    for size_bytes, packed in chunks:
        body += b"".join(wire.encode_chunk(bytes(32), size_bytes, Encoded(Encoding.ZSTD, packed)))
    return answer(wire.FRAMES, body)


class Stranger:
    """Answers every request after the sign-in with the same bytes, and, where asked to, with more and more of them."""

    def __init__(self) -> None:
        self.says = b""
        self.goes_on = b""
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self._accepting = Accepting(listening, self._serve)

    def close(self) -> None:
        self._accepting.close()

    def _serve(self, line: socket.socket) -> None:
        threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            try:
                asked = line.recv(65536)
                if b"/refresh" in asked.split(b"\r\n", 1)[0]:
                    line.sendall(answer(wire.JSON, REFRESHED))
                    return
                line.sendall(self.says)
                while self.goes_on:
                    line.sendall(self.goes_on)
            except OSError:
                return  # The desk has heard enough.


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    made = Stranger()
    yield made
    made.close()


@pytest.fixture
def calls(stranger: Stranger) -> Iterator[HttpCalls]:
    made = unsigned(f"http://127.0.0.1:{stranger.port}", kept=Kept("refresh"))
    yield made
    made.close()


@contextmanager
def refused(limit_bytes: int = 8 * MIB) -> Iterator[list[Code]]:
    """Expects a Failure, in little memory."""
    codes: list[Code] = []
    tracemalloc.start()
    try:
        with pytest.raises(Failure) as caught:
            yield codes
        assert tracemalloc.get_traced_memory()[1] < limit_bytes
        codes.append(caught.value.code)
    finally:
        tracemalloc.stop()


def fetch(calls: HttpCalls) -> object:
    return [bytes(each) for each in calls.fetch(SPACE, [Want(REV, 0, 1)])]


def changes(calls: HttpCalls) -> object:
    return calls.changes(SPACE, None)


def heads(calls: HttpCalls) -> object:
    return calls.heads()


def events(calls: HttpCalls) -> object:
    return list(calls.events())


PAGE = Changes(entries=(), cursor=Cursor(bytes(16), 0, bytes(8)), head=0, inline=(REV,))


@pytest.mark.parametrize("call", [fetch, changes])
@pytest.mark.parametrize("said_bytes", [1 << 31, DEFAULT.chunk_bytes + 1])
def test_a_chunk_that_unpacks_to_more_than_any_has_is_not_unpacked(
    stranger: Stranger, calls: HttpCalls, call: Callable[[HttpCalls], object], said_bytes: int
) -> None:
    bomb = zstd.compress(bytes(64 * MIB))
    stranger.says = framed(Nothing() if call is fetch else PAGE, (said_bytes, bomb))
    with refused() as codes:
        call(calls)
    assert codes == [Code.NOT_OUR_SERVER]


def test_many_chunks_that_together_unpack_to_very_much_are_not_unpacked(
    stranger: Stranger, calls: HttpCalls
) -> None:
    size = DEFAULT.chunk_bytes
    bombs = [(size, zstd.compress(bytes(size)))] * 200
    stranger.says = framed(msgspec.structs.replace(PAGE, inline=(REV,) * 200), *bombs)
    with refused() as codes:
        changes(calls)
    assert codes == [Code.NOT_OUR_SERVER]


@pytest.mark.parametrize("call", [fetch, changes, heads])
def test_a_document_that_is_nested_without_end_is_nobodys(
    stranger: Stranger, calls: HttpCalls, call: Callable[[HttpCalls], object]
) -> None:
    nested = b"\x91" * 100_000
    body = len(nested).to_bytes(4, "big") + bytes([wire.DOCUMENT]) + nested
    stranger.says = answer(wire.JSON, DEEP) if call is heads else answer(wire.FRAMES, body)
    with refused() as codes:
        call(calls)
    stranger.says = answer(wire.PROBLEM, DEEP, "403 Forbidden")
    with refused() as more:
        call(calls)
    assert codes == more == [Code.NOT_OUR_SERVER]


@pytest.mark.parametrize(
    ("call", "media", "first", "goes_on", "most_mib"),
    [
        (heads, wire.JSON, b"[", b"1," * 50_000, 40),
        (fetch, wire.FRAMES, b"\xff" * 5, bytes(100_000), 8),
        (events, wire.EVENTS, b"data: ", b"x" * 100_000, 8),
    ],
    ids=["json", "frames", "events"],
)
def test_an_answer_without_an_end_is_given_up(
    stranger: Stranger, calls: HttpCalls, call: Callable[[HttpCalls], object], media: str, first: bytes, goes_on: bytes,
    most_mib: int,
) -> None:  # fmt: skip
    stranger.says, stranger.goes_on = answer(media, first, length=1 << 50), goes_on
    with refused(most_mib * MIB) as codes:
        call(calls)
    assert codes == [Code.NOT_OUR_SERVER]


def test_a_refusal_without_an_end_is_given_up(stranger: Stranger, calls: HttpCalls) -> None:
    stranger.says, stranger.goes_on = answer(wire.PROBLEM, b"{", "403 Forbidden", 1 << 50), b" " * 100_000
    with refused() as codes:
        heads(calls)
    assert codes == [Code.NOT_OUR_SERVER]


@pytest.mark.parametrize("call", [fetch, changes, heads])
def test_an_answer_that_is_cut_off_is_no_answer(
    stranger: Stranger, calls: HttpCalls, call: Callable[[HttpCalls], object]
) -> None:
    stranger.says = answer(wire.JSON if call is heads else wire.FRAMES, b"{", length=100)
    with refused() as codes:
        call(calls)
    assert codes == [Code.OFFLINE]


def manifest(calls: HttpCalls) -> object:
    return calls.manifest(SPACE, REV)


BEAT = said.encode(said.Beat(digest=1, time_ms=1)) + said.encode(said.HeadMoved(space=SPACE, seq=1))
REFUSAL = {"type": "urn:govsync:busy_retry", "title": "", "status": 503, "code": "busy_retry", "wait_ms": 5}
ZIPPED = zstd.compress(b"words" * 20)
ANSWERS = {
    fetch: framed(Nothing(), (100, ZIPPED)), changes: framed(PAGE, (100, ZIPPED)),
    heads: answer(wire.JSON, wire.encode_json(Heads(epoch=REV, heads=(Head(SPACE, 1, b"c" * 8),), digest=1))),
    manifest: answer(wire.BYTES, manifests.encode(manifests.manifest_of([b"one", b"two"]))),
    events: answer(wire.EVENTS, BEAT),
}  # fmt: skip
NO_ANSWER = {Code.NOT_OUR_SERVER, Code.OFFLINE, Code.PROXY}
"""What stands for whatever is not ours, or is not whole."""
OF_CONTENTS = {Code.CHUNK_BAD, Code.MANIFEST_BAD}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    call=st.sampled_from(list(ANSWERS)),
    says=st.deferred(
        lambda: (
            st.sampled_from(list(ANSWERS.values())).flatmap(damaged)
            | changed(REFUSAL).map(lambda body: answer(wire.PROBLEM, msgspec.json.encode(body), "503 No"))
            | st.binary(max_size=200)
        )
    ),
)
def test_any_bytes_are_an_answer_or_a_failure(
    stranger: Stranger, calls: HttpCalls, call: Callable[[HttpCalls], object], says: bytes
) -> None:
    """A proxy's page, half an answer, another call's answer, or a damaged one: what a thread of the desk meets is a Failure."""
    stranger.says = says
    try:
        call(calls)
    except Failure as failure:
        told = failure.code in Code and all(isinstance(fact, int | str) for fact in failure.facts.values())
        assert failure.code in NO_ANSWER | OF_CONTENTS or (told and wire.PROBLEM.encode() in says)  # noqa: PT017
