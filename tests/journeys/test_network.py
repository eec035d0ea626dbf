"""The line that a desk goes by: a proxy that is set, and a metered one."""

import socket
import time

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import until
from tests.journeys.test_proxies import _doctor
from tests.system.test_metered import Manager, bus

pytestmark = pytest.mark.journey

__all__ = ["bus"]


def test_a_desk_on_a_metered_line_pauses_unless_it_is_to_sync(site: Site, bus: str) -> None:
    manager = Manager(bus, 1)
    office = site.desk("office")  # It looks for the system's bus where the test has put one.
    until(lambda: office.json("status")["metered"], "the metered line")
    (office.folder / "a.txt").write_bytes(b"one")
    assert office.json("status")["state"] == "paused"
    assert "metered" in office.do("status")
    office.do("settings", "set", "sync.on_metered", "sync")
    office.wait()
    office.do("settings", "set", "sync.on_metered", "pause")
    until(lambda: office.json("status")["paused"], "the pause")
    office.do("resume")
    office.wait()

    def paused_by_another_line() -> bool:
        """What changes twice before it is asked for has not changed."""
        manager.become(2)
        time.sleep(0.2)
        manager.become(1)
        time.sleep(0.2)
        return bool(office.json("status")["paused"])

    until(paused_by_another_line, "the pause over another metered line")
    manager.become(2)
    until(lambda: not office.json("status")["paused"], "the free line")
    office.wait()


def test_a_proxy_that_is_set_is_the_only_way(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    office = site.desk("office")
    office.do("settings", "set", "network.proxy", nobody)
    assert office.json("settings")["network.proxy"] == {"value": nobody, "source": "user"}
    office.kill()
    office.start()
    until(lambda: office.json("status")["state"] == "offline", "a desk without a way")
    checks = {row["check"]: row for row in _doctor(office)}
    assert checks["proxy"]["detail"] == nobody
    assert checks["endpoint"]["result"] == "FAIL"
    office.do("settings", "set", "network.proxy", "none")
    office.wait()
    refused = office.call("settings", "set", "network.proxy", "http://anna:secret@proxy:3128")
    assert (refused.returncode, "[setting_bad" in refused.stderr) == (1, True)
