"""Whether GovSync starts when the person signs in: a property list among the person's launch agents.

Source: launchd.plist(5), launchctl(1). An administrator may have put one of the same label there for the whole machine; then none is
added for the person. A label can be turned off for one person, which launchd remembers by itself and which is stronger than any list:
so the person turns off what the machine starts. The key `Disabled` of a list is none of it: launchctl takes it for a default, and that of
another list of the same label for nothing. What a person turns off under *Login Items* stands elsewhere, where no program may look.

The agent that the command leaves running has a session of its own: what is left of a job's own processes launchd ends with it.
"""

import errno
import logging
import os
import plistlib
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from govsync.system.durable import flush_folder, replace_file
from govsync.system.failures import attempt
from govsync.system.macos import DOMAIN, plists

MACHINE = Path("/Library/LaunchAgents")
LAUNCHCTL = "/bin/launchctl"
_LIST = f"{DOMAIN}.plist"
_OFF = re.compile(rf'"{re.escape(DOMAIN)}" => (disabled|true)\b')
"""A line of `launchctl print-disabled`, as newer and as older systems write it."""
_PATIENCE_S = 10

_log = logging.getLogger(__name__)


def turn_on(config: Path, command: Sequence[str]) -> None:
    """Has `command` run at every sign-in; the person's folder is of no matter here."""
    del config
    job = {
        "Label": DOMAIN,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "ProcessType": "Interactive",
    }
    with attempt("autostart"):
        if not (MACHINE / _LIST).exists():
            replace_file(_own(), plistlib.dumps(job), mode=0o644)
        if _is_turned_off():
            _launchctl("enable", f"{_person()}/{DOMAIN}")


def turn_off(config: Path) -> None:
    """Has nothing run at sign-in, also where the machine has it run."""
    del config
    with attempt("autostart"):
        own = _own()
        if own.exists():
            own.unlink()
            flush_folder(own.parent)
        if (MACHINE / _LIST).exists():
            _launchctl("disable", f"{_person()}/{DOMAIN}")


def is_on(config: Path, system: Sequence[Path] = ()) -> bool:
    """Says whether GovSync starts at sign-in, as the person or the machine has it."""
    del config, system
    with attempt("autostart"):
        return any(_starts(path) for path in (_own(), MACHINE / _LIST)) and not _is_turned_off()


def _own() -> Path:
    return Path.home() / "Library" / "LaunchAgents" / _LIST


def _starts(path: Path) -> bool:
    """Reads a list as launchd does; one that cannot be understood starts nothing. Raises OSError."""
    try:
        job = plists.read(path)
    except (FileNotFoundError, ValueError):
        return False
    return job.get("RunAtLoad") is True and bool(job.get("ProgramArguments"))


def _is_turned_off() -> bool:
    """Says whether launchd remembers that this person has it off; where it does not tell, it starts what there is."""
    try:
        return _OFF.search(_launchctl("print-disabled", _person())) is not None
    except OSError as error:
        _log.warning("launchd does not say what is turned off: %s", error.strerror)
        return False


def _person() -> str:
    """Names this person's sign-in at the screen, as launchctl does."""
    return f"gui/{os.getuid()}"


def _launchctl(*arguments: str) -> str:
    """Asks launchd; answers what it says. Raises OSError."""
    try:
        done = subprocess.run(
            (LAUNCHCTL, *arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_PATIENCE_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise OSError(errno.ETIMEDOUT, f"launchctl {arguments[0]} does not answer") from error
    if done.returncode:
        raise OSError(errno.EIO, f"launchctl {arguments[0]} ended with {done.returncode}")
    return done.stdout
