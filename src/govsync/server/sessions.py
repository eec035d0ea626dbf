"""Sessions in a browser: begun with a login and a password, counted and judged as a device's sign-in is (`accounts`), and over
soon. The database keeps the hash of what the browser shows, so that every replica knows them and nobody can read one there.

One ends when it was not used for an hour, after a working day, when its person signs out, is shut out or gets another password,
and with a life of the database. What a form may change it proves by a key of its own, which follows from the session: another
site knows neither (OWASP, "Cross-Site Request Forgery Prevention", HMAC based token pattern).
"""

import base64
import hashlib
import hmac

import msgspec
from sqlalchemy import delete, insert, or_, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import accounts, attempts, audit, directory
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.signing import Chance

UNUSED_MS = 3_600_000
LONGEST_MS = 10 * 3_600_000
"""A working day."""
NOTED_MS = 60_000
"""How exactly it is known when one was last used: not every page is to be a write."""
MOST_OF_ONE = 20
"""So many one person may have; the oldest goes first."""
TOKEN_BYTES = 32
_S, _U, _C = tables.web_session.c, tables.user.c, tables.credential.c


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has signed in in a browser."""

    user: bytes
    login: str
    name: str
    token: str

    @property
    def caller(self) -> Caller:
        """On whose behalf what is asked here runs; it is no device of the person's."""
        return Caller(user=self.user, device=directory.NOBODY, login=self.login)


def new_token(chance: Chance) -> str:
    """Answers what nobody guesses, as it stands in a cookie."""
    return base64.urlsafe_b64encode(chance(TOKEN_BYTES)).rstrip(b"=").decode()


def begin(server: Server, login: str, password: str, chance: Chance, address: str) -> str:
    """Begins a session and answers its token; raises Failure(wrong_password, too_many_requests)."""
    row, by = accounts.prove(server, login, password, address)
    token, now_ms = new_token(chance), server.clock.time_ms()
    with server.database.begin() as tx:
        # In turn with whatever ends sessions: what was proven a moment ago is still so when this one is there.
        directory.take_turn(tx)
        attempts.take_back(tx, by)
        still = select(_C.hash).join_from(tables.user, tables.credential, _U.id == _C.user)
        if tx.execute(still.where(_U.id == row.id, _U.state == directory.ACTIVE)).scalar() != row.hash:
            raise Failure(Code.WRONG_PASSWORD)
        newest = select(_S.hash).where(_S.user == row.id).order_by(_S.since_ms.desc(), _S.hash)
        kept = tx.execute(newest.limit(MOST_OF_ONE - 1)).scalars().all()
        tx.execute(delete(tables.web_session).where(_S.user == row.id, _S.hash.not_in(kept)))
        new = {"hash": _digest(token), "user": row.id, "since_ms": now_ms, "used_ms": now_ms}
        tx.execute(insert(tables.web_session), [new])
        audit.note(server, tx, "web_sign_in", row.id, directory.NOBODY)
    return token


def session_of(server: Server, token: str) -> Session:
    """Answers whose session this is, and notes that it is used; raises Failure(signed_out) for one that is over or never was."""
    digest, now_ms = _digest(token), server.clock.time_ms()
    with server.database.begin(write=False) as tx:
        row = tx.execute(
            select(_U.id, _U.login, _U.name, _S.since_ms, _S.used_ms)
            .join_from(tables.web_session, tables.user, _S.user == _U.id)
            .where(_S.hash == digest, _U.state == directory.ACTIVE)
        ).one_or_none()
    if row is None or now_ms >= min(row.since_ms + LONGEST_MS, row.used_ms + UNUSED_MS):
        raise Failure(Code.SIGNED_OUT)
    if now_ms - row.used_ms >= NOTED_MS:
        with server.database.begin() as tx:
            tx.execute(update(tables.web_session).where(_S.hash == digest).values(used_ms=now_ms))
    return Session(user=row.id, login=row.login, name=row.name, token=token)


def end(server: Server, session: Session) -> None:
    """Ends a session."""
    with server.database.begin() as tx:
        tx.execute(delete(tables.web_session).where(_S.hash == _digest(session.token)))
        audit.note(server, tx, "web_sign_out", session.user, directory.NOBODY)


def sweep(server: Server) -> None:
    """Removes those that are over."""
    now_ms = server.clock.time_ms()
    over = or_(_S.since_ms <= now_ms - LONGEST_MS, _S.used_ms <= now_ms - UNUSED_MS)
    with server.database.begin() as tx:
        tx.execute(delete(tables.web_session).where(over))


def form_key(token: str, form: str) -> str:
    """Answers by which a form of a session proves that it is one of ours, and which."""
    digest = hmac.digest(token.encode(), form.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def require_form(token: str, form: str, key: str) -> None:
    """Raises Failure(bad_request) for a form that is not this one of this session; without a session none is."""
    if not token or not hmac.compare_digest(form_key(token, form).encode(), key.encode()):
        raise Failure(Code.BAD_REQUEST, what="form")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
