"""Where a device keeps its things: one home, one device (GOVSYNC_HOME), else the platform's own directories."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import platformdirs

RESCUED = "GovSync Rescued"
"""The visible folder, outside the synced one, for what may not stay inside and is nowhere else."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The files and folders of one home; nothing of them need exist yet.

    `own_home`: chosen by GOVSYNC_HOME. `use_credentials`: GOVSYNC_CREDENTIALS asks for the file instead of the keyring.
    """

    home: Path
    settings: Path
    endpoint_policy: Path
    store: Path
    identity: Path
    reported: Path
    credentials: Path
    logs: Path
    socket: Path
    lock: Path
    rescued: Path
    own_home: bool
    use_credentials: bool


def places(environment: Mapping[str, str]) -> Places:
    """Answers the places that GOVSYNC_HOME names in an environment, else the platform's for this process."""
    chosen = environment.get("GOVSYNC_HOME")
    if chosen:
        home = Path(chosen).expanduser().absolute()
        config = state = home
        rescued = home / RESCUED
    else:
        dirs = platformdirs.PlatformDirs("govsync", appauthor=False)
        config, state = Path(dirs.user_config_dir), Path(dirs.user_state_dir)
        home, rescued = state, Path.home() / RESCUED
    return Places(
        home=home, settings=config / "settings.toml", endpoint_policy=state / "endpoint-policy.toml",
        store=state / "store.db", identity=state / "device.json", reported=state / "reported",
        credentials=state / "credentials.json", logs=state / "logs", socket=state / "control", lock=state / "lock",
        rescued=rescued, own_home=bool(chosen),
        use_credentials=environment.get("GOVSYNC_CREDENTIALS") == "file",
    )  # fmt: skip


def default_data() -> Path:
    """Answers where a server keeps its data by default."""
    return Path(platformdirs.user_data_dir("govsync-server", appauthor=False))
