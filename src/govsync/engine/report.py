"""The engine's state as the single status object, and whether "in sync" may be said (R41)."""

import datetime
from typing import Literal

import msgspec

from govsync.engine import jobs
from govsync.engine.loop import Engine
from govsync.model.codes import Code
from govsync.model.status import Pending, RateNow, SpaceStatus, Status, Transfer, state_of
from govsync.protocol.session import SpaceKind
from govsync.store import holds, meta, paths, pending, problems, spaces

MOST_TRANSFERS = 20
"""How many of the files that are under way are named."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine does not know itself."""

    folder: str
    endpoint: str
    account: str
    device: str
    version: str
    rate: RateNow
    passed: dict[int, int] = {}
    """How many bytes have passed of each file that a job moves, by node."""


def at_rest(engine: Engine) -> bool:
    """Says whether all that R41 asks of "in sync" is so, but for problems and holds: the folder is proven and looked
    through, nothing is to be decided, read or under way, and every journal is read to the newest digest."""
    desk = engine.desk
    return (
        desk.proven_ms is not None
        and engine.root_problem is None
        and engine.placing.recovered
        and not engine.placing.holds_second_versions
        and engine.observing.ever_scanned
        and engine.observing.idle
        and not desk.busy()
        and pending.undecided(desk.store) == 0
        and engine.following.up_to_date()
    )


def report(engine: Engine, facts: Facts) -> Status:
    """Makes the status object."""
    store = engine.desk.store
    kept_back, waiting = problems.counts(store, engine.desk.now.wall_ms)
    if engine.root_problem is not None:
        kept_back += 1
    open_holds = holds.count(store) + (root_question(engine) is not None)
    online = engine.signed_in and engine.following.online
    checked = engine.following.beat_wall_ms
    changed = meta.last_change_ms(store)
    transfers, transferring = _transfers(engine, facts.passed)
    return Status(
        state=state_of(
            signed_in=engine.signed_in, holds=open_holds, problems=kept_back, paused=engine.paused, online=online,
            settled=at_rest(engine),
        ),
        folder=facts.folder, endpoint=facts.endpoint, account=facts.account, device=facts.device,
        pending=pending.counts(store), problems=kept_back, holds=open_holds, skipped=problems.skipped_count(store),
        waiting=waiting, rate=facts.rate, paused=engine.paused, online=online, scanning=engine.observing.scanning,
        checked_at=moment(checked) if checked else None,
        spaces=tuple(_space(engine, row) for row in spaces.all_spaces(store)),
        last_change=moment(changed) if changed else None, version=facts.version, transfers=transfers,
        transferring=transferring, metered=engine.line_costly,
    )  # fmt: skip


def _transfers(engine: Engine, passed: dict[int, int]) -> tuple[tuple[Transfer, ...], int]:
    """Answers the first files that jobs move now, oldest job first, and how many there are: those of which something is
    still to pass. A job that waits for its thread moves nothing yet."""
    moving = [
        (lid, direction, size_bytes)
        for job in engine.desk.under_way.values()
        for lid, direction, size_bytes in _moved_by(job)
        if passed.get(lid, size_bytes) < size_bytes
    ]
    shown = tuple(
        Transfer(
            path=paths.shown(engine.desk.store, lid), direction=direction, done_bytes=passed[lid], size_bytes=size_bytes
        )
        for lid, direction, size_bytes in moving[:MOST_TRANSFERS]
    )  # fmt: skip
    return shown, len(moving)


def _moved_by(job: jobs.AnyJob) -> list[tuple[int, Literal["up", "down"], int]]:
    match job:
        case jobs.Upload():
            return [(file.lid, "up", file.manifest.size_bytes) for file in job.files]
        case jobs.Fetch():
            return [(want.lid, "down", want.size_bytes) for want in job.wants if want.to_come]
        case _:
            return []


def without_engine(facts: Facts, signed_in: bool) -> Status:
    """Makes the status object of a desk whose own database cannot be used: that is its problem, the rest is unknown."""
    return Status(
        state=state_of(signed_in=signed_in, holds=0, problems=1, paused=False, online=False, settled=False),
        folder=facts.folder, endpoint=facts.endpoint, account=facts.account, device=facts.device,
        pending=Pending(), problems=1, holds=0, skipped=0, waiting=0, rate=facts.rate, paused=False, online=False,
        scanning=False, checked_at=None, spaces=(), last_change=None, version=facts.version,
    )  # fmt: skip


def root_question(engine: Engine) -> Code | None:
    """Answers what is asked about the folder itself: it is missing, or another one lies in its place (R29). The question
    ends by itself when the folder is back and proven, or with a person's word; then it is only a problem."""
    problem = engine.root_problem
    question = problem is not None and problem.code in (Code.FOLDER_MISSING, Code.FOLDER_REPLACED)
    asked = question and not engine.folder_left
    return problem.code if problem is not None and asked else None


def _space(engine: Engine, row: spaces.SpaceRow) -> SpaceStatus:
    store = engine.desk.store
    path = (
        "" if row.kind is SpaceKind.PERSONAL or row.mount_lid is None else paths.shown(store, row.mount_lid)
    )
    return SpaceStatus(id=row.id.hex(), name=row.name, kind=row.kind, role=row.role, path=path)


def moment(time_ms: int) -> str:
    """Writes a moment (RFC 3339, UTC, milliseconds)."""
    value = datetime.datetime.fromtimestamp(time_ms / 1000, datetime.UTC)
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def kept_back_only(engine: Engine) -> bool:
    """Says whether nothing moves any more but what waits for a person, or for a program to close its file (`wait` answers 4
    then)."""
    desk, unreadable = engine.desk, engine.sending.trouble.unreadable
    return (
        not desk.busy()
        and not desk.stale
        and engine.observing.ever_scanned
        and engine.observing.idle
        and engine.following.up_to_date(but=unreadable)
        and (bool(unreadable) or pending.undecided(desk.store) > 0)
        and pending.undecided_but_kept_back(desk.store, desk.now.wall_ms) == 0
    )
