"""The public side of links over HTTP: pages, downloads and uploads for whoever has an address.

Everybody here is a stranger, who takes places and memory from other strangers alone (`turns`, `bodies`), and whose
connection is the first to go (`connections`). A page runs no script and loads nothing from elsewhere; what people have
saved is never shown by the browser in our name, but saved as a file. Addresses are secrets: no page tells another where
somebody came from, and no log has them.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from govsync.model import ids
from govsync.model.codes import CODES, Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.commits import Missing
from govsync.protocol.limits import KIB, MIB
from govsync.protocol.links import MOST_PASSWORD, PATH
from govsync.protocol.session import Role
from govsync.server import contents, links
from govsync.server.answering import answered
from govsync.server.bodies import Body, Held, Share
from govsync.server.context import Server
from govsync.server.links import Opened
from govsync.server.turns import Turns
from govsync.server.web import answers, downloads, forms, pages, uploads
from govsync.server.web.answers import HEADERS, UNKNOWN, Run, attachment, html, length_of, look_of, onward
from govsync.server.web.downloads import Reader
from govsync.server.web.files import part_of
from govsync.server.web.pages import Look
from govsync.server.web.pouring import Fetched, pour
from govsync.text import pages as words
from govsync.text.catalog import counted, said, speaking
from govsync.text.units import shown_name

COOKIE = "govsync_link"
PASSWORD_BYTES = 16 * KIB
"""Enough for the longest password, however its signs are written in a form."""
TAKEN_BYTES = MIB
"""So much of what is sent is cut and stored at a time."""
FORM_BYTES = 64 * KIB
"""What a form has beside its files, for which there must be room in the space."""
_SEEN, _BYTES = "link", "link_bytes"
"""Kinds of calls (`turns`): what asks the database alone, and what waits for the store, too."""

_SAID = {
    **dict.fromkeys(UNKNOWN, words.UNKNOWN), Code.TOO_MANY_REQUESTS: words.TOO_MANY, Code.TOO_LARGE: words.TOO_LARGE,
}  # fmt: skip
_WHY = {
    **dict.fromkeys((Code.QUOTA, Code.STORE_FULL), words.NO_ROOM),
    **dict.fromkeys((Code.NAME_ILLEGAL, Code.NAME_RESERVED, Code.NAME_TOO_LONG, Code.NAME_NOT_TEXT, Code.NAME_TAKEN), words.BAD_NAME),
    Code.TOO_LARGE: words.TOO_MUCH,
}  # fmt: skip

T = TypeVar("T")


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a visitor."""

    request: Request
    body: Body
    look: Look
    token: str
    address: str

    @property
    def proof(self) -> str:
        """What may prove that the visitor knew the password."""
        return self.request.cookies.get(COOKIE, "")

    @property
    def root(self) -> str:
        """The relative address of the link itself."""
        return self.look.up + self.token

    def node(self, text: str) -> bytes:
        """Reads an id in an address; raises Failure(not_found) for what is none."""
        try:
            return ids.from_text(text)
        except Failure as failure:
            raise Failure(Code.NOT_FOUND) from failure


class Pages:
    """Binds the addresses of links to what they answer; `moved` is told of a space that has changed, and how far it is now."""

    def __init__(
        self, server: Server, run: Run, turns: Turns, held: Held, moved: Callable[[bytes, int], None]
    ) -> None:
        self._server, self._run, self._turns, self._held, self._moved = server, run, turns, held, moved

    def routes(self) -> list[Route]:
        """Answers the routes."""
        uploaded = self._server.bounds.link_upload_bytes
        return [
            Route(f"{PATH}static/{{name}}", _static),
            self._route("{token}", "link_page", self._page),
            self._route("{token}/content", "link_content", self._content),
            self._route("{token}/content/{node}", "link_content", self._content),
            self._route("{token}/password", "link_password", self._password, "POST", PASSWORD_BYTES),
            self._route("{token}/upload", "link_upload", self._upload, "POST", uploaded),
        ]

    def _route(
        self,
        path: str,
        name: str,
        work: Callable[[Visit], Awaitable[Response]],
        method: str = "GET",
        most_bytes: int = 0,
    ) -> Route:
        async def handle(request: Request) -> Response:
            look = look_of(request, PATH)
            body = Body(request, min(most_bytes, length_of(request, most_bytes)), self._server.bounds)
            token = request.path_params.get("token", "")
            address = request.client.host if request.client is not None else ""
            visit = Visit(request=request, body=body, look=look, token=token, address=address)
            return await answered(self._server, name, work(visit), partial(_refused, look), body, known=False)

        return Route(PATH + path, handle, methods=[method])

    async def _seen(self, work: Callable[[], T]) -> T:
        async with self._turns.turn(_SEEN, None):
            return await self._run(work)

    async def _stored(self, space: bytes, work: Callable[[], T]) -> T:
        async with self._turns.turn(_BYTES, space):
            return await self._run(work)

    def _share(self, visit: Visit) -> Share:
        return self._held.share(visit.address.encode())

    # The page

    async def _page(self, visit: Visit) -> Response:
        return await self._seen(lambda: self._page_now(visit))

    def _page_now(self, visit: Visit) -> Response:
        link = links.opened(self._server, visit.token, visit.address)
        if links.is_locked(self._server, link, visit.proof):
            return self._asking(visit)
        inner = visit.request.query_params.get("in") if link.role is Role.VIEWER else None
        row = link.node if inner is None else links.inside(self._server, link, visit.node(inner))
        page = self._showing(visit, link, row, inner is None)
        links.note_shown(self._server, link, row.id)
        return page

    def _showing(self, visit: Visit, link: Opened, row: Any, at_root: bool) -> Response:
        if link.role is Role.UPLOADER:
            return self._sending(visit, link, received=_count(visit.request.query_params.get("sent", "")))
        if row.kind == Kind.FOLDER:
            return self._folder(visit, link, row)
        if row.kind != Kind.FILE or not at_root:
            raise Failure(Code.NOT_FOUND)
        download = visit.look.address(f"{visit.root}/content")
        facts = self._facts(visit, link) | {"download": download, "size_bytes": row.size}
        return html(200, pages.rendered("file.html", visit.look, **facts))

    def _folder(self, visit: Visit, link: Opened, row: Any) -> Response:
        look, after = visit.look, visit.request.query_params.get("after")
        rows, more = links.listing(self._server, link, row.id, None if after is None else visit.node(after))
        at_root = row.id == link.node.id
        where = {} if at_root else {"in": ids.to_text(row.id)}
        listed = [
            {
                "name": each.name,
                "size_bytes": None if each.kind == Kind.FOLDER else each.size,
                "href": self._href(visit, each),
            }
            for each in rows
        ]
        above = None
        if not at_root:
            parent = links.inside(self._server, link, row.parent)
            name = parent.name if parent.id != link.node.id else link.name
            above = {"name": name, "href": self._href(visit, parent, link)}
        content = f"{visit.root}/content" + ("" if at_root else f"/{ids.to_text(row.id)}")
        facts = self._facts(visit, link) | {
            "download": look.address(content), "rows": listed, "is_later": after is not None, "above": above,
            "more": more and look.address(visit.root, {"after": ids.to_text(more), **where}),
        }  # fmt: skip
        if not at_root:
            facts["name"] = row.name
        here = msgspec.structs.replace(
            look, page=visit.root, query=where | ({"after": after} if after else {})
        )
        return html(200, pages.rendered("folder.html", here, **facts))

    def _href(self, visit: Visit, row: Any, link: Opened | None = None) -> str:
        """Answers where a file or folder of a page leads to."""
        node = ids.to_text(row.id)
        if row.kind != Kind.FOLDER:
            return visit.look.address(f"{visit.root}/content/{node}")
        if link is not None and row.id == link.node.id:
            return visit.look.address(visit.root)
        return visit.look.address(visit.root, {"in": node})

    def _facts(self, visit: Visit, link: Opened) -> dict[str, Any]:
        """Answers what every page of a link tells."""
        left_s = (link.expires_ms - self._server.clock.time_ms()) // 1000
        with speaking(visit.look.language):
            left = words.left(left_s)
        return {
            "name": link.name, "who": link.maker_name, "until": words.moment(link.expires_ms), "left": left,
            "downloads_left": link.downloads_left,
        }  # fmt: skip

    # The password

    def _asking(self, visit: Visit, status: int = 200, wrong: bool = False) -> Response:
        """Asks for the password; of what lies behind it nothing is told, not even a name."""
        action = visit.look.address(f"{visit.root}/password")
        look = msgspec.structs.replace(visit.look, page=visit.root)
        page = pages.rendered("password.html", look, action=action, wrong=wrong, most=MOST_PASSWORD)
        return html(status, page)

    async def _password(self, visit: Visit) -> Response:
        with self._share(visit) as share:
            given = forms.fields(b"".join(await visit.body.read(share))).get("password", "")
            return await self._seen(lambda: self._password_now(visit, given))

    def _password_now(self, visit: Visit, given: str) -> Response:
        link = links.opened(self._server, visit.token, visit.address)
        response = onward(visit.look.address(visit.root))
        if link.password is None:
            return response
        try:
            proof = links.know_password(self._server, link, given, visit.address)
        except Failure as failure:
            if failure.code is not Code.WRONG_PASSWORD:
                raise
            return self._asking(visit, 403, wrong=True)
        # Without a path it holds for what lies below this address, wherever a proxy has put that (RFC 6265, section 5.1.4).
        response.set_cookie(
            COOKIE, proof, max_age=links.KNOWN_MS // 1000, path=None, httponly=True, samesite="strict",
            secure=visit.request.url.scheme == "https",
        )  # fmt: skip
        return response

    # Downloads

    async def _content(self, visit: Visit) -> Response:
        found = await self._seen(lambda: self._content_now(visit))
        if isinstance(found, Response):
            return found
        if visit.request.method == "HEAD":
            return Response(status_code=found.status, headers=found.headers)
        return await pour(found, self._share(visit), self._stored, self._server.bounds.piece_bytes)

    def _content_now(self, visit: Visit) -> Response | Fetched:
        """Judges what is asked for, and answers it at once where no content is needed for that."""
        link = links.opened(self._server, visit.token, visit.address)
        if links.is_locked(self._server, link, visit.proof):
            return self._asking(visit, 403)
        if link.role is not Role.VIEWER:
            raise Failure(Code.NOT_FOUND)
        inner = visit.request.path_params.get("node")
        row = link.node if inner is None else links.inside(self._server, link, visit.node(inner))
        name = row.name or link.name
        if row.kind == Kind.FOLDER:
            what = downloads.items(self._server, row)
            memory_bytes = downloads.MEMORY_BYTES + len(what) * downloads.ENTRY_BYTES
            headers = HEADERS | {
                "Content-Type": "application/zip",
                "Content-Disposition": attachment(f"{name}.zip"),
            }
            pieces = partial(downloads.packed, self._server, self._reader(link), what)
            return Fetched(
                space=link.space, status=200, headers=headers, memory_bytes=memory_bytes, pieces=pieces,
                begun=partial(links.take_download, self._server, link, row.id),
            )  # fmt: skip
        return self._file(visit, link, row, name)

    def _file(self, visit: Visit, link: Opened, row: Any, name: str) -> Response | Fetched:
        """A link whose downloads are counted gives files whole: what goes on in parts cannot be counted."""
        part = part_of(visit.request.headers, name, row.hash, row.size, link.downloads_left is None)
        if isinstance(part, Response):
            return part
        return Fetched(
            space=link.space, status=part.status, headers=part.headers,
            memory_bytes=min(part.end - part.start, downloads.MEMORY_BYTES),
            pieces=partial(downloads.part, self._server, self._reader(link), row.rev, part.start, part.end),
            begun=partial(links.take_download, self._server, link, row.id),
        )  # fmt: skip

    def _reader(self, link: Opened) -> Reader:
        return Reader(link.maker, link.space, partial(links.require_still, self._server, link))

    # Uploads

    def _sending(
        self, visit: Visit, link: Opened, status: int = 200, received: int | None = None, wrong: str = ""
    ) -> Response:
        with speaking(visit.look.language):
            got = (
                None
                if received is None
                else counted("{count} file was received.", "{count} files were received.", received)
            )
        facts = self._facts(visit, link) | {
            "action": visit.look.address(f"{visit.root}/upload"), "most_bytes": self._server.bounds.link_upload_bytes,
            "received": got, "wrong": wrong,
        }  # fmt: skip
        look = msgspec.structs.replace(visit.look, page=visit.root)
        return html(status, pages.rendered("upload.html", look, **facts))

    async def _upload(self, visit: Visit) -> Response:
        link = await self._seen(lambda: self._upload_now(visit))
        if isinstance(link, Response):
            return link
        boundary = forms.boundary_of(visit.request.headers.get("content-type", ""))
        with self._share(visit) as share:
            share.take(uploads.MEMORY_BYTES)
            sending = uploads.Sending(self._server, link, boundary)
            failure = await self._received(visit, link, sending)
        if failure is None and sending.received:
            return onward(visit.look.address(visit.root, {"sent": str(sending.received)}))
        return await self._seen(lambda: self._not_received(visit, link, sending, failure))

    def _upload_now(self, visit: Visit) -> Response | Opened:
        """Judges whether anything may be sent; raises Failure(quota) where there is no room for so much."""
        link = links.opened(self._server, visit.token, visit.address)
        if links.is_locked(self._server, link, visit.proof):
            return self._asking(visit, 403)
        if link.role is not Role.UPLOADER:
            raise Failure(Code.NOT_FOUND)
        growth = max(0, length_of(visit.request, 0) - FORM_BYTES)
        try:
            contents.missing(self._server, link.maker, link.space, Missing(hashes=(), growth_bytes=growth))
        except Failure as failure:
            if failure.code is not Code.QUOTA:
                raise
            return self._sending(
                visit, link, CODES[failure.code].status or 500, wrong=self._why(visit, failure)
            )
        return link

    async def _received(self, visit: Visit, link: Opened, sending: uploads.Sending) -> Failure | None:
        """Takes what is sent, a part at a time; answers what kept a file back. The rest is read all the same: a browser hears
        no answer before all that it sends is gone."""
        failure: Failure | None = None
        waiting: list[bytes] = []
        size = 0
        pieces = visit.body.pieces()
        async for piece in pieces:
            waiting.append(piece)
            size += len(piece)
            if size >= TAKEN_BYTES:
                failure = failure or await self._taken(link, sending, waiting)
                waiting, size = [], 0
        failure = failure or await self._taken(link, sending, waiting)
        if failure is None:
            sending.end()
        return failure

    async def _taken(self, link: Opened, sending: uploads.Sending, data: Sequence[bytes]) -> Failure | None:
        before = sending.received
        try:
            await self._stored(link.space, lambda: sending.take(b"".join(data)))
        except Failure as failure:
            if failure.code in UNKNOWN or failure.code is Code.BAD_REQUEST:
                raise
            return failure
        finally:
            if sending.received > before and sending.answer is not None:
                self._moved(link.space, sending.answer.head)
        return None

    def _not_received(
        self, visit: Visit, link: Opened, sending: uploads.Sending, failure: Failure | None
    ) -> Response:
        """Says which file was kept back, and why; those before it are there."""
        received = sending.received or None
        with speaking(visit.look.language):
            if failure is None:
                nothing = said("No file was chosen. Choose at least one, then send.")
                return self._sending(visit, link, 422, received, nothing)
            kept_back = said("{name} was not received.", name=f"\u2068{shown_name(sending.name)}\u2069")
        why = f"{kept_back} {self._why(visit, failure)}"
        return self._sending(visit, link, CODES[failure.code].status or 500, received, why)

    def _why(self, visit: Visit, failure: Failure) -> str:
        with speaking(visit.look.language):
            return said(_WHY.get(failure.code, words.AGAIN))


def nothing(request: Request) -> Response:
    """Answers what is no address of a page."""
    return _refused(look_of(request, PATH), Failure(Code.NOT_FOUND))


async def _static(request: Request) -> Response:
    return answers.static(request) or nothing(request)


def _refused(look: Look, failure: Failure, reference: str = "") -> Response:
    return answers.refused(look, _SAID, words.LATER, failure, reference)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else None
