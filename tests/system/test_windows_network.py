"""What Windows says of its line, and the way to a server that it has set: script, proxy, exceptions."""

import sys

import pytest

if sys.platform != "win32":
    pytest.skip("asks Windows", allow_module_level=True)

import http.server
import threading

from govsync.system.proxies import way_to
from govsync.system.windows import metered, registry
from govsync.system.windows.registry import PERSON

pytestmark = pytest.mark.windows

SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
NAMES = ("ProxyEnable", "ProxyServer", "ProxyOverride", "AutoConfigURL")
PATIENCE_S = 30


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """This person's proxy settings, which are put back afterwards."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    before = {name: registry.raw(PERSON, SETTINGS, name) for name in NAMES}
    for name in NAMES:
        registry.remove(PERSON, SETTINGS, name)
    yield
    for name, value in before.items():
        registry.remove(PERSON, SETTINGS, name)
        if value is not None:
            registry.put(PERSON, SETTINGS, name, value)


def with_proxy(server, *exceptions):
    registry.put(PERSON, SETTINGS, "ProxyEnable", 1)
    registry.put(PERSON, SETTINGS, "ProxyServer", server)
    registry.put(PERSON, SETTINGS, "ProxyOverride", ";".join(exceptions))


def test_where_nothing_is_set_the_way_is_direct():
    assert way_to("https://sync.example") == ""


def test_the_proxy_of_the_settings_is_taken_but_for_its_exceptions():
    with_proxy("proxy.example:3128", "*.inside.example", "<local>")
    assert way_to("https://sync.example") == "http://proxy.example:3128"
    assert way_to("https://sync.inside.example:8443") == ""
    assert way_to("http://intranet") == ""


def test_the_environment_comes_first(monkeypatch):
    with_proxy("proxy.example:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://another.example:80")
    assert way_to("https://sync.example") is None


SCRIPT = b"""function FindProxyForURL(url, host) {
  if (host == "direct.example") return "DIRECT";
  return "PROXY first.example:8080; PROXY second.example:8080; DIRECT";
}"""


@pytest.fixture
def script():
    class Serve(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ns-proxy-autoconfig")
            self.send_header("Content-Length", str(len(SCRIPT)))
            self.end_headers()
            self.wfile.write(SCRIPT)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/proxy.pac"
        server.shutdown()
        thread.join()


def test_a_script_is_asked_for_each_server(script):
    with_proxy("proxy.example:3128")
    registry.put(PERSON, SETTINGS, "AutoConfigURL", script)
    assert way_to("https://sync.example") == "http://first.example:8080"
    assert way_to("https://direct.example") == ""


def test_where_the_script_cannot_be_had_the_proxy_of_the_settings_is_taken():
    with_proxy("proxy.example:3128")
    registry.put(PERSON, SETTINGS, "AutoConfigURL", "http://127.0.0.1:9/proxy.pac")
    assert way_to("https://sync.example") == "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("cost", "roaming", "is_metered"),
    [(0, 0, False), (1, 0, False), (2, 0, True), (3, 0, True), (1, 1, True)],
)
def test_a_line_is_metered_where_what_passes_costs(cost, roaming, is_metered):
    def ask(hint):
        hint.cost, hint.roaming = cost, roaming
        return 0

    assert metered.is_metered(ask) is is_metered


def test_a_line_that_becomes_metered_and_cannot_be_asked_any_more_is_told(monkeypatch):
    answers, told, ended = [(1, 0), (2, 0), (0, 31)], [], threading.Event()

    def ask(hint):
        hint.cost, number = answers.pop(0) if answers else (0, 31)
        return number

    def tell(line):
        told.append(line)
        if not line:
            ended.set()

    monkeypatch.setattr(metered, "asking", lambda: ask)
    monkeypatch.setattr(metered, "_AGAIN_S", 0.01)
    line = metered.Metered(tell)
    line.start()
    assert ended.wait(PATIENCE_S)
    line.stop()
    assert told == [True, False]


def test_where_windows_does_not_know_the_line_is_unmetered(monkeypatch):
    monkeypatch.setattr(metered, "asking", lambda: None)
    line = metered.Metered(lambda _: pytest.fail("nobody could say so"))
    line.start()
    line._thread.join(PATIENCE_S)
    assert not line._thread.is_alive()


@pytest.mark.wine_differs("GetNetworkConnectivityHint is missing")
def test_windows_knows_the_question():
    ask = metered.asking()
    assert ask is not None
    assert metered.is_metered(ask) in (False, True)
