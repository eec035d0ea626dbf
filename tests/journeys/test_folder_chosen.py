"""Another folder is chosen, or lies in the place of the one that was: joined with what the server has, nothing is deleted (R29)."""

import shutil
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
FILES = {f"{number}.txt": f"paper {number}".encode() for number in range(5)}


def two_desks(site: Site) -> tuple[Desk, Desk]:
    """Both hold the files, fewer than are asked about when they are deleted."""
    office, home = site.desk("office"), site.desk("home")
    for name, content in FILES.items():
        office.write(name, content)
    meet(office, home)
    return office, home


def questions(desk: Desk) -> list[str]:
    return [hold["kind"] for hold in desk.json("holds")]


def said(desk: Desk) -> list[str]:
    return [row["kind"] for row in desk.json("activity", "--limit", "500")]


def fill(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "0.txt").write_bytes(FILES["0.txt"])
    (folder / "new.txt").write_bytes(b"new")


def test_another_folder_is_joined_and_what_it_lacks_comes_to_it(site: Site) -> None:
    office, home = two_desks(site)
    another = office.folder.with_name("another")
    fill(another)
    office.do("folder", "set", str(another))
    office.folder = another
    meet(office, home)
    assert office.files() == home.files() == {**FILES, "new.txt": b"new"}
    assert "folder_joined" in said(office)


@pytest.mark.parametrize("kind", ["folder_missing", "folder_replaced"])
def test_the_folder_that_lies_there_now_is_joined_if_a_person_says_so(site: Site, kind: str) -> None:
    office, home = two_desks(site)
    old = office.folder.with_name("old")
    office.folder.rename(old)
    if kind == "folder_replaced":
        fill(office.folder)
    until(lambda: questions(office) == [kind], "the question", limit_s=90)
    office.do("approve", office.json("holds")[0]["id"])
    meet(office, home)
    assert (
        office.files()
        == home.files()
        == {**FILES, **({"new.txt": b"new"} if kind == "folder_replaced" else {})}
    )
    assert {path.name for path in old.iterdir()} == {*FILES, ".govsync", "Planning"}, (
        "the old one is left as it is"
    )
    office.write("after.txt", "after")
    office.wait()
    home.write("back.txt", "back")
    meet(home, office)
    assert office.files()["after.txt"] == home.files()["after.txt"] == b"after"


@pytest.mark.day("T4", part="another one")
def test_until_the_old_folder_is_back_nothing_is_done_and_nothing_asked(site: Site) -> None:
    office, home = two_desks(site)
    old = office.folder.with_name("old")
    office.folder.rename(old)
    fill(office.folder)
    until(lambda: questions(office) == ["folder_replaced"], "the question", limit_s=90)
    office.do("reject")
    assert questions(office) == []
    assert office.json("status")["state"] == "problem"
    assert office.codes() == {str(office.folder): "folder_replaced"}
    office.kill()
    office.start()
    until(lambda: office.json("status")["state"] == "problem", "the problem again")
    assert questions(office) == []
    assert office.call("wait", "--timeout", "30").returncode == 4
    assert home.files() == FILES
    assert {path.name for path in office.folder.iterdir()} == {"0.txt", "new.txt"}, (
        "nothing is written into it"
    )
    shutil.rmtree(office.folder)
    old.rename(office.folder)
    until(lambda: office.json("status")["state"] == "in_sync", "the end of it", limit_s=90)
    meet(office, home)
    assert office.files() == home.files() == FILES
    office.folder.rename(old)
    until(lambda: questions(office) == ["folder_missing"], "the next one is a question again", limit_s=90)


@pytest.mark.day("T3", part="an old folder")
def test_our_own_folder_put_back_from_a_copy_is_joined_without_a_question(site: Site) -> None:
    office, home = two_desks(site)
    copy = office.folder.with_name("copy")
    shutil.copytree(office.folder, copy)
    (copy / "1.txt").unlink()
    office.write("since.txt", "saved since the copy was made")
    office.write("2.txt", "a newer version than that of the copy")
    meet(office, home)
    shutil.rmtree(office.folder)
    copy.rename(office.folder)
    until(lambda: "folder_joined" in said(office), "the folder is joined", limit_s=90)
    meet(office, home)
    expected = {
        **FILES, "since.txt": b"saved since the copy was made", "2.txt": b"a newer version than that of the copy",
    }  # fmt: skip
    assert office.files() == home.files() == expected
    assert questions(office) == []


def test_a_folder_that_somebody_tidied_is_marked_again(site: Site) -> None:
    office, home = two_desks(site)
    shutil.rmtree(office.folder / ".govsync")
    until((office.folder / ".govsync" / "root").exists, "the marker", limit_s=90)
    office.write("new.txt", "new")
    meet(office, home)
    assert office.files() == home.files() == {**FILES, "new.txt": b"new"}
    assert questions(office) == []
    assert "folder_joined" not in said(office), "its memory is that of the same folder"
