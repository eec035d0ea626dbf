"""What a disk would not take, or lost again in a power cut, was never deleted and never edited by anybody."""

import os
import resource

import pytest

from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.site import Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
LIMIT_BYTES = 8_000_000
LONG_AGO_S = 1_700_000_000


def limit_files(desk: Desk, size_bytes: int) -> None:
    """Lets the agent of a desk write no file that is larger."""
    assert desk.agent is not None
    resource.prlimit(
        desk.agent.pid, resource.RLIMIT_FSIZE, (size_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    )


@pytest.mark.day("T5")
def test_what_cannot_be_written_here_stays_everywhere_else(site: Site) -> None:
    """A download that the disk refused counted as done, its absence as a deletion, and the server's only copy went
    (Nextcloud desktop 3444 and 3296)."""
    office, home = site.desk("office"), site.desk("home", port=site.line.port)
    meet(office, home)
    home.do("settings", "set", "sync.ignore", "blocked")
    home.write("blocked", "a file of one's own, where the others have a folder")
    limit_files(home, LIMIT_BYTES)
    big = {f"big {number}.bin": os.urandom(LIMIT_BYTES + 1) for number in range(size(2, 5))}
    small = {f"small {number}.txt": f"small {number}".encode() for number in range(20)}
    for name, content in {**big, **small, "blocked/inside.txt": b"inside"}.items():
        office.write(name, content)
    office.wait()
    home.wait(expected=4)
    home.do("sync-now")
    site.line.cut()  # Nothing comes before the limit is set again.
    home.kill()
    home.start()
    limit_files(home, LIMIT_BYTES)
    site.line.mend()
    home.wait(expected=4)
    assert home.codes() == dict.fromkeys(big, "too_large_here") | {"blocked": "exists"}
    assert {name: home.files().get(name) for name in small} == small
    assert home.files()["blocked"].startswith(b"a file of one's own")
    office.wait()
    assert office.files() == {**big, **small, "blocked/inside.txt": b"inside"}
    limit_files(home, resource.RLIM_INFINITY)
    (home.folder / "blocked").unlink()
    until(lambda: home.files() == office.files(), "what may be written now", limit_s=120)
    meet(office, home)


@pytest.mark.day("T6")
def test_what_a_power_cut_left_of_a_download_is_nobodys_edit(site: Site) -> None:
    """After a power cut files were empty, short or full of zeros, and went to everybody as their newest versions
    (Nextcloud desktop 10547, Nextcloud server 20584)."""
    office, home = site.desk("office"), site.desk("home")
    count = size(24, 200)
    for number in range(count):
        office.write(f"{number}.bin", os.urandom(3_000))
        os.utime(office.folder / f"{number}.bin", (0, LONG_AGO_S))
    meet(office, home)
    expected = office.files()
    home.kill()
    for number in range(count):
        path = home.folder / f"{number}.bin"
        before = path.stat()
        left = (b"", path.read_bytes()[:1_500], bytes(3_000), path.read_bytes())[number % 4]
        path.write_bytes(left)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    home.start()
    meet(office, home)
    assert office.files() == expected
    for number in range(4):
        assert len(office.json("versions", str(office.folder / f"{number}.bin"))) == 1
    assert office.json("conflicts") == home.json("conflicts") == []
