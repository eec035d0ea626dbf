"""What all pages of people with an account have in common: who has signed in, what a form must prove, and the sign-in itself.

A page is a function of a visit, and runs in a thread. Whoever has no session is shown the sign-in in its place, whatever is
there, and comes back to it. The cookie is for this server alone, and neither scripts nor other sites get it. A form that is
sent proves that it is ours (`sessions.form_key`): before there is a session, by another cookie that is worth nothing else, so
that nobody signs a person in as somebody else.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.limits import KIB
from govsync.protocol.web import ROOT
from govsync.server import fleet_right, sessions
from govsync.server.answering import answered
from govsync.server.bodies import Body, Held, Share
from govsync.server.connections import TRUST
from govsync.server.context import Server
from govsync.server.sessions import Session
from govsync.server.signing import Chance
from govsync.server.turns import Turns
from govsync.server.web import answers, forms, pages
from govsync.server.web.answers import UNKNOWN, Run, html, look_of, onward
from govsync.server.web.pages import Look
from govsync.server.web.pouring import Fetched, pour
from govsync.text import pages as words
from govsync.text.catalog import Text, speaking

SESSION, FORM = "govsync", "govsync_form"
KEY = "key"
"""The field in which a form has what it proves."""
FORM_BYTES = 16 * KIB
MOST_LETTERS = 1_000
SIGN_IN, SIGN_OUT = "sign-in", "sign-out"
_SIGNING, _ASKING, _BYTES = "web_sign_in", "web", "web_bytes"
"""Kinds of calls (`turns`): who guesses passwords takes no places from those who have signed in, and what waits for the store
none from what asks the database alone."""
_PLACE = re.compile(r"[\w\-./?=&%+]{1,2000}", re.ASCII)
_SAID = {
    **dict.fromkeys(UNKNOWN, words.NOT_YOURS), Code.TOO_MANY_REQUESTS: words.TOO_MANY, Code.BAD_REQUEST: words.STALE,
    Code.TOO_LARGE: words.TOO_LARGE,
}  # fmt: skip

T = TypeVar("T")


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of somebody who has signed in; `fields` are those of the form that was sent."""

    request: Request
    look: Look
    session: Session
    share: Callable[[], Share]
    fields: Mapping[str, str] = {}

    def asked(self, name: str) -> str:
        """Answers what an address asks for under a name, empty where it does not."""
        return self.request.query_params.get(name, "")[:MOST_LETTERS].strip()

    def id(self, name: str) -> bytes:
        """Reads an id in the path of an address; raises Failure(not_found) for what is none."""
        return self.read(self.request.path_params[name])

    def read(self, text: str) -> bytes:
        """Reads an id; raises Failure(not_found) for what is none."""
        try:
            return ids.from_text(text)
        except Failure as failure:
            raise Failure(Code.NOT_FOUND) from failure

    def address(self, path: str, query: Mapping[str, str] = {}) -> str:
        """Answers the address of a page of ours, as it stands in this one."""
        return self.look.address(f"{self.look.up}{path}" or "./", query)

    def key(self, form: str) -> str:
        """Answers what a form in this page is to prove."""
        return sessions.form_key(self.session.token, form)


Page = Callable[[Visit], Response]
Content = Callable[[Visit], Response | Fetched]


class Door:
    """Lets people in, and makes routes of pages that are for them."""

    def __init__(self, server: Server, run: Run, turns: Turns, held: Held, chance: Chance) -> None:
        self.server, self._run, self._turns, self._held, self._chance = server, run, turns, held, chance

    def routes(self) -> list[Route]:
        """Answers the routes of sign-in and sign-out."""
        return [
            Route(f"{ROOT}static/{{name}}", _static),
            self._route(SIGN_IN, "web_sign_in", self._sign_in, "POST"),
            self.page(SIGN_IN, "web_sign_in", lambda visit: onward(visit.address(""))),
            self.form(SIGN_OUT, "web_sign_out", self._sign_out),
        ]

    def page(self, path: str, name: str, work: Page) -> Route:
        """Makes a route of a page that is looked at."""
        return self._route(path, name, partial(self._inside, work, None), "GET")

    def content(self, path: str, name: str, work: Content) -> Route:
        """Makes a route of what is fetched from the store."""
        return self._route(path, name, partial(self._inside, work, None), "GET")

    def form(self, path: str, name: str, work: Page) -> Route:
        """Makes a route of a form that is sent, and that changes something; what it proves is the address it goes to."""
        return self._route(path, name, partial(self._inside, work, path), "POST")

    def _route(
        self, path: str, name: str, work: Callable[[Request, Look, Body], Awaitable[Response]], method: str
    ) -> Route:
        async def handle(request: Request) -> Response:
            look, below = look_of(request, ROOT), _below(request)
            query = {name: value for name, value in request.query_params.items() if name != "lang"}
            look = msgspec.structs.replace(look, page=f"{look.up}{below}" or "./", query=query)
            body = Body(request, 0 if method == "GET" else FORM_BYTES, self.server.bounds)
            return await answered(
                self.server, name, work(request, look, body), partial(_refused, look), body, known=False
            )

        return Route(ROOT + path, handle, methods=[method])

    async def _inside(
        self, work: Content, form: str | None, request: Request, look: Look, body: Body
    ) -> Response:
        token = request.cookies.get(_named(request, SESSION), "")
        try:
            session = await self._run(lambda: sessions.session_of(self.server, token))
        except Failure as failure:
            if failure.code is not Code.SIGNED_OUT:
                raise
            return self._asking(request, look, "" if form is not None else _here(request))
        request.scope["state"][TRUST]()
        fields: Mapping[str, str] = {}
        if form is not None:
            fields = await self._sent(request, body, session.user)
            filled = form.format(**request.path_params)
            sessions.require_form(session.token, filled, fields.get(KEY, ""))
        share = partial(self._held.share, session.user)
        visit = Visit(request=request, look=look, session=session, share=share, fields=fields)
        async with self._turns.turn(_ASKING, None):
            found = await self._run(lambda: _spoken(work, visit))
        if isinstance(found, Response):
            return found
        if request.method == "HEAD":
            return Response(status_code=found.status, headers=found.headers)
        return await pour(found, share(), self._stored, self.server.bounds.piece_bytes)

    async def _stored(self, space: bytes, work: Callable[[], T]) -> T:
        async with self._turns.turn(_BYTES, space):
            return await self._run(work)

    async def _sent(self, request: Request, body: Body, holder: bytes) -> Mapping[str, str]:
        """Reads a form; raises Failure(bad_request) for one that the browser says another site has sent."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Failure(Code.BAD_REQUEST, what="form")
        with self._held.share(holder) as share:
            return forms.fields(b"".join(await body.read(share)))

    def rendered(self, template: str, visit: Visit, **facts: Any) -> Response:
        """Answers a page, with what stands above each."""
        with self.server.database.begin(write=False) as tx:
            has_fleet = fleet_right.has(tx, visit.session.user)
        top = {
            "who": visit.session.name, "home": visit.address(""), "fleet": visit.address("fleet") if has_fleet else "",
            "sign_out": visit.address(SIGN_OUT), "sign_out_key": visit.key(SIGN_OUT),
        }  # fmt: skip
        return html(200, pages.rendered(template, visit.look, top=top, **facts))

    # Sign-in and sign-out

    def _asking(self, request: Request, look: Look, place: str, login: str = "", why: Text = "") -> Response:
        """Asks for login and password; of what lies behind is told nothing, not even whether there is anything."""
        cookie = request.cookies.get(_named(request, FORM)) or sessions.new_token(self._chance)
        page = pages.rendered(
            "sign_in.html", look, action=look.address(f"{look.up}{SIGN_IN}"), place=place, login=login, why=why,
            key=sessions.form_key(cookie, SIGN_IN), most=MOST_LETTERS,
        )  # fmt: skip
        response = html(403, page)
        self._set_cookie(request, response, FORM, cookie)
        return response

    async def _sign_in(self, request: Request, look: Look, body: Body) -> Response:
        address = request.client.host if request.client is not None else ""
        fields = await self._sent(request, body, address.encode())
        login, place = fields.get("login", ""), fields.get("place", "")
        place = place if _PLACE.fullmatch(place) else ""
        sessions.require_form(request.cookies.get(_named(request, FORM), ""), SIGN_IN, fields.get(KEY, ""))
        password = fields.get("password", "")
        try:
            async with self._turns.turn(_SIGNING, None):
                token = await self._run(
                    lambda: sessions.begin(self.server, login, password, self._chance, address)
                )
        except Failure as failure:
            if failure.code not in (Code.WRONG_PASSWORD, Code.TOO_MANY_REQUESTS):
                raise
            wrong = failure.code is Code.WRONG_PASSWORD
            response = self._asking(request, look, place, login, words.WRONG if wrong else words.TOO_MANY[1])
            response.status_code = 403 if wrong else 429
            return answers.waiting(response, failure)
        # Beginning with "./" it can only lead to a page of this server, whatever follows (RFC 3986, section 4.2).
        response = onward(f"./{place}" if place else look.address("./"))
        self._set_cookie(request, response, SESSION, token)
        return response

    def _sign_out(self, visit: Visit) -> Response:
        sessions.end(self.server, visit.session)
        response = onward(visit.address(""))
        response.delete_cookie(
            _named(visit.request, SESSION), secure=_is_safe(visit.request), httponly=True, samesite="strict"
        )
        return response

    def _set_cookie(self, request: Request, response: Response, name: str, value: str) -> None:
        # It ends with the browser, or with what the server keeps of it, whichever comes first.
        response.set_cookie(
            _named(request, name), value, httponly=True, samesite="strict", secure=_is_safe(request)
        )


def _spoken(work: Content, visit: Visit) -> Response | Fetched:
    with speaking(visit.look.language):
        return work(visit)


def _named(request: Request, name: str) -> str:
    """Answers what a cookie is called: behind TLS so that no other server of the domain can set it (RFC 6265bis,
    section 4.1.3.2)."""
    return f"__Host-{name}" if _is_safe(request) else name


def _is_safe(request: Request) -> bool:
    return request.url.scheme == "https"


def _below(request: Request) -> str:
    return str(request.scope["raw_path"].decode("latin-1").partition(ROOT)[2])


def _here(request: Request) -> str:
    """Answers where somebody is, to come back to after the sign-in."""
    query = request.url.query
    return _below(request) + (f"?{query}" if query else "")


def nothing(request: Request) -> Response:
    """Answers what is no address of a page."""
    return _refused(look_of(request, ROOT), Failure(Code.NOT_FOUND))


async def _static(request: Request) -> Response:
    return answers.static(request) or nothing(request)


def _refused(look: Look, failure: Failure, reference: str = "") -> Response:
    return answers.refused(look, _SAID, words.LATER, failure, reference)
