"""A line a check: what must be right for a desk to work, and whether it is."""

import email.utils
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

import govsync
from govsync.agent import home, known
from govsync.agent.accounts import plain_calls
from govsync.agent.known_rules import NAMES, Wait
from govsync.agent.neighbours import other_program
from govsync.agent.updating import noted
from govsync.content.chunks import require_fast_chunking
from govsync.control.client import ask
from govsync.control.messages import GetStatus
from govsync.local.root import proven
from govsync.model.codes import Code
from govsync.model.problems import Failure, problem_of
from govsync.model.status import State
from govsync.remote.http import trusted
from govsync.settings.schema import NONE, SYSTEM
from govsync.settings.values import values
from govsync.system.disk import DiskFileSystem
from govsync.system.failures import failure_of
from govsync.system.installed import package_kind
from govsync.system.machine import watch_limit
from govsync.system.places import Places
from govsync.system.probe import network_kind
from govsync.system.proxies import way_to
from govsync.text.findings import detail
from govsync.text.sentences import standstill, what_counts
from govsync.updates.versions import order

_CLOCK_MS = 5 * 60_000
_LEAST_BYTES, _FEW_BYTES = 1 << 20, 1 << 30
ANSWER_S = 10.0


class Finding(msgspec.Struct, frozen=True):
    """One check: its name, PASS, WARN or FAIL, and a sentence; from `key` and `facts` another language makes its own
    (`text.findings`)."""

    check: str
    result: str
    detail: str
    key: str = ""
    facts: dict[str, str] = {}


def examine(places: Places, environment: Mapping[str, str]) -> list[Finding]:
    """Carries out all checks; one that cannot be made is a finding too."""
    identity = home.load(places, bytes(16))
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("folder", lambda: _folder(identity)),
        ("settings", lambda: _settings(places)),
        ("home", lambda: _room("home", shutil.disk_usage(places.home).free)),
        ("account", lambda: _account(places, identity)),
        ("endpoint", lambda: _endpoint(places, identity)),
        ("certificates", lambda: _certificates(places)),
        ("proxy", lambda: _proxy(places, identity, environment)),
        ("keyring", lambda: iter([Finding("keyring", "PASS", home.secrets(places).kept_in)])),
        ("watcher", _watches),
        ("parts", _parts),
        ("known folders", lambda: _known(places)),
        ("updates", lambda: _updates(places)),
        ("agent", lambda: _agent(places)),
    )
    found: list[Finding] = []
    for name, check in checks:
        try:
            found.extend(check())
        except (Failure, OSError) as error:
            found.append(_failed(name, "FAIL", error))
    return found


def _finding(check: str, result: str, key: str, **facts: object) -> Finding:
    texts = {name: str(fact) for name, fact in facts.items()}
    return Finding(check, result, detail(key, texts), key, texts)


def _failed(check: str, result: str, error: Failure | OSError) -> Finding:
    problem = problem_of(error if isinstance(error, Failure) else failure_of(error, "check"))
    return _finding(check, result, problem.code, **problem.facts)


def _folder(identity: home.Identity) -> Iterator[Finding]:
    root = identity.root_of()
    if root is None:
        yield _finding("folder", "FAIL", "no_folder")
        return
    disk = DiskFileSystem(Path(identity.folder))
    proven(disk, root).close()
    yield Finding("folder", "PASS", identity.folder)
    other = other_program(Path(identity.folder))
    if other is not None:
        yield _finding("other program", "WARN", "other_program", program=other[0], folder=other[1])
    yield from _room("disk", disk.free_bytes())
    trust = disk.trust()
    if not trust.watched:
        kind = network_kind(Path(identity.folder)) or "unknown"
        yield _finding("network disk", "WARN", "weak_disk", kind=kind)
    yield _finding("leases", "PASS", "leases") if disk.leases() else _finding("leases", "WARN", "no_leases")


def _room(check: str, free_bytes: int) -> Iterator[Finding]:
    result = "FAIL" if free_bytes < _LEAST_BYTES else "WARN" if free_bytes < _FEW_BYTES else "PASS"
    yield _finding(check, result, "room", mebibytes=free_bytes >> 20)


def _settings(places: Places) -> Iterator[Finding]:
    _, wrong = home.settings(places)
    for failure in wrong:
        yield _failed("settings", "WARN", failure)
    if not wrong:
        yield _finding("settings", "PASS", "settings")


def _certificates(places: Places) -> Iterator[Finding]:
    """Reads the file of certificates, where one is named."""
    file = values(home.settings(places)[0]).network_ca_file
    if file:
        trusted(file)
        yield Finding("certificates", "PASS", file)


def _account(places: Places, identity: home.Identity) -> Iterator[Finding]:
    signed_in = bool(identity.endpoint) and home.secrets(places).get(home.secret_name(identity)) is not None
    yield (
        Finding("account", "PASS", identity.login)
        if signed_in
        else _failed("account", "FAIL", Failure(Code.SIGNED_OUT))
    )


def _endpoint(places: Places, identity: home.Identity) -> Iterator[Finding]:
    if not identity.endpoint:
        yield _finding("endpoint", "FAIL", "no_endpoint")
        return
    calls = plain_calls(places, identity.endpoint, bytes.fromhex(identity.device))
    try:
        date = calls.reach()
    finally:
        calls.close()
    yield _finding("endpoint", "PASS", "answers", endpoint=identity.endpoint)
    if date:
        ahead_ms = int((time.time() - email.utils.parsedate_to_datetime(date).timestamp()) * 1000)
        fine = abs(ahead_ms) < _CLOCK_MS
        yield _finding("clock", "PASS" if fine else "WARN", "clock", seconds=f"{ahead_ms / 1000:+.0f}")


def _agent(places: Places) -> Iterator[Finding]:
    """Asks the agent itself: what it sees, no other check may call sound."""
    try:
        status = ask(places.socket, GetStatus(), ANSWER_S)
    except Failure as failure:
        if failure.code is not Code.AGENT_NOT_RUNNING:
            raise
        yield _failed("agent", "WARN", failure)
        return
    sound = status.state in (State.IN_SYNC, State.SYNCING)
    result = "PASS" if sound else "WARN"
    stands = standstill(status)
    why = {} if stands is None else {"stands": stands}
    found = _finding("agent", result, "state", state=status.state, count=what_counts(status), **why)
    yield msgspec.structs.replace(found, detail=f"{status.state}: {found.detail}")


def _proxy(places: Places, identity: home.Identity, environment: Mapping[str, str]) -> Iterator[Finding]:
    settings = values(home.settings(places)[0])
    proxy = settings.network_proxy
    endpoint = identity.endpoint or settings.endpoint_url
    way = way_to(endpoint) if proxy == SYSTEM and endpoint else None
    if way is not None:
        proxy = way or NONE
    if proxy != SYSTEM:
        yield _finding("proxy", "PASS", "no_proxy") if proxy == NONE else Finding("proxy", "PASS", proxy)
        return
    names = [name for name in environment if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]
    yield (
        Finding("proxy", "PASS", ", ".join(sorted(names))) if names else _finding("proxy", "PASS", "no_proxy")
    )


def _updates(places: Places) -> Iterator[Finding]:
    said, found = values(home.settings(places)[0]), noted(places)
    if not said.app_update_url:
        yield _finding("updates", "PASS", "no_updates")
    elif package_kind() is None:
        yield _finding("updates", "PASS", "kept")
    elif found is None or (found.url, found.channel) != (said.app_update_url, said.app_update_channel):
        yield _finding("updates", "PASS", "not_looked")
    elif found.code:
        yield _failed("updates", "WARN", Failure(Code(found.code), **found.facts))
    elif found.version and order(found.version) > order(govsync.__version__):
        facts = {"version": found.version, "channel": found.channel, "current": govsync.__version__}
        yield _finding("updates", "WARN", "newer", **facts)
    else:
        facts = {"version": govsync.__version__, "channel": found.channel}
        yield _finding("updates", "PASS", "newest", **facts)


def _known(places: Places) -> Iterator[Finding]:
    """Says of each known folder that lies in the synced one, or is to lie there, how it is."""
    book, wanted = known.noted(places), values(home.settings(places)[0]).folder_known
    for kind, name in NAMES.items():
        row, wait = book.rows.get(kind), book.waits.get(kind)
        if row is None and kind not in wanted:
            continue
        if wait is not None and wait.why not in set(Wait):
            yield _finding("known folders", "WARN", "known_refused", name=name, code=wait.why)
        elif wait is not None:
            result = "PASS" if wait.why == Wait.DAILY else "WARN"
            yield _finding("known folders", result, wait.why, name=name, what=wait.what)
        elif row is not None and row.left:
            facts = {"count": row.left, "where": row.was, "path": row.left_path, "code": row.left_code}
            yield _finding("known folders", "WARN", "known_left", name=name, **facts)
        else:
            stage = row.stage if row is not None else "to_come"
            yield _finding("known folders", "PASS", f"known_{stage}", name=name)


def _watches() -> Iterator[Finding]:
    limit = watch_limit()
    yield _finding("watcher", "PASS" if limit >= 65_536 else "WARN", "watches", count=limit)


def _parts() -> Iterator[Finding]:
    require_fast_chunking()
    yield _finding("parts", "PASS", "parts")
