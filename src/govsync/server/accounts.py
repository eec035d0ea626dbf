"""Accounts of this server: passwords, sessions, and the tokens that prove them (R50).

An access token is short-lived and signed; a refresh token is good for one use. Its successor is bound to the same device.
A desk that lost the answer asks once more with the old one and gets another successor, as long as the first was never
used; a token used after its successor was is stolen, and signs the device out. Chance is handed in.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Refresh, SignIn, Tokens
from govsync.server import directory
from govsync.server.context import Caller, Server
from govsync.server.db import tables

ACCESS_S = 600
REFRESH_MS = 90 * 24 * 3_600_000
ATTEMPTS = 10
ATTEMPTS_WINDOW_MS = 5 * 60_000
_SECRET = "token_secret"
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODYS = _hasher.hash("nobody has this password")

Chance = Callable[[int], bytes]
"""Answers so many random bytes."""


class _Claims(msgspec.Struct, frozen=True, array_like=True):
    user: bytes
    device: bytes
    expires_ms: int
    login: str


def set_password(tx: Connection, user: bytes, password: str) -> None:
    """Sets a person's password (Argon2id, RFC 9106); raises Failure(bad_request) for an empty one."""
    if not password:
        raise Failure(Code.BAD_REQUEST, what="password")
    tx.execute(delete(tables.credential).where(tables.credential.c.user == user))
    tx.execute(insert(tables.credential), [{"user": user, "hash": _hasher.hash(password)}])


def make_secret(tx: Connection, chance: Chance) -> None:
    """Makes the key that signs access tokens, once in the life of a database."""
    if directory.setting(tx, _SECRET) is None:
        directory.set_setting(tx, _SECRET, chance(32))


def sign_in(server: Server, request: SignIn, chance: Chance, address: str = "") -> Tokens:
    """Begins a session of a device; raises Failure(wrong_password, too_many_requests).

    A wrong name and a wrong password take as long and answer alike (no list of names can be probed).
    """
    login = request.login.strip().casefold()
    _count_attempt(server, f"login:{login}")
    if address:
        _count_attempt(server, f"from:{address}", factor=10)
    with server.database.begin(write=False) as tx:
        u, c = tables.user.c, tables.credential.c
        row = tx.execute(
            select(u.id, u.login, u.name, u.state, c.hash)
            .join_from(tables.user, tables.credential, u.id == c.user)
            .where(u.login == login)
        ).one_or_none()
    if (
        not _fits(row.hash if row is not None else _NOBODYS, request.password)
        or row is None
        or row.state != "active"
    ):
        raise Failure(Code.WRONG_PASSWORD)
    with server.database.begin() as tx:
        directory.register_device(server, tx, row.id, request.device)
        tx.execute(delete(tables.token).where(tables.token.c.device == request.device.id))
        tx.execute(delete(tables.attempt).where(tables.attempt.c.subject == f"login:{login}"))
        return _issue(server, tx, row.id, row.login, row.name, request.device.id, 0, chance)


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _count_attempt(server: Server, subject: str, factor: int = 1) -> None:
    now_ms = server.clock.time_ms()
    with server.database.begin() as tx:
        a = tables.attempt.c
        row = tx.execute(
            select(a.count.label("attempts"), a.since_ms).where(a.subject == subject)
        ).one_or_none()
        if row is None:
            tx.execute(insert(tables.attempt), [{"subject": subject, "count": 1, "since_ms": now_ms}])
            return
        fresh = now_ms - row.since_ms < ATTEMPTS_WINDOW_MS
        if fresh and row.attempts >= ATTEMPTS * factor:
            raise Failure(Code.TOO_MANY_REQUESTS, wait_ms=ATTEMPTS_WINDOW_MS - (now_ms - row.since_ms))
        values = {"count": row.attempts + 1} if fresh else {"count": 1, "since_ms": now_ms}
        tx.execute(update(tables.attempt).where(a.subject == subject).values(**values))


def _issue(
    server: Server,
    tx: Connection,
    user: bytes,
    login: str,
    name: str,
    device: bytes,
    counter: int,
    chance: Chance,
) -> Tokens:
    refresh = chance(32)
    now_ms = server.clock.time_ms()
    row = {
        "hash": hashlib.sha256(refresh).digest(), "device": device, "user": user, "counter": counter,
        "expires_ms": now_ms + REFRESH_MS, "used": False,
    }  # fmt: skip
    tx.execute(insert(tables.token), [row])
    claims = msgspec.msgpack.encode(_Claims(user, device, now_ms + ACCESS_S * 1000, login))
    signature = hmac.digest(_secret(tx), claims, "sha256")
    return Tokens(
        access=_text(claims + signature),
        refresh=_text(refresh),
        expires_s=ACCESS_S,
        user=user,
        login=login,
        name=name,
    )


def _secret(tx: Connection) -> bytes:
    found = directory.setting(tx, _SECRET)
    assert found is not None, "the key is made when the database is"
    return found


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Failure(Code.SIGNED_OUT) from error


def refresh(server: Server, request: Refresh, chance: Chance) -> Tokens:
    """Exchanges a refresh token; raises Failure(signed_out, token_reused)."""
    digest = hashlib.sha256(_bytes(request.refresh)).digest()
    tokens: Tokens | None = None
    with server.database.begin() as tx:
        t = tables.token.c
        row = tx.execute(select(tables.token).where(t.hash == digest)).one_or_none()
        if row is None or row.device != request.device or row.expires_ms < server.clock.time_ms():
            raise Failure(Code.SIGNED_OUT)
        later = tx.execute(
            select(t.used).where(t.device == row.device, t.counter > row.counter).order_by(t.counter)
        ).all()
        if row.used and any(each.used for each in later):
            # The successor was used, so its owner has it: somebody else shows the old one.
            tx.execute(delete(tables.token).where(t.device == row.device))
        else:
            account = _active(tx, row.user, row.device)
            tx.execute(delete(tables.token).where(t.device == row.device, t.counter != row.counter))
            tx.execute(update(tables.token).where(t.hash == digest).values(used=True))
            tokens = _issue(server, tx, row.user, account[0], account[1], row.device, row.counter + 1, chance)
    if tokens is None:
        raise Failure(Code.TOKEN_REUSED)
    return tokens


def _active(tx: Connection, user: bytes, device: bytes) -> tuple[str, str]:
    """Answers login and name of an account that may come in; raises Failure(signed_out)."""
    u, d = tables.user.c, tables.device.c
    row = tx.execute(
        select(u.login, u.name, u.state, d.state.label("device_state"))
        .join_from(tables.user, tables.device, d.user == u.id)
        .where(u.id == user, d.id == device)
    ).one_or_none()
    if row is None or row.state != "active" or row.device_state != "active":
        raise Failure(Code.SIGNED_OUT)
    return row.login, row.name


def sign_out(server: Server, caller: Caller) -> None:
    """Ends the session of the calling device."""
    with server.database.begin() as tx:
        tx.execute(delete(tables.token).where(tables.token.c.device == caller.device))
        tx.execute(
            update(tables.device).where(tables.device.c.id == caller.device).values(state="signed_out")
        )


def caller_of(server: Server, access: str) -> Caller:
    """Answers on whose behalf an access token speaks; raises Failure(token_expired, signed_out).

    A disabled person or device is refused at once, whatever the token says.
    """
    data = _bytes(access)
    if len(data) <= 32:
        raise Failure(Code.SIGNED_OUT)
    with server.database.begin(write=False) as tx:
        if not hmac.compare_digest(hmac.digest(_secret(tx), data[:-32], "sha256"), data[-32:]):
            raise Failure(Code.SIGNED_OUT)
        claims = msgspec.msgpack.decode(data[:-32], type=_Claims)
        if claims.expires_ms < server.clock.time_ms():
            raise Failure(Code.TOKEN_EXPIRED)
        _active(tx, claims.user, claims.device)
    return Caller(user=claims.user, device=claims.device, login=claims.login)
