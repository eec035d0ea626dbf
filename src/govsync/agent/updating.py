"""Looks for newer versions of GovSync, in a thread of its own that no other part waits for; what it found last, it notes for
`doctor`.

What it finds is only told. Where the machine's policy names a command, that is given the file, once for each version, and
what runs begins anew as after any upgrade: no document is touched, nothing waits, and work that was under way goes on.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.problems import MALFORMED, Failure
from govsync.settings.merge import Effective
from govsync.settings.values import Values, values
from govsync.system.durable import replace_file
from govsync.system.failures import attempt
from govsync.system.places import Places
from govsync.system.process import environment, start_call
from govsync.updates.releases import newest
from govsync.updates.trust import Fetch, Place

FIRST_S, EVERY_S = 60.0, 6 * 3600.0
"""How long after its start an agent looks, and how often; each time up to half as long again, so that not all desks ask at once."""
_POLICY = "policy"
_DECIDES_COMMAND = ("app.update_command", "app.update_url", "app.update_root")

_log = logging.getLogger(__name__)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the last look found: a newer version, or why there is no answer; `url` and `channel` are what it was of."""

    url: str
    channel: str
    looked_ms: int
    version: str = ""
    code: str = ""
    facts: dict[str, str] = {}
    installed: str = ""
    """The version whose file was given to the command that installs."""


class Chance(Protocol):
    """Draws numbers."""

    def jitter(self) -> float:
        """Answers a number drawn evenly from [0, 1)."""


def noted(places: Places) -> Found | None:
    """Answers what was found last, if ever anything was."""
    try:
        return from_json(_file(places).read_bytes(), Found)
    except (FileNotFoundError, *MALFORMED):
        return None


class Updates:
    """The looking thread. `kind`: of the package that runs, `None` where nobody is to look; `fetch`: asks an address by the proxy
    that the settings name; `may`: whether the line is one for it."""

    def __init__(
        self,
        places: Places,
        settings: Callable[[], Mapping[str, Effective]],
        kind: str | None,
        current: str,
        fetch: Fetch,
        may: Callable[[], bool],
        time_ms: Callable[[], int],
        chance: Chance,
    ) -> None:
        self._places, self._settings, self._kind, self._current = places, settings, kind, current
        self._fetch, self._may, self._time_ms, self._chance = fetch, may, time_ms, chance
        self._stopped, self._woken = threading.Event(), threading.Event()
        self._told = ""
        self._thread = threading.Thread(target=self._run, name="updates", daemon=True)

    def start(self) -> None:
        """Begins to look from time to time, where it is to."""
        if self._kind is not None:
            self._thread.start()

    def stop(self) -> None:
        """Ends; what is being fetched ends with the process and goes on in the next."""
        self._stopped.set()
        self._woken.set()

    def wake(self) -> None:
        """Has it look at once: the settings may be others."""
        self._woken.set()

    def _run(self) -> None:
        wait_s = FIRST_S
        while not self._stopped.is_set():
            self._woken.wait(wait_s * (1 + self._chance.jitter() / 2))
            self._woken.clear()
            wait_s = EVERY_S
            if not self._stopped.is_set():
                try:
                    self.look()
                except (
                    Failure
                ) as failure:  # The note could not be written: there is no disk, which others say.
                    _log.warning("updates: %s", failure.code)

    def look(self) -> None:
        """Looks once, and notes what it found; trouble is noted, too, and stops nothing. Raises Failure where that cannot be."""
        effective = self._settings()
        said = values(effective)
        if self._kind is None or not said.app_update_url or not self._may():
            return
        before = noted(self._places)
        found = Found(
            url=said.app_update_url, channel=said.app_update_channel, looked_ms=self._time_ms(),
            installed=before.installed if before is not None else "",
        )  # fmt: skip
        try:
            found = self._found(found, said, _may_install(effective))
        except Failure as failure:
            facts = {name: str(fact) for name, fact in failure.facts.items()}
            found = msgspec.structs.replace(found, code=failure.code, facts=facts)
        replace_file(_file(self._places), msgspec.json.encode(found))
        self._say(found)

    def _found(self, found: Found, said: Values, installs: bool) -> Found:
        with attempt("update root"):
            root = Path(said.app_update_root).read_bytes() if said.app_update_root else b""
        if not root:
            raise Failure(Code.UPDATE_REFUSED, what="root")
        place = Place(self._places.home / "updates", said.app_update_url, root, self._fetch)
        offered = place.releases(found.channel)
        assert self._kind is not None, "nobody looks without"
        release = newest(offered, self._kind, self._current, self._time_ms(), said.app_update_defer)
        if release is None:
            return found
        found = msgspec.structs.replace(found, version=release.version)
        if installs and found.installed != release.version:
            file = place.file(found.channel, release)
            # Noted first: a command that has this very process begin anew must not be called again by the next. One that fails
            # is, at the next look.
            found = msgspec.structs.replace(found, installed=release.version)
            replace_file(_file(self._places), msgspec.json.encode(found))
            _install((*said.app_update_command, str(file)), release.version)
        return found

    def _say(self, found: Found) -> None:
        """Says in the log what is new: the same thing once."""
        text = f"{found.version} {found.code} {found.facts}"
        if text == self._told:
            return
        self._told = text
        if found.code:
            _log.warning("updates: %s %s", found.code, found.facts)
        elif found.version:
            _log.info("updates: version %s is there, this is %s", found.version, self._current)


def _may_install(effective: Mapping[str, Effective]) -> bool:
    """Says whether there is a command that may be run: the machine's policy, which only administrators write, has to name it, and
    what it is given, too."""
    return all(effective[key].source == _POLICY and effective[key].value for key in _DECIDES_COMMAND)


def _install(command: tuple[str, ...], version: str) -> None:
    _log.info("updates: version %s is given to the command that installs it", version)
    with attempt("update command"):
        done = start_call(command, environment()).answer("")
    if done.returncode != 0:
        _log.warning("updates: the command ended with %d: %s", done.returncode, done.stderr.strip()[-500:])
        raise Failure(Code.UPDATE_REFUSED, what="command")


def _file(places: Places) -> Path:
    return places.home / "updates.json"
