"""What a device is: its id, its account, its folder. One file in the home, replaced whole (R40, R45, R51).

The functions here change a home while no agent runs (the caller holds the home's lock) or inside the agent.
"""

import logging
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import msgspec

from govsync.agent import fixed
from govsync.agent.neighbours import require_apart
from govsync.local import root as roots
from govsync.local.root import Root
from govsync.local.steps import STATE
from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.ids import Hex
from govsync.model.problems import MALFORMED, Failure
from govsync.protocol.numbers import Count
from govsync.settings.merge import ENDPOINT, INSTALLER, POLICY, USER, Effective, merge, read, write
from govsync.settings.schema import find, parse
from govsync.settings.values import Values, values
from govsync.system import autostart
from govsync.system import policy as machine_policy
from govsync.system.disk import DiskFileSystem
from govsync.system.durable import replace_file
from govsync.system.lock import Lock
from govsync.system.machine import device_name, machine_id, user_name
from govsync.system.places import Places
from govsync.system.probe import Fitness, network_kind, probe
from govsync.system.process import govsync
from govsync.system.secrets import Secrets

_log = logging.getLogger(__name__)


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """The order to wipe this desk that it began to obey last, and whether that is over: then it is never obeyed again, whoever
    repeats it."""

    order: Hex
    over: bool = False


class Over(msgspec.Struct, frozen=True, kw_only=True):
    """How the last session ended where the person did not end it; what was removed with it, if it was by an order."""

    at_ms: Count
    wiped: bool = False
    removed: Count = 0
    kept: Count = 0


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The device: who it is, for whom, and which folder it syncs. Ids are hexadecimal."""

    device: Hex
    name: str
    machine: str
    endpoint: str = ""
    login: str = ""
    user_name: str = ""
    folder: Annotated[str, msgspec.Meta(pattern=r"^[^\0]*\Z")] = ""
    root: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?\Z")] = ""
    root_ino: Count = 0
    next_root: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?\Z")] = ""
    """The id that the folder is being given, while it is not known whether it has it."""

    wipe: Ordered | None = None
    over: Over | None = None

    def root_of(self) -> Root | None:
        """Answers what is recorded of the folder, or None before one was chosen."""
        if not self.root:
            return None
        return Root(bytes.fromhex(self.root), bytes.fromhex(self.device), self.root_ino)


def take(places: Places) -> Lock:
    """Takes a home for this process; raises Failure(home_in_use), or Failure(home_unfit) where its database would lie on
    a disk that others write to as well (R40)."""
    kind = network_kind(places.home)
    if kind is not None:
        raise Failure(Code.HOME_UNFIT, what=kind)
    return Lock(places.lock)


def load(places: Places, new_id: bytes) -> Identity:
    """Answers the device of a home; a new home, and one that was copied to another machine, gets a new device id (R40,
    R49)."""
    try:
        found = from_json(places.identity.read_bytes(), Identity)
    except FileNotFoundError:
        return Identity(device=new_id.hex(), name=device_name(), machine=machine_id())
    except MALFORMED as error:
        raise Failure(Code.STORE_DAMAGED, what=str(places.identity)) from error
    return found if found.machine == machine_id() else another(found, new_id)


def with_root(places: Places, identity: Identity) -> Identity:
    """Answers the device with the id that its folder has, where a process ended while it gave it another one (0033). Where the
    folder is not there it is asked again at the next start."""
    if not identity.next_root:
        return identity
    disk = DiskFileSystem(Path(identity.folder))
    try:
        marker = roots.found(disk)
        if marker is None:
            return identity
        settled = msgspec.structs.replace(identity, next_root="")
        if marker == (bytes.fromhex(identity.next_root), bytes.fromhex(identity.device)):
            root = roots.adopt(disk, *marker)
            settled = msgspec.structs.replace(settled, root=root.id.hex(), root_ino=root.ino)
    except Failure as failure:
        _log.info("it is not known yet which folder lies there: %s", failure.code)
        return identity
    save(places, settled)
    return settled


def another(identity: Identity, new_id: bytes) -> Identity:
    """Answers a device of its own for a home that was copied; its folder is taken at the next sign-in."""
    return Identity(device=new_id.hex(), name=device_name(), machine=machine_id(), folder=identity.folder)


def save(places: Places, identity: Identity) -> None:
    """Keeps the device, durable on return; what is kept already needs no room on a full disk."""
    data = msgspec.json.encode(identity)
    if not places.identity.exists() or places.identity.read_bytes() != data:
        replace_file(places.identity, data)


def secrets(places: Places) -> Secrets:
    """Opens where the refresh token is kept."""
    return Secrets(places.credentials, places.own_home or places.use_credentials)


def secret_name(identity: Identity) -> str:
    """Names the refresh token of a device."""
    return f"{identity.endpoint} {identity.login} {identity.device}"


def settings(places: Places) -> tuple[dict[str, Effective], list[Failure]]:
    """Answers every setting with its source, and what is wrong in the files."""
    policy: dict[str, str] = {}
    wrong: list[Failure] = []
    for file in machine_policy.files():
        texts, errors = read(file.text)
        policy.update(texts)
        errors += [file.unreadable] if file.unreadable else []
        wrong.extend(Failure(Code.SETTING_BAD, name=str(file.path), value=error) for error in errors)
    endpoint, errors = fixed.kept(places)
    wrong.extend(Failure(Code.SETTING_BAD, name=str(places.endpoint_policy), value=error) for error in errors)
    user, errors = _user_settings(places)
    wrong.extend(Failure(Code.SETTING_BAD, name=str(places.settings), value=error) for error in errors)
    seed = machine_policy.seed()
    effective, bad = merge([(POLICY, policy), (ENDPOINT, endpoint), (USER, user), (INSTALLER, seed)])
    return effective, [*wrong, *bad]


def _user_settings(places: Places) -> tuple[dict[str, str], list[str]]:
    try:
        return read(places.settings.read_text(errors="replace"))
    except FileNotFoundError:
        return {}, []


def set_setting(places: Places, key: str, text: str) -> None:
    """Sets a person's setting; raises Failure(setting_unknown, setting_bad, setting_fixed)."""
    setting = find(key)
    parse(setting, text)
    if settings(places)[0][setting.key].fixed:
        raise Failure(Code.SETTING_FIXED, name=setting.key)
    texts, errors = _user_settings(places)
    if errors:  # To write it anew would drop what the person has put there.
        raise Failure(Code.SETTING_BAD, name=str(places.settings), value=errors[0])
    texts[setting.key] = text
    replace_file(places.settings, write(texts).encode())
    if setting.key in ("app.autostart", "app.show_tray"):
        follow_autostart(places)


def follow_autostart(places: Places) -> None:
    """Has GovSync start when the person signs in, or not, as the settings say.

    A home that GOVSYNC_HOME chose is started by whoever chose it: the desktop would start the platform's own.
    """
    if places.own_home:
        return
    config = places.settings.parent.parent  # The desktop's own entries lie beside our folder.
    found = values(settings(places)[0])
    if found.app_autostart:
        # With its icon, where that is installed: it starts the agent.
        window = find_spec("PySide6") is not None and found.app_show_tray
        autostart.turn_on(config, govsync("app", "--minimized") if window else govsync("start"))
    else:
        autostart.turn_off(config)


def folder_of(settings: Values, identity: Identity | None = None) -> Path:
    """Answers the folder that a device takes which has none: the one that it had, unless that is fixed, else what the settings
    say."""
    if identity is not None and identity.folder and not settings.folder_locked:
        return Path(identity.folder)
    text = settings.folder_path.replace("{home}", str(Path.home())).replace("{user}", user_name())
    return Path(text).expanduser().absolute()


def choose_folder(places: Places, identity: Identity, folder: Path, new_id: bytes) -> Fitness:
    """Makes a folder this device's and answers what its disk can do; raises Failure(folder_unfit, folder_taken) and says
    why (R15, R45, R51)."""
    folder = folder.expanduser().absolute()
    require_apart(folder, places.home)  # Before it is made: it would be made in somebody's synced folder.
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(Code.FOLDER_UNFIT, what=f"{folder}: {error.strerror}") from error
    fitness = probe(folder)
    if fitness.unfit is not None:
        raise Failure(Code.FOLDER_UNFIT, what=fitness.unfit)
    disk = DiskFileSystem(folder)
    try:
        marker = roots.found(disk)
        with lock_folder(folder) if (folder / STATE).is_dir() else nullcontext():
            root = roots.adopt(
                disk, marker[0] if marker is not None else new_id, bytes.fromhex(identity.device)
            )
    except Failure as failure:
        if failure.code is Code.FOLDER_TAKEN:  # Another home's agent is at work in it.
            raise
        raise Failure(Code.FOLDER_UNFIT, what=f"{folder}: {failure.code}") from failure
    changed = msgspec.structs.replace(identity, folder=str(folder), root=root.id.hex(), root_ino=root.ino)
    save(places, changed)
    return fitness


def lock_folder(folder: Path) -> Lock:
    """Locks a synced folder for one agent; raises Failure(folder_taken) while another one has it (R45)."""
    return Lock(folder / STATE / "lock", Code.FOLDER_TAKEN)
