"""Bytes that the server's own disk has spoilt come back from the desks that hold them, and nobody has to ask."""

import os
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


def packs(site: Site) -> list[Path]:
    return [
        path for path in (site.server.data / "store").rglob("*") if path.is_file() and len(path.name) == 32
    ]


def test_spoilt_packs_are_healed_by_the_desks_and_what_none_has_is_named(site: Site) -> None:
    office = site.desk("office")
    large, other = os.urandom(3_000_000), os.urandom(2_000_000)
    office.write("reports/budget.bin", large)
    office.write("reports/plan.bin", other)
    office.write("reports/gone.bin", os.urandom(1_000_000))
    office.wait()
    (office.folder / "reports/gone.bin").unlink()
    office.wait()
    spoilt = packs(site)
    assert spoilt
    for number, pack in enumerate(spoilt):
        if number % 2:
            pack.write_bytes(bytes(pack.stat().st_size))
        else:
            pack.unlink()
    # Somebody wants it: that it is lost is noticed, the desk that has it gives it back, and it comes.
    home = site.desk("home")
    wanted = {"reports/budget.bin": large, "reports/plan.bin": other}
    until(lambda: home.files() == wanted, "what was lost comes from the other desk", 120)
    meet(office, home)
    # What nobody wanted yet is found by a check.
    done = site.server.admin("check", "--repair")
    assert done.returncode == 1
    assert "gone.bin" in done.stdout
    assert "budget.bin" not in done.stdout
    until(
        lambda: site.server.admin("check").stdout.count("\n") == done.stdout.count("\n"), "no more is healed"
    )
    assert home.do("verify").strip() == office.do("verify").strip() == "Everything is equal."
    assert [row["path"] for row in office.json("problems") + home.json("problems")] == []


def test_a_check_that_repairs_has_everything_back_that_a_desk_still_shows(site: Site) -> None:
    office = site.desk("office")
    for number in range(20):
        office.write(f"scans/{number}.bin", os.urandom(200_000))
    office.wait()
    before = office.files()
    for pack in packs(site):
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 1
        pack.write_bytes(content)
    found = site.server.admin("check")
    assert found.returncode == 1
    assert "/scans/" in found.stdout
    assert site.server.admin("check", "--repair").returncode == 1
    until(lambda: site.server.admin("check").stdout == "sound\n", "everything is healed")
    office.wait()
    assert office.files() == before
    assert office.json("conflicts") == []
