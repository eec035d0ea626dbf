"""What all pages in the browser have in common: how they are headed, that they run no script and load nothing from elsewhere,
and that what people have saved is never shown by the browser in our name, but saved as a file.
"""

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Protocol, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from govsync.model.codes import CODES, Code
from govsync.model.problems import Failure
from govsync.server.web import pages, ranges
from govsync.server.web.pages import Look
from govsync.text.catalog import Text
from govsync.text.languages import of_browser
from govsync.text.units import portable_name

STATIC_S = 3_600
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}  # fmt: skip
UNKNOWN = (Code.NOT_FOUND, Code.NO_RIGHT, Code.NODE_IN_SPACE)
"""What is not there, and what somebody may not see, are said alike."""
_HTML = "text/html; charset=utf-8"
_STATIC = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}

T = TypeVar("T")
Said = Mapping[Code, tuple[Text, Text]]
"""By code, a title and what it means."""


class Run(Protocol):
    """Runs something in a thread."""

    async def __call__(self, work: Callable[[], T]) -> T: ...


def look_of(request: Request, root: str) -> Look:
    """Reads from a request how its page is shown, of those below a path."""
    wanted = request.query_params.get("lang")
    below = request.scope["raw_path"].decode("latin-1").partition(root)[2]
    language = of_browser(wanted if wanted is not None else request.headers.get("accept-language", ""))
    return Look(language=language, chosen=wanted is not None, up="../" * below.count("/"))


def html(status: int, page: bytes) -> Response:
    """Answers a page."""
    return Response(page, status, HEADERS | {"Content-Type": _HTML})


def onward(address: str) -> Response:
    """Sends a browser on to a page, so that nothing is sent twice when that is loaded again (RFC 9110, section 15.4.4)."""
    return Response(status_code=303, headers=HEADERS | {"Location": address})


def refused(
    look: Look, said: Said, otherwise: tuple[Text, Text], failure: Failure, reference: str = ""
) -> Response:
    """Says why nothing is shown."""
    title, what = said.get(failure.code, otherwise)
    status = 404 if failure.code in UNKNOWN else CODES[failure.code].status or 500
    return waiting(
        html(status, pages.rendered("said.html", look, title=title, what=what, reference=reference)), failure
    )


def waiting(response: Response, failure: Failure) -> Response:
    """Adds how long is to be waited before it is tried again, where that is known (RFC 9110, section 10.2.3)."""
    wait_ms = failure.facts.get("wait_ms")
    if isinstance(wait_ms, int):
        response.headers["Retry-After"] = str(-(-wait_ms // 1000))
    return response


def attachment(name: str) -> str:
    """Answers the header by which a browser saves a file under its name (RFC 6266), and never shows it."""
    portable = portable_name(name)
    plain = "".join(
        sign if sign.isascii() and sign.isprintable() and sign not in '"\\%' else "_" for sign in portable
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(portable, safe='')}"


def length_of(request: Request, otherwise: int) -> int:
    """Answers how long a body is said to be."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else otherwise


def static(request: Request) -> Response | None:
    """Gives what all pages share; nothing of it is anybody's. None where there is no such thing."""
    name = request.path_params["name"]
    if name not in _STATIC:
        return None
    data, tag = _static_file(name)
    headers = HEADERS | {
        "Cache-Control": f"public, max-age={STATIC_S}",
        "ETag": tag,
        "Content-Type": _STATIC[name],
    }
    if ranges.is_known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers)


@cache
def _static_file(name: str) -> tuple[bytes, str]:
    data = (files("govsync.server.web") / "static" / name).read_bytes()
    return data, ranges.tag_of(sha256(data).digest())
