"""What a disk can do, tried before a folder on it is chosen (R1, R4, R15, R45).

Everything is tried in a hidden folder of our own, which is gone again afterwards. Refuses to know what is done about
an answer.
"""

from pathlib import Path

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.disk import DiskFileSystem
from govsync.system.disk import network_kind as network_kind
from govsync.system.fs import FileSystem, Folder

_TRIAL = ".govsync-probe"
_NAMES = ("a", "b", "c")
_TRIES = 20
_LONG_AGO_NS = 1_000_000_000 * 1_000_000_000


class Fitness(msgspec.Struct, frozen=True, kw_only=True):
    """Says what works on a disk."""

    exchange: bool
    """Two names can be swapped at once; else a file is replaced by two renames (R15)."""
    truthful: bool
    """What the disk says it has renamed or exchanged, it has, and a file keeps its number by it: each change of a
    person's file is looked at by that number."""
    noreplace: bool
    """A rename can refuse a name that is taken."""
    leases: bool
    """Late writers are seen; else weak mode (R11)."""
    stable_inodes: bool
    """A file's number means the same tomorrow; else identity is off (R1)."""
    birth_times: bool
    """A new file with an old number can be told from the old one (F1)."""
    fine_times: bool
    """Two writes with a look in between never share one time (F6); else fresh signatures are racy (R4)."""
    network: str | None
    """The kind of a network or user-space file system, or None: there, others may write unseen, and no watcher is
    trusted (R45)."""

    @property
    def unfit(self) -> str | None:
        """Says why no folder here can be synced, or answers None (R15)."""
        if not self.noreplace:
            return "its disk cannot rename without replacing"
        if not self.truthful:
            return "its disk does not tell which file lies where after a rename"
        return None


def probe(folder: Path) -> Fitness:
    """Tries the disk below a folder; raises Failure(gone, no_access, read_only, disk_full) where it cannot be tried."""
    fs = DiskFileSystem(folder)
    with fs.root() as root:
        trust, network = fs.trust(), network_kind(folder)
        _clear(fs, root)
        fs.make_folder(root, _TRIAL)
        try:
            with fs.open_folder(root, _TRIAL) as trial:
                exchange = _exchanges(fs, trial)
                noreplace = _refuses_taken_names(fs, trial)
                return Fitness(
                    exchange=exchange is True,
                    noreplace=noreplace,
                    truthful=exchange is not None and (not noreplace or _keeps_inodes(fs, trial)),
                    leases=fs.leases(),
                    stable_inodes=trust.identity,
                    birth_times=_tells_births(fs, trial),
                    fine_times=_tells_writes_apart(fs, trial),
                    network=network,
                )
        finally:
            _clear(fs, root)


def _clear(fs: FileSystem, root: Folder) -> None:
    """Removes our own trial, also one that a crash left; anything that is not ours in it stays, and is said (exists)."""
    if fs.stat(root, _TRIAL) is None:
        return
    with fs.open_folder(root, _TRIAL) as trial:
        _empty(fs, trial)
    fs.remove_folder(root, _TRIAL)


def _empty(fs: FileSystem, trial: Folder) -> None:
    for name in _NAMES:
        if fs.stat(trial, name) is not None:
            fs.unlink(trial, name)


def _made(fs: FileSystem, trial: Folder, *names: str) -> list[int]:
    """Makes files, and no others, and answers their inodes."""
    _empty(fs, trial)
    inodes = []
    for name in names:
        with fs.create(trial, name) as file:
            inodes.append(file.stat().ino)
    return inodes


def _ino(fs: FileSystem, trial: Folder, name: str) -> int | None:
    found = fs.stat(trial, name)
    return None if found is None else found.ino


def _exchanges(fs: FileSystem, trial: Folder) -> bool | None:
    """Says whether names are exchanged; None where the disk says so and it is not to be seen."""
    a, b = _made(fs, trial, "a", "b")
    try:
        exchanged = fs.exchange(trial, "a", trial, "b")
    except Failure:
        return None  # Neither done nor unknown: nothing may be built on that.
    shown = _ino(fs, trial, "a"), _ino(fs, trial, "b")
    return exchanged if shown == ((b, a) if exchanged else (a, b)) else None


def _refuses_taken_names(fs: FileSystem, trial: Folder) -> bool:
    _made(fs, trial, "a", "b")
    try:
        fs.rename(trial, "a", trial, "b")
    except Failure as failure:
        if failure.code is not Code.EXISTS:
            return False
    else:
        return False
    try:
        fs.rename(trial, "a", trial, "c")
    except Failure:
        return False
    return True


def _keeps_inodes(fs: FileSystem, trial: Folder) -> bool:
    (a,) = _made(fs, trial, "a")
    try:
        fs.rename(trial, "a", trial, "c")
    except Failure:
        return False
    with fs.open_file(trial, "c") as file:
        return file.stat().ino == a == _ino(fs, trial, "c")


def _tells_births(fs: FileSystem, trial: Folder) -> bool:
    """Says whether birth times are told and are none of the other times under that name."""
    _empty(fs, trial)
    with fs.create(trial, "a") as file:
        ino = file.stat().ino
        born = fs.birth_ns(trial, "a", ino)
        file.write(b"x")
        file.finish(_LONG_AGO_NS, exec=False)
    try:
        fs.rename(trial, "a", trial, "c")
    except Failure:
        return False
    return bool(born) and fs.birth_ns(trial, "c", ino) == born


def _tells_writes_apart(fs: FileSystem, trial: Folder) -> bool:
    _empty(fs, trial)
    times = set()
    with fs.create(trial, "a") as file:
        for _ in range(_TRIES):
            file.write(b"x")
            times.add(file.stat().mtime_ns)
    return len(times) == _TRIES
