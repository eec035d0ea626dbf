"""What people and programs ask of a running desk: one function a message (`control.messages`).

A function runs in the thread of its connection. What belongs to the engine is read and changed on the control thread
(`_here`); the server is asked from the connection's own thread, so nobody else waits for it.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from govsync.agent import earlier, files, home, links, selecting, sharing, shown, web
from govsync.agent.loop import Call
from govsync.agent.outdated import PROBLEM
from govsync.control import messages as ask
from govsync.control.messages import AnyRequest, Waited
from govsync.engine import events
from govsync.engine.loop import Engine
from govsync.engine.report import at_rest, kept_back_only, moment, root_question
from govsync.model.activity import ActivityRow, HoldRow, ProblemRow, SentRow
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem
from govsync.model.status import Status
from govsync.settings.merge import Effective
from govsync.store import activity, holds, problems
from govsync.store.database import StoreFailure
from govsync.text.sentences import FOLDER, action, sentence

if TYPE_CHECKING:
    from govsync.agent.main import Agent

T = TypeVar("T")
WAIT_STEP_S = 0.02
FOR_EVER_S = 1e9
MOST_NOTICES = 100


def carry_out(agent: "Agent", request: AnyRequest) -> Any:
    """Carries out a request and answers as its message says; raises Failure."""
    return COMMANDS[type(request)](agent, request)


def _here(agent: "Agent", work: Callable[[], T]) -> T:
    """Runs something on the control thread and answers its result."""
    return _result(work, agent.loop.call)


def _result(work: Callable[[], T], hand_over: Callable[[Call], None]) -> T:
    future: Future[T] = Future()

    def call() -> None:
        try:
            future.set_result(work())
        except StoreFailure as failure:
            future.set_exception(failure)
            raise  # The engine ends with it.
        except BaseException as error:  # noqa: BLE001 - it is raised again where it was asked for
            future.set_exception(error)

    hand_over(call)
    return future.result(60)


def _look(agent: "Agent", work: Callable[[], T]) -> T:
    """As `_here`, for what changes nothing: nobody who watches the desk is woken by it."""
    return _result(work, agent.loop.look)


def _status(agent: "Agent", _: ask.GetStatus | ask.Watch) -> Status:
    try:
        return _look(agent, agent.status)
    except StoreFailure:
        return _look(agent, agent.status)  # It says by now that the database failed.


def _watch(agent: "Agent", request: ask.Watch) -> Status:
    """Answers the status as soon as it is otherwise than it was seen. It is looked at only after the control thread has done
    something, so that a desk at rest costs nothing."""
    end = time.monotonic() + request.timeout_s
    while True:
        turn = agent.loop.turns.count
        found = _status(agent, request)
        left_s = end - time.monotonic()
        if found != request.seen or left_s <= 0:
            return found
        agent.loop.turns.wait(turn, left_s)


def _wait(agent: "Agent", request: ask.Wait) -> Waited:
    """Waits until all that folder and server held when it was asked is in sync (R43): they are asked about it since then,
    and nothing is left to do."""
    end = time.monotonic() + (FOR_EVER_S if request.timeout_s is None else request.timeout_s)
    asked: tuple[Engine, int] | None = None

    def look() -> Waited | None:
        nonlocal asked
        if agent.memory.trouble is not None or agent.outdated.since_ms is not None:
            return Waited.KEPT_BACK
        engine = agent.engine
        engine.desk.now = agent.clock.now()
        if not engine.signed_in:
            return Waited.KEPT_BACK
        if asked is None or asked[0] is not engine:  # An engine that began anew knows nothing of the moment.
            asked = engine, engine.barriers.ask()
        if engine.root_problem is not None and engine.desk.proven_ms is not None:
            return Waited.KEPT_BACK
        if not engine.barriers.passed(asked[1]):
            return None
        if at_rest(engine):
            status = agent.status()
            return Waited.KEPT_BACK if status.problems or status.holds else Waited.DONE
        return Waited.KEPT_BACK if kept_back_only(engine) else None

    while time.monotonic() < end:
        try:
            found = _here(agent, look)
        except StoreFailure:
            return Waited.KEPT_BACK
        if found is not None:
            return found
        time.sleep(WAIT_STEP_S)
    return Waited.TIMED_OUT


def _pause(agent: "Agent", request: ask.Pause) -> None:
    seconds = request.seconds
    until_ms = None if seconds is None else agent.clock.time_ms() + seconds * 1000
    _handle(agent, events.Pause(until_ms))


def _handle(agent: "Agent", event: events.AnyEvent) -> None:
    _here(agent, lambda: agent.engine.handle(event, agent.clock.now()))


def _problems(agent: "Agent", request: ask.ListProblems) -> list[ProblemRow]:
    """Lists problems; what is about the whole folder or database comes first, on the first page."""
    first = request.after is None
    after = request.after or ""
    last = int(after) if after.removeprefix("-").isdecimal() else 0

    def read() -> list[ProblemRow]:
        trouble = agent.memory.trouble
        if trouble is not None:
            store = _problem("store", trouble, str(agent.places.home), agent.clock.time_ms())
            return [*_version(agent), store] if first else []
        rows = [
            _problem(str(row.id), row.problem, row.path or agent.identity.folder, row.since_ms)
            for row in problems.page(agent.store, last, -1 if request.limit is None else request.limit)
        ]
        return [*_version(agent), *_about_folder(agent), *rows] if first else rows

    return _look(agent, read)


def _version(agent: "Agent") -> list[ProblemRow]:
    since_ms = agent.outdated.since_ms
    return [] if since_ms is None else [_problem("version", PROBLEM, agent.identity.folder, since_ms)]


def _about_folder(agent: "Agent") -> list[ProblemRow]:
    """Answers why the synced folder itself cannot be worked on, if that is so."""
    root = agent.engine.root_problem
    since_ms = agent.engine.root_problem_since_ms
    return [] if root is None else [_problem(FOLDER, root, agent.identity.folder, since_ms)]


def with_notices(agent: "Agent", status: Status) -> Status:
    """Adds to a status what waits until a program or a colleague is done, and before it the folder itself, without which
    everything waits; only on the control thread."""
    everything = _about_folder(agent)
    rows = problems.notices(agent.store, agent.clock.time_ms(), MOST_NOTICES - len(everything))
    folder = agent.identity.folder
    found = [_problem(str(row.id), row.problem, row.path or folder, row.since_ms) for row in rows]
    return msgspec.structs.replace(
        status, notices=(*everything, *found), waiting=status.waiting + len(everything)
    )


def _problem(id: str, problem: Problem, path: str, since_ms: int) -> ProblemRow:
    return ProblemRow(
        id=id, code=problem.code, path=path, message=sentence(problem), action=action(problem), since=moment(since_ms),
        facts=problem.facts,
    )  # fmt: skip


def _holds(agent: "Agent", _: ask.ListHolds) -> list[HoldRow]:
    def read() -> list[HoldRow]:
        return [*_root_hold(agent), *(_hold(row) for row in holds.open_holds(agent.store))]

    return _look(agent, read)


def _hold(row: holds.HoldRow) -> HoldRow:
    sent = tuple(
        SentRow(path=each.path, id=(each.node if row.kind == "deletions" else each.rev or b"").hex())
        for each in row.sent
    )
    return HoldRow(
        id=str(row.id), kind=row.kind, count=row.count, paths=row.paths, since=moment(row.since_ms), sent=sent
    )  # fmt: skip


def _root_hold(agent: "Agent") -> list[HoldRow]:
    code = root_question(agent.engine)
    if code is None:
        return []
    since = moment(agent.engine.root_problem_since_ms)
    return [HoldRow(id=FOLDER, kind=code, count=1, paths=(agent.identity.folder,), since=since)]


def _approve(agent: "Agent", request: ask.Approve) -> None:
    """Lets what was held go; a shared folder that was deleted here is left, which the server may refuse (R25)."""

    def asked() -> dict[int, bytes]:
        rows = holds.open_holds(agent.store)
        return {
            row.id: row.space for row in rows if row.kind == "leaving" and request.id in (None, str(row.id))
        }

    left = _here(agent, asked)
    for space in left.values():
        sharing.leave_space(agent, _here, space)
    _decide(
        agent,
        request.id,
        lambda hold: hold in left or agent.engine.holding.approve(hold),
        agent.join_folder,
        answered=bool(left),
    )


def _reject(agent: "Agent", request: ask.Reject) -> None:
    _decide(
        agent,
        request.id,
        lambda hold: agent.engine.holding.reject(hold),
        lambda: agent.engine.leave_folder(),
    )


def _decide(
    agent: "Agent",
    id: str | None,
    decision: Callable[[int], bool],
    about_folder: Callable[[], None],
    answered: bool = False,
) -> None:
    """Answers one question, or all (none need be left where some are `answered`); while it is asked about the folder itself, nothing else can be done (R29)."""

    def decide() -> None:
        agent.engine.desk.now = agent.clock.now()
        if root_question(agent.engine) is not None and id in (None, FOLDER):
            about_folder()
            return
        meant = [row.id for row in holds.open_holds(agent.store) if id in (None, str(row.id))]
        if not (meant or answered) or not all(decision(hold) for hold in meant):
            raise Failure(Code.NOT_FOUND, id=id or "any")

    _here(agent, decide)


def _activity(agent: "Agent", request: ask.ListActivity) -> list[ActivityRow]:
    before = int(request.before) if request.before is not None and request.before.isdecimal() else None

    def read() -> list[ActivityRow]:
        rows = activity.latest(agent.store, request.limit, before, request.matching)
        return [
            ActivityRow(at=moment(at_ms), kind=kind, path=path, user=user, device=device, detail=detail, id=str(number))
            for number, at_ms, kind, path, user, device, detail in rows
        ]  # fmt: skip

    return _look(agent, read)


def _settings(agent: "Agent", _: ask.ListSettings) -> dict[str, Effective]:
    return home.settings(agent.places)[0]


def _set_setting(agent: "Agent", request: ask.SetSetting) -> None:
    """Sets a setting; it takes effect at once."""

    def change() -> None:
        home.set_setting(agent.places, request.key, request.value)
        agent.take_settings()

    _here(agent, change)  # One at a time: each rewrites the whole file.


COMMANDS: dict[type, Callable[["Agent", Any], Any]] = {
    ask.GetStatus: _status,
    ask.Watch: _watch,
    ask.Wait: _wait,
    ask.Verify: lambda agent, _: files.verify(agent, _here),
    ask.Pause: _pause,
    ask.Resume: lambda agent, _: _handle(agent, events.Resume()),
    ask.SyncNow: lambda agent, _: _handle(agent, events.SyncNow()),
    ask.ListProblems: _problems,
    ask.ListHolds: _holds,
    ask.Approve: _approve,
    ask.Reject: _reject,
    ask.ListActivity: _activity,
    ask.ShowPaths: lambda agent, request: shown.shown(agent, _look, request.paths),
    ask.ListConflicts: lambda agent, _: files.conflicts(agent, _here),
    ask.Resolve: lambda agent, request: files.resolve(agent, _here, request.id, request.keep),
    ask.ListVersions: lambda agent, request: files.versions(agent, _here, Path(request.path)),
    ask.Restore: lambda agent, request: files.restore(
        agent, _here, Path(request.path), request.revision, request.to
    ),
    ask.RestoreFolder: lambda agent, request: earlier.restore(agent, _here, request),
    ask.ListTrash: lambda agent, _: files.trash(agent, _here),
    ask.RestoreFromTrash: lambda agent, request: files.trash_restore(agent, _here, request.ids),
    ask.Rewind: lambda agent, request: files.rewind(agent, _here, Path(request.path), request.to),
    ask.AddShare: lambda agent, request: sharing.add(
        agent, _here, Path(request.path), request.who, request.role
    ),
    ask.ListShares: lambda agent, request: sharing.listed(
        agent, _here, None if request.path is None else Path(request.path)
    ),
    ask.ListShareActivity: lambda agent, request: sharing.happened(
        agent, _here, Path(request.path), request.limit
    ),
    ask.RemoveShare: lambda agent, request: sharing.remove(agent, _here, Path(request.path), request.who),
    ask.LeaveShare: lambda agent, request: sharing.leave(agent, _here, Path(request.path)),
    ask.ListRoom: lambda agent, _: sharing.room(agent),
    ask.FindMembers: lambda agent, request: sharing.find(agent, request.text),
    ask.AddLink: lambda agent, request: links.add(agent, _here, request),
    ask.ListLinks: lambda agent, _: links.listed(agent, _here),
    ask.RemoveLink: lambda agent, request: links.remove(agent, request.id),
    ask.WebAddress: lambda agent, request: web.address(agent, _here, Path(request.path)),
    ask.Exclude: lambda agent, request: selecting.exclude(agent, _here, Path(request.path)),
    ask.Include: lambda agent, request: selecting.include(agent, _here, Path(request.path)),
    ask.ListFolders: lambda agent, request: selecting.folders(agent, _look, Path(request.path)),
    ask.ListSettings: _settings,
    ask.SetSetting: _set_setting,
    ask.Stop: lambda agent, _: None,  # Whoever sends the answer ends the agent then.
}
