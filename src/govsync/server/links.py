"""Links: who has the address of one fetches, or adds to, what it is for, without an account, and as long as its maker may.

An address is 128 bits of chance, of which the database keeps the hash alone: it follows from a secret of the server and the
key with which it was asked for, so that asking again tells it again, and from neither of them alone. What it opens is judged
anew each time: by its own end, its time and its downloads, by the node, wherever that lies by now, by what its maker may do
there (R38), and by what the organisation whose it is lets out (`policy`). What does not hold is not told: a link that was
ended, that is over, used up or was never made answers alike, after the same work (I8). What a visitor does is done in the
maker's name and on a device of the link's own; who may add is shown nothing (R37).
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, insert, or_, select, update

from govsync.model import ids
from govsync.model.accept import MAX_DEPTH
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.activity import Told
from govsync.protocol.links import KEY_BYTES, Link, LinkMade, Links, MakeLink
from govsync.protocol.session import Role
from govsync.server import access, attempts, audit, directory, passwords, policy, signing
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.connect import take_turns
from govsync.server.versions import Names, Paths

TOKEN_BYTES = 16
PAGE = 200
MOST_OF_ONE = 10_000
"""So many links that still open something one person may have."""
DEVICE = "upload link"
"""What stands where else the device is named on which something was saved."""
KNOWN_MS = 3_600_000
"""For so long a visitor who knew the password is not asked again."""
SHOWN, FETCHED, WRONG = "link_show", "link_fetch", "link_password"
"""Kinds of rows of the audit about visitors; what was sent through a link is noted in its commit."""

_L, _N = tables.link.c, tables.node.c


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What a link opens now: to whom it belongs, what it is for, and on whose behalf a visitor acts."""

    link: bytes
    digest: bytes
    role: Role
    maker: Caller
    maker_name: str
    space: bytes
    epoch: bytes
    node: Any
    """The row of the file or folder."""
    name: str
    expires_ms: int
    downloads_left: int | None
    password: str | None
    """The hash of the password that a visitor must know, None where there is none."""


class _Known(msgspec.Struct, frozen=True, array_like=True, tag="link"):
    """Says that a visitor knew the password of a link."""

    link: bytes
    expires_ms: int


# By those who have an account


def make(server: Server, caller: Caller, space: bytes, request: MakeLink) -> LinkMade:
    """Makes a link, or tells again the one that was made with this key.

    Raises Failure(not_found, no_right), `wrong_kind` for what hangs elsewhere, `link_file` for adding to a file, `link_outside`
    where the organisation lets nobody have links, `too_many_links`, `bad_request` for the key of another link."""
    if request.role not in _FOR or (request.role is Role.UPLOADER and request.downloads is not None):
        raise Failure(Code.BAD_REQUEST, what="role")
    if len(request.key) != KEY_BYTES:
        raise Failure(Code.BAD_REQUEST, what="key")
    password = passwords.hashed(request.password) if request.password is not None else None
    now_ms = server.clock.time_ms()
    row: dict[str, Any] = {
        "id": server.ids.new(), "node": request.node, "user": caller.user, "device": caller.device, "role": request.role,
        "at_ms": now_ms, "expires_ms": now_ms + request.lasts_s * 1000, "password": password,
        "downloads_left": request.downloads, "ended_ms": None,
    }  # fmt: skip
    with server.database.begin() as tx:
        access.require(tx, caller.user, space, Action.SHARE)
        take_turns(tx, "links")
        token = _token(tx, caller, request.key)
        row["token"] = _digest(token)
        done = tx.execute(select(tables.link).where(_L.token == row["token"])).one_or_none()
        if done is not None:
            if (done.node, done.role) != (request.node, request.role):
                raise Failure(Code.BAD_REQUEST, what="key")
            return LinkMade(link=done.id, token=ids.to_text(token), expires_ms=done.expires_ms)
        node = tx.execute(select(tables.node).where(_N.id == request.node, _N.space == space)).one_or_none()
        if node is None or node.deleted_seq is not None:
            raise Failure(Code.NOT_FOUND)
        if node.kind == Kind.MOUNT:
            raise Failure(Code.WRONG_KIND)
        if request.role is Role.UPLOADER and node.kind != Kind.FOLDER:
            raise Failure(Code.LINK_FILE)
        if not policy.lets_anybody(tx.execute(_ORG_OF, {"space": space}).one()):
            raise Failure(Code.LINK_OUTSIDE)
        mine = select(func.count()).where(_L.user == caller.user, *_lives(now_ms))
        if tx.execute(mine).scalar_one() >= MOST_OF_ONE:
            raise Failure(Code.TOO_MANY_LINKS, limit=MOST_OF_ONE)
        tx.execute(insert(tables.link), [row])
        _note(server, tx, row)
        facts = {"link": row["id"], "node": row["node"], "role": row["role"]}
        audit.note(server, tx, Told.LINK, caller.user, caller.device, space, **facts)
        if request.role is Role.UPLOADER:
            device = {
                "id": row["id"], "user": caller.user, "name": DEVICE, "machine": "", "state": "link", "seen_ms": now_ms,
            }  # fmt: skip
            tx.execute(insert(tables.device), [device])
            directory.note(server, tx, "device", device["id"], device)
    return LinkMade(link=row["id"], token=ids.to_text(token), expires_ms=row["expires_ms"])


def _token(tx: Connection, caller: Caller, key: bytes) -> bytes:
    return hmac.digest(signing.secret(tx), b"link" + caller.user + key, "sha256")[:TOKEN_BYTES]


def links(server: Server, caller: Caller, space: bytes, after: bytes | None) -> Links:
    """Lists the links of a space that may still open something, in the order of their making; raises Failure(not_found,
    no_right)."""
    query = (
        select(tables.link, _N.kind, _N.name, _N.parent)
        .join_from(tables.link, tables.node, _N.id == _L.node)
        .where(_N.space == space, _N.deleted_seq.is_(None), *_lives(server.clock.time_ms()))
        .where(_L.id > (after or b""))
        .order_by(_L.id)
        .limit(PAGE)
    )
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.SHARE)
        opening = policy.lets_anybody(tx.execute(_ORG_OF, {"space": space}).one())
        rows = tx.execute(query).all() if opening else []
        names, paths = Names.of(tx, rows), Paths(tx)
        found = tuple(
            Link(
                link=row.id, node=row.node, kind=Kind(row.kind), path=paths.of(row), role=Role(row.role), at_ms=row.at_ms,
                expires_ms=row.expires_ms, user_name=names.user(row), device_name=names.device(row),
                password=row.password is not None, downloads_left=row.downloads_left,
            )
            for row in rows
        )  # fmt: skip
    return Links(links=found, after=rows[-1].id if len(rows) == PAGE else None)


def end(server: Server, caller: Caller, link: bytes) -> None:
    """Ends a link, once; its maker may, and who manages the space in which its node lies. Raises Failure(not_found), and
    `no_right` to somebody who only sees it in the list."""
    with server.database.begin() as tx:
        query = select(tables.link, _N.space).join_from(tables.link, tables.node, _N.id == _L.node)
        row = tx.execute(query.where(_L.id == link)).one_or_none()
        if row is None:
            raise Failure(Code.NOT_FOUND)
        if row.user != caller.user:
            access.require(tx, caller.user, row.space, Action.MANAGE)
        if row.ended_ms is None:
            now_ms = server.clock.time_ms()
            tx.execute(update(tables.link).where(_L.id == link).values(ended_ms=now_ms))
            _note(server, tx, {**{c.name: getattr(row, c.name) for c in tables.link.c}, "ended_ms": now_ms})
            facts = {"link": link, "node": row.node, "role": row.role}
            audit.note(server, tx, Told.LINK_END, caller.user, caller.device, row.space, **facts)


def _note(server: Server, tx: Connection, row: dict[str, Any]) -> None:
    """Notes a link in the journal of the directory: that it has a password, and not what is kept of it."""
    directory.note(server, tx, "link", row["id"], row | {"password": row["password"] is not None})


# By anybody who has the address


def opened(server: Server, token: str, address: str) -> Opened:
    """Answers what an address opens; raises Failure(not_found) for one that opens nothing (any more), whatever the reason,
    and `too_many_requests` where too many such came from there."""
    by = attempts.counted_links(server, address)
    digest = _digest_of_text(token)
    with server.database.begin(write=False) as tx:
        attempts.look(server, tx, by)
        found = _judged(server, tx, digest)
    if found is None or found.downloads_left == 0:
        attempts.count(server, by)
        raise Failure(Code.NOT_FOUND)
    return found


def require_still(server: Server, link: Opened) -> None:
    """Raises Failure(not_found) unless a link opens what it did, as far as its maker and its time go: what has begun is
    carried on as long as it may be, whatever others have used up meanwhile."""
    with server.database.begin(write=False) as tx:
        if _judged(server, tx, link.digest) is None:
            raise Failure(Code.NOT_FOUND)


def _judged(server: Server, tx: Connection, digest: bytes) -> Opened | None:
    """Judges a link but for its downloads; the same is asked of the database whatever comes of it."""
    row = tx.execute(_OPENED, {"digest": digest}).one_or_none()
    role = Role(row.role) if row is not None else Role.VIEWER
    user, space = (row.user, row.space) if row is not None else (directory.NOBODY, directory.NOBODY)
    may = _may(tx, user, space, _FOR[role])
    now_ms = server.clock.time_ms()
    if row is None or not may or row.ended_ms is not None or row.expires_ms <= now_ms:
        return None
    if row.deleted_seq is not None or not policy.lets_anybody(row):
        return None
    return Opened(
        link=row.link, digest=digest, role=role, maker_name=row.maker_name, space=row.space, epoch=row.epoch, node=row,
        maker=Caller(user=row.user, device=row.link, adds_only=role is Role.UPLOADER), name=row.name or row.space_name,
        expires_ms=row.expires_ms, downloads_left=row.downloads_left, password=row.password,
    )  # fmt: skip


def _may(tx: Connection, user: bytes, space: bytes, action: Action) -> bool:
    try:
        access.require(tx, user, space, action)
    except Failure:
        return False
    return True


def note_shown(server: Server, link: Opened, node: bytes) -> None:
    """Notes that a visitor is about to be shown a page of what a link is for."""
    with server.database.begin() as tx:
        audit.note_visitor(server, tx, SHOWN, link.link, node=node)


def take_download(server: Server, link: Opened, node: bytes) -> None:
    """Counts and notes a download of something before it begins; raises Failure(not_found) where there is none left. However
    many come at the same moment, there is never one too many."""
    one_less = update(tables.link).where(_L.id == link.link, _L.downloads_left > 0)
    with server.database.begin() as tx:
        counted = link.downloads_left is not None
        if counted and not tx.execute(one_less.values(downloads_left=_L.downloads_left - 1)).rowcount:
            raise Failure(Code.NOT_FOUND)
        audit.note_visitor(server, tx, FETCHED, link.link, node=node)


def know_password(server: Server, link: Opened, password: str, address: str) -> str:
    """Answers what proves later that a visitor knew the password; raises Failure(wrong_password, too_many_requests)."""
    by = attempts.counted_password(server, link.link, address)
    with server.database.begin(write=False) as tx:
        attempts.look(server, tx, by)
        key = signing.secret(tx)
    attempts.count(server, by)
    if not passwords.fits(link.password or passwords.NOBODYS, password):
        with server.database.begin() as tx:
            audit.note_visitor(server, tx, WRONG, link.link)
        raise Failure(Code.WRONG_PASSWORD)
    with server.database.begin() as tx:
        attempts.take_back(tx, by)
    return signing.signed(key, _Known(link.link, server.clock.time_ms() + KNOWN_MS))


def is_locked(server: Server, link: Opened, proof: str) -> bool:
    """Says whether a visitor has still to prove that the password is known."""
    if link.password is None:
        return False
    with server.database.begin(write=False) as tx:
        key = signing.secret(tx)
    try:
        known = signing.verified(key, proof, _Known)
    except Failure:
        return True
    return known.link != link.link or known.expires_ms <= server.clock.time_ms()


def inside(server: Server, link: Opened, node: bytes) -> Any:
    """Answers the row of a living node in the folder that a link is for, at any depth; raises Failure(not_found)."""
    with server.database.begin(write=False) as tx:
        row = tx.execute(select(tables.node).where(_N.id == node, _N.space == link.space)).one_or_none()
        if row is None or row.deleted_seq is not None or row.kind == Kind.MOUNT:
            raise Failure(Code.NOT_FOUND)
        if not _lies_in(tx, row, link.node.id):
            raise Failure(Code.NOT_FOUND)
        return row


def listing(
    server: Server, link: Opened, folder: bytes, after: bytes | None
) -> tuple[Sequence[Any], bytes | None]:
    """Answers a page of the rows of what lies in a folder, by name, and what to go on after; shared folders of others in it
    have their own rights, and are left out."""
    with server.database.begin(write=False) as tx:
        last = (
            tx.execute(select(_N.key).where(_N.id == after, _N.parent == folder)).scalar() if after else None
        )
        rows = tx.execute(
            select(tables.node)
            .where(
                _N.space == link.space, _N.parent == folder, _N.deleted_seq.is_(None), _N.kind != Kind.MOUNT
            )
            .where(_N.key > (last or ""))
            .order_by(_N.key)
            .limit(PAGE + 1)
        ).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def _lies_in(tx: Connection, row: Any, folder: bytes) -> bool:
    at, parent = row.id, row.parent
    for _ in range(MAX_DEPTH + 1):
        if at == folder:
            return True
        if parent is None:
            return False
        at, parent = parent, tx.execute(select(_N.parent).where(_N.id == parent)).scalar()
    return False


# What a link is


_FOR = {Role.VIEWER: Action.READ, Role.UPLOADER: Action.ADD}
"""What the maker of a link of each kind must be allowed for it to open anything."""


def _lives(now_ms: int) -> tuple[Any, ...]:
    """What a link that may still open something fulfils by itself."""
    left = or_(_L.downloads_left.is_(None), _L.downloads_left > 0)
    return _L.ended_ms.is_(None), _L.expires_ms > now_ms, left


def _opening() -> Select[Any]:
    links, s, u, o = tables.link, tables.space, tables.user, tables.org
    return (
        select(
            tables.node, _L.id.label("link"), _L.user, _L.role, _L.expires_ms, _L.ended_ms, _L.downloads_left, _L.password,
            s.c.name.label("space_name"), s.c.epoch, u.c.name.label("maker_name"), o.c.shares_with,
        )
        .join_from(links, tables.node, _N.id == _L.node)
        .join(s, s.c.id == _N.space)
        .join(u, u.c.id == _L.user)
        .join(o, o.c.id == s.c.owner_org)
        .where(_L.token == bindparam("digest"))
    )  # fmt: skip


_OPENED = _opening()
_ORG_OF = (
    select(tables.org.c.shares_with)
    .join_from(tables.space, tables.org, tables.org.c.id == tables.space.c.owner_org)
    .where(tables.space.c.id == bindparam("space"))
)


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _digest_of_text(token: str) -> bytes:
    """Answers the hash of a token as it stands in an address; what can be none has one that no link has."""
    try:
        return _digest(ids.from_text(token))
    except Failure:
        return bytes(32)
