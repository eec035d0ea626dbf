"""What GovSync takes for granted of the system it runs on, as one check each: `govsync doctor --self-test` tries them on a real PC, and
the tests on every system.

A check gets a folder of its own, writes nowhere else, and ends by an exception where what it assumes is not so.
"""

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure, problem_of
from govsync.system import ipc
from govsync.system.assuming import Check, Untrue, assume
from govsync.system.disk import DiskFileSystem
from govsync.system.durable import replace_file
from govsync.system.failures import failure_of
from govsync.system.hints import Cookie, Hidden, Hint, Lost
from govsync.system.lock import Lock
from govsync.system.policy import PolicyWatch
from govsync.system.probe import Fitness, probe
from govsync.system.watcher import Watcher

_PATIENCE_S = 30.0
_NAMES: tuple[str, ...] = (
    "보고서 2026.txt",
    "извештај.docx",
    "é",
    "e\u0301",
    "con",
    "aux.txt",
    "ends with a dot.",
    "ends with a space ",
    "x" * 250,
)
if sys.platform == "darwin":
    _NAMES = tuple(name for name in _NAMES if name != "e\u0301")  # Of one name with the one before it.
_OURS = Hidden(".govsync", "cookie.", "staging")


class Tried(msgspec.Struct, frozen=True):
    """One assumption: its name, PASS or FAIL, and what was seen where it is not so."""

    check: str
    result: str
    detail: str = ""


def try_all() -> Iterator[Tried]:
    """Tries each assumption in a temporary folder of its own, which is gone afterwards."""
    for name, check in ASSUMPTIONS.items():
        with TemporaryDirectory(prefix="govsync-", ignore_cleanup_errors=True) as folder:
            try:
                check(Path(folder))
            except Untrue as error:
                yield Tried(name, "FAIL", str(error))
            except (Failure, OSError) as error:
                problem = problem_of(error if isinstance(error, Failure) else failure_of(error, "check"))
                yield Tried(name, "FAIL", " ".join((problem.code, *map(str, problem.facts.values()))))
            else:
                yield Tried(name, "PASS")


def _fit(of: Callable[[Fitness], bool]) -> Check:
    def check(folder: Path) -> None:
        fitness = probe(folder)
        assume(of(fitness), fitness)

    return check


def _small_files(folder: Path) -> None:
    for content in (b"old", b"new"):
        replace_file(folder / "settings.toml", content)
    assume((folder / "settings.toml").read_bytes() == b"new", "the old content is there")
    assume(os.listdir(folder) == ["settings.toml"], os.listdir(folder))


def _names(folder: Path) -> None:
    disk = DiskFileSystem(folder)
    with disk.root() as root:
        for name in _NAMES:
            with disk.create(root, name) as file:
                file.write(name.encode())
        listed = {entry.name for entry in disk.list(root).entries}
        assume(listed == set(_NAMES), listed ^ set(_NAMES))
        for name in _NAMES:
            with disk.open_file(root, name) as file:
                content = bytearray(len(name.encode()))
                file.read_into(0, memoryview(content))
                assume(content == name.encode(), f"{name}: {content!r}")
            disk.unlink(root, name)


def _deep_folders(folder: Path) -> None:
    disk = DiskFileSystem(folder)
    opened = [disk.root()]
    try:
        for _ in range(8):
            disk.make_folder(opened[-1], "f" * 100)
            opened.append(disk.open_folder(opened[-1], "f" * 100))
        with disk.create(opened[-1], "a.txt"):
            pass
        assume(disk.stat(opened[-1], "a.txt") is not None, "what was made is not there")
        disk.unlink(opened[-1], "a.txt")
        for parent, made in reversed(tuple(pairwise(opened))):
            made.close()
            disk.remove_folder(parent, "f" * 100)
    finally:
        for each in opened:
            each.close()


def _letters(folder: Path) -> None:
    disk = DiskFileSystem(folder)
    with disk.root() as root:
        with disk.create(root, "report.txt"):
            pass
        disk.rename(root, "report.txt", root, "Report.txt")
        assume({entry.name for entry in disk.list(root).entries} == {"Report.txt"}, os.listdir(folder))
        assume(disk.stat(root, "report.txt") is None, "the old name leads there")


def _writers(folder: Path) -> None:
    disk = DiskFileSystem(folder)
    (folder / "a").write_bytes(b"1")
    with disk.root() as root, disk.open_file(root, "a") as file:
        with (folder / "a").open("r+b"):
            assume(disk.written_by_somebody(root, "a") is not False, "nobody is said to write")
            assume(not disk.lease(file), "a lease was given while a program had the file open for writing")
        assume(disk.lease(file), "no lease was given when nobody had the file open any more")
        disk.release(file)


def _locks(folder: Path) -> None:
    with Lock(folder / "lock"):
        try:
            Lock(folder / "lock").release()
        except Failure as failure:
            assume(failure.code is Code.HOME_IN_USE, failure.code)
        else:
            raise Untrue("a second one has the lock, too")
    Lock(folder / "lock").release()


class _Watched:
    """A folder that is watched, and what was said since the last time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "watched"
        (self.path / ".govsync").mkdir(parents=True)
        (self.path / "old").mkdir()
        self._said: queue.SimpleQueue[Hint | Cookie | Lost] = queue.SimpleQueue()
        self._cookies = 0
        self._watcher = Watcher(str(self.path), _OURS, self._said.put)
        self._watcher.start()

    def said(self) -> set[Hint | Cookie | Lost]:
        self._cookies += 1
        (self.path / ".govsync" / f"cookie.{self._cookies}").touch()
        heard: set[Hint | Cookie | Lost] = set()
        while Cookie(str(self._cookies)) not in heard:
            try:
                heard.add(self._said.get(timeout=_PATIENCE_S))
            except queue.Empty:
                raise Untrue("a change was not told of") from None
        return heard

    def __enter__(self) -> "_Watched":
        return self

    def __exit__(self, *_: object) -> None:
        self._watcher.stop()


def _watch(folder: Path) -> None:
    with _Watched(folder) as watched:
        (watched.path / "old" / "a.txt").write_bytes(b"a")
        assume(Hint(("old",), "a.txt") in watched.said(), "a save was not told of")


def _watch_renamed(folder: Path) -> None:
    with _Watched(folder) as watched:
        (watched.path / "old").rename(watched.path / "new")
        assume(Hint(("new",), None) in watched.said(), "a renamed folder was not told of")
        (watched.path / "new" / "a.txt").write_bytes(b"a")
        assume(Hint(("new",), "a.txt") in watched.said(), "a save in a renamed folder was not told of")


def _control(folder: Path) -> None:
    path = folder / "home" / "control"
    with ipc.listen(path) as listening, ipc.connect(path, _PATIENCE_S) as caller:
        answerer, _ = listening.accept()
        with answerer:
            assume(ipc.is_own(answerer) and ipc.is_own(caller), "the other end is somebody else's")
            caller.sendall(b"question")
            assume(answerer.recv(100) == b"question", "what was said was not heard")
            answerer.sendall(b"the last word")
        assume(caller.recv(100) == b"the last word", "what was said before the end closed was not heard")
        assume(caller.recv(100) == b"", "the end is open still")
    try:
        ipc.connect(path, _PATIENCE_S).close()
    except Failure as failure:
        assume(failure.code is Code.AGENT_NOT_RUNNING, failure.code)
    else:
        raise Untrue("somebody listens still")


def _policy(folder: Path) -> None:
    del folder
    watch = PolicyWatch(lambda: None)
    watch.start()
    watch.stop()


def _threads(folder: Path) -> None:
    """Waits in threads end with what they wait for, so that an agent can end."""
    path = folder / "control"
    listening, ended = ipc.listen(path), threading.Event()

    def accept() -> None:
        try:
            listening.accept()
        except OSError:
            ended.set()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    ipc.close(listening, path)
    assume(ended.wait(_PATIENCE_S), "who waited for a connection waits still")


ASSUMPTIONS: dict[str, Check] = {
    "a small file is replaced as a whole": _small_files,
    "names in every script are kept as they are": _names,
    "paths of 800 letters are reached": _deep_folders,
    "capital letters can be changed alone": _letters,
    "a rename replaces nothing": _fit(lambda fitness: fitness.noreplace),
    "what was renamed is the same file": _fit(lambda fitness: fitness.truthful),
    "the number of a file means the same tomorrow": _fit(lambda fitness: fitness.stable_inodes),
    "a new file is told from an old one by its birth": _fit(lambda fitness: fitness.birth_times),
    "the folder is on a disk of this machine": _fit(lambda fitness: fitness.network is None),
    "who has a file open for writing is seen": _writers,
    "a lock is held by one": _locks,
    "a save is told of": _watch,
    "a folder is told of under its new name": _watch_renamed,
    "programs of one person reach each other": _control,
    "who waits is woken": _threads,
    "policy can be read and watched": _policy,
}
if sys.platform == "win32":
    from govsync.system.windows import assumptions as _windows

    ASSUMPTIONS |= _windows.ASSUMPTIONS
elif sys.platform == "darwin":
    # There are no leases: what is written by somebody is not known, and replacing is careful (R11, R45).
    del ASSUMPTIONS["who has a file open for writing is seen"]
