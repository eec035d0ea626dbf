"""The server over HTTP: the client's `Calls`, one method a row of the table of routes. The only module that knows httpx.

HTTP/1.1, one long-lived client shared by the worker threads. An answer counts only if it is ours: without our version
header and a known kind of content it means nothing at all, whatever its status (a captive portal, a proxy's page, R29).
A call is repeated only where its row says that this does no harm.
"""

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import httpx
import msgspec
import truststore
from httpx_sse import connect_sse

from govsync.content import frames, manifests
from govsync.content.compress import decompress
from govsync.content.manifests import Manifest
from govsync.model import ids
from govsync.model.codes import CODES, Code
from govsync.model.operations import AnyOperation
from govsync.model.problems import Failure
from govsync.protocol import wire
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes, Revisions, Trash
from govsync.protocol.commits import ChunksAnswer, Commit, CommitAnswer, Fetch, Missing, MissingAnswer, Want
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.protocol.routes import BY_NAME, Route, Shape
from govsync.protocol.session import DeviceInfo, Heads, Me, Refresh, SignIn, Spaces, SpacesAsked, Tokens
from govsync.remote.rate import Rate

CONNECT_S = 10.0
ANSWER_S = 120.0
SILENCE_S = 45.0
"""How long an event stream may be silent before it counts as lost (R41, R52)."""
TRIES = 3
PIECE_BYTES = 256 * 1024

T = TypeVar("T")


class Credentials(Protocol):
    """Keeps a device's refresh token; `store` returns when it is safe, before the new one is used."""

    def load(self) -> str | None: ...

    def store(self, refresh: str) -> None: ...


class Event(msgspec.Struct, frozen=True):
    """One event of the server's stream: `hello`, `beat`, `head`, `rights`, `session`, with its data."""

    kind: str
    data: dict[str, Any]


def make_client(endpoint: str) -> httpx.Client:
    """Makes the client of one endpoint: the system's proxies and its certificates (an agency's own included)."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
    limits = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=60)
    return httpx.Client(
        base_url=endpoint.rstrip("/") + wire.PREFIX, verify=context, timeout=timeout, limits=limits
    )


class HttpCalls:
    """`Calls` over one endpoint, for one device."""

    def __init__(
        self,
        endpoint: str,
        device: bytes,
        credentials: Credentials,
        nonce: str,
        wait: Callable[[float], None],
        rates: tuple[Rate, Rate],
    ) -> None:
        self._endpoint = endpoint
        self._client = make_client(endpoint)
        self._device = device
        self._credentials = credentials
        self._nonce = nonce
        self._wait = wait
        self._up, self._down = rates
        self._access: str | None = None
        self._signing = threading.Lock()

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()

    # The rows

    def me(self) -> Me:
        """As `Remote.me`."""
        return self._control(BY_NAME["me"], Me)

    def spaces(self, have: Sequence[bytes]) -> Spaces:
        """As `Remote.spaces`."""
        return self._control(BY_NAME["spaces"], Spaces, wire.encode_json(SpacesAsked(have=tuple(have))))

    def heads(self) -> Heads:
        """As `Remote.heads`."""
        return self._control(BY_NAME["heads"], Heads)

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        """As `Remote.changes`."""
        query = {}
        if cursor is not None:
            query = {"epoch": ids.to_text(cursor.epoch), "seq": str(cursor.seq), "chain": cursor.chain.hex()}
        page, chunks = self._framed(BY_NAME["changes"], Changes, space=space, query=query)
        return page, {
            head.hash[:16]: bytes(decompress(head.encoding, data, head.size_bytes)) for head, data in chunks
        }

    def nodes(self, space: bytes, after: bytes | None) -> Nodes:
        """As `Remote.nodes`."""
        query = {} if after is None else {"after": ids.to_text(after)}
        return self._framed(BY_NAME["nodes"], Nodes, space=space, query=query)[0]

    def known(self, space: bytes, question: Known) -> KnownAnswer:
        """As `Remote.known`."""
        return self._framed(BY_NAME["known"], KnownAnswer, question, space=space)[0]

    def missing(self, space: bytes, question: Missing) -> MissingAnswer:
        """As `Calls.missing`."""
        return self._framed(BY_NAME["missing"], MissingAnswer, question, space=space)[0]

    def chunks(self, space: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> ChunksAnswer:
        """As `Calls.chunks`."""
        return self._framed(BY_NAME["chunks"], ChunksAnswer, {}, chunks, space=space)[0]

    def commit(
        self, space: bytes, epoch: bytes, operations: Sequence[AnyOperation], inline: Sequence[bytes]
    ) -> CommitAnswer:
        """As `Remote.commit`."""
        request = Commit(epoch=epoch, operations=tuple(operations))
        sent = ((bytes(32), data) for data in inline)
        return self._framed(BY_NAME["commit"], CommitAnswer, request, sent, space=space)[0]

    def fetch(self, space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        """As `Calls.fetch`; chunks are yielded as they arrive."""
        route = BY_NAME["fetch"]
        body = list(wire.encode_framed(Fetch(wants=tuple(wants))))
        with self._open(route, body, space=space) as response:
            pieces = self._received(response)
            _, chunks = wire.decode_framed(pieces, dict, LIMITS.fetch_body_bytes * 2)
            for head, data in chunks:
                yield bytes(decompress(head.encoding, data, head.size_bytes))

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        """As `Remote.manifest`."""
        with self._open(BY_NAME["manifest"], [], space=space, rev=rev) as response:
            return manifests.decode(b"".join(self._received(response)))

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions:
        """As `Remote.revisions`."""
        query = {} if before is None else {"before": str(before)}
        return self._control(BY_NAME["revisions"], Revisions, space=space, node=node, query=query)

    def trash(self, space: bytes, before: int | None) -> Trash:
        """As `Remote.trash`."""
        query = {} if before is None else {"before": str(before)}
        return self._control(BY_NAME["trash"], Trash, space=space, query=query)

    def sign_in(self, login: str, password: str, device: DeviceInfo) -> Tokens:
        """Signs the device in; raises Failure(wrong_password, too_many_requests, offline, not_our_server …)."""
        request = SignIn(login=login, password=password, device=device)
        return self._control(BY_NAME["sign_in"], Tokens, wire.encode_json(request))

    def sign_out(self) -> None:
        """Ends the session of this device on the server."""
        with self._open(BY_NAME["sign_out"], []) as response:
            response.read()

    def events(self) -> Iterator[Event]:
        """Yields the server's events until the line breaks; ends with a Failure, never by itself.

        Uses a client of its own: a stream would take a connection of the others for good."""
        route = BY_NAME["events"]
        with make_client(self._endpoint) as client:
            client.timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
            headers = {"Authorization": f"Bearer {self._token()}"}
            try:
                with connect_sse(
                    client, "GET", route.path.lstrip("/"), params={"nonce": self._nonce}, headers=headers
                ) as source:
                    self._judge(source.response, route)
                    for event in source.iter_sse():
                        yield Event(event.event, msgspec.json.decode(event.data, type=dict[str, Any]))
            except httpx.HTTPError as error:
                raise _failure(error) from error
            except msgspec.DecodeError as error:
                raise Failure(Code.NOT_OUR_SERVER) from error
        raise Failure(Code.OFFLINE)

    # Requests

    def _control(
        self,
        route: Route,
        kind: type[T],
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
        **path: bytes,
    ) -> T:
        with self._open(route, [body] if body else [], query, **path) as response:
            data = b"".join(self._received(response))
        return wire.decode_json(data, kind)

    def _framed(
        self,
        route: Route,
        kind: type[T],
        message: object = None,
        chunks: Iterable[tuple[bytes, bytes]] = (),
        query: Mapping[str, str] | None = None,
        **path: bytes,
    ) -> tuple[T, list[tuple[Any, bytes]]]:
        body = [] if message is None else list(frames.gather(wire.encode_framed(message, chunks)))
        with self._open(route, body, query, **path) as response:
            answer, found = wire.decode_framed(self._received(response), kind, LIMITS.fetch_body_bytes * 2)
            return answer, list(found)

    @contextmanager
    def _open(
        self,
        route: Route,
        body: Sequence[bytes | memoryview],
        query: Mapping[str, str] | None = None,
        **path: bytes,
    ) -> Iterator[httpx.Response]:
        """Sends a request and opens its answer; what it raises means that there is none."""
        url = route.path.format(**{name: ids.to_text(value) for name, value in path.items()}).lstrip("/")
        renewed = False
        tries = TRIES if route.repeatable else 1
        for turn in range(1, 100):
            token = self._token() if route.signed_in else None
            try:
                response = self._client.send(self._request(route, url, body, query, token), stream=True)
            except httpx.HTTPError as error:
                if turn >= tries:
                    raise _failure(error) from error
                self._wait(0.1 * 2**turn)
                continue
            try:
                self._judge(response, route)
            except Failure as failure:
                response.close()
                if failure.code is Code.TOKEN_EXPIRED and not renewed:
                    renewed = True
                    self._renew(token)
                    continue
                if CODES[failure.code].status == 503 and turn < tries:
                    self._wait(0.2 * 2**turn)
                    continue
                raise
            try:
                yield response
            except httpx.HTTPError as error:
                raise _failure(error) from error
            finally:
                response.close()
            return

    def _request(
        self,
        route: Route,
        url: str,
        body: Sequence[bytes | memoryview],
        query: Mapping[str, str] | None,
        token: str | None,
    ) -> httpx.Request:
        headers = {wire.VERSION_HEADER: wire.VERSION}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if body:
            headers["Content-Length"] = str(sum(len(piece) for piece in body))
            headers["Content-Type"] = wire.FRAMES if route.takes is Shape.FRAMED else wire.JSON
        content = self._sent(body) if body else None
        return self._client.build_request(route.method, url, params=query, headers=headers, content=content)

    def _sent(self, body: Sequence[bytes | memoryview]) -> Iterator[bytes]:
        for piece in body:
            for start in range(0, len(piece), PIECE_BYTES):
                part = bytes(piece[start : start + PIECE_BYTES])
                self._up.take(len(part))
                yield part

    def _received(self, response: httpx.Response) -> Iterator[bytes]:
        for piece in response.iter_raw():
            self._down.take(len(piece))
            yield piece

    def _judge(self, response: httpx.Response, route: Route) -> None:
        """Says whether an answer is ours, and good; raises the failure that it is otherwise."""
        if response.headers.get(wire.VERSION_HEADER) != wire.VERSION:
            code = Code.PROXY if response.status_code == 407 else Code.NOT_OUR_SERVER
            raise Failure(code, status=response.status_code)
        if response.is_success:
            return
        data = response.read()
        try:
            body = msgspec.json.decode(data, type=dict[str, Any])
            code = Code(body.get("code", ""))
        except (msgspec.DecodeError, ValueError) as error:
            raise Failure(Code.NOT_OUR_SERVER, status=response.status_code) from error
        facts = {name: fact for name, fact in body.items() if name not in ("type", "title", "status", "code")}
        raise Failure(code, **facts)

    # Tokens

    def _token(self) -> str:
        access = self._access
        if access is None:
            self._renew(None)
            access = self._access
        assert access is not None
        return access

    def _renew(self, old: str | None) -> None:
        """Gets a new access token; of many threads that find theirs expired, one asks."""
        with self._signing:
            if self._access is not None and self._access != old:
                return
            refresh = self._credentials.load()
            if refresh is None:
                raise Failure(Code.SIGNED_OUT)
            body = wire.encode_json(Refresh(refresh=refresh, device=self._device, nonce=self._nonce))
            tokens = self._control(BY_NAME["refresh"], Tokens, body)
            # Safe before it is used: else a crash would leave only a token that is used up.
            self._credentials.store(tokens.refresh)
            self._access = tokens.access


def _failure(error: httpx.HTTPError) -> Failure:
    """Answers what an error of the connection means: nothing is known about the effect of the call."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure(Code.CERTIFICATE)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ProxyError):
        return Failure(Code.PROXY)
    return Failure(Code.OFFLINE)
