"""Folders and homes on real file systems in user space; skipped where none can be mounted."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.programs import GOVSYNC
from tests.journeys.site import meet, until

pytestmark = pytest.mark.journey


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a folder anew elsewhere through a program: `mounted(program, place)`."""
    mounts: list[Path] = []

    def mount(program: str, at: Path) -> Path:
        if shutil.which(program) is None or not os.access("/dev/fuse", os.W_OK):
            pytest.skip(f"{program} cannot be used here")
        beneath = tmp_path / f"beneath-{len(mounts)}"
        beneath.mkdir()
        at.mkdir(parents=True, exist_ok=True)
        if program == "gocryptfs":
            word = tmp_path / "word"
            word.write_text("a word")
            subprocess.run([program, "-q", "-init", "-passfile", word, beneath], check=True)
            command = [program, "-q", "-passfile", word, beneath, at]
        else:
            command = [program, beneath, at]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            pytest.skip(f"{program} may not mount here")
        mounts.append(at)
        return at

    yield mount
    for at in mounts:
        subprocess.run(["umount", "-l", at], check=True)


@pytest.mark.timeout(300)  # What was displaced is looked at again after a minute.
def test_a_folder_on_a_disk_in_user_space_is_synced_both_ways(
    site: Site, mounted: Callable[..., Path]
) -> None:
    mounted("gocryptfs", site.base / "weak" / "GovSync")
    weak, strong = site.desk("weak"), site.desk("strong")
    assert "network disk (fuse)" in weak.do("folder", "set", str(weak.folder))
    assert any(row["check"] == "network disk" for row in weak.json("doctor"))
    weak.write("Reports/Plan.txt", "first")
    weak.write("Large.bin", os.urandom(1_000_000))
    meet(weak, strong)
    strong.write("Reports/Plan.txt", "second")
    (strong.folder / "Large.bin").rename(strong.folder / "Renamed.bin")
    meet(strong, weak)
    assert weak.tree()["Reports/Plan.txt"] == b"second"
    with (weak.folder / "Reports/Plan.txt").open("r+b") as program:
        strong.write("Reports/Plan.txt", "third")
        until(lambda: weak.tree()["Reports/Plan.txt"] == b"third", "the edit")
        program.write(b"late!!")
    until(lambda: b"late!!" in weak.tree().values(), "the second version", limit_s=90)
    meet(weak, strong)
    assert weak.tree()["Reports/Plan.txt"] == b"third"


def test_a_disk_that_replaces_whatever_is_there_is_refused(
    tmp_path: Path, mounted: Callable[..., Path]
) -> None:
    folder = mounted("bindfs", tmp_path / "folder")
    env = {**os.environ, "GOVSYNC_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [*GOVSYNC, "folder", "set", folder], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "[folder_unfit]" in done.stderr
    assert "cannot rename without replacing" in done.stderr
    assert list(folder.iterdir()) == []


def test_a_home_on_such_a_disk_is_refused(tmp_path: Path, mounted: Callable[..., Path]) -> None:
    home = mounted("bindfs", tmp_path / "home") / "of" / "anna"
    env = {**os.environ, "GOVSYNC_HOME": str(home)}
    for command in (["folder", "set", str(tmp_path / "folder")], ["run"]):
        done = subprocess.run([*GOVSYNC, *command], env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, "[home_unfit]" in done.stderr) == (1, True), done.stderr
