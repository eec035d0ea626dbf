"""The HTTP edge: one handler for every row of the table of routes (RFC 9110, RFC 9457).

Only here, in `events`, and in `web` is code asynchronous. Who asks is proven before the body is read; the body is read within the
row's bound and in its time; the function is called and its answer encoded in a pool of threads, when it is its turn; what bodies and answers
take up together is bounded. No name, token or byte of a person's reaches a log line or an error's text.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

import govsync
from govsync.content import frames, manifests
from govsync.model import ids
from govsync.model.codes import CODES, Code
from govsync.model.problems import Failure
from govsync.protocol import commits as messages
from govsync.protocol import wire
from govsync.protocol.changes import Cursor, Known
from govsync.protocol.fleet import Health, Wiped
from govsync.protocol.links import PATH as LINKS
from govsync.protocol.links import MakeLink
from govsync.protocol.numbers import LARGEST
from govsync.protocol.routes import ROUTES, Route, Shape
from govsync.protocol.session import Refresh, SignIn, SpacesAsked
from govsync.protocol.sharing import SetMember, Share
from govsync.protocol.web import ROOT as WEB
from govsync.server import (
    accounts,
    activity,
    bodies,
    changes,
    commits,
    contents,
    earlier,
    fixed,
    fleet,
    links,
    members,
    openapi,
    reading,
    releases,
    search,
    sharing,
    spaces,
    versions,
    wipes,
)
from govsync.server.answering import answered
from govsync.server.bodies import Body, Held
from govsync.server.chunk import Chunk
from govsync.server.connections import TRUST
from govsync.server.context import Caller, Server
from govsync.server.events import Streams
from govsync.server.signing import Chance
from govsync.server.turns import Turns
from govsync.server.web import handlers, signed_in
from govsync.server.web.file_pages import FilePages
from govsync.server.web.fleet_pages import FleetPages
from govsync.server.web.signed_in import Door

T = TypeVar("T")
Piece = bytes | memoryview
Answer = Iterable[Piece]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, read: what a function needs of it."""

    caller: Caller
    path: dict[str, bytes]
    query: dict[str, str]
    body: tuple[bytes, ...]
    address: str

    @property
    def space(self) -> bytes:
        """The space that it is about."""
        return self.path["space"]

    @property
    def before(self) -> int | None:
        """The sequence before which a list goes on."""
        return _number(self.query["before"]) if "before" in self.query else None

    @property
    def after(self) -> bytes | None:
        """The id after which a list goes on."""
        return ids.from_text(self.query["after"]) if "after" in self.query else None

    def control(self, kind: type[T]) -> T:
        """Reads a body of control; raises Failure(bad_request)."""
        return wire.decode_json(b"".join(self.body), kind)

    def framed(self, kind: type[T]) -> tuple[T, Iterable[tuple[messages.ChunkHead, memoryview]]]:
        """Reads a framed body; raises Failure(bad_request, frame_bad)."""
        return wire.decode_framed(self.body, kind, sum(map(len, self.body)))


class Threads(ThreadPoolExecutor):
    """Where calls run; it can be left while some of them do not end."""

    def __init__(self, most: int) -> None:
        super().__init__(most, thread_name_prefix="call")
        self._calls: set[Future[Any]] = set()

    def submit(self, work: Callable[..., T], /, *args: Any, **more: Any) -> Future[T]:
        """As `Executor.submit`."""
        call = super().submit(work, *args, **more)
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return call

    def end(self, wait_s: float) -> bool:
        """Takes no more calls, and waits for those under way; answers whether all have ended."""
        self.shutdown(wait=False, cancel_futures=True)
        return not wait(list(self._calls), wait_s).not_done


class _Sent(StreamingResponse):
    """An answer that counts as held until it is sent, or until nobody waits for it any more."""

    def __init__(self, pieces: Sequence[Piece], share: bodies.Share, piece_bytes: int, media: str) -> None:
        size_bytes = sum(map(len, pieces))
        share.take(size_bytes)
        self._share = share
        headers = {**_HEADERS, "Content-Length": str(size_bytes)}
        super().__init__(_each(pieces, piece_bytes), headers=headers, media_type=media)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As the application that every response is."""
        with self._share:
            await super().__call__(scope, receive, send)


async def _each(pieces: Sequence[Piece], piece_bytes: int) -> AsyncIterator[Piece]:
    """Hands an answer on in pieces that a slow line, too, takes in the time that each has."""
    for piece in pieces:
        for start in range(0, len(piece), piece_bytes):
            yield memoryview(piece)[start : start + piece_bytes]


class Http:
    """Binds the table of routes to the server's functions."""

    def __init__(self, server: Server, chance: Chance) -> None:
        self._server = server
        self._chance = chance
        self._pool = Threads(server.bounds.threads)
        self._turns = Turns(server.bounds)
        self._held = Held(server.bounds.held_bytes)
        self.streams = Streams(server, self._pool)
        self._functions: dict[str, Callable[[Call], Answer]] = {
            "sign_in": self._sign_in,
            "refresh": self._refresh,
            "sign_out": self._sign_out,
            "me": lambda call: _json(spaces.me(server, call.caller, govsync.__version__)),
            "policy": lambda call: _json(fixed.policy(server, call.caller)),
            "spaces": self._spaces,
            "health": self._health,
            "begin_wipe": self._begin_wipe,
            "end_wipe": self._end_wipe,
            "heads": lambda call: _json(spaces.heads(server, call.caller)),
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
            "earlier": self._earlier,
            "share": self._share,
            "members": self._members,
            "set_member": self._set_member,
            "leave": self._leave,
            "activity": lambda call: _json(activity.activity(server, call.caller, call.space, call.before)),
            "directory": lambda call: _json(search.search(server, call.caller, call.query.get("text", ""))),
            "make_link": self._make_link,
            "links": self._links,
            "end_link": self._end_link,
        }

    def app(self) -> Starlette:
        """Makes the application."""
        routes = [
            StarletteRoute(wire.PREFIX + route.path, self._handler(route), methods=[route.method])
            for route in ROUTES
        ]
        routes.append(StarletteRoute(wire.PREFIX + openapi.PATH, _description))
        pages = handlers.Pages(self._server, self._run, self._turns, self._held, self.streams.head)
        routes += pages.routes()
        door = Door(self._server, self._run, self._turns, self._held, self._chance)
        routes += [*door.routes(), *FilePages(door).routes(), *FleetPages(door).routes()]
        app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})
        app.router.redirect_slashes = (
            False  # What is no address leads nowhere, least of all to where the request says we are.
        )
        return app

    def close(self, wait_s: float) -> bool:
        """Ends the threads; calls under way are waited for a while. Answers whether all have ended."""
        return self._pool.end(wait_s)

    def _handler(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            body = Body(request, route.body_bytes, self._server.bounds)
            work = self._answer(route, request, body)
            read = None if route.gives is Shape.EVENTS else body
            return await answered(self._server, route.name, work, problem, read)

        return handle

    async def _answer(self, route: Route, request: Request, body: Body) -> Response:
        caller = Caller(user=b"", device=b"")
        if route.signed_in:
            bearer = _bearer(request)
            caller = await self._run(lambda: accounts.caller_of(self._server, bearer))
            request.scope["state"][TRUST]()
        if not route.any_version:
            releases.require(request.headers.get("user-agent", ""), self._server.least_client)
        if route.gives is Shape.EVENTS:
            said = self.streams.listen(caller, request.query_params.get("nonce", ""))
            headers = {**_HEADERS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(said, headers=headers, media_type="text/event-stream")
        address = request.client.host if request.client is not None else ""
        holder = caller.user or address.encode()
        with self._held.share(holder) as share:
            call = Call(
                caller=caller,
                path={name: ids.from_text(value) for name, value in request.path_params.items()},
                query=dict(request.query_params),
                body=await body.read(share),
                address=address,
            )
            async with self._turns.turn(route.name, call.path.get("space")):
                pieces = await self._run(lambda: list(frames.gather(self._functions[route.name](call))))
        if route.gives is Shape.NONE:
            return Response(status_code=204, headers=_HEADERS)
        return _Sent(pieces, self._held.share(holder), self._server.bounds.piece_bytes, _MEDIA[route.gives])

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    # One function a row

    def _sign_in(self, call: Call) -> Answer:
        request = call.control(SignIn)
        return _json(accounts.sign_in(self._server, request, self._chance, call.address))

    def _refresh(self, call: Call) -> Answer:
        return _json(accounts.refresh(self._server, call.control(Refresh), self._chance))

    def _sign_out(self, call: Call) -> Answer:
        accounts.sign_out(self._server, call.caller)
        return ()

    def _spaces(self, call: Call) -> Answer:
        asked = call.control(SpacesAsked)
        if len(asked.have) > self._server.limits.spaces:
            raise Failure(Code.TOO_LARGE, limit=self._server.limits.spaces)
        return _json(spaces.spaces(self._server, call.caller, asked))

    def _health(self, call: Call) -> Answer:
        fleet.take_report(self._server, call.caller, call.control(Health))
        return ()

    def _begin_wipe(self, call: Call) -> Answer:
        wipes.begin(self._server, call.caller, call.path["order"])
        return ()

    def _end_wipe(self, call: Call) -> Answer:
        wipes.end(self._server, call.caller, call.path["order"], call.control(Wiped))
        return ()

    def _changes(self, call: Call) -> Answer:
        cursor = None
        if "seq" in call.query:
            epoch, head = call.query.get("epoch", ""), call.query.get("chain", "")
            cursor = Cursor(ids.from_text(epoch), _number(call.query["seq"]), _hex(head))
        page, inline = changes.changes(self._server, call.caller, call.space, cursor)
        return _with_chunks(page, [inline[rev] for rev in page.inline])

    def _nodes(self, call: Call) -> Answer:
        return wire.encode_framed(changes.nodes(self._server, call.caller, call.space, call.after))

    def _known(self, call: Call) -> Answer:
        question, _ = call.framed(Known)
        return wire.encode_framed(changes.known(self._server, call.caller, call.space, question))

    def _missing(self, call: Call) -> Answer:
        question, _ = call.framed(messages.Missing)
        return wire.encode_framed(contents.missing(self._server, call.caller, call.space, question))

    def _chunks(self, call: Call) -> Answer:
        _, sent = call.framed(messages.Nothing)
        return wire.encode_framed(contents.chunks(self._server, call.caller, call.space, sent))

    def _commit(self, call: Call) -> Answer:
        request, sent = call.framed(messages.Commit)
        inline = contents.unpacked(sent, self._server.limits)
        answer = commits.commit(self._server, call.caller, call.space, request, inline)
        self.streams.head(call.space, answer.head, call.caller.device)
        return wire.encode_framed(answer)

    def _fetch(self, call: Call) -> Answer:
        request, _ = call.framed(messages.Fetch)
        found = reading.fetch(self._server, call.caller, call.space, request.wants)
        return _with_chunks(messages.Nothing(), found)

    def _manifest(self, call: Call) -> Answer:
        return [manifests.encode(reading.manifest(self._server, call.caller, call.space, call.path["rev"]))]

    def _revisions(self, call: Call) -> Answer:
        node = call.path["node"]
        return _json(versions.revisions(self._server, call.caller, call.space, node, call.before))

    def _trash(self, call: Call) -> Answer:
        return _json(versions.trash(self._server, call.caller, call.space, call.before))

    def _earlier(self, call: Call) -> Answer:
        at_ms = _number(call.query["at"]) if "at" in call.query else LARGEST
        after = _number(call.query.get("seq", "0"))
        return wire.encode_framed(earlier.earlier(self._server, call.caller, call.space, at_ms, after))

    def _share(self, call: Call) -> Answer:
        made, head = sharing.share(self._server, call.caller, call.space, call.control(Share))
        self.streams.head(call.space, head)
        self.streams.rights()
        return _json(made)

    def _members(self, call: Call) -> Answer:
        return _json(members.members(self._server, call.caller, call.space, call.after))

    def _set_member(self, call: Call) -> Answer:
        members.set_member(self._server, call.caller, call.space, call.control(SetMember))
        self.streams.rights()
        return ()

    def _leave(self, call: Call) -> Answer:
        members.leave(self._server, call.caller, call.space)
        self.streams.rights()
        return ()

    def _make_link(self, call: Call) -> Answer:
        return _json(links.make(self._server, call.caller, call.space, call.control(MakeLink)))

    def _links(self, call: Call) -> Answer:
        return _json(links.links(self._server, call.caller, call.space, call.after))

    def _end_link(self, call: Call) -> Answer:
        links.end(self._server, call.caller, call.path["link"])
        return ()


_HEADERS = {wire.VERSION_HEADER: wire.VERSION}
_MEDIA = {Shape.JSON: wire.JSON, Shape.FRAMED: wire.FRAMES, Shape.BYTES: wire.BYTES}


def problem(failure: Failure, reference: str = "") -> Response:
    """Writes a failure as a problem document (RFC 9457); of its facts only numbers travel, they say nothing of people."""
    facts = {name: fact for name, fact in failure.facts.items() if isinstance(fact, int)}
    status = CODES[failure.code].status or 500
    body = {
        "type": f"urn:govsync:{failure.code}",
        "title": failure.code,
        "status": status,
        "code": failure.code,
    }
    headers = dict(_HEADERS)
    if "wait_ms" in facts:
        headers["Retry-After"] = str(-(-facts["wait_ms"] // 1000))
    more = {"reference": reference} if reference else {}
    return Response(wire.encode_json({**facts, **more, **body}), status, headers, media_type=wire.PROBLEM)


async def _not_found(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith(LINKS):
        response = handlers.nothing(request)
    elif request.url.path.startswith(WEB):
        response = signed_in.nothing(request)
    else:
        response = problem(Failure(Code.NOT_FOUND))
    response.headers["Connection"] = "close"  # A body that nobody reads may never end.
    return response


async def _description(_request: Request) -> Response:
    body = wire.encode_json(openapi.document(govsync.__version__))
    return Response(body, headers={**_HEADERS, "Connection": "close"}, media_type=wire.JSON)


def _with_chunks(message: object, found: Iterable[Chunk]) -> Answer:
    yield from wire.encode_framed(message)
    for chunk in found:
        yield from wire.encode_chunk(wire.UNNAMED, len(chunk.plain), chunk.carried)


def _json(message: object) -> Answer:
    return [wire.encode_json(message)]


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Failure(Code.SIGNED_OUT)
    return token


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Failure(Code.BAD_REQUEST, what="number")
    return int(text)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Failure(Code.BAD_REQUEST, what="hex") from error
