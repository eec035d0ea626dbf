"""THE table of calls: the server binds a function to each row by its name, the client calls by the same row, and the
description of the interface (OpenAPI) and the tests of access are functions of it.
"""

from enum import StrEnum
from typing import Any

import msgspec

from govsync.model.codes import Code
from govsync.protocol import activity, changes, commits, fleet, links, session, sharing
from govsync.protocol.limits import DEFAULT, KIB, MIB


class Shape(StrEnum):
    """Says how a body travels."""

    NONE = "none"
    JSON = "json"
    FRAMED = "framed"
    BYTES = "bytes"
    EVENTS = "events"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One call. `{space}`, `{rev}`, `{node}`, `{link}` in the path are ids; `query` lists optional parameters.

    `repeatable`: asking again after a lost answer does no harm. `refuses` lists the codes of this call's own; those that
    any call may answer with are in `EVERYWHERE`.
    """

    name: str
    method: str
    path: str
    takes: Shape = Shape.NONE
    request: Any = None
    gives: Shape = Shape.JSON
    response: Any = None
    query: tuple[str, ...] = ()
    refuses: tuple[Code, ...] = ()
    signed_in: bool = True
    repeatable: bool = True
    body_bytes: int = 64 * KIB
    any_version: bool = False
    summary: str

    @property
    def codes(self) -> tuple[Code, ...]:
        """Answers every code with which this call may be refused."""
        signed_in = (Code.SIGNED_OUT, Code.TOKEN_EXPIRED) if self.signed_in else ()
        judged = () if self.any_version else (Code.CLIENT_TOO_OLD,)
        inside = (Code.NOT_FOUND,) if "{" in self.path else ()
        takes = () if self.takes is Shape.NONE else (Code.TOO_LARGE, Code.TIMED_OUT)
        framed = (Code.FRAME_BAD,) if self.takes is Shape.FRAMED else ()
        return tuple(
            dict.fromkeys((*self.refuses, *signed_in, *judged, *inside, *takes, *framed, *EVERYWHERE))
        )


EVERYWHERE = (Code.BAD_REQUEST, Code.BUSY_RETRY, Code.STORE_UNAVAILABLE, Code.STORE_FULL, Code.INTERNAL)

ROUTES: tuple[Route, ...] = (
    Route(
        name="sign_in", method="POST", path="/sessions", takes=Shape.JSON, request=session.SignIn,
        response=session.Tokens, signed_in=False, repeatable=False,
        refuses=(Code.WRONG_PASSWORD, Code.TOO_MANY_REQUESTS, Code.DEVICE_CLONED),
        summary="Signs a person of this server in.",
    ),
    Route(
        name="refresh", method="POST", path="/sessions/refresh", takes=Shape.JSON, request=session.Refresh,
        response=session.Tokens, signed_in=False, refuses=(Code.SIGNED_OUT, Code.TOKEN_REUSED),
        any_version=True, summary="Exchanges a refresh token for new tokens.",
    ),
    Route(
        name="sign_out", method="DELETE", path="/sessions/current", gives=Shape.NONE,
        any_version=True, summary="Ends the session of this device.",
    ),
    Route(name="me", method="GET", path="/me", response=session.Me, summary="Tells who one is, and the limits."),
    Route(
        name="policy", method="GET", path="/me/policy", response=session.Policy,
        any_version=True, summary="Tells which settings of a desk its person's organisation has fixed.",
    ),
    Route(
        name="spaces", method="POST", path="/me/spaces", takes=Shape.JSON, request=session.SpacesAsked,
        response=session.Spaces, body_bytes=1 * MIB, any_version=True, summary="Tells which spaces one reaches.",
    ),
    Route(
        name="health", method="PUT", path="/me/device/health", takes=Shape.JSON, request=fleet.Health, gives=Shape.NONE,
        body_bytes=16 * KIB, any_version=True, summary="Tells how this device is, in numbers and codes.",
    ),
    Route(
        name="begin_wipe", method="PUT", path="/wipes/{order}", gives=Shape.NONE,
        any_version=True, summary="Says that this device begins to obey an order to take its files off.",
    ),
    Route(
        name="end_wipe", method="PUT", path="/wipes/{order}/result", takes=Shape.JSON, request=fleet.Wiped, gives=Shape.NONE,
        any_version=True, summary="Tells how many files went and stayed, and ends the session of this device.",
    ),
    Route(name="heads", method="GET", path="/heads", response=session.Heads, any_version=True, summary="Tells how far each space is."),
    Route(
        name="events", method="GET", path="/events", gives=Shape.EVENTS, query=("nonce",),
        refuses=(Code.DEVICE_CLONED,), any_version=True, summary="Says, as it happens, that something newer exists.",
    ),
    Route(
        name="changes", method="GET", path="/spaces/{space}/changes", query=("epoch", "seq", "chain"),
        gives=Shape.FRAMED, response=changes.Changes,
        refuses=(Code.CURSOR_GONE, Code.EPOCH_CHANGED, Code.HISTORY_DIFFERS, Code.NO_RIGHT),
        summary="Reads a page of a journal.",
    ),
    Route(
        name="nodes", method="GET", path="/spaces/{space}/nodes", query=("after",), gives=Shape.FRAMED,
        response=changes.Nodes, refuses=(Code.NO_RIGHT,), any_version=True, summary="Reads a page of a snapshot.",
    ),
    Route(
        name="known", method="POST", path="/spaces/{space}/known", takes=Shape.FRAMED, request=changes.Known,
        gives=Shape.FRAMED, response=changes.KnownAnswer, body_bytes=4 * MIB, refuses=(Code.NO_RIGHT,),
        any_version=True, summary="Says which operations and contents a space has ever known.",
    ),
    Route(
        name="missing", method="POST", path="/spaces/{space}/missing", takes=Shape.FRAMED, request=commits.Missing,
        gives=Shape.FRAMED, response=commits.MissingAnswer, body_bytes=1 * MIB, refuses=(Code.QUOTA, Code.NO_RIGHT),
        any_version=True, summary="Says which chunks a space lacks.",
    ),
    Route(
        name="chunks", method="POST", path="/spaces/{space}/chunks", takes=Shape.FRAMED, request=commits.Nothing,
        gives=Shape.FRAMED, response=commits.ChunksAnswer, body_bytes=DEFAULT.chunks_body_bytes,
        refuses=(Code.QUOTA, Code.NO_RIGHT), summary="Takes chunks in.",
    ),
    Route(
        name="commit", method="POST", path="/spaces/{space}/commits", takes=Shape.FRAMED, request=commits.Commit,
        gives=Shape.FRAMED, response=commits.CommitAnswer, body_bytes=DEFAULT.commit_bytes,
        refuses=(Code.EPOCH_CHANGED, Code.HISTORY_DIFFERS, Code.TOO_MANY_OPERATIONS, Code.CHUNK_BAD, Code.NO_RIGHT),
        summary="Carries out operations, each once.",
    ),
    Route(
        name="fetch", method="POST", path="/spaces/{space}/fetch", takes=Shape.FRAMED, request=commits.Fetch,
        gives=Shape.FRAMED, response=commits.Nothing, body_bytes=1 * MIB, refuses=(Code.CHUNK_LOST, Code.NO_RIGHT),
        summary="Gives chunks out.",
    ),
    Route(
        name="manifest", method="GET", path="/spaces/{space}/revisions/{rev}", gives=Shape.BYTES,
        refuses=(Code.CHUNK_LOST, Code.NO_RIGHT), summary="Tells what a revision is made of.",
    ),
    Route(
        name="revisions", method="GET", path="/spaces/{space}/nodes/{node}/revisions", query=("before",),
        response=changes.Revisions, refuses=(Code.NO_RIGHT,), summary="Lists the versions of a file.",
    ),
    Route(
        name="trash", method="GET", path="/spaces/{space}/trash", query=("before",), response=changes.Trash,
        refuses=(Code.NO_RIGHT,), summary="Lists what was deleted and can come back.",
    ),
    Route(
        name="earlier", method="GET", path="/spaces/{space}/earlier", query=("at", "seq"), gives=Shape.FRAMED,
        response=changes.Earlier, refuses=(Code.NO_RIGHT,), summary="Tells what had happened in a space up to a moment.",
    ),
    Route(
        name="share", method="POST", path="/spaces/{space}/shares", takes=Shape.JSON, request=sharing.Share,
        response=session.SpaceInfo, body_bytes=4 * MIB,
        refuses=(
            Code.NO_RIGHT, Code.NODE_DEAD, Code.WRONG_KIND, Code.CONTAINS_MOUNT, Code.SUBTREE_TOO_LARGE,
            Code.SHARE_OUTSIDE, Code.SHARE_SELF, Code.NO_SUCH_MEMBER, Code.TOO_MANY_MEMBERS, Code.TOO_MANY_SHARES,
        ),
        summary="Makes a folder a space of its own, with members.",
    ),
    Route(
        name="members", method="GET", path="/spaces/{space}/members", query=("after",), response=sharing.Members,
        refuses=(Code.NO_RIGHT,), summary="Lists who is a member of a space.",
    ),
    Route(
        name="set_member", method="PUT", path="/spaces/{space}/members", takes=Shape.JSON, request=sharing.SetMember,
        gives=Shape.NONE,
        refuses=(
            Code.NO_RIGHT, Code.SHARE_OUTSIDE, Code.SHARE_SELF, Code.NO_SUCH_MEMBER, Code.TOO_MANY_MEMBERS,
            Code.TOO_MANY_SHARES, Code.LAST_MANAGER, Code.MEMBER_STAYS, Code.MEMBER_THROUGH,
        ),
        summary="Gives somebody a role in a space, or ends a membership.",
    ),
    Route(
        name="leave", method="DELETE", path="/spaces/{space}/members/me", gives=Shape.NONE,
        refuses=(Code.LAST_MANAGER, Code.MEMBER_THROUGH), summary="Ends one's own membership of a space.",
    ),
    Route(
        name="activity", method="GET", path="/spaces/{space}/activity", query=("before",), response=activity.Activity,
        refuses=(Code.NO_RIGHT,), summary="Lists what happened in a space, newest first.",
    ),
    Route(
        name="directory", method="GET", path="/directory", query=("text",), response=sharing.Directory,
        summary="Finds people, groups and divisions with whom one could share.",
    ),
    Route(
        name="make_link", method="POST", path="/spaces/{space}/links", takes=Shape.JSON, request=links.MakeLink,
        response=links.LinkMade, refuses=(Code.NO_RIGHT, Code.WRONG_KIND, Code.LINK_FILE, Code.LINK_OUTSIDE, Code.TOO_MANY_LINKS),
        summary="Makes a link to a file or folder for somebody without an account.",
    ),
    Route(
        name="links", method="GET", path="/spaces/{space}/links", query=("after",), response=links.Links,
        refuses=(Code.NO_RIGHT,), summary="Lists the links of a space.",
    ),
    Route(
        name="end_link", method="DELETE", path="/links/{link}", gives=Shape.NONE, refuses=(Code.NO_RIGHT,),
        summary="Ends a link.",
    ),
)  # fmt: skip

BY_NAME = {route.name: route for route in ROUTES}
