"""Lines on which too little comes or goes, or too much, and too many lines: others are served meanwhile, and what is held for
them is given back."""

import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Fetch, Want
from govsync.protocol.limits import MIB
from govsync.server import accounts, bodies
from govsync.server.bounds import Bounds
from govsync.server.db.connect import Database
from tests.server.conftest import Served
from tests.server.desk import Desk, noise
from tests.server.line import LIMIT_S, Answer, Caller, framed, in_space
from tests.server.office import Office
from tests.server.serving import serving
from tests.server.test_bad_contents import within

HEAD = b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n"


@contextmanager
def served_with(tmp_path: Path, send_bytes: int = 0, **bounds: Any) -> Iterator[Served]:
    """A served ministry that bears with less than others."""
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    office = Office(database, tmp_path / "store")
    office.server = msgspec.structs.replace(office.server, bounds=Bounds(**bounds))
    with serving(office.server, send_bytes=send_bytes) as address:
        token = office.sign_in("anna").access
        desk = Desk(office, caller=accounts.caller_of(office.server, token))
        yield Served(office, desk, Caller(address, token))
    database.close()


def connect(served: Served, sent: bytes = b"", receive_bytes: int = 0) -> socket.socket:
    """Opens a line, and sends the first bytes."""
    host, port = served.caller.address.removeprefix("http://").rsplit(":", 1)
    line = socket.socket()
    if receive_bytes:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    line.settimeout(LIMIT_S)
    line.connect((host, int(port)))
    line.sendall(sent)
    return line


def until_the_end(line: socket.socket) -> bytes:
    """Answers what comes until the other side ends the line."""
    came = bytearray()
    try:
        while piece := line.recv(65536):
            came += piece
    except ConnectionResetError:
        pass
    finally:
        line.close()
    return bytes(came)


def drip(line: socket.socket, piece: bytes) -> bytes:
    """Sends the same again and again, until the other side answers or ends the line."""
    line.settimeout(0.05)
    for _ in range(int(LIMIT_S / 0.05)):
        try:
            line.sendall(piece)
            return line.recv(65536)
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            return b""
    raise AssertionError("it goes on for ever")


def answered(line: socket.socket) -> bool:
    """Makes a whole request on a line; says whether it was answered."""
    line.sendall(HEAD + b"\r\n")
    return b" 401 " in line.recv(65536)


def still_served(served: Served) -> None:
    assert served.caller.call("GET", "/me").status == 200


# Heads


@pytest.mark.parametrize(
    "sent", [b"", b"G", HEAD, b"\r\n\r\n"], ids=["nothing", "a letter", "half", "blank lines"]
)
def test_a_head_that_does_not_come_ends_its_line(tmp_path: Path, sent: bytes):
    with served_with(tmp_path, head_s=0.3) as served:
        assert until_the_end(connect(served, sent)) == b""
        still_served(served)


@pytest.mark.parametrize("piece", [b"X", b"X: y\r\n", b"\r\n"], ids=["name", "lines", "blank lines"])
def test_a_head_that_drips_ends_its_line(tmp_path: Path, piece: bytes):
    with served_with(tmp_path, head_s=0.5) as served:
        assert drip(connect(served, b"\r\n" if piece == b"\r\n" else HEAD), piece) == b""


def test_the_next_head_on_a_line_has_the_same_time(tmp_path: Path):
    with served_with(tmp_path, head_s=0.5) as served:
        for first, piece in ((HEAD, b"X"), (b"", b"\r\n")):
            line = connect(served)
            assert answered(line)
            line.sendall(first)
            assert drip(line, piece) == b""


def test_a_line_that_is_idle_is_kept(tmp_path: Path):
    """Longer than a head may take: desks ask again on the same line."""
    with served_with(tmp_path, head_s=0.3) as served:
        line = connect(served)
        assert answered(line)
        assert until_the_end(connect(served)) == b""  # So that much time has passed.
        assert answered(line)
        line.close()


def endless(piece: bytes, first: bytes = b"") -> Iterable[bytes]:
    yield first
    while True:
        yield piece * (65536 // len(piece))


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"GET /", b"a"), (HEAD, b"X: y\r\n"), (HEAD + b"X: ", b"a"),
        (b"POST /api/v1/sessions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        (b"POST /api/v1/sessions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a"),
        (HEAD + b"Content-Length: 999999999999\r\n\r\n", b"a"),
    ],
    ids=["path", "lines", "a value", "trailers", "an extension", "a body where none belongs"],
)  # fmt: skip
def test_what_has_no_end_is_cut_off(tmp_path: Path, first: bytes, piece: bytes):
    with served_with(tmp_path) as served:
        line = connect(served)
        with within(20 * MIB):
            assert send_until_the_end(line, endless(piece, first))
        still_served(served)


def send_until_the_end(line: socket.socket, pieces: Iterable[bytes]) -> bool:
    """Sends until the other side ends the line; says whether it did."""
    try:
        for each in pieces:
            line.sendall(each)
    except (BrokenPipeError, ConnectionResetError):
        return True
    finally:
        line.close()
    return False


def test_requests_that_wait_for_no_answer_are_cut_off(tmp_path: Path):
    """Each takes much more memory than line."""
    with served_with(tmp_path) as served:
        with within(20 * MIB):
            assert send_until_the_end(connect(served), endless(HEAD + b"\r\n"))
        still_served(served)


# Many lines


def test_any_number_of_strangers_keeps_out_nobody_who_works_here(tmp_path: Path):
    """Not who comes, and not who is there: a desk that listens has nothing under way but its stream."""
    with served_with(tmp_path, connections=20) as served, ExitStack() as lines:
        listening = connect(served, _listen(served))
        lines.callback(listening.close)
        assert b"event: beat" in listening.recv(65536) + listening.recv(65536)
        for number in range(100):
            lines.callback(connect(served, HEAD).close)
            if number % 10 == 0:
                still_served(served)
        boris = Desk(served.office, "boris", "Planning")
        saved = served.caller.call("POST", in_space(served.desk.space, "commits"), _mkdir(served))
        assert saved.status == 200
        boris.save("a", b"1")
        assert listening.recv(65536) != b""


def _listen(served: Served) -> bytes:
    token = served.office.sign_in("boris").access
    return f"GET /api/v1/events?nonce=a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _mkdir(served: Served) -> bytes:
    from govsync.protocol.commits import Commit

    return framed(Commit(epoch=served.desk.epoch, operations=(served.desk.mkdir("f"),)))


def test_the_stranger_who_has_waited_longest_makes_room(tmp_path: Path):
    """A line on which nothing is under way is a stranger's, whoever used it before."""
    with served_with(tmp_path, connections=3) as served:
        lines = [connect(served, HEAD)]
        token = served.office.sign_in("boris").access
        idle = connect(served, HEAD + f"Authorization: Bearer {token}\r\n\r\n".encode())
        assert b" 200 " in idle.recv(65536)
        lines += [connect(served, HEAD), connect(served, HEAD)]
        assert until_the_end(lines[0]) == b""
        lines.append(connect(served, HEAD))
        assert until_the_end(idle) == b""
        for line in lines[1:]:
            line.sendall(b"\r\n")
            assert b" 401 " in line.recv(65536)
            line.close()


@pytest.mark.slow
def test_ten_thousand_lines_that_say_nothing_cost_little_and_nobody_notices(tmp_path: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 11_000:
        pytest.skip("this machine does not let a process open as many")
    command = [sys.executable, "-m", "govsync.cli.main", "serve", "--data", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, ExitStack() as lines:
        lines.callback(process.kill)
        assert process.stdout is not None
        caller = Caller(process.stdout.readline().split()[-1])
        assert caller.call("GET", "/me").code is Code.SIGNED_OUT
        before = _memory(process.pid)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        lines.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        host, port = caller.address.removeprefix("http://").rsplit(":", 1)
        for _ in range(10_000):
            line = socket.create_connection((host, int(port)), LIMIT_S)
            lines.callback(line.close)
            line.sendall(HEAD)
        assert caller.call("GET", "/me").code is Code.SIGNED_OUT
        assert _memory(process.pid) - before < 200 * MIB


def _memory(process: int) -> int:
    fields = Path(f"/proc/{process}/statm").read_text().split()
    return int(fields[1]) * resource.getpagesize()


# Bodies


def test_a_body_that_stops_coming_is_given_up_and_others_are_served_meanwhile(tmp_path: Path):
    with served_with(tmp_path, silence_s=1.0) as served:
        path = in_space(served.desk.space, "chunks")
        slow = [served.caller.begin(path, 1_000, b"\0") for _ in range(Bounds().threads * 3)]
        still_served(served)
        for line in slow:
            answer = until_the_end(line)
            assert b" 408 " in answer.splitlines()[0]
            assert b'"timed_out"' in answer


def test_a_body_that_drips_is_given_up_in_the_end(tmp_path: Path):
    """Each byte comes in time, and yet it never ends."""
    with served_with(tmp_path, silence_s=1.0, least_bytes_s=100 * MIB) as served:
        line = served.caller.begin(in_space(served.desk.space, "chunks"), 1_000_000)
        assert b'"timed_out"' in drip(line, b"\0")
        line.close()


def test_a_stranger_s_body_is_not_waited_for(tmp_path: Path):
    with served_with(tmp_path, head_s=0.5) as served:
        line = served.caller.begin(in_space(served.desk.space, "chunks"), 1_000_000, token="x")
        assert b'"signed_out"' in drip(line, b"\0")
        line.close()


# What is held


def take(held: bodies.Held, holder: bytes, size_bytes: int) -> bool:
    try:
        held.share(holder).take(size_bytes)
    except Failure:
        return False
    return True


def test_nobody_holds_more_than_is_left_for_the_others():
    held = bodies.Held(100)
    assert take(held, b"greedy", 40)
    assert take(held, b"greedy", 10)
    assert not take(held, b"greedy", 1)
    assert take(held, b"other", 25)
    assert not take(held, b"other", 1)
    assert take(held, b"third", 12)


def test_what_is_let_go_of_is_free_again():
    held = bodies.Held(100)
    for _ in range(3):
        with held.share(b"a") as share:
            share.take(30)
            share.take(20)
        with held.share(b"b") as share:
            pass


PIECES = [noise(MIB, number) for number in range(16)]
"""More than the operating system takes for a line whose other side reads nothing."""


class Large(msgspec.Struct, frozen=True):
    """A large content in Anna's and Boris' space, and what asks for it."""

    served: Served
    rev: bytes
    pieces: int = len(PIECES)

    @classmethod
    def of(cls, served: Served) -> "Large":
        desk = Desk(served.office, "boris", "Planning")
        desk.send(*PIECES)
        [state] = desk.do(desk.put("large", *PIECES))
        assert state.rev is not None
        return cls(msgspec.structs.replace(served, desk=Desk(served.office, "anna", "Planning")), state.rev)

    @property
    def body(self) -> bytes:
        return framed(Fetch(wants=(Want(self.rev, 0, self.pieces),)))

    @property
    def path(self) -> str:
        return in_space(self.served.desk.space, "fetch")

    def begin(self, receive_bytes: int = 4096) -> socket.socket:
        """Asks, and reads no more than the first byte of the answer."""
        token = self.served.office.sign_in("anna").access
        head = f"POST /api/v1{self.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        sent = f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body
        line = connect(self.served, sent, receive_bytes)
        assert line.recv(1) == b"H"
        return line

    def fetch(self, login: str) -> Answer:
        caller = Caller(self.served.caller.address, self.served.office.sign_in(login).access)
        return caller.call("POST", self.path, self.body)


def test_who_does_not_read_holds_up_nobody_else(tmp_path: Path):
    with served_with(tmp_path, held_bytes=60 * MIB) as served:
        large = Large.of(served)
        with large.begin():
            assert large.fetch("anna").code is Code.BUSY_RETRY
            assert large.fetch("boris").status == 200


def test_an_answer_that_nobody_takes_is_given_up_and_what_it_held_is_free(tmp_path: Path):
    with served_with(tmp_path, held_bytes=60 * MIB, stall_s=0.5) as served:
        large = Large.of(served)
        line = large.begin()
        answers = (large.fetch("anna").status for _ in range(10_000))
        assert 200 in answers
        assert len(until_the_end(line)) < sum(map(len, PIECES))


def test_the_end_of_an_answer_that_nobody_takes_is_given_up(tmp_path: Path):
    """All of it is handed on, and too little is left for the line to be said to be full."""
    with served_with(tmp_path, send_bytes=4096, stall_s=0.5, head_s=1.5) as served:
        desk, content = served.desk, noise(60_000)
        rev = desk.save("small", content).rev
        assert rev is not None
        line = Large(served, rev, 1).begin()
        assert until_the_end(connect(served)) == b""  # So that much time has passed.
        assert len(until_the_end(line)) < len(content)
        still_served(served)


@pytest.mark.slow
def test_an_answer_that_is_taken_slowly_comes_whole(tmp_path: Path):
    """All of it takes longer than a piece of it may."""
    with served_with(tmp_path, stall_s=1.5) as served:
        line = Large.of(served).begin(receive_bytes=65536)
        never, size = threading.Event(), 0
        while size < sum(map(len, PIECES)):
            never.wait(0.01)
            taken = len(line.recv(65536))
            assert taken
            size += taken
        line.close()
