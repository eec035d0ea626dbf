"""A line a check: what must be right for a desk to work, and whether it is."""

import email.utils
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from govsync.agent import home
from govsync.agent.accounts import plain_calls
from govsync.agent.neighbours import other_program
from govsync.content.chunks import require_fast_chunking
from govsync.control.client import ask
from govsync.control.messages import GetStatus
from govsync.local.root import proven
from govsync.model.codes import Code
from govsync.model.problems import Failure, problem_of
from govsync.model.status import State
from govsync.system.disk import DiskFileSystem
from govsync.system.failures import failure_of
from govsync.system.machine import watch_limit
from govsync.system.places import Places
from govsync.system.probe import network_kind
from govsync.text.sentences import OTHER_PROGRAM, WEAK_DISK, action, sentence, status_sentence

_CLOCK_MS = 5 * 60_000
_LEAST_BYTES, _FEW_BYTES = 1 << 20, 1 << 30
ANSWER_S = 10.0


class Finding(msgspec.Struct, frozen=True):
    """One check: its name, PASS, WARN or FAIL, and a sentence."""

    check: str
    result: str
    detail: str


def examine(places: Places, environment: Mapping[str, str]) -> list[Finding]:
    """Carries out all checks; one that cannot be made is a finding too."""
    identity = home.load(places, bytes(16))
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("folder", lambda: _folder(identity)),
        ("settings", lambda: _settings(places)),
        ("home", lambda: _room("home", shutil.disk_usage(places.home).free)),
        ("account", lambda: _account(places, identity)),
        ("endpoint", lambda: _endpoint(identity)),
        ("proxy", lambda: _proxy(environment)),
        ("keyring", lambda: iter([Finding("keyring", "PASS", home.secrets(places).kept_in)])),
        ("watcher", _watches),
        ("parts", _parts),
        ("agent", lambda: _agent(places)),
    )
    found: list[Finding] = []
    for name, check in checks:
        try:
            found.extend(check())
        except (Failure, OSError) as error:
            found.append(Finding(name, "FAIL", _in_words(error)))
    return found


def _in_words(error: Failure | OSError) -> str:
    failure = error if isinstance(error, Failure) else failure_of(error, "check")
    problem = problem_of(failure)
    return f"{sentence(problem)} {action(problem)} [{failure.code}]"


def _folder(identity: home.Identity) -> Iterator[Finding]:
    root = identity.root_of()
    if root is None:
        yield Finding("folder", "FAIL", "none is chosen: govsync folder set DIR")
        return
    disk = DiskFileSystem(Path(identity.folder))
    proven(disk, root).close()
    yield Finding("folder", "PASS", identity.folder)
    other = other_program(Path(identity.folder))
    if other is not None:
        yield Finding("other program", "WARN", OTHER_PROGRAM.format(program=other[0], folder=other[1]))
    yield from _room("disk", disk.free_bytes())
    trust = disk.trust()
    if not trust.watched:
        kind = network_kind(Path(identity.folder)) or "unknown"
        yield Finding("network disk", "WARN", WEAK_DISK.format(kind=kind))
    yield Finding("leases", "PASS" if disk.leases() else "WARN", "late writers are seen at once" if disk.leases() else
                  "late writers are found later (weak mode)")  # fmt: skip


def _room(check: str, free_bytes: int) -> Iterator[Finding]:
    result = "FAIL" if free_bytes < _LEAST_BYTES else "WARN" if free_bytes < _FEW_BYTES else "PASS"
    yield Finding(check, result, f"{free_bytes >> 20} MiB free")


def _settings(places: Places) -> Iterator[Finding]:
    _, wrong = home.settings(places)
    for failure in wrong:
        yield Finding("settings", "WARN", _in_words(failure))
    if not wrong:
        yield Finding("settings", "PASS", "all are understood")


def _account(places: Places, identity: home.Identity) -> Iterator[Finding]:
    signed_in = bool(identity.endpoint) and home.secrets(places).get(home.secret_name(identity)) is not None
    yield (
        Finding("account", "PASS", identity.login)
        if signed_in
        else Finding("account", "FAIL", _in_words(Failure(Code.SIGNED_OUT)))
    )


def _endpoint(identity: home.Identity) -> Iterator[Finding]:
    if not identity.endpoint:
        yield Finding("endpoint", "FAIL", "none is known: govsync login")
        return
    calls = plain_calls(identity.endpoint, bytes.fromhex(identity.device))
    try:
        date = calls.reach()
    finally:
        calls.close()
    yield Finding("endpoint", "PASS", f"{identity.endpoint} answers")
    if date:
        ahead_ms = int((time.time() - email.utils.parsedate_to_datetime(date).timestamp()) * 1000)
        fine = abs(ahead_ms) < _CLOCK_MS
        yield Finding("clock", "PASS" if fine else "WARN", f"{ahead_ms / 1000:+.0f} s from the server's")


def _agent(places: Places) -> Iterator[Finding]:
    """Asks the agent itself: what it sees, no other check may call sound."""
    try:
        status = ask(places.socket, GetStatus(), ANSWER_S)
    except Failure as failure:
        if failure.code is not Code.AGENT_NOT_RUNNING:
            raise
        yield Finding("agent", "WARN", _in_words(failure))
        return
    sound = status.state in (State.IN_SYNC, State.SYNCING)
    yield Finding("agent", "PASS" if sound else "WARN", f"{status.state}: {status_sentence(status)}")


def _proxy(environment: Mapping[str, str]) -> Iterator[Finding]:
    names = [name for name in environment if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]
    yield Finding("proxy", "PASS", ", ".join(sorted(names)) or "none")


def _watches() -> Iterator[Finding]:
    limit = watch_limit()
    yield Finding("watcher", "PASS" if limit >= 65_536 else "WARN", f"{limit} folders can be watched")


def _parts() -> Iterator[Finding]:
    require_fast_chunking()
    yield Finding("parts", "PASS", "all are compiled")
