"""What may stand between a desk and its server: a line that is cut, goes silent, ends in the middle of an answer, spoils what
passes, or has a stranger at its other end who answers in the server's place (a captive portal, a proxy's page)."""

import random
import socket
import threading

from tests.journeys.site import Line

_PAGE = "<!doctype html><title>Welcome</title><p>Please sign in to this network."
PAGES = {
    "200": "HTTP/1.1 200 OK",
    "302": "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/portal",
    "403": "HTTP/1.1 403 Forbidden",
    "404": "HTTP/1.1 404 Not Found",
    "502": "HTTP/1.1 502 Bad Gateway",
    "empty": "",
    "noise": "\x00\x01 no HTTP at all",
}
SICK = {
    **PAGES,
    "500": "HTTP/1.1 500 Internal Server Error",
    "503": "HTTP/1.1 503 Service Unavailable",
    "an empty object": "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "an empty list": "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
    "half an answer": 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{"spaces": [',
}
"""What a proxy or a half-broken server may answer to everything; one that has a body of its own is sent as it is."""


class FaultyLine(Line):
    """A line with faults; `mend` ends them all."""

    def __init__(self, port: int) -> None:
        self._page: str | None = None
        self._piece: int | None = None
        self._left = 0
        self._silent = False
        self._closed: bytes | None = None
        self.refused = threading.Event()
        """Whether a request was made to the route that `refuse` closed."""
        self._chance: random.Random | None = None
        super().__init__(port)

    def answer_with(self, page: str) -> None:
        """Ends all connections, and answers every request with one of `SICK` from now on."""
        self._page = page
        self.cut()
        self.mend_only_the_line()

    def end_after(self, answer_bytes: int) -> None:
        """Lets so many bytes of answers through, then ends the connection of the next one, again and again."""
        self._piece = self._left = answer_bytes

    def fall_silent(self) -> None:
        """Swallows every byte from now on, and ends no connection for it."""
        self._silent = True

    def refuse(self, route: bytes) -> None:
        """Ends every connection on which a request to a route is made."""
        self._closed = route

    def wear_out(self, seed: int) -> None:
        """Ends connections after a random number of bytes, either way, and spoils a bit now and then, the same ones for a seed."""
        self._chance = random.Random(seed)

    def mend_only_the_line(self) -> None:
        """Lets connections through again, to whoever answers."""
        super().mend()

    def mend(self) -> None:
        """Ends every fault; who was answered by a stranger has to ask anew."""
        self._page, self._piece, self._silent, self._closed, self._chance = None, None, False, None, None
        super().mend()

    def _connect(self, near: socket.socket) -> socket.socket | None:
        if self._page is None:
            return super()._connect(near)
        threading.Thread(target=self._be_a_stranger, args=(near, SICK[self._page]), daemon=True).start()
        return None

    def _carried(self, data: bytes, answer: bool) -> bytes:
        if self._silent:
            return b""
        if self._closed is not None and not answer and self._closed in data:
            self.refused.set()
            raise ConnectionResetError
        if self._chance is not None:
            return self._worn(data, self._chance)
        if self._piece is None or not answer:
            return data
        data = data[: self._left]
        self._left -= len(data)
        if not data:
            self._left = self._piece
            raise ConnectionResetError
        return data

    @staticmethod
    def _worn(data: bytes, chance: random.Random) -> bytes:
        if chance.random() < 0.03:
            raise ConnectionResetError
        if (
            len(data) > 60_000 and chance.random() < 0.05
        ):  # Contents are hashed; TLS ends a real line whose other bytes are spoilt.
            spoilt = bytearray(data)
            spoilt[chance.randrange(600, len(data))] ^= 1 << chance.randrange(8)
            return bytes(spoilt)
        return data

    @staticmethod
    def _be_a_stranger(near: socket.socket, page: str) -> None:
        with near:
            near.settimeout(5)
            try:
                near.recv(65536)
                if page.startswith("HTTP") and "\r\n\r\n" not in page:
                    page = f"{page}\r\nContent-Type: text/html\r\nContent-Length: {len(_PAGE)}\r\n\r\n{_PAGE}"
                near.sendall(page.encode())
            except OSError:
                return  # It has gone.
