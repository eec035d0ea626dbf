"""As which package of the Windows Installer this GovSync came: each has written down in which folder it has put it."""

import logging
import sys
from pathlib import Path

from govsync.system.windows import registry
from govsync.system.windows.policy import SEED

assert sys.platform == "win32"

_FOLDER = "Folder"
_KINDS = ((registry.MACHINE, "msi-x86_64"), (registry.PERSON, "msi-person-x86_64"))
"""Our packages are for no other machine."""

_log = logging.getLogger(__name__)


def kind_of(folder: Path) -> str | None:
    """Answers the kind of the package that brought a folder, None where it was none of ours; where that cannot be read, too."""
    for root, kind in _KINDS:
        try:
            brought = registry.value(root, SEED, _FOLDER)
        except OSError as error:
            _log.warning("whether %s has a package cannot be read: %s", registry.shown(root, SEED), error)
            continue
        if brought and Path(brought) == folder:
            return kind
    return None
