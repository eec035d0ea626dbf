"""What the machine's administrators have fixed, in the registry: values that are called as the settings are.

Group policy and device management write below `Software\\Policies`, where people may only read. What holds for the machine is
stronger than what holds for the person. Each key's values are handed on as a text of TOML, like that of a file of policy.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from govsync.system import toml
from govsync.system.windows import registry
from govsync.system.windows.kernel import Event, first_of

assert sys.platform == "win32"

PATH, SEED = r"Software\Policies\GovSync", r"Software\GovSync"
_ABOVE = r"Software\Policies"
"""There on a PC as a rule; what is below it need not be."""
_ENDPOINT = "Endpoint"

_log = logging.getLogger(__name__)

Found = tuple[str, str, str]
"""Which key, its text, and what of it cannot be read."""


def found(folder: Path) -> Iterator[Found]:
    """Yields the person's key, then the machine's, each where there is one; then a line for each value that is none."""
    del folder  # Policy is in no files here.
    for root in (registry.PERSON, registry.MACHINE):
        place = registry.shown(root, PATH)
        try:
            known = tuple(registry.values(root, PATH))
        except OSError as error:
            yield place, "", error.strerror or ""
            continue
        lines = [toml.line(name.lower(), text) for name, text, _ in known if text is not None]
        if lines:
            yield place, "".join(lines), ""
        for name, text, kind in known:
            if text is None:
                yield place, "", f"{name}: {kind}"


def proposed() -> dict[str, str]:
    """Answers what the installer was told, the machine's before the person's own; raises OSError."""
    told = (registry.value(root, SEED, _ENDPOINT) for root in (registry.MACHINE, registry.PERSON))
    endpoint = next(filter(None, told), None)
    return {"endpoint.url": endpoint} if endpoint else {}


class Changes:
    """Waits for changes of policy; where Windows does not tell of them, for the next look."""

    def __init__(self) -> None:
        self._stopped = Event()
        self._notices: list[registry.Notice] = []
        for root in (registry.PERSON, registry.MACHINE):
            try:
                notice = registry.Notice(root, _ABOVE)
                notice.renew()
            except OSError as error:
                _log.info("changes below %s are not told: %s", registry.shown(root, _ABOVE), error.strerror)
            else:
                self._notices.append(notice)

    def wait(self, most_s: float) -> bool:
        """Returns when something has changed, or after a while; False when it was stopped."""
        which = first_of((self._stopped, *(notice.changed for notice in self._notices)), int(most_s * 1000))
        if which:
            try:
                self._notices[which - 1].renew()
            except OSError as error:  # The key was removed: what comes in its place is found by looking.
                _log.info("changes of policy are not told any more: %s", error.strerror)
                self._notices.pop(which - 1).close()
        return which != 0

    def stop(self) -> None:
        """Ends the waiting, now and from now on."""
        self._stopped.happen()
