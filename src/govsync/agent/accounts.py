"""Signing a device in and out, and choosing its folder; the caller sees to it that no agent of the home runs."""

import logging
import time
from pathlib import Path

import msgspec

import govsync
from govsync.agent import home
from govsync.agent.clock import SystemIds
from govsync.agent.removal import Removed, remove_files
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import DeviceInfo
from govsync.remote.http import HttpCalls
from govsync.remote.rate import Rate
from govsync.remote.session import Credentials
from govsync.settings.values import values
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


def plain_calls(places: Places, endpoint: str, device: bytes) -> HttpCalls:
    """Makes calls for a device that has no session yet."""
    return _calls(places, endpoint, device, _Unkept())


def _calls(places: Places, endpoint: str, device: bytes, credentials: Credentials) -> HttpCalls:
    free = Rate(0, lambda: 0.0, lambda _: None)
    proxy = values(home.settings(places)[0]).network_proxy
    nonce = SystemIds().new().hex()
    return HttpCalls(endpoint, device, credentials, nonce, time.sleep, (free, free), proxy)


def sign_in(places: Places, endpoint: str, login: str, password: str, folder_later: bool = False) -> None:
    """Registers the device and keeps its session; takes the usual folder where none is chosen yet, unless that is to be done
    later. Raises what the server says."""
    if not endpoint.startswith(("http://", "https://")):
        raise Failure(Code.BAD_REQUEST, what="endpoint: it begins with https://")
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
        identity = msgspec.structs.replace(
            identity, endpoint=endpoint.rstrip("/"), login=tokens.login, user_name=tokens.name
        )
        home.secrets(places).put(home.secret_name(identity), tokens.refresh)
        if not identity.root and not folder_later:
            home.choose_folder(
                places, identity, Path(identity.folder or home.DEFAULT_FOLDER), SystemIds().new()
            )
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
    lock = home.take(places)
    try:
        identity = home.load(places, SystemIds().new())
        kept, name = home.secrets(places), home.secret_name(identity)
        if kept.get(name) is None:
            raise Failure(Code.SIGNED_OUT)
        calls = _calls(places, identity.endpoint, bytes.fromhex(identity.device), Kept(kept, name))
        try:
            removed = remove_files(places, identity, calls) if remove else None
            _tell(calls)
        finally:
            calls.close()
        kept.put(name, None)
        return removed
    finally:
        lock.release()


def _tell(calls: HttpCalls) -> None:
    try:
        calls.sign_out()
    except Failure as failure:
        _log.info("the server was not told of the sign-out: %s", failure.code)


def set_folder(places: Places, folder: Path) -> Fitness:
    """Chooses the synced folder of a home; answers what its disk can do."""
    lock = home.take(places)
    try:
        identity = home.load(places, SystemIds().new())
        return home.choose_folder(places, identity, folder, SystemIds().new())
    finally:
        lock.release()
