"""Disks that are full or write-protected, under the folder and under the home: said, survived, and over when they are."""

import os
import shutil
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.disks import small_disk
from tests.journeys.programs import Programs
from tests.journeys.site import Server, meet, until

pytestmark = pytest.mark.journey


@pytest.mark.day("T5", part="a full disk")
def test_a_full_disk_under_the_folder_keeps_back_what_does_not_fit_and_nothing_else(site: Site) -> None:
    with small_disk(site.base / "office" / "GovSync", 8) as disk:
        office, home = site.desk("office"), site.desk("home")
        office.do("settings", "set", "folder.minimum_free", "0")
        home.write("large.bin", os.urandom(12_000_000))
        home.write("small.txt", "fits")
        home.wait()
        office.wait(expected=4)
        assert office.codes() == {"large.bin": "disk_full"}
        assert office.json("status")["state"] == "problem"
        assert office.files() == {"small.txt": b"fits"}
        office.write("up.txt", "goes on")
        (office.folder / "small.txt").unlink()
        until(
            lambda: home.files().get("up.txt") == b"goes on" and "small.txt" not in home.files(),
            "what goes up",
        )
        disk.grow(64)
        until(lambda: office.json("status")["state"] == "in_sync", "what fits now")
        assert office.files() == home.files()
        assert office.codes() == {}
        office.stop()


def test_a_full_disk_under_the_home_is_waited_out(site: Site) -> None:
    with small_disk(site.base / "office" / "home", 16) as disk:
        office, home = site.desk("office"), site.desk("home")
        office.write("before.txt", "before")
        office.wait()
        disk.fill()
        for number in range(200):
            office.write(f"{number}.txt", os.urandom(1_000))
        until(lambda: office.json("status")["state"] == "problem", "the problem")
        assert office.codes() == {str(office.base / "home"): "disk_full"}
        assert office.call("wait", "--timeout", "20").returncode == 4
        refused = office.call("pause")
        assert (refused.returncode, "[disk_full" in refused.stderr) == (1, True)
        office.kill()
        office.start()
        until(lambda: office.json("status")["state"] == "problem", "the problem again")
        disk.empty()
        until(lambda: office.json("status")["state"] == "in_sync", "the end of it")
        home.wait()
        assert office.files() == home.files()
        assert len(home.files()) == 201
        assert not list((office.base / "home").glob("*damaged*"))
        office.stop()


def test_a_full_disk_under_the_server_is_said_on_the_desk_while_it_lasts(
    tmp_path: Path, populated: Path, programs: Programs
) -> None:
    with small_disk(tmp_path / "server", 32) as disk:
        shutil.copytree(populated, tmp_path / "server", dirs_exist_ok=True)
        site = Site(tmp_path, [Server(tmp_path, programs=programs)], programs)
        office, home = site.desk("office"), site.desk("home")
        office.write("before.txt", "before")
        meet(office, home)
        disk.fill()
        for number in range(20):
            office.write(f"{number}.txt", os.urandom(40_000))
        until(lambda: office.json("status")["state"] == "problem", "the problem")
        assert office.codes() == {str(office.folder): "store_full"}
        assert office.call("wait", "--timeout", "60").returncode == 4
        assert "no room left" in office.do("problems")
        disk.empty()
        until(lambda: office.json("status")["state"] == "in_sync", "the end of it", limit_s=120)
        assert office.codes() == {}
        meet(office, home)
        assert len(home.files()) == 21
        site.close()


def test_a_folder_that_is_write_protected_at_the_start_is_said_and_goes_on_when_it_may(site: Site) -> None:
    with small_disk(site.base / "office" / "GovSync", 32) as disk:
        office, home = site.desk("office"), site.desk("home")
        office.do("settings", "set", "folder.minimum_free", "0")
        office.write("mine.txt", "mine")
        meet(office, home)
        office.kill()
        disk.protect()
        home.write("new.txt", "new")
        home.wait()
        office.start()
        until(lambda: office.json("status")["state"] == "problem", "the problem")
        assert office.codes() == {str(office.folder): "read_only"}
        assert office.call("wait", "--timeout", "30").returncode == 4
        assert office.files() == {"mine.txt": b"mine"}
        assert home.files() == {"mine.txt": b"mine", "new.txt": b"new"}
        disk.unprotect()
        until(lambda: office.json("status")["state"] == "in_sync", "the end of it")
        assert office.files() == home.files() == {"mine.txt": b"mine", "new.txt": b"new"}
        office.stop()


def test_a_write_protected_folder_is_read_and_said_and_goes_on_when_it_may(site: Site) -> None:
    with small_disk(site.base / "office" / "GovSync", 32) as disk:
        office, home = site.desk("office"), site.desk("home")
        office.do("settings", "set", "folder.minimum_free", "0")
        office.write("mine.txt", "mine")
        meet(office, home)
        disk.protect()
        home.write("new.txt", "new")
        home.write("mine.txt", "edited")
        home.wait()
        until(lambda: office.json("status")["state"] == "problem", "the problem")
        assert set(office.codes().values()) == {"read_only"}
        assert office.call("wait", "--timeout", "30").returncode == 4
        assert home.files() == {"new.txt": b"new", "mine.txt": b"edited"}
        disk.unprotect()
        until(lambda: office.json("status")["state"] == "in_sync", "the end of it")
        assert office.files() == home.files() == {"new.txt": b"new", "mine.txt": b"edited"}
        office.stop()
