"""Accounts of this server: passwords, sessions, and the tokens that prove them (R50).

Both tokens are signed with a key that lives as long as the database. An access token is short-lived. A refresh token
carries a number, one higher than any that the device got before, and is good until its successor is used: a desk that
lost an answer asks again with the old one and gets another successor. A token older than that is shown by somebody who
copied it; whose, cannot be told, so the device is signed out. A number higher than the database has ever given out can
only come from the life that a restored copy lost: it is taken, and sessions survive. Chance is handed in.
"""

import hashlib
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import DeviceInfo, Refresh, SignIn, Tokens
from govsync.server import attempts, audit, directory, passwords, signing
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.signing import Chance

ACCESS_S = 600
REFRESH_MS = 90 * 24 * 3_600_000
MOST_SUCCESSORS = 8


class _Access(msgspec.Struct, frozen=True, array_like=True, tag="access"):
    user: bytes
    device: bytes
    expires_ms: int
    login: str


class _Refresh(msgspec.Struct, frozen=True, array_like=True, tag="refresh"):
    user: bytes
    device: DeviceInfo
    expires_ms: int
    counter: int
    chance: bytes


def set_password(server: Server, tx: Connection, user: bytes, password: str) -> None:
    """Sets a person's password (Argon2id, RFC 9106), and ends what was begun in browsers with the one before; raises
    Failure(bad_request) for an empty one."""
    if not password:
        raise Failure(Code.BAD_REQUEST, what="password")
    directory.take_turn(tx)
    tx.execute(delete(tables.credential).where(tables.credential.c.user == user))
    tx.execute(delete(tables.web_session).where(tables.web_session.c.user == user))
    tx.execute(insert(tables.credential), [{"user": user, "hash": passwords.hashed(password)}])
    directory.note(server, tx, "credential", user, {"user": user})


def sign_in(server: Server, request: SignIn, chance: Chance, address: str = "") -> Tokens:
    """Begins a session of a device; raises Failure(wrong_password, too_many_requests, device_cloned)."""
    row, by = prove(server, request.login, request.password, address, request.device.id)
    with server.database.begin() as tx:
        attempts.take_back(tx, by)
        directory.register_device(server, tx, row.id, request.device)
        tx.execute(delete(tables.token).where(tables.token.c.device == request.device.id))
        w = tables.wipe.c
        tx.execute(delete(tables.wipe).where(w.device == request.device.id, w.begun_ms.is_not(None)))
        audit.note(server, tx, "sign_in", row.id, request.device.id)
        return _issue(server, tx, row, request.device, chance)


def prove(
    server: Server, login: str, password: str, address: str, device: bytes | None = None
) -> tuple[Any, attempts.Counted]:
    """Answers whose login and password these are, and by what the attempt was counted, which is to be taken back; raises
    Failure(wrong_password, too_many_requests).

    A wrong name and a wrong password take as long and answer alike (no list of names can be probed). Only failures count:
    ten thousand desks of one office may come in behind one address.
    """
    login = _login_of(login)
    with server.database.begin(write=False) as tx:
        u, c, d = tables.user.c, tables.credential.c, tables.device.c
        row = tx.execute(
            select(u.id, u.login, u.name, u.state, c.hash)
            .join_from(tables.user, tables.credential, u.id == c.user)
            .where(u.login == login)
        ).one_or_none()
        owner = tx.execute(select(d.user).where(d.id == device)).scalar()
        known = device if row is not None and owner == row.id else None
        by = attempts.counted(server, login, address, known)
        attempts.look(server, tx, by)
    attempts.count(server, by)
    fits = passwords.fits(row.hash if row is not None else passwords.NOBODYS, password)
    if not fits or row is None or row.state != directory.ACTIVE:
        raise Failure(Code.WRONG_PASSWORD)
    return row, by


def _login_of(typed: str) -> str:
    """Answers the login that was typed, as it is kept; for what can be no login, one that nobody has."""
    login = directory.login_key(typed)
    return login if login.isprintable() and len(login) <= directory.MOST_CHARACTERS else ""


def _issue(server: Server, tx: Connection, account: Any, device: DeviceInfo, chance: Chance) -> Tokens:
    d = tables.device.c
    now_ms, secret = server.clock.time_ms(), signing.secret(tx)
    given = update(tables.device).where(d.id == device.id).values(counter=d.counter + 1, seen_ms=now_ms)
    counter = tx.execute(given.returning(d.counter)).scalar_one()
    refresh = signing.signed(secret, _Refresh(account.id, device, now_ms + REFRESH_MS, counter, chance(16)))
    row = {"hash": _digest(refresh), "device": device.id, "counter": counter, "used": False}
    tx.execute(insert(tables.token), [row])
    return Tokens(
        access=signing.signed(
            secret, _Access(account.id, device.id, now_ms + ACCESS_S * 1000, account.login)
        ),
        refresh=refresh,
        expires_s=ACCESS_S,
        user=account.id,
        login=account.login,
        name=account.name,
    )


def refresh(server: Server, request: Refresh, chance: Chance) -> Tokens:
    """Exchanges a refresh token; raises Failure(signed_out, token_reused)."""
    tokens: Tokens | None = None
    with server.database.begin() as tx:
        claims = signing.verified(signing.secret(tx), request.refresh, _Refresh)
        if claims.device.id != request.device or claims.expires_ms < server.clock.time_ms():
            raise Failure(Code.SIGNED_OUT)
        digest = _digest(request.refresh)
        _take_from_lost_life(server, tx, claims, digest)
        account = _active(tx, claims.user, request.device)
        if _use(tx, request.device, digest):
            tokens = _issue(server, tx, account, claims.device, chance)
    if tokens is None:
        raise Failure(Code.TOKEN_REUSED)
    return tokens


def _take_from_lost_life(server: Server, tx: Connection, claims: _Refresh, digest: bytes) -> None:
    """Takes in a token that this database never gave out: it did, after the copy was made that it was put back from."""
    d = tables.device.c
    device = claims.device.id
    given = tx.execute(select(d.counter).where(d.id == device).with_for_update()).scalar()
    if given is not None and claims.counter <= given:
        return
    if tx.execute(select(tables.user.c.id).where(tables.user.c.id == claims.user)).first() is None:
        raise Failure(Code.SIGNED_OUT)
    directory.register_device(server, tx, claims.user, claims.device)
    tx.execute(update(tables.device).where(d.id == device).values(counter=claims.counter))
    tx.execute(delete(tables.wipe).where(tables.wipe.c.device == device))  # It may be done since (`wipes`).
    row = {"hash": digest, "device": device, "counter": claims.counter, "used": False}
    tx.execute(insert(tables.token), [row])


def _use(tx: Connection, device: bytes, digest: bytes) -> bool:
    """Notes that a token is used; answers False, and ends all sessions of the device, where a later one was used already.

    Why a row that is still there is good: the first use of a token removes all others of the device, those before it and
    those given out beside it. So the row of a used token is gone as soon as one of its successors was used.
    """
    t = tables.token.c
    used = tx.execute(select(t.used).where(t.hash == digest)).scalar()
    if used is None:
        end_session(tx, device)
        return False
    others = delete(tables.token).where(t.device == device, t.hash != digest)
    if used:  # Asked again: successors may still be on their way, but not any number of them.
        newest = select(tables.device.c.counter).where(tables.device.c.id == device).scalar_subquery()
        others = others.where(t.counter <= newest - MOST_SUCCESSORS + 1)
    tx.execute(others)
    tx.execute(update(tables.token).where(t.hash == digest).values(used=True))
    return True


_ACTIVE = (
    select(tables.user.c.login, tables.user.c.id, tables.user.c.name)
    .join_from(tables.user, tables.device, tables.device.c.user == tables.user.c.id)
    .where(
        tables.user.c.id == bindparam("user"), tables.device.c.id == bindparam("device"),
        tables.user.c.state == "active", tables.device.c.state == "active",
    )
)  # fmt: skip


def _active(tx: Connection, user: bytes, device: bytes) -> Any:
    """Answers id, login and name of an account that may come in; raises Failure(signed_out)."""
    row = tx.execute(_ACTIVE, {"user": user, "device": device}).one_or_none()
    if row is None:
        raise Failure(Code.SIGNED_OUT)
    return row


def sign_out(server: Server, caller: Caller) -> None:
    """Ends the session of the calling device."""
    with server.database.begin() as tx:
        end_session(tx, caller.device)


def end_session(tx: Connection, device: bytes) -> None:
    """Ends the session of a device at once: no token of it, of either kind, is taken from now on."""
    tx.execute(delete(tables.token).where(tables.token.c.device == device))
    tx.execute(update(tables.device).where(tables.device.c.id == device).values(state=directory.SIGNED_OUT))


def caller_of(server: Server, access: str) -> Caller:
    """Answers on whose behalf an access token speaks; raises Failure(token_expired, signed_out).

    A disabled person or device is refused at once, whatever the token says.
    """
    with server.database.begin(write=False) as tx:
        claims = signing.verified(signing.secret(tx), access, _Access)
        if claims.expires_ms < server.clock.time_ms():
            raise Failure(Code.TOKEN_EXPIRED)
        _active(tx, claims.user, claims.device)
    return Caller(user=claims.user, device=claims.device, login=claims.login)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
