"""Somebody with a browser, but no account: plain HTTP to the addresses of links, by hand."""

import re
from collections.abc import Iterable
from contextlib import closing
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode, urljoin

import msgspec

LIMIT_S = 60.0


class Seen(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The page as people read it, without its marks."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.body.decode())).split())

    def hrefs(self) -> list[str]:
        """Where the page leads, in its order."""
        return [unescape(each) for each in re.findall(r'(?:href|action)="([^"]*)"', self.body.decode())]


class Visitor:
    """One browser: it keeps its cookies, and comes from an address that a proxy tells."""

    def __init__(self, server: str, come_from: str = "192.0.2.77", accept: str = "en") -> None:
        self._host, port = server.removeprefix("http://").rsplit(":", 1)
        self._port = int(port)
        self.cookies: dict[str, str] = {}
        self._headers = {"X-Forwarded-For": come_from, "Accept-Language": accept}

    def call(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> Seen:
        """Sends one request."""
        with closing(self.begin(method, path, body, **headers)) as connection:
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            found.pop("date", None)
            cookie = found.get("set-cookie", "")
            if cookie:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return Seen(answer.status, found, answer.read())

    def begin(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> HTTPConnection:
        """Sends one request, and leaves its answer to be read."""
        connection = HTTPConnection(self._host, self._port, timeout=LIMIT_S)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**self._headers, **({"Cookie": cookies} if cookies else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        return connection

    def get(self, path: str, **headers: str) -> Seen:
        """Loads an address."""
        return self.call("GET", path, **headers)

    def follow(self, page: str, href: str) -> Seen:
        """Loads what a page leads to."""
        return self.get(urljoin(page, href))

    def give_password(self, link: str, password: str) -> Seen:
        """Fills in the form of a page that asks for it."""
        form = urlencode({"password": password}).encode()
        return self.call("POST", f"{link}/password", form, Content_Type="application/x-www-form-urlencoded")

    def send(self, link: str, *files: tuple[str, bytes]) -> Seen:
        """Sends files as the form of a page does."""
        return self.call("POST", f"{link}/upload", form(*files), Content_Type=FORM)


BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def form(*files: tuple[str, bytes]) -> bytes:
    """Answers a form with files as browsers write it."""
    parts = []
    for name, content in files:
        escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'Content-Disposition: form-data; name="file"; filename="{escaped}"\r\nContent-Type: application/octet-stream'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
