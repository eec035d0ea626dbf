"""Whether the system says that its line is metered, and when that changes."""

import sys

if sys.platform == "win32":
    from govsync.system.windows.metered import Metered as Metered
elif sys.platform == "darwin":
    from govsync.system.macos.metered import Metered as Metered
else:
    from govsync.system.posix.metered import Metered as Metered
