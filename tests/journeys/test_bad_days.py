"""Cut lines, killed processes, restarted servers, vanished folders: nothing is lost, and nobody lies about it."""

import os
import shutil

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, meet, until

pytestmark = pytest.mark.journey


def test_work_goes_on_without_a_line_and_catches_up(site: Site) -> None:
    office, home = site.desk("office", port=site.line.port), site.desk("home")
    office.write("a.txt", "1")
    meet(office, home)
    site.line.cut()
    until(lambda: office.json("status")["state"] == "offline", "offline")
    office.write("a.txt", "written offline")
    home.write("b.txt", "meanwhile")
    home.wait()
    site.line.mend()
    meet(office, home)
    assert home.tree()["a.txt"] == b"written offline"
    assert office.tree()["b.txt"] == b"meanwhile"


def test_a_desk_killed_again_and_again_loses_nothing(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for turn in range(4):
        for number in range(40):
            office.write(f"folder {turn}/{number}.txt", f"{turn} {number}")
        home.write(f"home {turn}.txt", str(turn))
        office.kill()
        office.start()
    meet(office, home)
    assert len([path for path in home.tree() if path.startswith("folder")]) == 4 + 160
    assert not [path for path in home.tree() if "conflict" in path]


def test_a_server_killed_under_load_goes_on_where_it_was(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for number in range(200):
        office.write(f"n/{number}", os.urandom(2_000))
    site.server.kill()
    office.write("after", "the crash")
    site.server.start()
    meet(office, home)
    assert len([path for path in home.tree() if path.startswith("n/")]) == 200
    assert site.server.admin("check").stdout.strip() == "sound"


def test_a_vanished_folder_is_no_deletion(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("a/b.txt", "precious")
    meet(office, home)
    office.folder.rename(office.folder.with_name("elsewhere"))
    until(lambda: office.json("status")["state"] == "hold", "the question", limit_s=90)
    assert office.json("problems")[0]["code"] == "folder_missing"
    assert home.tree()["a/b.txt"] == b"precious"
    office.folder.with_name("elsewhere").rename(office.folder)
    meet(office, home)
    assert home.tree()["a/b.txt"] == b"precious"


def test_an_unreadable_folder_deletes_nothing(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("a/b.txt", "precious")
    meet(office, home)
    shutil.move(office.folder / "a", office.base / "aside")
    (office.folder / "a").symlink_to(office.base / "aside")
    office.call("wait", "--timeout", "10")
    home.wait()
    assert home.tree()["a/b.txt"] == b"precious"


def test_wrong_passwords_answer_alike_and_say_why(site: Site) -> None:
    desk = site.desk("office")
    endpoint = f"http://127.0.0.1:{site.server.port}"
    for login in ("anna", "nobody"):
        options = ("--endpoint", endpoint, "--user", login, "--password-stdin")
        done = desk.call("login", *options, stdin="wrong")
        assert done.returncode == 1
        assert "[wrong_password]" in done.stderr
        assert PASSWORD not in done.stderr


def test_a_disabled_person_is_shut_out_and_keeps_all_files(site: Site) -> None:
    desk = site.desk("office")
    desk.write("mine.txt", "mine")
    desk.wait()
    site.server.admin("user", "disable", "anna").check_returncode()
    desk.write("later.txt", "later")
    until(lambda: desk.json("status")["state"] == "signed_out", "signed out")
    assert desk.tree()["mine.txt"] == b"mine"


def test_commands_end_with_the_codes_of_the_contract(site: Site) -> None:
    desk = site.desk("office")
    assert desk.call("no-such-command").returncode == 64
    assert desk.call("wait", "--timeout", "0").returncode == 2
    desk.do("pause")
    assert desk.json("status")["state"] == "paused"
    desk.do("resume")
    desk.wait()
    desk.kill()
    assert desk.call("status").returncode == 3
    desk.start()
