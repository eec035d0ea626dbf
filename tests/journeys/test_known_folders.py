"""Documents of a person come into the synced folder and go back: found by the desktop, on every desk, and never lost."""

import hashlib
import json

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, meet, until

pytestmark = pytest.mark.journey

MANY = 1_500


def at_home(desk: Desk) -> None:
    """Gives a desk's desktop settings of its own; they are read at its next start."""
    desk.env["XDG_CONFIG_HOME"] = str(desk.base / "config")
    desk.env.pop("XDG_DOCUMENTS_DIR", None)


def restart(desk: Desk, known: str) -> None:
    desk.kill()
    desk.do("settings", "set", "folder.known", known)
    desk.start()


def rows(desk: Desk) -> dict[str, dict[str, str]]:
    """Answers what the desk has noted of its folders."""
    book = desk.base / "home" / "known.json"
    found: dict[str, dict[str, str]] = json.loads(book.read_text())["rows"] if book.exists() else {}
    return found


def is_here(desk: Desk) -> bool:
    return rows(desk).get("documents", {}).get("stage") == "here"


def pointed(desk: Desk) -> str:
    return (desk.base / "config" / "user-dirs.dirs").read_text()


def hashes(desk: Desk) -> set[str]:
    """Answers the hashes of all files of a person, wherever they lie."""
    places = (desk.base / "Documents", desk.folder)
    return {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for place in places
        for path in place.rglob("*")
        if path.is_file() and ".govsync" not in path.relative_to(place).parts
    }


def test_documents_come_in_and_go_back_and_every_desk_has_them(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    at_home(office)
    documents = office.base / "Documents"
    (documents / "Budget").mkdir(parents=True)
    (documents / "Budget" / "2026.ods").write_bytes(b"2026")
    (documents / "Plan.docx").write_bytes(b"of the office")
    (documents / "same.txt").write_bytes(b"same")
    home.write("Documents/Plan.docx", b"of home")
    home.write("Documents/same.txt", b"same")
    meet(office, home)

    restart(office, "documents")
    until(lambda: is_here(office), "the documents in the folder")
    meet(office, home)
    found = home.files()
    assert {found.pop(f"Documents/{name}") for name in ("Plan.docx", "same.txt", "Budget/2026.ods")} == {
        b"of home", b"same", b"2026",
    }  # fmt: skip
    ((beside, mine),) = found.items()
    assert (beside.startswith("Documents/Plan (conflict, "), mine) == (True, b"of the office")
    assert 'XDG_DOCUMENTS_DIR="$HOME/GovSync/Documents"' in pointed(office)
    assert (documents / "Budget" / "2026.ods").read_bytes() == b"2026", "who has the old path still finds it"
    (documents / "saved by the old path.txt").write_bytes(b"new")
    until(lambda: home.files().get("Documents/saved by the old path.txt") == b"new", "what is saved there")
    assert ["known_brought", "Documents"] in [[row["kind"], row["path"]] for row in office.json("activity")]
    assert "Documents lies in GovSync" in office.call("doctor").stdout

    everywhere = home.files()
    restart(office, "")
    until(lambda: not rows(office), "the documents at their old place")
    assert 'XDG_DOCUMENTS_DIR="$HOME/Documents"' in pointed(office)
    assert not documents.is_symlink()
    back = {
        f"Documents/{path.relative_to(documents)}": path.read_bytes()
        for path in documents.rglob("*")
        if path.is_file()
    }
    assert back == everywhere
    meet(office, home)
    assert home.files() == everywhere, "nothing goes from the other desks"
    assert home.json("holds") == []


def test_what_is_left_out_of_a_desk_is_no_place_for_its_documents(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    at_home(office)
    (office.base / "Documents").mkdir()
    (office.base / "Documents" / "Plan.docx").write_bytes(b"plan")
    home.write("Documents/large.bin", b"large")
    meet(office, home)
    office.do("exclude", str(office.folder / "Documents"))
    until(lambda: not (office.folder / "Documents").exists(), "it is left out")
    restart(office, "documents")
    until(lambda: "is shared, or left out of this desk" in office.call("doctor").stdout, "why they stay")
    office.wait()
    assert office.files() == {}
    assert (office.base / "Documents" / "Plan.docx").read_bytes() == b"plan"
    office.do("include", str(office.folder / "Documents"))
    office.wait()
    restart(office, "documents")
    until(lambda: is_here(office), "the documents in the folder")
    meet(office, home)
    assert home.files() == {"Documents/large.bin": b"large", "Documents/Plan.docx": b"plan"}


def test_whoever_signs_out_and_removes_the_files_has_a_folder_for_documents(site: Site) -> None:
    office = site.desk("office")
    at_home(office)
    documents = office.base / "Documents"
    documents.mkdir()
    (documents / "Plan.docx").write_bytes(b"plan")
    office.wait()
    restart(office, "documents")
    until(lambda: is_here(office), "the documents in the folder")
    office.wait()
    office.do("logout", "--remove-files")
    assert office.files() == {}
    assert (documents.is_symlink(), list(documents.iterdir())) == (False, [])
    assert 'XDG_DOCUMENTS_DIR="$HOME/Documents"' in pointed(office)


def test_a_desk_that_is_killed_while_they_come_loses_none_and_goes_on(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    at_home(office)
    documents = office.base / "Documents"
    documents.mkdir()
    for number in range(MANY):
        (documents / f"{number}.txt").write_bytes(b"%d" % number)
    home.write("Documents/0.txt", b"another")  # So none goes with its folder.
    meet(office, home)
    wanted = hashes(office)
    assert len(wanted) == MANY + 1
    restart(office, "documents")
    for share in (0.1, 0.4, 0.8):
        until(
            lambda share=share: len(list((office.folder / "Documents").iterdir())) >= MANY * share,
            "some of them",
        )
        office.kill()
        assert hashes(office) >= wanted
        office.start()
    until(lambda: is_here(office), "all of them")
    meet(office, home)
    assert hashes(office) == hashes(home) == wanted
    assert len(home.files()) == MANY + 1
    assert documents.is_symlink()
