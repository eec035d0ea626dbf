"""Another folder is chosen, or lies in the place of the one that was: joined with what the server has, nothing is deleted (R29)."""

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet

pytestmark = pytest.mark.journey


def test_another_folder_is_joined_and_what_it_lacks_comes_to_it(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    files = {f"{number}.txt": f"paper {number}".encode() for number in range(5)}
    for name, content in files.items():
        office.write(name, content)
    meet(office, home)
    another = office.folder.with_name("another")
    another.mkdir()
    (another / "0.txt").write_bytes(files["0.txt"])
    (another / "new.txt").write_bytes(b"new")
    office.do("folder", "set", str(another))
    office.folder = another
    meet(office, home)
    assert office.files() == home.files() == {**files, "new.txt": b"new"}
