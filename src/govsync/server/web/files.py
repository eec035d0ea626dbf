"""How a file is headed that a browser fetches: whole, in part, or not at all since the browser has it (RFC 9110, sections 13
and 14); always as a file that is saved, never as a page."""

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response

from govsync.server.web import ranges
from govsync.server.web.answers import HEADERS, attachment


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Which bytes are given, `end` excluded, and how that is headed."""

    status: int
    headers: dict[str, str]
    start: int
    end: int


def part_of(
    asked: Headers, name: str, content_hash: bytes, size_bytes: int, in_parts: bool
) -> Response | Part:
    """Answers what is given of a file, or at once what needs none of its bytes."""
    tag = ranges.tag_of(content_hash)
    headers = HEADERS | {
        "Content-Type": "application/octet-stream", "Content-Disposition": attachment(name), "ETag": tag,
        "Accept-Ranges": "bytes" if in_parts else "none",
    }  # fmt: skip
    if ranges.is_known(asked.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    part = None
    if in_parts:
        part = ranges.asked(asked.get("range", ""), asked.get("if-range", ""), tag, size_bytes)
    if part is not None and not part:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size_bytes}"})
    start, end = (part.start, part.stop) if part is not None else (0, size_bytes)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    return Part(status=200 if part is None else 206, headers=headers, start=start, end=end)
