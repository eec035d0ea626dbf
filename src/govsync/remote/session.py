"""A device's session: a short-lived access token in memory, and the refresh token that brings the next one (R46, R50).

Expiry is what the server says with `token_expired`; the desk's own clock decides nothing. A refresh token is good for one
use, so of many threads that find their access expired exactly one exchanges it.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Tokens


class Credentials(Protocol):
    """Keeps a device's refresh token; `store` returns when it is safe, before the new one is used."""

    def load(self) -> str | None: ...

    def store(self, refresh: str) -> None: ...


class Session:
    """The tokens of one device; `exchange` asks the server for new ones."""

    def __init__(self, credentials: Credentials, exchange: Callable[[str], Tokens]) -> None:
        self._credentials = credentials
        self._exchange = exchange
        self._access: str | None = None
        self._lock = threading.Lock()

    def access(self, expired: str | None = None) -> str:
        """Answers an access token other than the one that is known to have expired.

        Raises Failure(signed_out) where there is no session, and whatever an exchange raises.
        """
        with self._lock:
            if self._access is None or self._access == expired:
                refresh = self._credentials.load()
                if refresh is None:
                    raise Failure(Code.SIGNED_OUT)
                tokens = self._exchange(refresh)
                # Safe before it is used: else a crash would leave only a token that is used up.
                self._credentials.store(tokens.refresh)
                self._access = tokens.access
            return self._access
