"""Whether GovSync starts when the person signs in."""

import sys

if sys.platform == "win32":
    from govsync.system.windows.autostart import is_on as is_on
    from govsync.system.windows.autostart import turn_off as turn_off
    from govsync.system.windows.autostart import turn_on as turn_on
elif sys.platform == "darwin":
    from govsync.system.macos.autostart import is_on as is_on
    from govsync.system.macos.autostart import turn_off as turn_off
    from govsync.system.macos.autostart import turn_on as turn_on
else:
    from govsync.system.posix.autostart import is_on as is_on
    from govsync.system.posix.autostart import turn_off as turn_off
    from govsync.system.posix.autostart import turn_on as turn_on
