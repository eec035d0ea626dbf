"""What happened in a space, for people: who did it, from which device, and when."""

from enum import StrEnum

import msgspec

from govsync.protocol.numbers import Count, Moment
from govsync.protocol.session import Role
from govsync.protocol.sharing import NewMember, Principal


class Told(StrEnum):
    """What is told beside operations: who was given, or lost, what in the space, and which links there are."""

    SHARE = "share"
    MEMBER_ADDED = "member_added"
    MEMBER_ROLE = "member_role"
    MEMBER_REMOVED = "member_removed"
    MEMBER_LEFT = "member_left"
    OWNER = "owner"
    LINK = "link"
    LINK_END = "link_end"


class Happened(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing: `kind` is that of an operation, or one of `Told`; `path` is where what it is about is now, or was last;
    `members` are those with whom a folder was shared; `who` is the member who was given `role`, or lost it (None); of a link,
    `role` says what it is for."""

    at_ms: Moment
    kind: str
    user_name: str = ""
    device_name: str = ""
    path: str = ""
    members: tuple[NewMember, ...] = ()
    who: Principal | None = None
    role: Role | None = None


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what happened, newest first; `before` is what the next one comes before, None at the end."""

    happened: tuple[Happened, ...]
    before: Count | None = None
