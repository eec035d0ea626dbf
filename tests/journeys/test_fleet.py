"""IT sees every device, and signs one out."""

import json
from typing import Any

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until

pytestmark = pytest.mark.journey


def admin(site: Site, *arguments: str) -> str:
    done = site.server.admin(*arguments)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def listed(site: Site) -> dict[str, Any]:
    """Answers each device of the fleet by its id."""
    return {row["device"]: row for row in json.loads(admin(site, "fleet", "--json"))}


def state(desk: Desk) -> str:
    return str(desk.json("status")["state"])


def test_a_desk_tells_how_it_is_where_it_is_to_and_one_is_signed_out(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    (office.folder / "a.txt").write_bytes(b"one")
    office.wait()
    home.wait()
    office.kill()
    office.do("settings", "set", "privacy.health_reports", "counts")
    office.start()
    until(lambda: listed(site)[office.device()]["reported"], "the desk tells how it is")
    told, silent = listed(site)[office.device()], listed(site)[home.device()]
    assert (told["login"], told["organisation"], told["problems"]) == ("anna", "Ministry", {})
    assert told["version"] == office.json("status")["version"]
    assert told["state"] in ("syncing", "in_sync")
    assert (silent["version"], silent["state"], silent["problems"], silent["reported"]) == (
        "",
        "",
        None,
        None,
    )
    office.do("settings", "set", "privacy.health_reports", "off")
    until(lambda: listed(site)[office.device()]["reported"] is None, "it takes back what it told")
    silenced = listed(site)[office.device()]
    assert (silenced["version"], silenced["state"], silenced["problems"]) == ("", "", None)

    admin(site, "device", "sign-out", office.device())
    until(lambda: state(office) == "signed_out", "the desk says so")
    office.wait(expected=4)
    assert office.files() == {"a.txt": b"one"}
    assert listed(site)[office.device()]["state"] == "signed_out"
    assert "The server has ended this desk's session." in office.do("status")
    over = office.json("status")["session_over"]
    assert not over["wiped"]
    office.kill()
    office.start()
    until(lambda: state(office) == "signed_out", "it finds so again")
    assert office.json("status")["session_over"] == over
    (home.folder / "b.txt").write_bytes(b"two")
    home.wait()
    assert (state(home), state(office)) == ("in_sync", "signed_out")
