"""The way between a person's programs and the agent, with the same person at both ends: a Unix socket, a named pipe on Windows.

Both are found by a path in the home, and both are used as sockets are: of a `Connection`, `recv`, `sendall`, `detach` and `close`,
of a `Listening`, `accept`.
"""

import sys

if sys.platform == "win32":
    from govsync.system.windows.ipc import Connection as Connection
    from govsync.system.windows.ipc import Listening as Listening
    from govsync.system.windows.ipc import close as close
    from govsync.system.windows.ipc import connect as connect
    from govsync.system.windows.ipc import is_own as is_own
    from govsync.system.windows.ipc import listen as listen
else:
    from govsync.system.posix.ipc import Connection as Connection
    from govsync.system.posix.ipc import Listening as Listening
    from govsync.system.posix.ipc import close as close
    from govsync.system.posix.ipc import connect as connect
    from govsync.system.posix.ipc import is_own as is_own
    from govsync.system.posix.ipc import listen as listen
