"""Which spaces come to a desk by themselves, as an organisation decides: only those that were never there are kept off it."""

import json

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until
from tests.journeys.test_leaving_out import verified
from tests.journeys.test_sharing import shows

pytestmark = pytest.mark.journey


def decide(site: Site, *arguments: str) -> None:
    site.server.admin("org", "policy", *arguments).check_returncode()


def give(boris: Desk, name: str) -> None:
    boris.write(f"{name}/x.txt", name)
    boris.wait()
    boris.do("share", "add", str(boris.folder / name), "--with", "anna", "--role", "editor")


def knows(desk: Desk, name: str) -> bool:
    return any(space["name"] == name and space["path"] for space in desk.json("status")["spaces"])


def begin_anew(desk: Desk, without_memory: bool = False) -> None:
    desk.do("stop")
    if without_memory:
        for part in (desk.base / "home").rglob("store.db*"):
            part.unlink()
    desk.start()


def test_only_ones_own_comes_by_itself_and_what_was_there_stays(site: Site) -> None:
    anna, boris = site.desk("anna"), site.desk("boris", "boris")
    anna.join_team()
    anna.write("own.txt", "own")
    anna.write("Planning/team.txt", "team")
    anna.wait()
    decide(site, "set", "Ministry", "sync.spaces_default", "personal")
    until(lambda: anna.json("settings")["sync.spaces_default"]["source"] == "endpoint", "it is heard")

    second = site.desk("second")
    shows(second, "own.txt", "own")
    verified(second)
    give(boris, "Given")
    for each in (anna, second):
        until(lambda each=each: knows(each, "Given"), "the desk knows of the folder")  # type: ignore[misc]
        verified(each)
    assert set(anna.files()) == {"own.txt", "Planning/team.txt"}
    assert {path.name for path in second.folder.iterdir() if path.name[0] != "."} == {"own.txt"}
    left = {row["path"] for row in json.loads(second.do("activity", "--json")) if row["kind"] == "left_out"}
    assert left == {"Planning", "Given"}

    second.do("include", str(second.folder / "Planning"))
    shows(second, "Planning/team.txt", "team")
    begin_anew(second)
    verified(second)
    begin_anew(second, without_memory=True)
    verified(second)
    assert second.files()["Planning/team.txt"] == b"team", "what lies there has been there before"

    decide(site, "unset", "Ministry", "sync.spaces_default")
    until(lambda: second.json("settings")["sync.spaces_default"]["source"] == "default", "it is heard")
    give(boris, "More")
    shows(second, "More/x.txt", "More")
    verified(anna)
    assert set(anna.files()) == {"own.txt", "Planning/team.txt", "More/x.txt"}
