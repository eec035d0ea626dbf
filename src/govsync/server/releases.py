"""In which order versions of GovSync are, and which ones this server bears with: what desks tell of themselves is all it knows.

A desk that is too old is answered what it needs to be told so, to be signed out and to be wiped (`Route.any_version`), and nothing
else: it neither sends nor fetches, and keeps all its files. Of one that says no version, or none of ours, nothing is known, and it
is answered.
"""

import re

from govsync.model.codes import Code
from govsync.model.problems import Failure

_VERSION = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,3})(?:\+[\w.-]*)?(-?[a-z.][\w.+-]*)?", re.ASCII)

Release = tuple[tuple[int, ...], bool]


def release(version: str) -> Release | None:
    """Answers by what versions are ordered (Semantic Versioning 2.0.0, section 11): the numbers, and that what comes before a
    release is not one yet; None for what is no version. What distinguishes two that come before one is not looked at."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    numbers = [int(each) for each in found[1].split(".")]
    while numbers and numbers[-1] == 0:  # 1.3 and 1.3.0 are one version.
        numbers.pop()
    return tuple(numbers), not found[2]


def require(program: str, least: str) -> None:
    """Raises Failure(client_too_old) for a program (RFC 9110, section 10.1.5) that says an older version of GovSync than `least`;
    "": every one is borne with."""
    name, _, version = program.partition("/")
    told, limit = release(version), release(least)
    if name == "govsync" and told is not None and limit is not None and told < limit:
        raise Failure(Code.CLIENT_TOO_OLD)
