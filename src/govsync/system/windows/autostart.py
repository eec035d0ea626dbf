"""Whether GovSync starts when the person signs in: a value of the Run key.

Source: Run and RunOnce Registry Keys, Windows documentation. An installer may have put one of the same name there for the whole
machine; then none is added for the person, who would have it started twice. What a person turns off in the Task Manager stays in
`StartupApproved`: a first byte that is odd. Windows documents that nowhere.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from govsync.system.failures import attempt
from govsync.system.windows import registry

assert sys.platform == "win32"

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
NAME = "GovSync"
_OFF = bytes([3]) + bytes(11)


def turn_on(config: Path, command: Sequence[str]) -> None:
    """Has `command` run at every sign-in; the person's folder is of no matter here."""
    del config
    with attempt("autostart"):
        if registry.value(registry.MACHINE, RUN, NAME) is None:
            registry.put(registry.PERSON, RUN, NAME, subprocess.list2cmdline(command))
        registry.remove(registry.PERSON, APPROVED, NAME)


def turn_off(config: Path) -> None:
    """Has nothing run at sign-in, also where the machine has it run."""
    del config
    with attempt("autostart"):
        registry.remove(registry.PERSON, RUN, NAME)
        if registry.value(registry.MACHINE, RUN, NAME) is not None:
            registry.put(registry.PERSON, APPROVED, NAME, _OFF)


def is_on(config: Path, system: Sequence[Path] = ()) -> bool:
    """Says whether GovSync starts at sign-in, as the person or the machine has it."""
    del config, system
    with attempt("autostart"):
        mark = registry.raw(registry.PERSON, APPROVED, NAME)
        if isinstance(mark, bytes) and mark and mark[0] % 2:
            return False
        return any(registry.value(root, RUN, NAME) for root in (registry.PERSON, registry.MACHINE))
