"""The HTTP edge: one handler for every row of the table of routes (RFC 9110, RFC 9457).

Only here is code asynchronous. A body is read within the row's bound and a time, the function is called in a pool of
threads, the answer is written. No name, token or byte of a person's reaches a log line or an error's text.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

import govsync
from govsync.content import frames, manifests
from govsync.model import ids
from govsync.model.codes import CODES, Code
from govsync.model.problems import Failure
from govsync.protocol import commits as messages
from govsync.protocol import wire
from govsync.protocol.changes import Cursor, Known
from govsync.protocol.routes import ROUTES, Route, Shape
from govsync.protocol.session import Refresh, SignIn, SpacesAsked
from govsync.server import accounts, changes, commits, contents, spaces, versions
from govsync.server.accounts import Chance
from govsync.server.context import Caller, Server
from govsync.server.events import Streams

BODY_S = 120
THREADS = 16

_log = logging.getLogger(__name__)

Answer = Iterable[bytes | memoryview] | bytes | None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, read: what a function needs of it."""

    caller: Caller
    path: dict[str, bytes]
    query: dict[str, str]
    body: bytes
    address: str


class Http:
    """Binds the table of routes to the server's functions."""

    def __init__(self, server: Server, chance: Chance) -> None:
        self._server = server
        self._chance = chance
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="call")
        self.streams = Streams(server, self._pool)
        self._functions: dict[str, Callable[[Call], Answer]] = {
            "sign_in": self._sign_in,
            "refresh": self._refresh,
            "sign_out": self._sign_out,
            "me": lambda call: wire.encode_json(spaces.me(server, call.caller, govsync.__version__)),
            "spaces": self._spaces,
            "heads": lambda call: wire.encode_json(spaces.heads(server, call.caller)),
            "changes": self._changes,
            "nodes": self._nodes,
            "known": self._known,
            "missing": self._missing,
            "chunks": self._chunks,
            "commit": self._commit,
            "fetch": self._fetch,
            "manifest": self._manifest,
            "revisions": self._revisions,
            "trash": self._trash,
        }

    def app(self) -> Starlette:
        """Makes the application."""
        routes = [
            StarletteRoute(wire.PREFIX + route.path, self._handler(route), methods=[route.method])
            for route in ROUTES
        ]
        return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})

    def close(self) -> None:
        """Ends the threads; calls under way are finished."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _handler(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                return await self._answer(route, request)
            except Failure as failure:
                return problem(failure)
            except ClientDisconnect:
                return problem(Failure(Code.TIMED_OUT))
            except Exception:  # noqa: BLE001 - the edge: whatever it is, the caller gets an answer
                # A bug answers as one, with nothing in it; the log says where it was.
                _log.exception("the call %s ended by a bug", route.name)
                return problem(Failure(Code.INTERNAL))

        return handle

    async def _answer(self, route: Route, request: Request) -> Response:
        body = await _body(request, route.body_bytes)
        caller = Caller(user=b"", device=b"")
        if route.signed_in:
            caller = await self._run(lambda: accounts.caller_of(self._server, _bearer(request)))
        if route.gives is Shape.EVENTS:
            return await self.streams.open(caller, request.query_params.get("nonce", ""))
        address = request.client.host if request.client is not None else ""
        call = Call(
            caller=caller,
            path={name: ids.from_text(value) for name, value in request.path_params.items()},
            query=dict(request.query_params),
            body=body,
            address=address,
        )
        answer = await self._run(lambda: self._functions[route.name](call))
        return _response(route, answer)

    async def _run(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    # One function a row

    def _sign_in(self, call: Call) -> Answer:
        request = wire.decode_json(call.body, SignIn)
        return wire.encode_json(accounts.sign_in(self._server, request, self._chance, call.address))

    def _refresh(self, call: Call) -> Answer:
        return wire.encode_json(
            accounts.refresh(self._server, wire.decode_json(call.body, Refresh), self._chance)
        )

    def _sign_out(self, call: Call) -> Answer:
        accounts.sign_out(self._server, call.caller)
        return None

    def _spaces(self, call: Call) -> Answer:
        asked = wire.decode_json(call.body, SpacesAsked)
        if len(asked.have) > self._server.limits.spaces:
            raise Failure(Code.TOO_LARGE, limit=self._server.limits.spaces)
        return wire.encode_json(spaces.spaces(self._server, call.caller, asked))

    def _changes(self, call: Call) -> Answer:
        cursor = None
        if "seq" in call.query:
            cursor = Cursor(
                ids.from_text(call.query.get("epoch", "")), _number(call.query["seq"]),
                _hex(call.query.get("chain", "")),
            )  # fmt: skip
        page, inline = changes.changes(self._server, call.caller, call.path["space"], cursor)
        return wire.encode_framed(page, ((rev + bytes(16), data) for rev, data in inline.items()))

    def _nodes(self, call: Call) -> Answer:
        after = ids.from_text(call.query["after"]) if "after" in call.query else None
        return wire.encode_framed(changes.nodes(self._server, call.caller, call.path["space"], after))

    def _known(self, call: Call) -> Answer:
        question, _ = wire.decode_framed([call.body], Known, len(call.body))
        return wire.encode_framed(changes.known(self._server, call.caller, call.path["space"], question))

    def _missing(self, call: Call) -> Answer:
        question, _ = wire.decode_framed([call.body], messages.Missing, len(call.body))
        return wire.encode_framed(contents.missing(self._server, call.caller, call.path["space"], question))

    def _chunks(self, call: Call) -> Answer:
        _, sent = wire.decode_framed([call.body], dict, len(call.body))
        return wire.encode_framed(contents.chunks(self._server, call.caller, call.path["space"], sent))

    def _commit(self, call: Call) -> Answer:
        request, sent = wire.decode_framed([call.body], messages.Commit, len(call.body))
        inline = contents.plain(sent, self._server.limits.inline_chunk_bytes)
        space = call.path["space"]
        answer = commits.commit(self._server, call.caller, space, request, inline)
        self.streams.head(space, answer.head)
        return wire.encode_framed(answer)

    def _fetch(self, call: Call) -> Answer:
        request, _ = wire.decode_framed([call.body], messages.Fetch, len(call.body))
        found = contents.fetch(self._server, call.caller, call.path["space"], request.wants)
        return wire.encode_framed({}, ((bytes(32), data) for data in found))

    def _manifest(self, call: Call) -> Answer:
        return manifests.encode(
            contents.manifest(self._server, call.caller, call.path["space"], call.path["rev"])
        )

    def _revisions(self, call: Call) -> Answer:
        before = _number(call.query["before"]) if "before" in call.query else None
        space, node = call.path["space"], call.path["node"]
        return wire.encode_json(versions.revisions(self._server, call.caller, space, node, before))

    def _trash(self, call: Call) -> Answer:
        before = _number(call.query["before"]) if "before" in call.query else None
        return wire.encode_json(versions.trash(self._server, call.caller, call.path["space"], before))


def problem(failure: Failure) -> Response:
    """Writes a failure as a problem document (RFC 9457); only numbers of its facts travel."""
    status = CODES[failure.code].status or 500
    facts = {name: fact for name, fact in failure.facts.items() if isinstance(fact, int)}
    body = {
        "type": f"urn:govsync:{failure.code}",
        "title": failure.code,
        "status": status,
        "code": failure.code,
    }
    headers = {wire.VERSION_HEADER: wire.VERSION}
    return Response(wire.encode_json(body | facts), status, headers, media_type=wire.PROBLEM)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return problem(Failure(Code.NOT_FOUND))


async def _body(request: Request, limit: int) -> bytes:
    """Reads a body within its bound and its time; raises Failure(too_large, timed_out)."""
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for piece in request.stream():
                size += len(piece)
                if size > limit:
                    raise Failure(Code.TOO_LARGE, limit=limit)
                pieces.append(piece)
    except TimeoutError as error:
        raise Failure(Code.TIMED_OUT) from error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Failure(Code.SIGNED_OUT)
    return token


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise Failure(Code.BAD_REQUEST, what="number")
    return int(text)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Failure(Code.BAD_REQUEST, what="hex") from error


def _response(route: Route, answer: Answer) -> Response:
    headers = {wire.VERSION_HEADER: wire.VERSION}
    if answer is None:
        return Response(status_code=204, headers=headers)
    if route.gives is Shape.FRAMED:
        assert not isinstance(answer, bytes)
        return StreamingResponse(_pieces(answer), headers=headers, media_type=wire.FRAMES)
    media = wire.JSON if route.gives is Shape.JSON else "application/octet-stream"
    return Response(bytes(answer) if isinstance(answer, bytes) else b"", headers=headers, media_type=media)


async def _pieces(answer: Iterable[bytes | memoryview]) -> Any:
    for piece in frames.gather(answer):
        yield bytes(piece)
