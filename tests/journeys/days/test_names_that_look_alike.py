"""Names that differ in form or case alone: one file each, whichever system wrote them, and nobody's spelling is corrected."""

import unicodedata

import pytest

from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.site import meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


def composed(files: dict[str, bytes]) -> dict[str, bytes]:
    return {unicodedata.normalize("NFC", path): content for path, content in files.items()}


@pytest.mark.day("T11")
def test_a_folder_of_decomposed_names_is_linked_without_a_twin_and_keeps_its_spelling(site: Site) -> None:
    """A Mac's decomposed names came back as a second file each, or were deleted as if unknown
    (Nextcloud desktop 10087, Maestral 120, ownCloud client 10693)."""
    office = site.desk("office")
    names = ["한글 보고서.hwp", *(f"{letter} {n}.txt" for letter in "éüș각" for n in range(size(5, 50)))]
    names = [unicodedata.normalize("NFC", name) for name in names]
    for name in names:
        office.write(name, f"of {name}")
    office.write("각.txt", "composed, of the office")
    office.wait()
    expected = office.files()
    folder = site.base / "mac" / "GovSync"
    folder.mkdir(parents=True)
    for name in names:
        (folder / unicodedata.normalize("NFD", name)).write_text(f"of {name}")
    (folder / unicodedata.normalize("NFD", "각.txt")).write_text("decomposed, of the Mac")
    mac = site.desk("mac")
    for desk in (office, mac, office, mac):
        desk.wait()
    assert {unicodedata.normalize("NFD", name) for name in names} <= set(mac.files()), "as its owner wrote it"
    assert composed(mac.files()) == composed(office.files())
    files = composed(office.files())
    assert {path: files[path] for path in expected} == expected
    assert sorted(set(files.values()) - set(expected.values())) == [b"decomposed, of the Mac"]
    assert len(files) == len(expected) + 1
    (mac.folder / unicodedata.normalize("NFD", names[0])).write_text("edited on the Mac")
    until(lambda: office.files()[names[0]] == b"edited on the Mac", "the edit")
    assert len(office.json("versions", str(office.folder / names[0]))) == 2


@pytest.mark.day("T12")
def test_a_change_of_case_is_a_rename_and_an_edit_made_meanwhile_is_in_it(site: Site) -> None:
    """A folder renamed in case alone was deleted on the other side, with what had been edited in it
    (Syncthing 1787, 7426 and 2907)."""
    office, home = site.desk("office"), site.desk("home")
    for number in range(size(10, 50)):
        office.write(f"Report/{number}.txt", f"{number}")
    office.write("Plan.txt", "plan")
    meet(office, home)
    expected = {path.replace("Report", "REPORT"): content for path, content in office.files().items()}
    home.kill()
    home.write("Report/1.txt", "edited at home")
    home.write("Plan.txt", "planned at home")
    (office.folder / "Report").rename(office.folder / "REPORT")
    (office.folder / "Plan.txt").rename(office.folder / "PLAN.txt")
    office.wait()
    home.start()
    meet(office, home)
    del expected["Plan.txt"]
    assert home.files() == {**expected, "REPORT/1.txt": b"edited at home", "PLAN.txt": b"planned at home"}
    for path in ("REPORT/1.txt", "PLAN.txt"):
        assert len(office.json("versions", str(office.folder / path))) == 2
    office.write("plan.TXT", "a twin")
    for desk in (office, home, office, home):
        desk.wait()
    (twin,) = (path for path, content in home.files().items() if content == b"a twin")
    assert twin.casefold() != "plan.txt"
    (home.folder / twin).unlink()
    meet(office, home)
    assert office.files()["PLAN.txt"] == b"planned at home"
    assert b"a twin" not in office.files().values()
