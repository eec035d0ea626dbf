"""Links where files and folders were: nothing is followed, nothing outside is read or written, and nothing is deleted (I7)."""

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet, until

pytestmark = pytest.mark.journey


def test_links_in_the_way_of_what_comes_are_said_and_never_followed(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("folder/in it.txt", "1")
    office.write("file.txt", "1")
    meet(office, home)
    outside = office.base / "outside"
    outside.mkdir()
    (outside / "in it.txt").write_text("outside")
    (outside / "secret.txt").write_text("outside")
    for path in ("folder", "file.txt", "new folder", "new.txt"):
        if (office.folder / path).exists():
            (office.folder / path).rename(office.base / path)
        target = outside if "folder" in path else outside / "secret.txt"
        (office.folder / path).symlink_to(target)
    home.write("folder/in it.txt", "2")
    home.write("folder/second.txt", "2")
    home.write("file.txt", "2")
    home.write("new folder/inside.txt", "2")
    home.write("new.txt", "2")
    home.write("elsewhere.txt", "2")
    home.wait()
    until(lambda: "elsewhere.txt" in office.files(), "everything else")
    office.wait(expected=4)
    assert set(office.codes()) & {"folder", "file.txt"}
    assert {each.name: each.read_text() for each in outside.iterdir()} == {
        "in it.txt": "outside", "secret.txt": "outside",
    }  # fmt: skip
    home.wait()
    assert home.files() == {
        "folder/in it.txt": b"2", "folder/second.txt": b"2", "file.txt": b"2", "new folder/inside.txt": b"2", "new.txt": b"2",
        "elsewhere.txt": b"2",
    }  # fmt: skip
    for path in ("folder", "file.txt", "new folder", "new.txt"):
        (office.folder / path).unlink()
    for path in ("folder", "file.txt"):
        (office.base / path).rename(office.folder / path)
    meet(office, home)
    assert office.files() == home.files()
    assert {path: data for path, data in office.files().items() if "conflict" not in path}["file.txt"] == b"2"
