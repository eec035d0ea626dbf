"""The way to a server that a Mac's network settings name, and its line, of which nothing is known."""

import urllib.request

import pytest

from govsync.system.macos import proxies
from govsync.system.macos.metered import Metered
from govsync.system.macos.proxies import way_to

PROXIES = {"https": "http://proxy.example:3128", "socks": "http://socks.example:1080"}
EXCEPTIONS = {"exclude_simple": True, "exceptions": ["*.inside.example", "10.0/16"]}
"""What SystemConfiguration answers, as Python's `_scproxy` hands it on."""


@pytest.fixture(autouse=True)
def _as_on_a_mac(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(proxies, "getproxies", PROXIES.copy)
    monkeypatch.setattr(
        proxies, "proxy_bypass", lambda host: urllib.request._proxy_bypass_macosx_sysconf(host, EXCEPTIONS)
    )


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("https://sync.example", "http://proxy.example:3128"), ("https://sync.inside.example:8443/a", ""),
        ("http://intranet", ""), ("https://10.0.3.4", ""), ("https://10.1.3.4:443", "http://proxy.example:3128"),
        ("http://sync.example", ""), ("no address", ""),
    ],
)  # fmt: skip
def test_the_proxy_of_the_settings_is_taken_but_for_its_exceptions(address, way):
    assert way_to(address) == way


def test_the_environment_comes_first_with_exceptions_of_its_own(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://another.example:80")
    assert way_to("https://sync.example") is None
    assert way_to("https://sync.inside.example") is None


def test_a_line_is_never_said_to_be_metered():
    told = []
    line = Metered(told.append)
    line.start()
    line.stop()
    assert told == []
