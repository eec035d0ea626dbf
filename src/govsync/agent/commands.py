"""What people and programs ask of a running desk: one function a command.

A function runs in the thread of its connection. What belongs to the engine is read and changed on the control thread
(`_here`); the server is asked from the connection's own thread, so nobody else waits for it.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from govsync.agent import files, home
from govsync.engine import events
from govsync.engine.report import at_rest, kept_back_only, moment
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem
from govsync.store import activity, holds, problems
from govsync.text.sentences import ACTIVITIES, action, sentence

if TYPE_CHECKING:
    from govsync.agent.main import Agent

T = TypeVar("T")
Arguments = dict[str, Any]
WAIT_STEP_S = 0.02


def carry_out(agent: "Agent", command: str, arguments: Arguments) -> Any:
    """Carries out a command by name; raises Failure(bad_request) for one that there is not."""
    function = COMMANDS.get(command)
    if function is None:
        raise Failure(Code.BAD_REQUEST, what=command)
    return function(agent, arguments)


def _here(agent: "Agent", work: Callable[[], T]) -> T:
    """Runs something on the control thread and answers its result."""
    future: Future[T] = Future()

    def call() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it was asked for
            future.set_exception(error)

    agent.loop.call(call)
    return future.result(60)


def _status(agent: "Agent", _: Arguments) -> Any:
    return msgspec.to_builtins(_here(agent, agent.status))


def _wait(agent: "Agent", arguments: Arguments) -> Any:
    """Waits until all that folder and server held when it was asked is in sync (R43): a look at everything, a fresh
    question for all heads, then until nothing is left. Answers "done", "kept_back" or "timed_out"."""
    timeout = arguments.get("timeout")
    end = time.monotonic() + (float(timeout) if timeout is not None else 1e9)
    engine = agent.engine

    def begin() -> int:
        engine.desk.now = agent.clock.now()
        engine.desk.proven_ms = None
        engine.observing.scan()
        engine.following.begin()
        return engine.desk.now.steady_ms

    began = _here(agent, begin)

    def look() -> str | None:
        engine.desk.now = agent.clock.now()
        scanned = engine.observing.scan_ended_ms
        if scanned is None or scanned < began or engine.following.beat_ms < began:
            proven = engine.desk.proven_ms
            looked = proven is not None and proven >= began
            return "kept_back" if looked and engine.root_problem is not None else None
        if at_rest(engine):
            status = agent.status()
            return "kept_back" if status.problems or status.holds else "done"
        return "kept_back" if kept_back_only(engine) else None

    while time.monotonic() < end:
        found = _here(agent, look)
        if found is not None:
            return found
        time.sleep(WAIT_STEP_S)
    return "timed_out"


def _tell(event: Callable[[Arguments], events.AnyEvent]) -> Callable[["Agent", Arguments], Any]:
    def function(agent: "Agent", arguments: Arguments) -> Any:
        told = event(arguments)
        _here(agent, lambda: agent.engine.handle(told, agent.clock.now()))
        return None

    return function


def _pause(arguments: Arguments) -> events.AnyEvent:
    seconds = arguments.get("seconds")
    return events.Pause(None if seconds is None else time.time_ns() // 1_000_000 + int(seconds) * 1000)


def _problems(agent: "Agent", _: Arguments) -> Any:
    def read() -> list[dict[str, Any]]:
        rows = [
            {
                "id": str(row.id), "code": row.problem.code, "path": row.path, "message": sentence(row.problem),
                "action": action(row.problem), "since": moment(row.since_ms),
            }
            for row in problems.listed(agent.store)
            if not row.waiting
        ]  # fmt: skip
        root = agent.engine.root_problem
        if root is not None:
            rows.insert(0, _root_problem(agent, root))
        return rows

    return _here(agent, read)


def _root_problem(agent: "Agent", root: Problem) -> dict[str, Any]:
    return {
        "id": "folder", "code": root.code, "path": agent.identity.folder, "message": sentence(root),
        "action": action(root), "since": moment(agent.clock.time_ms()),
    }  # fmt: skip


def _holds(agent: "Agent", _: Arguments) -> Any:
    def read() -> list[dict[str, Any]]:
        return [
            {
                "id": str(row.id),
                "kind": row.kind,
                "count": row.count,
                "paths": list(row.paths),
                "since": moment(row.since_ms),
            }
            for row in holds.open_holds(agent.store)
        ]

    return _here(agent, read)


def _decide(approve: bool) -> Callable[["Agent", Arguments], Any]:
    def function(agent: "Agent", arguments: Arguments) -> Any:
        def decide() -> None:
            agent.engine.desk.now = agent.clock.now()
            wanted = arguments.get("id")
            ids = [int(wanted)] if wanted is not None else [row.id for row in holds.open_holds(agent.store)]
            decision = agent.engine.holding.approve if approve else agent.engine.holding.reject
            if not ids or not all(decision(hold) for hold in ids):
                raise Failure(Code.NOT_FOUND)

        _here(agent, decide)
        return None

    return function


def _activity(agent: "Agent", arguments: Arguments) -> Any:
    limit = int(arguments.get("limit", 100))

    def read() -> list[dict[str, Any]]:
        return [
            {"at": moment(at_ms), "kind": kind, "path": path, "user": user, "device": device,
             "detail": detail or ACTIVITIES.get(kind, kind)}
            for _, at_ms, kind, path, user, device, detail in activity.latest(agent.store, limit)
        ]  # fmt: skip

    return _here(agent, read)


def _settings(agent: "Agent", _: Arguments) -> Any:
    effective, _wrong = home.settings(agent.places)
    return {key: {"value": value.value, "source": value.source} for key, value in effective.items()}


def _set_setting(agent: "Agent", arguments: Arguments) -> Any:
    """Sets a setting; all but patterns take effect at once, patterns with the next start."""

    def change() -> None:
        home.set_setting(agent.places, str(arguments["key"]), str(arguments["value"]))
        agent.take_settings()

    _here(agent, change)  # One at a time: each rewrites the whole file.


def _stop(agent: "Agent", _: Arguments) -> Any:
    agent.stop()


COMMANDS: dict[str, Callable[["Agent", Arguments], Any]] = {
    "status": _status,
    "wait": _wait,
    "pause": _tell(_pause),
    "resume": _tell(lambda _: events.Resume()),
    "sync_now": _tell(lambda _: events.SyncNow()),
    "problems": _problems,
    "holds": _holds,
    "approve": _decide(approve=True),
    "reject": _decide(approve=False),
    "activity": _activity,
    "settings": _settings,
    "set_setting": _set_setting,
    "stop": _stop,
    "versions": lambda agent, arguments: files.versions(agent, _here, _path(arguments)),
    "restore": lambda agent, arguments: files.restore(
        agent, _here, _path(arguments), str(arguments["revision"]), arguments.get("to")
    ),
    "trash": lambda agent, _: files.trash(agent, _here),
    "trash_restore": lambda agent, arguments: files.trash_restore(agent, _here, list(arguments["ids"])),
    "rewind": lambda agent, arguments: files.rewind(agent, _here, _path(arguments), str(arguments["to"])),
    "verify": lambda agent, _: files.verify(agent, _here),
    "conflicts": lambda agent, _: files.conflicts(agent, _here),
    "resolve": lambda agent, arguments: files.resolve(
        agent, _here, int(arguments["id"]), str(arguments["keep"])
    ),
}


def _path(arguments: Arguments) -> Path:
    return Path(str(arguments["path"]))
