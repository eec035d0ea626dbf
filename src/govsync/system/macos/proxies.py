"""Which proxy macOS has for a server: that of its network settings, with their exceptions.

The environment comes first, as everywhere. Source: `urllib.request`, which asks SystemConfiguration for both (`_scproxy`). A script that
names the proxy (PAC, WPAD) is not followed, and a proxy of SOCKS is none.
"""

from urllib.parse import urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass


def way_to(address: str) -> str | None:
    """As `system.proxies.way_to`; may ask for a name's address where an exception is one."""
    if getproxies_environment():
        return None
    parts = urlsplit(address)
    if parts.hostname is None or proxy_bypass(parts.hostname):
        return ""
    return getproxies().get(parts.scheme, "")
