"""What lies around a folder that is to be synced: other synced folders, GovSync's own home, other programs' folders (R45)."""

import re
from pathlib import Path

from govsync.local.root import MARKER
from govsync.local.steps import STATE
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.survey import folders_below, names_in

_ONE_DRIVE = re.compile(r"OneDrive( - .+)?")
_NEXTCLOUD = re.compile(r"\._?sync_.*\.db|\.(owncloud|nextcloud)sync\.log|\.sync_journal\.db")


def require_apart(folder: Path, home: Path) -> None:
    """Raises Failure(folder_unfit) where the folder and a synced one, or GovSync's home, lie one in the other."""
    real, home = folder.resolve(), home.resolve()
    if real == home or real in home.parents or home in real.parents:
        raise Failure(Code.FOLDER_UNFIT, what="GovSync's own home lies in it, or it in GovSync's home")
    for above in real.parents:
        if _is_synced(above):
            raise Failure(Code.FOLDER_UNFIT, what="it lies inside a synced folder: {where}", where=above)
    for below in folders_below(real, but=STATE):
        if _is_synced(below):
            raise Failure(Code.FOLDER_UNFIT, what="a synced folder lies in it: {where}", where=below)


def _is_synced(folder: Path) -> bool:
    return (folder / STATE / MARKER).exists()


def other_program(folder: Path) -> tuple[str, Path] | None:
    """Answers which other program syncs the folder, or one around it, and which that is, as far as it leaves a trace."""
    real = folder.resolve()
    for around in (real, *real.parents):
        program = _program(around)
        if program is not None:
            return program, around
    return None


def _program(folder: Path) -> str | None:
    names = names_in(folder)
    if _ONE_DRIVE.fullmatch(folder.name):
        return "OneDrive"
    if ".stfolder" in names:
        return "Syncthing"
    # In a home `.dropbox` is a folder of Dropbox's settings, and says nothing about the folders beside it.
    if ".dropbox.cache" in names or (folder / ".dropbox").is_file():
        return "Dropbox"
    return "Nextcloud" if any(_NEXTCLOUD.fullmatch(name) for name in names) else None
