"""docs/operate/recovery.md, typed as it stands: every block of commands, in its order, at the other places of a journey."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, meet

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operate" / "recovery.md"
SECTIONS = dict(re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S))


def commands(section: str) -> list[str]:
    """Lists the blocks of commands of a section."""
    return re.findall(r"^```\n(.*?)^```", SECTIONS[section], re.M | re.S)


def type_in(site: Site, block: str) -> subprocess.CompletedProcess[str]:
    """Types a block into a shell, with the places of this journey."""
    told = block.replace("/srv/govsync", str(site.server.data)).replace("/srv/copy", str(site.base / "copy"))
    told = re.sub(r"\bgovsync admin", f"{sys.executable} -m govsync.cli.main admin", told)
    env = {**os.environ, "PASSWORD": PASSWORD}
    return subprocess.run(["bash", "-euc", told], capture_output=True, text=True, check=False, env=env)


def sign_in_again(site: Site, desk: Desk) -> None:
    endpoint = f"http://127.0.0.1:{site.server.port}"
    desk.do("login", "--endpoint", endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)


def test_every_block_of_the_page_is_typed_by_one_of_these_tests() -> None:
    typed = [
        "Is anything broken?",
        "Damaged contents",
        "Make a copy",
        "Put a copy back",
        "Begin with nothing",
    ]
    assert [name for name in SECTIONS if commands(name)] == typed
    assert [len(commands(name)) for name in typed] == [1, 1, 2, 1, 1]


def test_a_server_is_copied_damaged_healed_and_put_back_as_the_page_says(site: Site) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("no sqlite3 here")
    office = site.desk("office")
    office.write("a.txt", "before the copy")
    office.write("scan.bin", os.urandom(300_000))
    office.wait()
    (site.base / "copy").mkdir()
    copy, trial = commands("Make a copy")
    type_in(site, copy).check_returncode()
    assert type_in(site, trial).stdout == "sound\n"
    (look,) = commands("Is anything broken?")
    assert type_in(site, look).stdout == "sound\n"
    for pack in (path for path in (site.server.data / "store").rglob("*") if len(path.name) == 32):
        pack.write_bytes(bytes(pack.stat().st_size))
    assert type_in(site, look).returncode == 1
    (repair,) = commands("Damaged contents")
    assert "--repair" in type_in(site, repair).stdout
    office.write("b.txt", "after the copy")
    office.wait()
    site.server.kill()
    (back,) = commands("Put a copy back")
    type_in(site, back).check_returncode()
    site.server.start()
    home = site.desk("home")
    for desk in (office, home):
        if desk.json("status")["state"] == "signed_out":
            sign_in_again(site, desk)
    meet(office, home)
    assert home.files()["a.txt"] == b"before the copy"
    assert home.files()["b.txt"] == b"after the copy"
    assert type_in(site, look).stdout == "sound\n"


def test_a_server_without_a_copy_begins_with_nothing_as_the_page_says(site: Site) -> None:
    office = site.desk("office")
    office.join_team()
    office.write("Planning/team.txt", "of the team")
    office.write("mine.txt", "mine")
    office.wait()
    expected = office.files()
    site.server.kill()
    shutil.rmtree(site.server.data)
    site.server.start()
    (anew,) = commands("Begin with nothing")
    type_in(site, anew).check_returncode()
    sign_in_again(site, office)
    home = site.desk("home")
    meet(office, home)
    assert home.files() == expected
