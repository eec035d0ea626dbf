"""What a channel offers, and which of it a desk takes: pure.

A channel's list is a signed file of its own, since a desk that waits some days must still see what came before the newest.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from govsync.updates.versions import Order, order

LIST = "releases.json"
"""The list's name, in the folder of its channel."""
DAY_MS = 86_400_000


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One file of one version. `kind`: of which sort of package and machine, as in deb-x86_64; `file`: its name, in the folder of
    the channel."""

    version: Annotated[str, msgspec.Meta(max_length=100)]
    kind: Annotated[str, msgspec.Meta(max_length=100)]
    file: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}\Z")]
    published_ms: Annotated[int, msgspec.Meta(ge=0)]


class Releases(msgspec.Struct, frozen=True, kw_only=True):
    """All that a channel offers."""

    releases: tuple[Release, ...] = ()


def newest(
    offered: Iterable[Release], kind: str, current: str, now_ms: int, defer_days: int
) -> Release | None:
    """Answers the newest version for this kind of desk that is newer than the current one and was offered for `defer_days`.

    What is no version of ours is passed over: no later way of counting may stop a desk from updating."""
    mine = order(current)
    fit = [
        (rank, each)
        for each in offered
        if each.kind == kind
        and each.published_ms + defer_days * DAY_MS <= now_ms
        and (rank := _rank(each)) is not None
        and rank > mine
    ]
    return max(fit, key=lambda pair: pair[0])[1] if fit else None


def _rank(release: Release) -> Order | None:
    try:
        return order(release.version)
    except ValueError:
        return None
