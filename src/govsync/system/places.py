"""Where a device keeps its things: one home, one device (GOVSYNC_HOME), else the platform's own directories."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import platformdirs

_LONGEST_SOCKET = 100


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The files and folders of one home."""

    home: Path
    settings: Path
    store: Path
    identity: Path
    credentials: Path
    logs: Path
    socket: Path
    lock: Path
    own_home: bool


def places(environment: Mapping[str, str]) -> Places:
    """Answers the places for an environment (GOVSYNC_HOME, else the platform's)."""
    chosen = environment.get("GOVSYNC_HOME")
    if chosen:
        home = Path(chosen).expanduser().absolute()
        config = state = home
    else:
        dirs = platformdirs.PlatformDirs("govsync", appauthor=False)
        config, state = Path(dirs.user_config_dir), Path(dirs.user_state_dir)
        home = state
    return Places(
        home=home, settings=config / "settings.toml", store=state / "store.db", identity=state / "device.json",
        credentials=state / "credentials.json", logs=state / "logs", socket=_socket(state), lock=state / "lock",
        own_home=bool(chosen),
    )  # fmt: skip


def _socket(state: Path) -> Path:
    """A socket's path holds about 100 bytes; a longer one gets a short name that is always the same for its home."""
    path = state / "control"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    digest = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/tmp/govsync-{os.getuid()}")
    return Path(runtime) / f"govsync-{digest}"


def default_data() -> Path:
    """Answers where a server keeps its data by default."""
    return Path(platformdirs.user_data_dir("govsync-server", appauthor=False))
