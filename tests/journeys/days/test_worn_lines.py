"""A line that is cut and spoils bits while files move and processes are killed: only whole contents ever get a name."""

import os
import random
import threading
import time

import pytest

from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.site import meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]


@pytest.mark.day("T7")
def test_cut_and_spoilt_transfers_end_with_whole_files_and_nothing_else(site: Site) -> None:
    """Cut uploads became short files, a flipped bit a version, and a file that was still growing its first half
    (Maestral 945, ownCloud client 2708 and 2210, Nextcloud client 2822)."""
    office, home = site.desk("office", port=site.line.port), site.desk("home", port=site.line.port)
    meet(office, home)
    chance = random.Random(7)
    sizes = [0, 1, 100, 5_000, 70_000, 300_000, size(2_000_000, 20_000_000)]
    made = {f"{number % 3}/{number}.bin": os.urandom(chance.choice(sizes)) for number in range(size(24, 200))}
    grown = [os.urandom(100_000) for _ in range(size(8, 100))]

    def grow() -> None:
        with (office.folder / "growing.iso").open("wb") as file:
            for piece in grown:
                file.write(piece)
                file.flush()
                time.sleep(0.3)  # As slow as a download of somebody else's.

    site.line.wear_out(seed=7)
    growing = threading.Thread(target=grow)
    growing.start()
    for number, (name, content) in enumerate(made.items()):
        office.write(name, content)
        if number == len(made) // 2:
            office.kill()
            office.start()
            home.kill()
            home.start()
    growing.join()
    office.call("wait", "--timeout", str(size(5, 120)))
    site.line.mend()
    for desk in (office, home):  # What arrived spoilt is a problem until its next try.
        until(lambda desk=desk: desk.json("status")["state"] == "in_sync", "every next try", 330)  # type: ignore[misc]
    meet(office, home)
    assert home.files() == {**made, "growing.iso": b"".join(grown)}
    sizes_sent = [row["size"] for row in office.json("versions", str(office.folder / "growing.iso"))]
    assert sizes_sent == [sum(map(len, grown))], "no half of it was ever a version"
    assert site.server.admin("check").stdout.strip() == "sound"
    assert home.do("verify").strip() == "Everything is equal."
