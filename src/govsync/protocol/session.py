"""Sign-in, the account, and the spaces a person reaches."""

from enum import StrEnum
from typing import Annotated

import msgspec

from govsync.protocol.limits import Limits
from govsync.protocol.numbers import Count, Moment


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Describes the signing device: its id (16 bytes), its name for people, a hash of its machine's id."""

    id: bytes
    name: str
    machine: str
    version: str = ""


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a session of a built-in account."""

    login: str
    password: str
    device: DeviceInfo


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Hands out a short access token and a refresh token that is good for one use (rotation)."""

    access: str
    refresh: str
    expires_s: Count
    user: bytes
    login: str
    name: str


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """Exchanges a refresh token for new tokens; `nonce` is drawn once per start of the agent (R49)."""

    refresh: str
    device: bytes
    nonce: str = ""


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Tells a signed-in desk who it is for the server and what it must obey."""

    user: bytes
    login: str
    name: str
    organisation: str
    limits: Limits
    scheme: str
    time_ms: Moment
    version: str
    min_client: str = "0.0.0"
    features: tuple[str, ...] = ()


MOST_POLICY_KEYS = 200
MOST_POLICY_CHARACTERS = 4_000

_Key = Annotated[str, msgspec.Meta(max_length=100)]
_Text = Annotated[str, msgspec.Meta(max_length=MOST_POLICY_CHARACTERS)]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Tells what the person's organisation has fixed of a desk's settings, each as the text that a person would set.

    A desk takes only what its own schema lets an endpoint say, and passes over what it does not know.
    """

    settings: Annotated[dict[_Key, _Text], msgspec.Meta(max_length=MOST_POLICY_KEYS)] = {}


class SpaceState(StrEnum):
    """Says how the server answers for a space that a desk asks about (R38)."""

    MEMBER = "member"
    REVOKED = "revoked"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class SpaceKind(StrEnum):
    """Says whose a space is."""

    PERSONAL = "personal"
    TEAM = "team"
    SHARED = "shared"


class Role(StrEnum):
    """Says what a member may do in a space, from least to most. Nobody is given `contributor`: it is the role of who is a
    viewer in one way and an uploader in another."""

    VIEWER = "viewer"
    UPLOADER = "uploader"
    CONTRIBUTOR = "contributor"
    EDITOR = "editor"
    MANAGER = "manager"


class SpaceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Describes one space as this person reaches it; the owner references let a desk refill a lost server (R35)."""

    id: bytes
    state: SpaceState
    kind: SpaceKind = SpaceKind.PERSONAL
    name: str = ""
    role: Role = Role.VIEWER
    root: bytes = b""
    epoch: bytes = b""
    owner_organisation: str = ""
    owner: str = ""
    quota_bytes: Count = 0
    used_bytes: Count = 0


class SpacesAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Lists the spaces that the desk holds; the answer speaks of each of them and of any others."""

    have: tuple[bytes, ...] = ()


class Spaces(msgspec.Struct, frozen=True, kw_only=True):
    """Answers `SpacesAsked`."""

    spaces: tuple[SpaceInfo, ...]


class Head(msgspec.Struct, frozen=True):
    """Says the newest sequence of a space, and the first 8 bytes of its chain there."""

    space: bytes
    seq: Count
    chain: bytes = b""


class Heads(msgspec.Struct, frozen=True, kw_only=True):
    """Lists the heads of all spaces of a person; `digest` as in R42 (`heads_digest`)."""

    epoch: bytes
    heads: tuple[Head, ...]
    digest: int
