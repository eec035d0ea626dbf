"""The whole program is loaded as on a Mac: where Python says so of its system, and without the names that it has on Linux alone,
no module ends at its import, and each capability is the one that is meant for it. Over what stands for macOS in these tests it
passes its own self-test."""

import json
import subprocess
import sys
from typing import Any

import pytest

from govsync.system.assumptions import ASSUMPTIONS
from tests.project.sources import PRODUCT, ROOT

LACKING = {
    "os": (
        "O_PATH", "O_TMPFILE", "O_NOATIME", "O_LARGEFILE", "O_RSYNC", "listxattr", "getxattr", "setxattr", "removexattr",
        "copy_file_range", "fdatasync", "memfd_create", "eventfd", "pidfd_open", "pipe2", "posix_fadvise", "posix_fallocate",
        "getrandom", "sched_getaffinity", "getresuid", "setresuid",
    ),
    "fcntl": ("F_SETLEASE", "F_GETLEASE", "F_NOTIFY", "F_OFD_SETLK", "F_SETPIPE_SZ"),
    "socket": ("SO_PEERCRED", "SO_PASSCRED", "SO_PEERSEC", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "AF_NETLINK", "AF_PACKET"),
    "signal": ("SIGPOLL", "SIGPWR", "SIGRTMIN", "sigtimedwait", "sigwaitinfo"),
    "time": ("CLOCK_BOOTTIME", "CLOCK_TAI"),
    "select": ("epoll",),
}  # fmt: skip
"""What the documentation of Python's modules calls available on Linux, or not on macOS."""

OF_ANOTHER_SYSTEM = (
    "system/windows/", "system/linux.py", "system/posix/watcher.py", "system/posix/metered.py", "system/posix/autostart.py",
)  # fmt: skip
RUN_BY_ALEMBIC = "server/db/migrations/"
WITH_LEASES = "who has a file open for writing is seen"

SCRIPT = """
import importlib, json, sys, sysconfig
from types import ModuleType

sysconfig.get_config_vars()  # It looks for a file of its own by the system's name.
sys.platform = "darwin"
for name, lacking in json.loads(sys.argv[1]).items():
    module = importlib.import_module(name)
    for each in lacking:
        if hasattr(module, each):
            delattr(module, each)
sys.modules["_scproxy"] = native = ModuleType("_scproxy")
native._get_proxies = native._get_proxy_settings = dict
sys.modules["_watchdog_fsevents"] = native = ModuleType("_watchdog_fsevents")
native.Stream = object
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)

from govsync.system import autostart, disk, metered, policy, proxies, watcher
chosen = [autostart.turn_on, disk.DiskFileSystem, metered.Metered, policy.found, proxies.way_to, watcher.Watcher]
print(json.dumps([[each.__module__ for each in chosen], sorted(name for name in sys.modules if name.startswith("govsync."))]))
"""

SELF_TEST = """
import json, sys, sysconfig

import pytest
from govsync.system import linux
from tests.system import fsevents  # What both play macOS with is Linux' own.

sysconfig.get_config_vars()
sys.platform = "darwin"
from tests.system import libsystem
from govsync.system import assumptions
from govsync.system.macos import kernel, watcher

with pytest.MonkeyPatch.context() as monkeypatch:
    libsystem.on(monkeypatch).names.folds = json.loads(sys.argv[1])
    fsevents.on(monkeypatch, watcher)
    monkeypatch.setattr(kernel, "peer", linux.peer)
    print(json.dumps([(tried.check, tried.result, tried.detail) for tried in assumptions.try_all()]))
"""


def module_names() -> list[str]:
    paths = [file.relative_to(PRODUCT).as_posix() for file in sorted(PRODUCT.rglob("*.py"))]
    kept = [path for path in paths if not path.startswith((*OF_ANOTHER_SYSTEM, RUN_BY_ALEMBIC))]
    return [f"govsync.{name_of(path)}".removesuffix(".") for path in kept]


def name_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix("__init__").removesuffix(".")


def answer_of(script: str, *arguments: object) -> Any:
    """Runs a script of Python, which is handed JSON and prints it."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(json.dumps, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_module_is_loaded_and_each_capability_is_the_one_of_macos() -> None:
    names = module_names()
    assert len(names) > 250
    chosen, loaded = answer_of(SCRIPT, LACKING, names)
    assert chosen == [
        f"govsync.system.macos.{name}"
        for name in ("autostart", "disk", "metered", "policy", "proxies", "watcher")
    ]
    of_others = tuple(f"govsync.{name_of(path)}" for path in OF_ANOTHER_SYSTEM)
    assert [name for name in loaded if name.startswith(of_others)] == []


@pytest.mark.parametrize("folds", [False, True])
def test_what_is_taken_for_granted_holds_over_what_stands_for_macos(folds: bool) -> None:
    """Also on a disk where case and composing make no second name."""
    tried = answer_of(SELF_TEST, folds)
    assert "capital letters can be changed alone" in {check for check, _, _ in tried}
    assert [(check, detail) for check, result, detail in tried if result != "PASS"] == []
    assert {check for check, _, _ in tried} == ASSUMPTIONS.keys() - {WITH_LEASES}
