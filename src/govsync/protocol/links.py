"""Links: addresses by which somebody without an account fetches a file or a folder, or adds to one."""

from typing import Annotated

import msgspec

from govsync.model.nodes import Kind
from govsync.protocol.numbers import Count, Moment
from govsync.protocol.session import Role

PATH = "/l/"
"""Under this path of the endpoint the token of a link is its address."""
DEFAULT_S = 7 * 86_400
MOST_S = 366 * 86_400
MOST_DOWNLOADS = 1_000_000
MOST_PASSWORD = 1_000
KEY_BYTES = 32


class MakeLink(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Asks for a link to a file or folder of the space: for so long, and for so many downloads (None: any number).

    As `uploader` (a folder only) whoever has it adds files and sees nothing; as `viewer` it shows and is fetched. `key` is
    `KEY_BYTES` of chance, made by whoever asks: asked again with the same one, the same link is told again.
    """

    key: bytes
    node: bytes
    role: Role = Role.VIEWER
    lasts_s: Annotated[int, msgspec.Meta(ge=1, le=MOST_S)] = DEFAULT_S
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_PASSWORD)] | None = None
    downloads: Annotated[int, msgspec.Meta(ge=1, le=MOST_DOWNLOADS)] | None = None


class LinkMade(msgspec.Struct, frozen=True, kw_only=True):
    """Tells a new link; its token is told to whoever knows the key of its making, and kept nowhere."""

    link: bytes
    token: str
    expires_ms: Moment


class Link(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One link that still opens something: to what (`path` within its space), who made it where and when, and what bounds it."""

    link: bytes
    node: bytes
    kind: Kind
    path: str
    role: Role
    at_ms: Moment
    expires_ms: Moment
    user_name: str = ""
    device_name: str = ""
    password: bool = False
    downloads_left: Count | None = None


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a space's links, in the order of their making; `after` is where to go on from, None at the end."""

    links: tuple[Link, ...]
    after: bytes | None = None
