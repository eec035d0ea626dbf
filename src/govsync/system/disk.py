"""The real disk, as this system has it (`fs`)."""

import sys

if sys.platform == "win32":
    from govsync.system.windows.disk import DiskFile as DiskFile
    from govsync.system.windows.disk import DiskFileSystem as DiskFileSystem
    from govsync.system.windows.disk import DiskFolder as DiskFolder
    from govsync.system.windows.disk import ignore_lease_signals as ignore_lease_signals
    from govsync.system.windows.disk import network_kind as network_kind
else:
    if sys.platform == "darwin":
        from govsync.system.macos.disk import DiskFileSystem as DiskFileSystem
    else:
        from govsync.system.posix.disk import DiskFileSystem as DiskFileSystem
    from govsync.system.posix.disk import DiskFile as DiskFile
    from govsync.system.posix.disk import DiskFolder as DiskFolder
    from govsync.system.posix.disk import ignore_lease_signals as ignore_lease_signals
    from govsync.system.posix.disk import network_kind as network_kind
