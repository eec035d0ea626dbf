"""How this GovSync came onto the machine: as which kind of package, and whether whoever made that keeps it up to date."""

import platform
import sys
from pathlib import Path

if sys.platform == "win32":
    from govsync.system.windows.installed import kind_of

HOME = Path("/usr/lib/govsync")
"""Where packages of Linux have the program (`packaging/packages/client.py`)."""
KEPT = "kept-by-the-system"
"""A file beside the interpreter that says so: a distribution's package, or one of a mirror that IT keeps, has it."""
_DATABASES = (
    ("deb", Path("/var/lib/dpkg/info/govsync.list")),
    ("rpm", Path("/var/lib/rpm")),
    ("rpm", Path("/usr/lib/sysimage/rpm")),
)
"""What tells that a system of packages is in use: that of Debian by our own entry, since its tools are found elsewhere, too."""


def package_kind() -> str | None:
    """Answers the kind of this machine's package of GovSync, as in deb-x86_64; None where it did not come as one of ours, or the
    system brings newer ones by itself."""
    folder = Path(sys.executable).parent
    if (folder / KEPT).exists():
        return None
    if sys.platform == "win32":
        return kind_of(folder)
    if folder != HOME:
        return None
    for kind, database in _DATABASES:
        if database.exists():
            return f"{kind}-{platform.machine()}"
    return None
