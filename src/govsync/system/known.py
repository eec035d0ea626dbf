"""The folders that a system knows by what they are for (`documents`, `desktop`, `pictures`): where each lies, for the desktop and
for every program that asks.

One small interface: `where`, `point`, and a stand-in at the place that such a folder has left, so that whoever has the old path
still finds what it led to. Refuses to know what lies in them.
"""

import sys

if sys.platform == "win32":
    from govsync.system.windows.known import is_stand_in as is_stand_in
    from govsync.system.windows.known import leave_stand_in as leave_stand_in
    from govsync.system.windows.known import point as point
    from govsync.system.windows.known import take_stand_in as take_stand_in
    from govsync.system.windows.known import where as where
else:
    from govsync.system.posix.known import is_stand_in as is_stand_in
    from govsync.system.posix.known import leave_stand_in as leave_stand_in
    from govsync.system.posix.known import point as point
    from govsync.system.posix.known import take_stand_in as take_stand_in
    from govsync.system.posix.known import where as where
