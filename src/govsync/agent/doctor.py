"""A line a check: what must be right for a desk to work, and whether it is."""

import email.utils
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from govsync.agent import home
from govsync.agent.accounts import plain_calls
from govsync.content.chunks import require_fast_chunking
from govsync.local.root import Standing, prove
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.remote.http import make_client
from govsync.system.disk import DiskFileSystem
from govsync.system.places import Places
from govsync.system.probe import network_kind
from govsync.text.sentences import WEAK_DISK

_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
_CLOCK_MS = 5 * 60_000


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
        ("endpoint", lambda: _endpoint(identity)),
        ("proxy", lambda: _proxy(environment)),
        ("keyring", lambda: iter([Finding("keyring", "PASS", home.secrets(places).kept_in)])),
        ("watcher", _watches),
        ("parts", _parts),
    )
    found: list[Finding] = []
    for name, check in checks:
        try:
            found.extend(check())
        except (Failure, OSError) as error:
            found.append(Finding(name, "FAIL", str(error)))
    return found


def _folder(identity: home.Identity) -> Iterator[Finding]:
    root = identity.root_of()
    if root is None:
        yield Finding("folder", "FAIL", "none is chosen: govsync folder set DIR")
        return
    disk = DiskFileSystem(Path(identity.folder))
    standing = prove(disk, root)
    yield Finding("folder", "PASS" if standing is Standing.OURS else "FAIL", f"{identity.folder}: {standing}")
    if standing is Standing.OURS:
        yield Finding(
            "disk", "PASS" if disk.free_bytes() > 1 << 30 else "WARN", f"{disk.free_bytes() >> 20} MiB free"
        )
        trust = disk.trust()
        if not trust.watched:
            kind = network_kind(Path(identity.folder)) or "unknown"
            yield Finding("network disk", "WARN", WEAK_DISK.format(kind=kind))
        yield Finding("leases", "PASS" if disk.leases() else "WARN", "late writers are seen at once" if disk.leases() else
                      "late writers are found later (weak mode)")  # fmt: skip


def _settings(places: Places) -> Iterator[Finding]:
    _, wrong = home.settings(places)
    for failure in wrong:
        yield Finding("settings", "WARN", str(failure))
    if not wrong:
        yield Finding("settings", "PASS", "all are understood")


def _endpoint(identity: home.Identity) -> Iterator[Finding]:
    if not identity.endpoint:
        yield Finding("endpoint", "FAIL", "this device is not signed in")
        return
    calls = plain_calls(identity.endpoint, bytes.fromhex(identity.device))
    try:
        calls.heads()
    except Failure as failure:
        answered = failure.code is Code.SIGNED_OUT
        yield Finding("endpoint", "PASS" if answered else "FAIL", f"{identity.endpoint}: "
                      + ("answers" if answered else str(failure.code)))  # fmt: skip
    finally:
        calls.close()
    with make_client(identity.endpoint) as client:
        date = client.get("heads").headers.get("date")
    if date:
        ahead_ms = int((time.time() - email.utils.parsedate_to_datetime(date).timestamp()) * 1000)
        fine = abs(ahead_ms) < _CLOCK_MS
        yield Finding("clock", "PASS" if fine else "WARN", f"{ahead_ms / 1000:+.0f} s from the server's")


def _proxy(environment: Mapping[str, str]) -> Iterator[Finding]:
    names = [name for name in environment if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]
    yield Finding("proxy", "PASS", ", ".join(sorted(names)) or "none")


def _watches() -> Iterator[Finding]:
    limit = int(_WATCHES.read_text()) if _WATCHES.exists() else 0
    yield Finding("watcher", "PASS" if limit >= 65_536 else "WARN", f"{limit} folders can be watched")


def _parts() -> Iterator[Finding]:
    require_fast_chunking()
    yield Finding("parts", "PASS", "all are compiled")
