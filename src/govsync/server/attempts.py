"""Attempts to come in, with a password or by the address of a link, counted in the database, so that all replicas count
together; swept by the upkeep.

Whoever guesses is slowed; nobody can keep a colleague out by guessing wrong on purpose. A login is counted where its
attempts come from. What it is counted by over all addresses runs out soon. A device on which the person signed in before
counts for itself, so strangers use nothing up that it needs; and no count concerns a session that goes on (R50).
"""

import hashlib
import ipaddress
from collections.abc import Mapping

from sqlalchemy import Connection, case, delete, or_, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.bounds import Tries
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.insert import insert_new

Counted = Mapping[str, Tries]
"""By what an attempt is counted, and how many there may be of each."""


def counted(server: Server, login: str, address: str, known_device: bytes | None) -> Counted:
    """Answers by what an attempt is counted, on a device that is known to be this person's, or on any other."""
    bounds, place = server.bounds, _place(address)
    if known_device is not None:
        device = known_device.hex()
        return {
            _subject("device", device, login, place): bounds.device_at_address,
            _subject("device", device, login): bounds.device,
        }
    return {
        _subject("login", login, place): bounds.login_at_address,
        _subject("login", login): bounds.login,
        _subject("address", place): bounds.address,
    }


def counted_links(server: Server, address: str) -> Counted:
    """Answers by what an address that opens no link is counted."""
    return {_subject("link", _place(address)): server.bounds.link_at_address}


def counted_password(server: Server, link: bytes, address: str) -> Counted:
    """Answers by what an attempt at the password of a link is counted."""
    bounds, of = server.bounds, link.hex()
    return {
        _subject("link password", of, _place(address)): bounds.link_password_at_address,
        _subject("link password", of): bounds.link_password,
    }


def look(server: Server, tx: Connection, by: Counted) -> None:
    """Raises Failure(too_many_requests) where there were too many already: so most of a flood writes nothing."""
    a, now_ms = tables.attempt.c, server.clock.time_ms()
    rows = tx.execute(select(a.subject, a["count"], a.since_ms).where(a.subject.in_(sorted(by))))
    for subject, made, since_ms in rows:
        ends_ms = since_ms + by[subject].window_ms
        if made >= by[subject].most and since_ms <= now_ms < ends_ms:
            raise Failure(Code.TOO_MANY_REQUESTS, wait_ms=ends_ms - now_ms)


def count(server: Server, by: Counted) -> None:
    """Counts an attempt before it is made, so that many at once cannot slip through; refused ones are not counted.

    Raises Failure(too_many_requests)."""
    a, now_ms = tables.attempt.c, server.clock.time_ms()
    with server.database.begin() as tx:
        insert_new(
            tx, tables.attempt, [{"subject": each, "count": 0, "since_ms": now_ms} for each in sorted(by)]
        )
        for subject, tries in sorted(by.items()):
            # The window is over, or a clock that was wrong began it.
            over = or_(a.since_ms <= now_ms - tries.window_ms, a.since_ms > now_ms)
            made, since_ms = tx.execute(
                update(tables.attempt)
                .where(a.subject == subject)
                .values(
                    {
                        a["count"]: case((over, 1), else_=a["count"] + 1),
                        a.since_ms: case((over, now_ms), else_=a.since_ms),
                    }
                )
                .returning(a["count"], a.since_ms)
            ).one()
            if made > tries.most:
                raise Failure(Code.TOO_MANY_REQUESTS, wait_ms=since_ms + tries.window_ms - now_ms)


def take_back(tx: Connection, by: Counted) -> None:
    """Takes an attempt back that was none: the password was right. Only failures count."""
    a = tables.attempt.c
    tx.execute(update(tables.attempt).where(a.subject.in_(sorted(by))).values({a["count"]: a["count"] - 1}))


def sweep(server: Server) -> None:
    """Removes what counts no more."""
    a, now_ms = tables.attempt.c, server.clock.time_ms()
    over = or_(a.since_ms <= now_ms - server.bounds.longest_window_ms, a.since_ms > now_ms)
    with server.database.begin() as tx:
        tx.execute(delete(tables.attempt).where(over))


def _subject(*parts: str) -> str:
    """Names a count; hashed, since people type passwords where a login belongs."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _place(address: str) -> str:
    """Answers what counts as one address: of IPv6 a network of 64 bits, since whoever has one address there has all of them
    (RFC 4291, section 2.5.1)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address  # A proxy named it, in its own way.
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))
