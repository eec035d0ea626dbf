"""Commands about links: addresses for people without an account, which the server makes, keeps and ends (`server.links`)."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.agent import sharing
from govsync.agent.files import Here
from govsync.control.messages import AddLink
from govsync.engine.report import moment
from govsync.model.activity import LinkAdded, LinkRow
from govsync.model.codes import Code
from govsync.model.ids import SIZE_BYTES
from govsync.model.problems import Failure
from govsync.protocol.links import PATH, Link, MakeLink
from govsync.protocol.session import Role
from govsync.store import paths, spaces
from govsync.store.spaces import SpaceRow

if TYPE_CHECKING:
    from govsync.agent.main import Agent


def add(agent: "Agent", here: Here, asked: AddLink) -> LinkAdded:
    """Makes a link to what lies at a path; answers its address, which is told this once."""
    space, node = sharing.target(agent, here, Path(asked.path))
    request = MakeLink(
        key=agent.ids.new() + agent.ids.new(), node=node, role=Role(asked.role), lasts_s=asked.seconds, password=asked.password, downloads=asked.downloads
    )  # fmt: skip
    made = agent.calls.make_link(space, request)
    url = agent.identity.endpoint.rstrip("/") + PATH + made.token
    return LinkAdded(id=made.link.hex(), url=url, expires=moment(made.expires_ms))


def listed(agent: "Agent", here: Here) -> list[LinkRow]:
    """Lists the links of all spaces in which this person may make some."""

    def find() -> list[tuple[SpaceRow, str]]:
        return [
            (row, "" if row.mount_lid is None else paths.shown(agent.store, row.mount_lid))
            for row in spaces.all_spaces(agent.store)
            if row.writable
        ]

    return [_row(where, link) for space, where in here(agent, find) for link in _links(agent, space)]


def remove(agent: "Agent", id: str) -> None:
    """Ends a link; raises Failure(not_found, no_right)."""
    try:
        link = bytes.fromhex(id)
    except ValueError:
        link = b""
    if len(link) != SIZE_BYTES:
        raise Failure(Code.NOT_FOUND, id=id)
    agent.calls.end_link(link)


def _links(agent: "Agent", space: SpaceRow) -> Iterator[Link]:
    after: bytes | None = None
    while True:
        page = agent.calls.links(space.id, after)
        yield from page.links
        after = page.after
        if after is None:
            return


def _row(where: str, link: Link) -> LinkRow:
    return LinkRow(
        id=link.link.hex(), path="/".join(part for part in (where, link.path) if part), role=link.role, at=moment(link.at_ms),
        expires=moment(link.expires_ms), user=link.user_name, device=link.device_name, password=link.password,
        downloads_left=link.downloads_left,
    )  # fmt: skip
