"""Files and folders of somebody who has signed in, to be looked at and fetched, and not to be changed: where each is, who
changed it last, its versions, what is in a folder.
"""

from functools import partial
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from govsync.model import ids
from govsync.model.nodes import Kind
from govsync.protocol.web import FILES
from govsync.server import sessions, showing, versions
from govsync.server.showing import Seen
from govsync.server.web import downloads
from govsync.server.web.answers import onward
from govsync.server.web.downloads import Reader
from govsync.server.web.files import part_of
from govsync.server.web.pouring import Fetched
from govsync.server.web.signed_in import Door, Visit
from govsync.text import pages as words
from govsync.text.glance import kind_of_space


class FilePages:
    """Binds the addresses of files and folders to what they answer."""

    def __init__(self, door: Door) -> None:
        self._door, self._server = door, door.server

    def routes(self) -> list[Route]:
        """Answers the routes."""
        place = f"{FILES}/{{space}}/{{node}}"
        return [
            self._door.page("", "web_home", self._home),
            self._door.page(place, "web_file", self._page),
            self._door.content(f"{place}/content", "web_content", self._content),
            self._door.content(f"{place}/content/{{rev}}", "web_content", self._content),
        ]

    def _home(self, visit: Visit) -> Response:
        rows = [
            {"name": row.name, "kind": kind_of_space(row.kind), "href": self._at(visit, row.id, row.root)}
            for row in showing.spaces(self._server, visit.session.caller)
        ]
        return self._door.rendered("home.html", visit, login=visit.session.login, rows=rows)

    def _seen(self, visit: Visit) -> Seen:
        return showing.seen(self._server, visit.session.caller, visit.id("space"), visit.id("node"))

    def _page(self, visit: Visit) -> Response:
        found = self._seen(visit)
        if found.node.kind == Kind.FILE:
            return self._file(visit, found)
        if found.node.kind == Kind.FOLDER:
            return self._folder(visit, found)
        return onward(self._href(visit, found.node))

    def _file(self, visit: Visit, found: Seen) -> Response:
        before = visit.asked("before")
        listed = versions.revisions(
            self._server, visit.session.caller, found.space.id, found.node.id,
            int(before) if before.isdecimal() and before.isascii() and len(before) <= 18 else None,
        )  # fmt: skip
        here = self._at(visit, found.space.id, found.node.id)
        rows = [
            {
                "at": words.moment(each.at_ms), "user": each.user_name, "device": each.device_name, "size_bytes": each.size_bytes,
                "current": each.current, "href": self._content_of(visit, found, each.rev),
            }
            for each in listed.revisions
        ]  # fmt: skip
        return self._door.rendered(
            "shown_file.html", visit, **self._facts(visit, found), size_bytes=found.node.size, rows=rows,
            last=next((row for row in rows if row["current"]), None), download=self._content_of(visit, found),
            more=self._more(visit, here, "before", str(listed.before)) if listed.before is not None else "",
        )  # fmt: skip

    def _folder(self, visit: Visit, found: Seen) -> Response:
        after = visit.asked("after")
        rows, more = showing.inside(self._server, found, visit.read(after) if after else None)
        listed = [
            {
                "name": row.name, "href": self._href(visit, row), "is_file": row.kind == Kind.FILE,
                "size_bytes": row.size,
            }
            for row in rows
        ]  # fmt: skip
        here = self._at(visit, found.space.id, found.node.id)
        return self._door.rendered(
            "shown_folder.html", visit, **self._facts(visit, found), rows=listed,
            more=self._more(visit, here, "after", ids.to_text(more)) if more is not None else "",
        )  # fmt: skip

    def _facts(self, visit: Visit, found: Seen) -> dict[str, Any]:
        """Answers what both pages tell: what it is called, and in which folders it lies."""
        space = found.space
        above = [
            {"name": row.name or space.name, "href": self._at(visit, space.id, row.id)} for row in found.above
        ]
        return {"name": found.node.name or space.name, "above": above}

    def _href(self, visit: Visit, row: Any) -> str:
        """Answers where a file, a folder, or a shared folder of others is looked at."""
        if row.kind == Kind.MOUNT:
            return self._at(visit, row.target_space, row.root)
        return self._at(visit, row.space, row.id)

    def _at(self, visit: Visit, space: bytes, node: bytes) -> str:
        return visit.address(_place(space, node))

    def _more(self, visit: Visit, here: str, name: str, value: str) -> str:
        return visit.look.address(here.partition("?")[0], {name: value})

    def _content_of(self, visit: Visit, found: Seen, rev: bytes | None = None) -> str:
        place = f"{_place(found.space.id, found.node.id)}/content"
        return visit.address(place if rev is None else f"{place}/{ids.to_text(rev)}")

    def _content(self, visit: Visit) -> Response | Fetched:
        found = self._seen(visit)
        row = found.node
        if row.kind != Kind.FILE:
            return onward(self._href(visit, row))
        rev, content_hash, size_bytes = row.rev, row.hash, row.size
        if "rev" in visit.request.path_params:
            of = showing.revision(self._server, found, visit.id("rev"))
            rev, content_hash, size_bytes = of.id, of.hash, of.size
        part = part_of(visit.request.headers, row.name, content_hash, size_bytes, in_parts=True)
        if isinstance(part, Response):
            return part
        still = partial(self._require_still, visit)
        reader = Reader(visit.session.caller, found.space.id, still)
        return Fetched(
            space=found.space.id, status=part.status, headers=part.headers, begun=still,
            memory_bytes=min(part.end - part.start, downloads.MEMORY_BYTES),
            pieces=partial(downloads.part, self._server, reader, rev, part.start, part.end),
        )  # fmt: skip

    def _require_still(self, visit: Visit) -> None:
        """Raises Failure(signed_out) once the session is over, also while something is fetched."""
        sessions.session_of(self._server, visit.session.token)


def _place(space: bytes, node: bytes) -> str:
    return f"{FILES}/{ids.to_text(space)}/{ids.to_text(node)}"
