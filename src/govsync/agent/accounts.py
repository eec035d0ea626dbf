"""Signing a device in and out, and choosing its folder; the caller sees to it that no agent of the home runs."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

import govsync
from govsync.agent import fixed, home, known
from govsync.agent.clock import SystemClock, SystemIds
from govsync.agent.removal import Removed, remove_files
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.fleet import Wiped
from govsync.protocol.session import DeviceInfo
from govsync.remote.http import HttpCalls, Way
from govsync.remote.rate import Rate
from govsync.remote.session import Credentials
from govsync.settings.values import Values, values
from govsync.system.places import Places
from govsync.system.probe import Fitness
from govsync.system.secrets import Secrets

_log = logging.getLogger(__name__)


class Kept:
    """The refresh token of this device, in the person's keyring."""

    def __init__(self, secrets: Secrets, name: str) -> None:
        self._secrets = secrets
        self._name = name

    def load(self) -> str | None:
        """As `Credentials.load`."""
        return self._secrets.get(self._name)

    def store(self, refresh: str) -> None:
        """As `Credentials.store`."""
        self._secrets.put(self._name, refresh)


class _Unkept:
    """Credentials for the one call that needs none."""

    def load(self) -> str | None:
        """As `Credentials.load`."""
        return None

    def store(self, refresh: str) -> None:
        """As `Credentials.store`; the caller keeps what the answer brings."""


def way(settings: Values) -> Way:
    """Answers how the settings say that the server is reached."""
    return Way(settings.network_proxy, settings.network_ca_file)


def plain_calls(places: Places, endpoint: str, device: bytes) -> HttpCalls:
    """Makes calls for a device that has no session yet."""
    return _calls(places, endpoint, device, _Unkept())


def _calls(places: Places, endpoint: str, device: bytes, credentials: Credentials) -> HttpCalls:
    free = Rate(0, lambda: 0.0, lambda _: None)
    nonce = SystemIds().new().hex()
    by = way(values(home.settings(places)[0]))
    return HttpCalls(endpoint, device, credentials, nonce, time.sleep, (free, free), by)


def sign_in(places: Places, endpoint: str, login: str, password: str, folder_later: bool = False) -> None:
    """Registers the device and keeps its session; takes the usual folder where none is chosen yet, unless that is to be done
    later. Raises what the server says."""
    if not endpoint.startswith(("http://", "https://")):
        raise Failure(Code.BAD_REQUEST, what="endpoint: it begins with https://")
    endpoint = endpoint.rstrip("/")
    settings = values(home.settings(places)[0])
    if settings.endpoint_locked and settings.endpoint_url and endpoint != settings.endpoint_url:
        raise Failure(Code.SETTING_FIXED, name="endpoint.url")
    lock = home.take(places)
    try:
        identity = home.load(places, SystemIds().new())
        home.save(places, identity)
        device = bytes.fromhex(identity.device)
        info = DeviceInfo(
            id=device, name=identity.name, machine=identity.machine, version=govsync.__version__
        )
        calls = plain_calls(places, endpoint, device)
        try:
            tokens = calls.sign_in(login, password, info)
        finally:
            calls.close()
        wipe = identity.wipe
        if wipe is not None:  # What was begun before a sign-in is over with it.
            wipe = msgspec.structs.replace(wipe, over=True)
        identity = msgspec.structs.replace(
            identity, wipe=wipe, over=None, endpoint=endpoint, login=tokens.login, user_name=tokens.name
        )
        home.secrets(places).put(home.secret_name(identity), tokens.refresh)
        _take_fixed(places, identity)
        if not identity.root and not folder_later:
            folder = home.folder_of(settings, identity)
            home.choose_folder(places, identity, folder, SystemIds().new())
        else:
            home.save(places, identity)
        home.follow_autostart(places)
    finally:
        lock.release()


def sign_out(places: Places, remove: bool = False) -> Removed | None:
    """Ends the device's session, on the server where it answers, and here; files stay, unless those that are safely on the
    server are to be removed: then that comes first, and answers what became of them.

    Raises Failure, and nothing has changed, where there is no session, or where it is not known what is on the server.
    """
    with _leaving(places) as (identity, calls):
        removed = _removed(places, identity, calls) if remove else None
        _tell(calls)
        now = home.load(places, SystemIds().new())
        home.save(places, msgspec.structs.replace(now, over=None))
    return removed


def _removed(places: Places, identity: home.Identity, calls: HttpCalls) -> Removed:
    """Removes what is safely on the server. Folders that the desktop looks for in the synced one are at their old place first: an
    empty folder is better than none."""
    try:
        known.let_go(places)
    except Failure as failure:
        _log.warning("the known folders still lead to the synced one: %s", failure.code)
    return remove_files(places, identity, calls)


@contextmanager
def _leaving(places: Places) -> Iterator[tuple[home.Identity, HttpCalls]]:
    """Hands out the session of a desk whose agent does not run; where nothing is raised, the desk has left with it: neither what
    it was signed in with is kept, nor what the organisation has fixed. Raises Failure(signed_out) where there is none."""
    lock = home.take(places)
    try:
        identity = home.load(places, SystemIds().new())
        kept, name = home.secrets(places), home.secret_name(identity)
        if kept.get(name) is None:
            raise Failure(Code.SIGNED_OUT)
        calls = _calls(places, identity.endpoint, bytes.fromhex(identity.device), Kept(kept, name))
        try:
            yield identity, calls
        finally:
            calls.close()
        kept.put(name, None)
        fixed.forget(places)
    finally:
        lock.release()


def _take_fixed(places: Places, identity: home.Identity) -> None:
    """Takes what the organisation fixes before anything of the folder is looked at; where the server does not say it now, the
    agent asks as soon as it listens. What was another organisation's is forgotten in any case."""
    fixed.forget(places)
    kept = Kept(home.secrets(places), home.secret_name(identity))
    calls = _calls(places, identity.endpoint, bytes.fromhex(identity.device), kept)
    try:
        fixed.keep(places, calls.policy())
    except Failure as failure:
        _log.info("it is not known yet what the organisation fixes: %s", failure.code)
    finally:
        calls.close()


def _tell(calls: HttpCalls) -> None:
    try:
        calls.sign_out()
    except Failure as failure:
        _log.info("the server was not told of the sign-out: %s", failure.code)


def wipe(places: Places, order: bytes) -> None:
    """Obeys an order to wipe this desk, if the server says that it stands: removes what `logout --remove-files` does, tells how
    many files went and stayed, and signs out.

    Raises Failure where it does not come to its end; then the person is still signed in, and what went comes back until the
    next try, which begins anew.
    """
    with _leaving(places) as (identity, calls):
        obey(places, identity, calls, order)


def obey(places: Places, identity: home.Identity, calls: HttpCalls, order: bytes) -> None:
    """Carries an order out and tells its result; the caller sees to it that no agent runs. Raises as `wipe`, and
    Failure(not_found) for an order that is over."""
    begun = home.Ordered(order=order.hex())
    if identity.wipe == msgspec.structs.replace(begun, over=True):
        raise Failure(Code.NOT_FOUND)
    identity = msgspec.structs.replace(identity, wipe=begun, over=None)
    home.save(places, identity)
    calls.begin_wipe(order)
    removed = _removed(places, identity, calls)
    _log.info("wiped: %d files went, %d stay", removed.count, removed.left)
    over = home.Over(at_ms=SystemClock().time_ms(), wiped=True, removed=removed.count, kept=removed.left)
    # The folder is another one since (0033): what is known of it by now stands in the home. What became of the files is noted
    # before it is told: whoever is ended in between has no session any more to begin anew with.
    identity = msgspec.structs.replace(home.load(places, SystemIds().new()), over=over)
    home.save(places, identity)
    try:
        calls.end_wipe(order, Wiped(removed=removed.count, kept=removed.left))
    except Failure as failure:
        if failure.code is not Code.SIGNED_OUT:  # Then it had heard it, and its answer was lost.
            raise
    home.save(places, msgspec.structs.replace(identity, wipe=msgspec.structs.replace(begun, over=True)))


def set_folder(places: Places, folder: Path) -> Fitness:
    """Chooses the synced folder of a home; answers what its disk can do. Raises Failure(setting_fixed) where it is chosen
    already."""
    settings = values(home.settings(places)[0])
    if settings.folder_locked and folder.expanduser().absolute() != home.folder_of(settings):
        raise Failure(Code.SETTING_FIXED, name="folder.path")
    lock = home.take(places)
    try:
        identity = home.load(places, SystemIds().new())
        return home.choose_folder(places, identity, folder, SystemIds().new())
    finally:
        lock.release()
