"""Which names the disks of this system hold: every one but NUL and slash, and on Windows fewer."""

import sys

from govsync.model import names

STRICT = sys.platform == "win32"
"""Whether names of Windows alone can be had (`names.on_windows`)."""


def disk_name(name: str, node_id: bytes) -> str:
    """Answers the name to use on a disk of this system for what is called `name`, which the store maps back (R8)."""
    return names.on_windows(name, node_id) if STRICT else names.disk_name(name, node_id)
