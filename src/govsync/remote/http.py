"""The server over HTTP: the client's `Calls`, one method a row of the table of routes. The only module that knows httpx.

HTTP/1.1, one long-lived client shared by the worker threads. An answer counts only if it is ours: without our version
header and the kind of content that the row promises it means nothing at all, whatever its status (a captive portal, a
proxy's page, R29). A call is repeated only where its row says that this does no harm, and a few times at most: longer
waits are planned by whoever calls.
"""

import logging
import ssl
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import httpcore
import httpx
import msgspec
import truststore

import govsync
from govsync.content import frames, manifests
from govsync.content.compress import decompress, plain_of
from govsync.content.manifests import Manifest
from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.operations import AnyOperation
from govsync.model.problems import MALFORMED, Failure
from govsync.protocol import events as said
from govsync.protocol import wire
from govsync.protocol.activity import Activity
from govsync.protocol.changes import Changes, Cursor, Earlier, Known, KnownAnswer, Nodes, Revisions, Trash
from govsync.protocol.commits import (
    ChunkHead,
    ChunksAnswer,
    Commit,
    CommitAnswer,
    Fetch,
    Missing,
    MissingAnswer,
    Nothing,
    Want,
)
from govsync.protocol.fleet import Health, Wiped
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.protocol.limits import MIB
from govsync.protocol.links import LinkMade, Links, MakeLink
from govsync.protocol.routes import BY_NAME, Route, Shape
from govsync.protocol.session import (
    DeviceInfo,
    Heads,
    Me,
    Policy,
    Refresh,
    SignIn,
    SpaceInfo,
    Spaces,
    SpacesAsked,
    Tokens,
)
from govsync.protocol.sharing import Directory, Members, SetMember, Share
from govsync.remote.rate import Rate
from govsync.remote.session import Credentials, Session
from govsync.system.proxies import way_to

TIMEOUTS = httpx.Timeout(connect=10, write=30, read=60, pool=120)
LISTENING = httpx.Timeout(connect=10, write=30, read=45, pool=120)
"""An event stream that is silent for 45 s counts as lost (R41, R52)."""
TRIES = 3
FIRST_WAIT_S = 0.1
PIECE_BYTES = MIB
PROBLEM_BYTES = 64 * 1024
CONTROL_BYTES = 16 * MIB
ANSWER_BYTES = 2 * LIMITS.fetch_body_bytes
MANIFEST_BYTES = 256 * MIB
_MEDIA = {
    Shape.JSON: wire.JSON, Shape.FRAMED: wire.FRAMES, Shape.BYTES: wire.BYTES, Shape.EVENTS: wire.EVENTS,
}  # fmt: skip

httpcore.HTTP11Connection.READ_NUM_BYTES = 256 * 1024
"""What is asked of a connection at a time. Four times what httpx's own is, since each time costs as much as 64 KiB."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


SYSTEM_PROXY, NO_PROXY = "system", "none"


class Way(msgspec.Struct, frozen=True):
    """How an endpoint is reached: by the proxies of the system, by none, or by the one that is named; and a file of
    certificates that are trusted besides the system's, if any."""

    proxy: str = SYSTEM_PROXY
    ca_file: str = ""


SYSTEM_WAY = Way()


def trusted(ca_file: str) -> ssl.SSLContext:
    """Trusts the system's certificates (an agency's own included), and those of a file; raises Failure(certificates_bad)
    where that cannot be read."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ValueError) as error:  # An ssl.SSLError is an OSError.
            raise Failure(Code.CERTIFICATES_BAD, name=ca_file) from error
    return context


def _context(ca_file: str) -> ssl.SSLContext:
    """As `trusted`; of a file that cannot be read nothing is trusted, and the server is asked all the same: it may not need
    it, and `doctor` tells of it."""
    try:
        return trusted(ca_file)
    except Failure as failure:
        _log.warning("the file of certificates is not used: %s", failure.code)
        return trusted("")


def make_client(endpoint: str, way: Way = SYSTEM_WAY) -> httpx.Client:
    """Makes the client of one endpoint, on the way that is asked for; raises Failure(bad_request) where it is no address."""
    prefix = endpoint.rstrip("/") + wire.PREFIX
    return _client(endpoint, prefix, way, {wire.VERSION_HEADER: wire.VERSION})


def _client(address: str, base: str, way: Way, headers: Mapping[str, str]) -> httpx.Client:
    proxy: str | None = way.proxy
    if way.proxy in (SYSTEM_PROXY, NO_PROXY):
        proxy = way_to(address) if way.proxy == SYSTEM_PROXY else ""
    try:
        return httpx.Client(
            base_url=base,
            verify=_context(way.ca_file),
            timeout=TIMEOUTS,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=60),
            headers={
                "User-Agent": f"govsync/{govsync.__version__}",
                "Accept-Encoding": "identity",
                **headers,
            },
            trust_env=proxy is None,
            proxy=proxy or None,
            http2=False,
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise Failure(Code.BAD_REQUEST, what="endpoint") from error


class PublicFile(NamedTuple):
    """A file that anybody may read: where in it the answer's bytes begin, and these."""

    begins: int
    pieces: Iterator[bytes]


@contextmanager
def public_file(url: str, start_bytes: int, way: Way, down: Rate) -> Iterator[PublicFile]:
    """Asks an address that is no server of ours for a file, from a byte on where it can do that, else for all of it.

    Raises Failure(not_found) with `status` where it has none, and Failure(offline, certificate, proxy, bad_request)."""
    headers = {"Range": f"bytes={start_bytes}-"} if start_bytes else {}
    try:
        with _client(url, "", way, headers) as client, client.stream("GET", url) as response:
            if response.status_code not in (200, 206):
                code = Code.PROXY if response.status_code == 407 else Code.NOT_FOUND
                raise Failure(code, status=response.status_code)
            begins = start_bytes if response.status_code == 206 else 0
            yield PublicFile(begins, _limited(response.iter_raw(), down))
    except httpx.HTTPError as error:
        raise _failure(error) from error
    except httpx.InvalidURL as error:
        raise Failure(Code.BAD_REQUEST, what="address") from error


def _limited(pieces: Iterable[bytes], down: Rate) -> Iterator[bytes]:
    for piece in pieces:
        down.take(len(piece))
        yield piece


class HttpCalls:
    """`Calls` over one endpoint, for one device; `nonce` is drawn once per start of the agent (R49).

    `rates` are the limits of all bytes up and down; they count what passed, too.
    """

    def __init__(
        self,
        endpoint: str,
        device: bytes,
        credentials: Credentials,
        nonce: str,
        wait: Callable[[float], None],
        rates: tuple[Rate, Rate],
        way: Way = SYSTEM_WAY,
    ) -> None:
        self._endpoint, self._way = endpoint, way
        self._client = make_client(endpoint, way)
        self._device = device
        self._session = Session(credentials, self._refresh)
        self._nonce = nonce
        self._wait = wait
        self._up, self._down = rates

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()

    def use_way(self, way: Way) -> None:
        """Goes another way from the next request on, and from the next stream of events; what is under way stays on its own."""
        if way != self._way:
            self._way, self._client = way, make_client(self._endpoint, way)

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
        room = sum(head.size_bytes for head, _ in chunks)
        if len(page.inline) != len(chunks) or room > ANSWER_BYTES:
            raise Failure(Code.NOT_OUR_SERVER, what="inline")
        return page, {
            rev: decompress(head.encoding, data, _bounded(head))
            for rev, (head, data) in zip(page.inline, chunks, strict=True)
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

    def chunks(self, space: bytes, chunks: Iterable[tuple[bytes, bytes | memoryview]]) -> ChunksAnswer:
        """As `Calls.chunks`."""
        return self._framed(BY_NAME["chunks"], ChunksAnswer, Nothing(), chunks, space=space)[0]

    def commit(
        self,
        space: bytes,
        epoch: bytes,
        operations: Sequence[AnyOperation],
        inline: Sequence[bytes],
        after: Cursor | None = None,
    ) -> CommitAnswer:
        """As `Remote.commit`."""
        request = Commit(epoch=epoch, operations=tuple(operations), after=after)
        sent = ((wire.UNNAMED, data) for data in inline)
        return self._framed(BY_NAME["commit"], CommitAnswer, request, sent, space=space)[0]

    def fetch(self, space: bytes, wants: Sequence[Want]) -> Generator[bytes | memoryview, None, None]:
        """As `Calls.fetch`; chunks are yielded as they arrive."""
        route = BY_NAME["fetch"]
        body = list(wire.encode_framed(Fetch(wants=tuple(wants))))
        with self._open(route, body, {"space": space}) as response, _understood():
            _, chunks = wire.decode_framed(self._received(response), Nothing, ANSWER_BYTES)
            for head, data in chunks:
                yield plain_of(head.encoding, data, _bounded(head))

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        """As `Remote.manifest`."""
        with self._open(BY_NAME["manifest"], [], {"space": space, "rev": rev}) as response:
            return manifests.decode(_whole(self._received(response), MANIFEST_BYTES))

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions:
        """As `Remote.revisions`."""
        query = {} if before is None else {"before": str(before)}
        return self._control(BY_NAME["revisions"], Revisions, space=space, node=node, query=query)

    def trash(self, space: bytes, before: int | None) -> Trash:
        """As `Remote.trash`."""
        query = {} if before is None else {"before": str(before)}
        return self._control(BY_NAME["trash"], Trash, space=space, query=query)

    def earlier(self, space: bytes, at_ms: int, after: int) -> Earlier:
        """Reads a page of what had happened in a space up to a moment, after a sequence."""
        query = {"at": str(at_ms), "seq": str(after)}
        return self._framed(BY_NAME["earlier"], Earlier, space=space, query=query)[0]

    def share(self, space: bytes, request: Share) -> SpaceInfo:
        """As `Remote.share`."""
        return self._control(BY_NAME["share"], SpaceInfo, wire.encode_json(request), space=space)

    def members(self, space: bytes, after: str | None) -> Members:
        """As `Remote.members`."""
        query = {} if after is None else {"after": after}
        return self._control(BY_NAME["members"], Members, space=space, query=query)

    def set_member(self, space: bytes, change: SetMember) -> None:
        """As `Remote.set_member`."""
        with self._open(BY_NAME["set_member"], [wire.encode_json(change)], {"space": space}):
            pass  # It has no content, and that it came says all.

    def leave(self, space: bytes) -> None:
        """As `Remote.leave`."""
        with self._open(BY_NAME["leave"], [], {"space": space}):
            pass

    def directory(self, text: str) -> Directory:
        """As `Remote.directory`."""
        return self._control(BY_NAME["directory"], Directory, query={"text": text})

    def activity(self, space: bytes, before: int | None) -> Activity:
        """Reads a page of what happened in a space, the newest first; asked by people alone."""
        query = {} if before is None else {"before": str(before)}
        return self._control(BY_NAME["activity"], Activity, space=space, query=query)

    def policy(self) -> Policy:
        """Asks which settings the person's organisation has fixed; asked by no job of the engine."""
        return self._control(BY_NAME["policy"], Policy)

    # Links, which no job of the engine asks for

    def make_link(self, space: bytes, request: MakeLink) -> LinkMade:
        """Makes a link, once for each key. After `offline` it is not known whether there is one; the list of links says so."""
        return self._control(BY_NAME["make_link"], LinkMade, wire.encode_json(request), space=space)

    def links(self, space: bytes, after: bytes | None) -> Links:
        """Reads a page of a space's links."""
        query = {} if after is None else {"after": ids.to_text(after)}
        return self._control(BY_NAME["links"], Links, space=space, query=query)

    def end_link(self, link: bytes) -> None:
        """Ends a link."""
        with self._open(BY_NAME["end_link"], [], {"link": link}):
            pass  # As `sign_out`.

    # The session

    def sign_in(self, login: str, password: str, device: DeviceInfo) -> Tokens:
        """Signs the device in; raises Failure(wrong_password, too_many_requests, offline, not_our_server …)."""
        request = SignIn(login=login, password=password, device=device)
        return self._control(BY_NAME["sign_in"], Tokens, wire.encode_json(request))

    def reach(self) -> str | None:
        """Asks as a stranger, whom the server refuses: answers its date, or raises Failure with what stands in the way."""
        try:
            response = self._client.send(self._request(BY_NAME["heads"], [], {}, None)(None), stream=True)
        except httpx.HTTPError as error:
            raise _failure(error) from error
        try:
            _judge(response, BY_NAME["heads"])
        except Failure as failure:
            if failure.code is not Code.SIGNED_OUT:
                raise
        finally:
            response.close()
        date: str | None = response.headers.get("Date")
        return date

    def sign_out(self) -> None:
        """Ends the session of this device on the server."""
        with self._open(BY_NAME["sign_out"], [], {}):
            pass  # It has no content, and that it came says all.

    def tell_health(self, health: Health) -> None:
        """Tells the server how this desk is."""
        with self._open(BY_NAME["health"], [wire.encode_json(health)], {}):
            pass  # As `sign_out`.

    def begin_wipe(self, order: bytes) -> None:
        """Says that this desk begins to obey an order; raises Failure(not_found) where it does not stand."""
        with self._open(BY_NAME["begin_wipe"], [], {"order": order}):
            pass  # As `sign_out`.

    def end_wipe(self, order: bytes, result: Wiped) -> None:
        """Tells what became of the files; the session of this desk ends with it."""
        with self._open(BY_NAME["end_wipe"], [wire.encode_json(result)], {"order": order}):
            pass  # As `sign_out`.

    def _refresh(self, refresh: str) -> Tokens:
        request = Refresh(refresh=refresh, device=self._device, nonce=self._nonce)
        return self._control(BY_NAME["refresh"], Tokens, wire.encode_json(request))

    # Events

    def events(self) -> Iterator[said.Event]:
        """Yields the server's events until the line breaks; ends with a Failure, never by itself.

        Uses a client of its own: a stream would take a connection of the others for good."""
        route = BY_NAME["events"]
        with make_client(self._endpoint, self._way) as client:
            client.timeout = LISTENING
            with self._open(route, [], {}, {"nonce": self._nonce}, client) as response:
                yield from said.read(response.iter_raw())
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
        with self._open(route, [body] if body else [], path, query) as response, _understood():
            return wire.decode_json(_whole(self._received(response), CONTROL_BYTES), kind)

    def _framed(
        self,
        route: Route,
        kind: type[T],
        message: object = None,
        chunks: Iterable[tuple[bytes, bytes | memoryview]] = (),
        query: Mapping[str, str] | None = None,
        **path: bytes,
    ) -> tuple[T, list[tuple[ChunkHead, memoryview]]]:
        body = [] if message is None else list(frames.gather(wire.encode_framed(message, chunks)))
        with self._open(route, body, path, query) as response, _understood():
            answer, found = wire.decode_framed(self._received(response), kind, ANSWER_BYTES)
            return answer, list(found)

    @contextmanager
    def _open(
        self,
        route: Route,
        body: Sequence[bytes | memoryview],
        path: Mapping[str, bytes],
        query: Mapping[str, str] | None = None,
        client: httpx.Client | None = None,
    ) -> Iterator[httpx.Response]:
        """Sends a request and opens its answer; what it raises means that there is none."""
        request = self._request(route, body, path, query)
        response = self._answer(client or self._client, route, request)
        try:
            yield response
        except httpx.HTTPError as error:
            raise _failure(error) from error
        finally:
            response.close()

    def _answer(
        self, client: httpx.Client, route: Route, request: Callable[[str | None], httpx.Request]
    ) -> httpx.Response:
        """Answers a good answer that is ours, with its body still to be read."""
        token = self._session.access() if route.signed_in else None
        renewed = False
        failed = 0
        while True:
            try:
                return self._attempt(client, route, request(token))
            except Failure as failure:
                if failure.code is Code.TOKEN_EXPIRED and not renewed:
                    renewed, token = True, self._session.access(expired=token)
                    continue
                failed += 1
                again = failure.code in (Code.OFFLINE, Code.BUSY_RETRY)
                if not (again and route.repeatable and failed < TRIES):
                    raise
            self._wait(FIRST_WAIT_S * 2**failed)

    def _attempt(self, client: httpx.Client, route: Route, request: httpx.Request) -> httpx.Response:
        try:
            response = client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise _failure(error) from error
        try:
            _judge(response, route)
        except BaseException:
            response.close()
            raise
        return response

    def _request(
        self,
        route: Route,
        body: Sequence[bytes | memoryview],
        path: Mapping[str, bytes],
        query: Mapping[str, str] | None,
    ) -> Callable[[str | None], httpx.Request]:
        """Answers what makes the request for an access token, each time with a body that can be sent once."""
        url = route.path.format(**{name: ids.to_text(value) for name, value in path.items()}).lstrip("/")
        headers = {}
        if body:
            headers["Content-Length"] = str(sum(len(piece) for piece in body))
            headers["Content-Type"] = _MEDIA[route.takes]

        def make(token: str | None) -> httpx.Request:
            bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
            content = self._sent(body) if body else None
            return self._client.build_request(
                route.method, url, params=query, headers={**headers, **bearer}, content=content
            )

        return make

    def _sent(self, body: Sequence[bytes | memoryview]) -> Iterator[bytes]:
        for piece in body:
            for start in range(0, len(piece), PIECE_BYTES):
                part = bytes(piece[start : start + PIECE_BYTES])
                self._up.take(len(part))
                yield part

    def _received(self, response: httpx.Response) -> Iterator[bytes]:
        return _limited(response.iter_raw(), self._down)


def _judge(response: httpx.Response, route: Route) -> None:
    """Says whether an answer is ours, and good; raises the failure that it is otherwise."""
    status = response.status_code
    if response.headers.get(wire.VERSION_HEADER) != wire.VERSION:
        raise Failure(Code.PROXY if status == 407 else Code.NOT_OUR_SERVER, status=status)
    media = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if response.is_success:
        if media != _MEDIA.get(route.gives, ""):
            raise Failure(Code.NOT_OUR_SERVER, status=status)
        return
    try:
        body = from_json(_whole(response.iter_raw(), PROBLEM_BYTES), dict[str, Any])
        code = Code(body["code"])
    except httpx.HTTPError as error:
        raise _failure(error) from error
    except (KeyError, ValueError, *MALFORMED) as error:
        raise Failure(Code.NOT_OUR_SERVER, status=status) from error
    facts = {name: fact for name, fact in body.items() if isinstance(fact, int) and name != "status"}
    raise Failure(code, **facts)


def _whole(pieces: Iterable[bytes], limit_bytes: int) -> bytes:
    """Joins an answer that has a bound; raises Failure(not_our_server) beyond it."""
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > limit_bytes:
            raise Failure(Code.NOT_OUR_SERVER, what="size")
    return bytes(whole)


def _bounded(head: ChunkHead) -> int:
    """Answers the plain size of a chunk; raises Failure(not_our_server) for one that unpacks to more than any chunk has."""
    if head.size_bytes > LIMITS.chunk_bytes:
        raise Failure(Code.NOT_OUR_SERVER, what="size")
    return head.size_bytes


@contextmanager
def _understood() -> Iterator[None]:
    """An answer that is not what it must be is nobody's: it was changed on the way, or is of another protocol."""
    try:
        yield
    except Failure as failure:
        if failure.code in (Code.BAD_REQUEST, Code.FRAME_BAD):
            raise Failure(Code.NOT_OUR_SERVER, what=failure.code) from failure
        raise


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
