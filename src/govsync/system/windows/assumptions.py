"""What is taken for granted of Windows alone (`system.assumptions`)."""

import sys
from pathlib import Path

from govsync.system import ipc
from govsync.system.assuming import Check, Untrue
from govsync.system.hints import Hidden
from govsync.system.watcher import Watcher
from govsync.system.windows import metered, persons, proxies, registry
from govsync.system.windows.autostart import RUN

assert sys.platform == "win32"


def _pipe(folder: Path) -> None:
    me = persons.own()
    path = folder / "control"
    with ipc.listen(path), ipc.connect(path, 10) as caller:
        access = caller.access()
    if access != f"O:{me}D:P(D;;GA;;;NU)(A;;GA;;;{me})":
        raise Untrue(access)


def _root_stays(folder: Path) -> None:
    (folder / "watched").mkdir()
    watcher = Watcher(str(folder / "watched"), Hidden(".govsync", "cookie.", "staging"), lambda _: None)
    watcher.start()
    try:
        (folder / "watched").rename(folder / "elsewhere")
    except PermissionError:
        return
    finally:
        watcher.stop()
    raise Untrue("a folder that is watched was moved away")


def _line(folder: Path) -> None:
    del folder
    ask = metered.asking()
    if ask is None:
        raise Untrue("this Windows does not know (it is older than version 2004)")
    metered.is_metered(ask)


def _way(folder: Path) -> None:
    del folder
    proxies.way_to("https://govsync.invalid")


def _run_key(folder: Path) -> None:
    del folder
    tuple(registry.values(registry.PERSON, RUN))


ASSUMPTIONS: dict[str, Check] = {
    "the pipe is for this person alone": _pipe,
    "the folder stays while it is watched": _root_stays,
    "the line is known to be metered or not": _line,
    "the way to a server is known": _way,
    "what starts at sign-in can be read": _run_key,
}
