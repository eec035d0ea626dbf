"""Files that are saved again and again, here and elsewhere at the same time: every text that somebody finished is kept."""

import threading
import time
from pathlib import Path

import pytest

from govsync.content.chunks import cut, reading
from govsync.content.manifests import manifest_of
from tests.journeys.conftest import Site
from tests.journeys.days.saves import save
from tests.journeys.days.sizes import size
from tests.journeys.site import Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


def hash_of(text: str) -> str:
    """Answers what `versions` calls a text."""
    data = text.encode()
    return manifest_of(piece for _, piece in cut(reading(data), len(data))).content_hash.hex()


def kept(desk: Desk) -> set[str]:
    """Answers the hashes of all that is current, a version of something, or was in the trash, from where it is brought back."""
    for row in desk.json("trash", "list"):
        desk.do("trash", "restore", row["id"])
    desk.wait()
    return {row["hash"] for name in desk.files() for row in desk.json("versions", str(desk.folder / name))}


class Typist:
    """Saves a file again and again, and notes which of the texts were taken out of its place by somebody else."""

    def __init__(self, path: Path, name: str, turns: int, pause_s: float) -> None:
        self.displaced: set[str] = set()
        self.last = ""
        self._path, self._name, self._turns, self._pause_s = path, name, turns, pause_s
        self._thread = threading.Thread(target=self._type)
        self._thread.start()

    def join(self) -> None:
        """Waits for the end of it."""
        self._thread.join()

    def _seen(self) -> str | None:
        try:
            return self._path.read_text()
        except FileNotFoundError:
            return None

    def _type(self) -> None:
        for turn in range(self._turns):
            if self.last and self._seen() != self.last:
                self.displaced.add(self.last)
            self.last = f"{self._name} {turn}"
            save(self._path, self.last, turn)
            time.sleep(self._pause_s)


@pytest.mark.day("T8")
def test_every_text_that_another_desk_took_the_place_of_is_kept(site: Site) -> None:
    """A version that arrived while somebody typed replaced what he had saved in that very second
    (ownCloud client 3156, Syncthing 3742, 5194 and 5566)."""
    office, home = site.desk("office"), site.desk("home")
    office.write("plan.txt", "the beginning")
    office.write("h", "a file")
    meet(office, home)
    turns = size(20, 300)
    typists = [Typist(desk.folder / "plan.txt", desk.name, turns, 0.2) for desk in (office, home)]
    office.write("g.txt", "g of the office")
    home.write("g.txt", "g of home")
    (office.folder / "h").unlink()
    office.write("h/inside.txt", "a folder now")
    home.write("h", "edited as a file")
    for typist in typists:
        typist.join()
    meet(office, home)
    hashes = kept(office)
    for typist in typists:
        for text in typist.displaced | {typist.last}:
            assert hash_of(text) in hashes, text
    contents = set(office.files().values())
    assert {b"g of the office", b"g of home", b"a folder now", b"edited as a file"} <= contents


@pytest.mark.day("T17")
def test_a_file_saved_a_hundred_times_is_no_conflict_with_itself(site: Site) -> None:
    """Someone who pressed Ctrl-S twice got conflict copies of his own (Nextcloud desktop 943 and 2467, Syncthing 2584)."""
    office, home = site.desk("office", port=site.line.port), site.desk("home")
    office.write("letter.odt", "the beginning")
    meet(office, home)
    typist = Typist(office.folder / "letter.odt", "saved", size(30, 200), 0.1)
    until(lambda: (home.folder / "letter.odt").read_text() != "the beginning", "a version")
    typist.join()
    meet(office, home)
    assert home.files() == {"letter.odt": typist.last.encode()}
    assert typist.displaced == set()
    assert len(office.json("versions", str(office.folder / "letter.odt"))) >= 2
    assert office.json("conflicts") == home.json("conflicts") == []
