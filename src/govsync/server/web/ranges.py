"""What a browser asks of a content that it knows in part: only if it is another one, or only some of its bytes (RFC 9110,
sections 13 and 14). One part at a time is given; whoever asks for several gets all, as the RFC allows."""

import re

_BYTES = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.IGNORECASE | re.ASCII)


def tag_of(content_hash: bytes) -> str:
    """Answers the strong entity tag of a content."""
    return f'"{content_hash.hex()}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Says whether a browser has this content already."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return tag in known or "*" in known


def asked(header: str, if_range: str, tag: str, size_bytes: int) -> range | None:
    """Answers which bytes are asked for; None for all of them, an empty range for such as there are none."""
    found = _BYTES.fullmatch(header.strip())
    if found is None or (if_range and if_range.strip() != tag):
        return None
    first, last = found.groups()
    if not first:
        return None if not last else range(max(0, size_bytes - int(last)), size_bytes)
    if last and int(last) < int(first):
        return None
    end = min(int(last) + 1, size_bytes) if last else size_bytes
    return range(int(first), end) if int(first) < end else range(0)
