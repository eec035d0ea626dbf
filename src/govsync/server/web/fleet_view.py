"""What of a fleet is looked at: which devices, and how many there are of each version, state and problem. Pure."""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from govsync.model import names
from govsync.server import fleet
from govsync.server.fleet import Device

PAGE = 200
DAY_MS = 86_400_000
SPANS = (1, 7, 30)
"""For so many days nothing may have been heard of a device."""
MOST_LISTED = 12
"""So many versions and codes are counted by name."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; empty, or 0, where it does not matter."""

    text: str = ""
    state: str = ""
    older_than: str = ""
    code: str = ""
    silent_days: int = 0
    page: int = 1

    def query(self) -> dict[str, str]:
        """Answers it as it stands in an address, without the page."""
        said = {
            "text": self.text, "state": self.state, "older": self.older_than, "code": self.code,
            "silent": str(self.silent_days or ""),
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}


def narrowed(every: Iterable[Device], asked: Asked, now_ms: int) -> list[Device]:
    """Answers the devices that are asked for, in their order; raises Failure(bad_request) for what is no version."""
    found = fleet.narrowed(every, asked.state or None, asked.older_than or None)
    wanted = names.key(asked.text)
    before = datetime.datetime.fromtimestamp(
        (now_ms - asked.silent_days * DAY_MS) / 1000, datetime.UTC
    ).isoformat()
    return [
        each
        for each in found
        if (not wanted or any(wanted in names.key(text) for text in (each.login, each.name)))
        and (not asked.code or asked.code in (each.problems or {}))
        and (not asked.silent_days or each.seen < before)
    ]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many devices there are of each, the most first."""

    states: Sequence[tuple[str, int]]
    versions: Sequence[tuple[str, int]]
    codes: Sequence[tuple[str, int]]


def counts(every: Sequence[Device]) -> Counts:
    """Counts a fleet; a device counts once for each code that it has problems of."""
    return Counts(
        states=Counter(each.state for each in every).most_common(),
        versions=Counter(each.version for each in every).most_common(MOST_LISTED),
        codes=Counter(code for each in every for code in each.problems or {}).most_common(MOST_LISTED),
    )
