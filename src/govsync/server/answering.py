"""What every request gets, whatever comes of it: an answer, and a line in the log that names nobody and nothing.

No name, token or byte of a person's reaches a log line or an error's text; what an operator needs to find a mistake of ours
does.
"""

import logging
from collections.abc import Awaitable
from typing import Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.bodies import Body
from govsync.server.context import Server

_log = logging.getLogger(__name__)


class Refusal(Protocol):
    """Writes a failure as an answer; a mistake of ours has a `reference`, by which the log says where it was."""

    def __call__(self, failure: Failure, reference: str = "") -> Response: ...


async def answered(
    server: Server,
    name: str,
    work: Awaitable[Response],
    refused: Refusal,
    body: Body | None,
    known: bool = True,
) -> Response:
    """Answers a request; what is left of its body is let go of, so that the connection can go on, or is closed. The body of a
    stranger, or of somebody who is not `known`, is not waited for long; None: nothing of it is read."""
    begun_ms = server.clock.time_ms()
    try:
        response = await work
    except Failure as failure:
        response = refused(failure)
        known = known and failure.code is not Code.SIGNED_OUT
    except ClientDisconnect:
        response = refused(Failure(Code.TIMED_OUT))
    except Exception:  # noqa: BLE001 - the edge: whatever it is, the caller gets an answer
        # A bug answers as one, with nothing of it in the answer; by its reference the log says where it was.
        reference = server.ids.new().hex()
        _log.exception("the call %s ended by a bug, reference %s", name, reference)
        response = refused(Failure(Code.INTERNAL), reference)
    if body is not None and not await body.skip(of_a_stranger=not known):
        response.headers["Connection"] = "close"
    _log.info("%s %d %d ms", name, response.status_code, server.clock.time_ms() - begun_ms)
    return response
