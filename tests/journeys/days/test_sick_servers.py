"""The server answers nonsense, loses its disks, falls silent or starts anew: nothing goes from any desk, and nobody has to act."""

import signal
import threading

import pytest

from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.faults import SICK
from tests.journeys.site import Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


class Watch:
    """Looks all the time whether every file of a desk is there."""

    def __init__(self, desk: Desk, names: set[str]) -> None:
        self._desk, self._names = desk, names
        self.missed: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Ends the looking."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.missed |= {name for name in self._names if not (self._desk.folder / name).exists()}


@pytest.mark.day("T1")
def test_whatever_a_sick_server_answers_is_no_word_about_any_file(site: Site) -> None:
    """Proxies and half-broken servers answered with 404, empty lists or half a body, and desks deleted whole folders for it
    (ownCloud client 2765, 1433 and 2894; Nextcloud server 37934; Seafile client 1315)."""
    office, home = site.desk("office", port=site.line.port), site.desk("home", port=site.line.port)
    for number in range(size(40, 1_000)):
        office.write(f"{number % 5}/{number}.txt", f"paper {number}")
    meet(office, home)
    names = set(office.files())
    watches = [Watch(office, names - {"0/0.txt"}), Watch(home, names - {"0/0.txt"})]
    for turn, page in enumerate(SICK):
        site.line.answer_with(page)
        office.write("1/1.txt", f"edited behind {page}")
        if turn == 0:
            until(lambda: office.json("status")["state"] == "offline", "offline")
            (office.folder / "0/0.txt").unlink()
            office.write("2/2.txt", "edited")
            office.write("3/3.txt", "edited, too")
        assert office.call("wait", "--timeout", "0.5").returncode == 2, page
        assert office.json("status")["state"] == "offline", page
    assert home.files()["0/0.txt"] == b"paper 0"
    site.line.mend()
    meet(office, home)
    for watch in watches:
        watch.end()
        assert watch.missed == set()
    expected = {f"{number % 5}/{number}.txt": f"paper {number}".encode() for number in range(1, len(names))}
    last = f"edited behind {list(SICK)[-1]}".encode()
    assert home.files() == {**expected, "1/1.txt": last, "2/2.txt": b"edited", "3/3.txt": b"edited, too"}


@pytest.mark.day("T1")
def test_a_server_whose_disks_are_taken_away_and_come_back_lost_nothing_and_invented_nothing(
    site: Site,
) -> None:
    """A server whose storage was not mounted served an empty one, and every desk was emptied after it (ownCloud 21125)."""
    office, home = site.desk("office"), site.desk("home")
    for number in range(10):
        office.write(f"{number}.txt", f"paper {number}")
    meet(office, home)
    expected = office.files()
    for part in ("store", "server.db"):
        aside = site.base / "aside"
        aside.mkdir()
        for path in site.server.data.glob(f"{part}*"):
            path.rename(aside / path.name)
        office.write("edited.txt", f"while {part} was away")
        (office.folder / "9.txt").unlink(missing_ok=True)
        office.call("wait", "--timeout", "2")
        site.server.kill()
        for path in aside.iterdir():
            assert not (site.server.data / path.name).exists(), f"{path.name} was made anew"
            path.rename(site.server.data / path.name)
        aside.rmdir()
        site.server.start()
        meet(office, home)
        expected |= {"edited.txt": f"while {part} was away".encode()}
        expected.pop("9.txt", None)
        assert home.files() == expected
    assert site.server.admin("check").stdout.strip() == "sound"


@pytest.mark.day("T20")
def test_a_line_that_swallows_everything_and_a_server_that_starts_twice_ask_nobody_for_anything(
    site: Site,
) -> None:
    """After a weekend desks hung on a dead connection, or asked to sign in, until somebody restarted them
    (Nextcloud desktop 8144, ownCloud desktop 957, Nextcloud desktop 2610)."""
    office, home = site.desk("office", port=site.line.port), site.desk("home", port=site.line.port)
    office.write("a.txt", "1")
    meet(office, home)
    assert office.agent is not None
    site.line.fall_silent()
    office.write("office.txt", "written into the silence")
    home.write("home.txt", "as well")
    office.agent.send_signal(signal.SIGSTOP)
    home.call("wait", "--timeout", str(size(3, 300)))
    office.agent.send_signal(signal.SIGCONT)
    office.call("wait", "--timeout", str(size(3, 300)))
    site.line.mend()
    for _ in range(2):
        site.server.kill()
        site.server.start()
    meet(office, home)
    assert office.files() == {
        "a.txt": b"1",
        "office.txt": b"written into the silence",
        "home.txt": b"as well",
    }
    assert {office.json("status")["state"], home.json("status")["state"]} == {"in_sync"}
