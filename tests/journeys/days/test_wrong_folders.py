"""The folder of another desk lies where this one's was: joined with nothing, and everybody keeps what they had."""

import shutil

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


@pytest.mark.day("T4", part="another desk's")
def test_the_folder_of_another_desk_in_its_place_deletes_nothing(site: Site) -> None:
    """A folder that was replaced, with a marker file in it, was believed, and what it lacked was deleted for everybody
    (onedrive 2755, Syncthing 1496 and 5207, Maestral 473)."""
    office, home = site.desk("office"), site.desk("home")
    for number in range(5):
        office.write(f"{number}.txt", f"paper {number}")
    meet(office, home)
    expected = home.files()
    home.do("pause")
    (home.folder / "0.txt").unlink()
    home.write("1.txt", "edited at home, not sent")
    aside = office.folder.with_name("aside")
    office.folder.rename(aside)
    shutil.copytree(home.folder, office.folder)
    until(lambda: [row["kind"] for row in office.json("holds")] == ["folder_replaced"], "the question", 90)
    (office.folder / ".govsync" / "root").unlink()
    shutil.copy(aside / ".govsync" / "root", office.folder / ".govsync" / "root")
    shutil.rmtree(office.folder)
    aside.rename(office.folder)
    until(lambda: office.json("holds") == [], "the end of the question", 90)
    office.wait()
    assert office.files() == expected, "nothing that the other one lacked was deleted"
    home.do("resume")
    meet(office, home)
    assert "0.txt" not in office.files()
    assert office.files()["1.txt"] == b"edited at home, not sent"
