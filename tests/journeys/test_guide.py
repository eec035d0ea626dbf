"""The guides, typed as they stand: every block of commands in the pages for staff, and those for IT and operators that can be
typed without being root. Only places are others, and what a page calls ID."""

import datetime
import shlex
import shutil
from pathlib import Path

import pytest

from docs import spoken
from govsync.model.languages import Language
from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, meet, until
from tests.project.typed import blocks

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
DOCS = Path(__file__).resolve().parents[2] / "docs"
STAFF = spoken.folder(Language.ENGLISH)
NAMED = ("Plans", "Archive", "Report.docx", "Inbox")
"""What the pages have lie in the synced folder."""


class Guide:
    """Types the blocks of pages at a desk, and remembers which."""

    def __init__(self, site: Site) -> None:
        self._address = f"http://127.0.0.1:{site.server.port}"
        self.typed: set[tuple[str, int]] = set()

    def type(self, desk: Desk, page: Path, number: int = 0, **instead: str) -> list[str]:
        """Types a block, line by line; each line must succeed. Answers what each printed."""
        self.typed.add((page.stem, number))
        words = {
            **{name: str(desk.folder / name) for name in NAMED},
            "https://drive.example.gov": self._address,
            "https://cloud.example": self._address,
            "kim": "anna",
            "support.zip": str(desk.base / "support.zip"),
            **instead,
        }
        said = []
        for line in blocks(page)[number].splitlines():
            program, *typed = shlex.split(line)
            assert program == "govsync"
            stdin = PASSWORD if "--password-stdin" in typed else ""
            said.append(desk.do(*(words.get(word, word) for word in typed), stdin=stdin))
        return said


def before_the_first_day(site: Site, name: str) -> Desk:
    """A desk whose agent does not run yet."""
    desk = site.desk(name)
    desk.do("stop")
    assert desk.agent is not None
    desk.agent.wait(10)
    desk.agent = None
    return desk


def test_the_pages_for_staff_can_be_typed(site: Site) -> None:
    guide = Guide(site)
    office = before_the_first_day(site, "office")
    said = guide.type(office, STAFF / "first-day.md")
    assert str(office.folder) in said[-1]
    for path in ("Plans/Plan.docx", "Archive/2026/Old.docx", "Report.docx"):
        office.write(path, f"first {path}")
    (office.folder / "Inbox").mkdir()
    home = site.desk("home")
    meet(office, home)
    _bring_back(guide, office)
    _save_twice(guide, office, home)
    guide.type(office, STAFF / "saving.md")
    _send_links(guide, office)
    guide.type(office, STAFF / "pausing.md")
    office.wait()
    assert (office.folder / "Archive" / "2026" / "Old.docx").exists()
    _answer(guide, office)
    _share(guide, office, home)
    guide.type(office, STAFF / "leaving.md")
    assert not (office.folder / "Report.docx").exists()
    home.wait()
    assert (home.folder / "Report.docx").exists()
    wanted = {(page.stem, number) for page in STAFF.glob("*.md") for number in range(len(blocks(page)))}
    assert guide.typed == wanted


def _bring_back(guide: Guide, office: Desk) -> None:
    then = datetime.datetime.now(datetime.UTC).isoformat()
    office.write("Report.docx", "second")
    (office.folder / "Plans" / "Plan.docx").unlink()
    office.wait()
    versions = office.json("versions", str(office.folder / "Report.docx"))
    (gone,) = office.json("trash", "list")
    report, *trash = blocks(STAFF / "earlier.md")[0].splitlines()[1:]
    ids = iter([versions[-1]["revision"], gone["id"]])
    typed = {"2026-11-24T14:00": then}
    for line in (report, *trash):
        words = shlex.split(line)[1:]
        paths = {name: str(office.folder / name) for name in NAMED}
        office.do(*(next(ids) if word == "ID" else paths.get(word, typed.get(word, word)) for word in words))
    guide.typed.add(("earlier", 0))
    until(lambda: office.files().get("Report.docx") == b"first Report.docx", "the version")
    until(lambda: "Plans/Plan.docx" in office.files(), "what was deleted")
    until(lambda: _as_of(office), "the folder")


def _as_of(desk: Desk) -> list[str]:
    """Answers the folders beside others that are as they were, and whole."""
    return [each.name for each in desk.folder.glob("*(as of*") if "unfinished" not in each.name]


def _save_twice(guide: Guide, office: Desk, home: Desk) -> None:
    meet(office, home)
    office.do("pause")
    office.write("Report.docx", "here")
    home.write("Report.docx", "there")
    home.wait()
    office.do("resume")
    until(lambda: office.json("conflicts"), "the two versions")
    guide.type(office, STAFF / "two-versions.md", ID=office.json("conflicts")[0]["id"])
    assert office.json("conflicts") == []


def _send_links(guide: Guide, office: Desk) -> None:
    made = office.do("link", "add", str(office.folder / "Report.docx"))
    assert "http" in made
    (link,) = office.json("link", "list")
    guide.type(office, STAFF / "links.md", ID=link["id"])
    assert {each["role"] for each in office.json("link", "list")} == {"viewer", "uploader"}
    assert link["id"] not in {each["id"] for each in office.json("link", "list")}


def _answer(guide: Guide, office: Desk) -> None:
    for number in range(6):
        office.write(f"Papers/{number}.txt", str(number))
    office.wait()
    office.do("settings", "set", "hold.deletions", "3")
    shutil.rmtree(office.folder / "Papers")
    until(lambda: office.json("holds"), "the question")
    guide.type(office, STAFF / "question.md")
    until(lambda: (office.folder / "Papers" / "5.txt").exists(), "what was brought back")
    office.wait()


def _share(guide: Guide, office: Desk, home: Desk) -> None:
    guide.type(office, STAFF / "sharing.md", 0)
    guide.type(office, STAFF / "sharing.md", 1)
    until(lambda: not (office.folder / "Plans").exists(), "the folder that was left")
    meet(office, home)


def test_the_pages_for_it_and_operators_can_be_typed(site: Site) -> None:
    guide = Guide(site)
    desk = before_the_first_day(site, "desk")
    it, operate = DOCS / "it", DOCS / "operate"
    guide.type(desk, it / "index.md", _having("folder set", it / "index.md"))
    guide.type(desk, it / "roll-out.md", _having("verify", it / "roll-out.md"))
    guide.type(desk, it / "troubleshooting.md")
    assert (desk.base / "support.zip").exists()
    for page, what in ((operate / "index.md", "admin org add"), (it / "index.md", "admin org policy set")):
        for line in blocks(page)[_having(what, page)].splitlines():
            words = [word for word in shlex.split(line)[2:] if word not in ("--data", "/srv/govsync")]
            there = ["Ministry" if word == "Health" else word for word in words]
            site.server.admin(*there, stdin=PASSWORD).check_returncode()


def _having(what: str, page: Path) -> int:
    """Answers the number of the one block of a page in which something stands."""
    (number,) = [number for number, block in enumerate(blocks(page)) if what in block]
    return number
