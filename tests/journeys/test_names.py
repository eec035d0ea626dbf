"""Names that another system, another program or a long language makes: each has one file, and none stops the others."""

import os
import unicodedata

import pytest

from tests.journeys.caller import Caller
from tests.journeys.conftest import Site
from tests.journeys.site import meet, until

pytestmark = pytest.mark.journey

SYLLABLE = "한"


@pytest.mark.day("T19")
def test_names_that_cannot_travel_are_problems_of_their_own(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    bad = os.path.join(os.fsencode(office.folder), b"caf\xe9.txt")  # No text can name it.
    with open(bad, "wb") as file:
        file.write(b"latin")
    office.write(".govsyncish", "ours by its name")
    deep = "/".join(str(number) for number in range(99))
    office.write(f"{deep}/at the end.txt", "deep")
    office.write(f"{deep}/one/two/too deep.txt", "too deep")
    office.write("fine.txt", "fine")
    office.wait(expected=4)
    home.wait()
    assert set(office.codes().values()) == {"name_not_text", "name_reserved", "too_deep"}
    assert home.files() == {"fine.txt": b"fine", f"{deep}/at the end.txt": b"deep"}
    os.rename(bad, office.folder / "café.txt")
    (office.folder / ".govsyncish").rename(office.folder / "ours.txt")
    until(lambda: "café.txt" in home.files() and "ours.txt" in home.files(), "what was renamed")
    until(lambda: set(office.codes().values()) == {"too_deep"}, "the end of two problems")
    assert (office.folder / f"{deep}/one/two/too deep.txt").read_text() == "too deep"


@pytest.mark.day("T12", part="twins on one disk")
def test_twins_made_on_one_disk_both_stay(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("Plan.txt", "the first")
    meet(office, home)
    office.write("plan.txt", "the second")
    office.write(unicodedata.normalize("NFC", "회의.txt"), "composed")
    office.write(unicodedata.normalize("NFD", "회의.txt"), "decomposed")
    for desk in (office, home, office, home):
        desk.wait()
    for desk in (office, home):
        files = desk.files()
        assert sorted(files.values()) == [b"composed", b"decomposed", b"the first", b"the second"]
        assert files["Plan.txt"] == b"the first"
        keys = {unicodedata.normalize("NFC", path.casefold()) for path in files}
        assert len(keys) == 4, files
    assert [row["kind"] for row in office.json("activity")].count("renamed_aside") == 2
    assert office.codes() == {}


def test_names_longer_than_the_disk_allows_are_shortened_here_and_whole_there(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    caller = Caller(site.server.port)
    root = caller.personal().root
    long = SYLLABLE * 86
    (folder,) = caller.folders(f"{SYLLABLE * 100}")
    caller.save(
        (root, f"{long}.txt", b"first"), (root, f"{long}!.txt", b"second"), (folder, "in it.txt", b"in it")
    )
    meet(office, home)
    assert sorted(office.files().values()) == [b"first", b"in it", b"second"]
    (first,) = (path for path, data in office.files().items() if data == b"first")
    assert len(first.encode()) <= 255
    office.write(first, "edited here")
    meet(office, home)
    assert sorted(home.files().values()) == [b"edited here", b"in it", b"second"]
    space = caller.personal()
    names = {state.name for state in caller.remote.nodes(space.id, None).nodes}
    assert {f"{long}.txt", f"{long}!.txt", SYLLABLE * 100} <= names
    assert office.do("verify").strip() == "Everything is equal."


def test_a_conflict_copy_of_the_longest_name_fits_on_the_disk(site: Site) -> None:
    office, home = site.desk("office", port=site.line.port), site.desk("home")
    name = SYLLABLE * 83 + "a.txt"
    assert len(name.encode()) in (254, 255)
    office.write(name, "before")
    meet(office, home)
    site.line.cut()
    until(lambda: office.json("status")["state"] == "offline", "offline")
    office.write(name, "from the office")
    home.write(name, "from home")
    home.wait()
    site.line.mend()
    meet(office, home)
    assert sorted(home.files().values()) == [b"from home", b"from the office"]
    assert all(len(path.encode()) <= 255 for path in home.files())
