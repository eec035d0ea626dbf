"""The watch over the synced folder, in this system's own way; what it says is in `hints`."""

import sys

if sys.platform == "win32":
    from govsync.system.windows.watcher import Watcher as Watcher
elif sys.platform == "darwin":
    from govsync.system.macos.watcher import Watcher as Watcher
else:
    from govsync.system.posix.watcher import Watcher as Watcher
