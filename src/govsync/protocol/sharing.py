"""Sharing: a folder becomes a space, whose members are people, groups, divisions, and those of the space around it."""

from enum import StrEnum

import msgspec

from govsync.protocol.session import Role


class PrincipalKind(StrEnum):
    """Says what is a member: one person, a set of people, or all who are members of another space."""

    USER = "user"
    GROUP = "group"
    DIVISION = "division"
    SPACE = "space"


class Principal(msgspec.Struct, frozen=True):
    """Names a member: a person by login, a group by name, a division by its path `ORG/NAME…`, a space as it is shown."""

    kind: PrincipalKind
    name: str


class NewMember(msgspec.Struct, frozen=True):
    """Says who becomes a member, and in which role."""

    who: Principal
    role: Role


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Makes a folder the root of a space of its own, and a mount in its place.

    `key` is that of the journal's entry and of the mount's place (R31); `space` and `mount` are the ids of what is new,
    made by whoever asks, so that asking again finds what was done.
    """

    key: bytes
    node: bytes
    space: bytes
    mount: bytes
    members: tuple[NewMember, ...]


class Member(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One member of a space, for people: `title` is the name, `detail` where a person or a division belongs."""

    who: Principal
    title: str
    role: Role
    detail: str = ""
    you: bool = False


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a space's members; `after` is what the next one comes after, None at the end."""

    members: tuple[Member, ...]
    after: str | None = None


class SetMember(msgspec.Struct, frozen=True, kw_only=True):
    """Gives somebody a role in a space; with `role` None the membership ends."""

    who: Principal
    role: Role | None


class Found(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Somebody with whom one could share, for people as in `Member`."""

    who: Principal
    title: str
    detail: str = ""


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """Answers a search for people, groups and divisions: the best of what was found."""

    found: tuple[Found, ...]
