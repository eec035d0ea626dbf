"""Which way the system has for a server: what an environment names is everybody's to read; Windows and macOS have more."""

import sys

if sys.platform == "darwin":
    from govsync.system.macos.proxies import way_to as way_to
else:

    def way_to(address: str) -> str | None:
        """Answers the address of the proxy by which a server is reached, "" where none is wanted; None: whatever the environment
        says."""
        if sys.platform == "win32":
            from govsync.system.windows.proxies import way_to as found

            return found(address)
        del address
        return None
