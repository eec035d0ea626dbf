"""The home that commands are about, and its agent: asked where it runs, started and stopped."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from govsync.control.client import ask
from govsync.control.messages import GetStatus, Request, Stop
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import process
from govsync.system.durable import private_folder
from govsync.system.lock import Lock
from govsync.system.places import Places, places
from govsync.text.catalog import said

Answer = TypeVar("Answer")

ANSWER_S = 60.0
START_S = 30.0
STOP_S = 10.0
STEP_S = 0.02


def here() -> Places:
    """Answers the places of this home."""
    return places(process.environment())


def asked(request: Request[Answer], timeout_s: float | None = ANSWER_S) -> Answer:
    """Asks the running agent; raises its Failure, or Failure(agent_not_running, agent_differs, timed_out)."""
    return ask(here().socket, request, timeout_s)


def is_running() -> bool:
    """Says whether an agent answers in this home, of whatever version."""
    try:
        asked(GetStatus())
    except Failure as failure:
        if failure.code is Code.AGENT_DIFFERS:
            return True
        if failure.code is Code.AGENT_NOT_RUNNING:
            return False
        raise
    return True


def start() -> None:
    """Starts the agent in the background and returns when it answers.

    Raises Failure(timed_out), or ChildProcessError with its last line when it ended by itself.
    """
    if is_running():
        return
    log = here().logs / "start.log"
    private_folder(log.parent)
    child = process.start_apart(process.govsync("run"), log)
    limit = time.monotonic() + START_S
    while time.monotonic() < limit:
        if is_running():
            return
        if child.has_ended():
            raise ChildProcessError(_last_line(log))
        time.sleep(STEP_S)
    raise Failure(Code.TIMED_OUT)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"govsync: {said('the agent ended at once')}"


def stop() -> None:
    """Has the agent end, and returns when nothing of it is left; raises Failure(agent_not_running, timed_out)."""
    asked(Stop())
    limit = time.monotonic() + STOP_S
    while time.monotonic() < limit:
        if _is_free():
            return
        time.sleep(STEP_S)
    raise Failure(Code.TIMED_OUT)


def _is_free() -> bool:
    """The home's lock is the last thing that an agent gives back."""
    try:
        Lock(here().lock).release()
    except Failure as failure:
        if failure.code is Code.HOME_IN_USE:
            return False
        raise
    return True


@contextmanager
def stopped() -> Iterator[None]:
    """Has the home to itself: a running agent is stopped, and started again whatever comes of it."""
    was_running = is_running()
    if was_running:
        stop()
    try:
        yield
    finally:
        if was_running:
            start()
