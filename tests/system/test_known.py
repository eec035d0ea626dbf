"""Where a desktop looks for a person's folders: the same file that its own tools write and read, and a link that stands in."""

import subprocess
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import known


@pytest.fixture
def person(tmp_path, monkeypatch) -> Path:
    """A home of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    return tmp_path


def dirs(person: Path) -> Path:
    return person / "config" / "user-dirs.dirs"


def test_without_a_word_it_is_the_folder_that_a_system_makes(person):
    assert known.where("documents") == person / "Documents"
    assert known.where("desktop") == person / "Desktop"
    assert known.where("pictures") == person / "Pictures"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('XDG_DOCUMENTS_DIR="$HOME/Dokumenti"', "~/Dokumenti"),
        ('XDG_DOCUMENTS_DIR="$HOME/a b\\"c\\$d\\\\e"', '~/a b"c$d\\e'),
        ('XDG_DOCUMENTS_DIR="/srv/files"', "/srv/files"),
        ('XDG_DOCUMENTS_DIR="$HOME/"', "~"),
        ('XDG_DOCUMENTS_DIR="$HOME"', "~"),
        ('# XDG_DOCUMENTS_DIR="$HOME/no"', "~/Documents"),
        ("XDG_DOCUMENTS_DIR=$HOME/no", "~/Documents"),
        ('XDG_DOCUMENTS_DIR="relative"', "~/Documents"),
        ('XDG_DOCUMENTS_DIR="$HOMELESS"', "~/Documents"),
        ('XDG_DOCUMENTS_DIR="$HOME/one"\nXDG_DOCUMENTS_DIR="$HOME/two"', "~/two"),
    ],
)
def test_lines_are_read_as_the_desktop_reads_them(person, line, found):
    dirs(person).write_text(f"{line}\n")
    assert known.where("documents") == Path(found.replace("~", str(person), 1))


@pytest.mark.parametrize("place", ["{home}/GovSync/Documents", '{home}/a "b" $c `d`', "/srv/an na/Слике"])
def test_what_is_pointed_is_what_the_tools_of_the_system_find(person, place):
    dirs(person).write_text(
        '# mine\nXDG_PICTURES_DIR="$HOME/Pictures"\nXDG_DOCUMENTS_DIR="$HOME/old"\nno line'
    )
    where = Path(place.replace("{home}", str(person)))
    known.point("documents", where)
    assert known.where("documents") == where
    text = dirs(person).read_text()
    assert text.startswith('# mine\nXDG_PICTURES_DIR="$HOME/Pictures"\nno line\nXDG_DOCUMENTS_DIR=')
    assert known.where("pictures") == person / "Pictures"
    try:
        told = subprocess.run(["xdg-user-dir", "DOCUMENTS"], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("this system has no xdg-user-dirs")
    assert told.stdout == f"{where}\n"


def test_what_the_tool_of_the_system_has_set_is_read(person):
    (person / "Mine $1").mkdir()
    try:
        subprocess.run(["xdg-user-dirs-update", "--set", "DESKTOP", str(person / "Mine $1")], check=True)
    except FileNotFoundError:
        pytest.skip("this system has no xdg-user-dirs")
    assert known.where("desktop") == person / "Mine $1"


def test_a_file_that_is_a_link_stays_one(person):
    (person / "dotfiles").write_text("")
    dirs(person).symlink_to(person / "dotfiles")
    known.point("documents", person / "New")
    assert dirs(person).is_symlink()
    assert known.where("documents") == person / "New"


def test_a_link_stands_in_for_a_folder_that_is_empty_and_never_for_another(person):
    old, new = person / "Documents", person / "GovSync" / "Documents"
    new.mkdir(parents=True)
    old.mkdir()
    (old / "a.txt").write_text("a")
    assert not known.leave_stand_in(old, new)
    assert (old / "a.txt").read_text() == "a"
    (old / "a.txt").rename(new / "a.txt")
    assert known.leave_stand_in(old, new)
    assert known.leave_stand_in(old, new), "it is there already"
    assert (old / "a.txt").read_text() == "a"
    assert known.is_stand_in(old, new)
    assert not known.is_stand_in(old, person)
    known.take_stand_in(old, new)
    assert (old.is_symlink(), old.is_dir(), list(old.iterdir())) == (False, True, [])
    assert (new / "a.txt").read_text() == "a"


def test_somebody_elses_link_or_file_stays(person):
    old, new = person / "Documents", person / "GovSync"
    (person / "other").mkdir()
    old.symlink_to(person / "other")
    assert not known.leave_stand_in(old, new)
    known.take_stand_in(old, new)
    assert old.readlink() == person / "other"
    old.unlink()
    old.write_text("a file")
    with pytest.raises(Failure) as refused:
        known.leave_stand_in(old, new)
    assert refused.value.code is Code.NOT_A_FOLDER
    assert old.read_text() == "a file"
