"""A person's folders come into the synced one and go back, on real disks: wherever it is cut off, every byte is somewhere."""

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.agent import doctor, home, known
from govsync.agent.known import Desk, KnownFolders, noted
from govsync.agent.known_rules import Book, Row, Wait, Waiting, fits
from govsync.local import mounts
from govsync.local.root import adopt
from govsync.local.steps import STATE
from govsync.model.nodes import MountMark
from govsync.system import known as system
from govsync.system import policy
from govsync.system.disk import DiskFileSystem, ignore_lease_signals
from govsync.system.places import places
from tests import in_memory
from tests.local.desk import Crash, Hooked

MINE = {"plan.txt": b"mine", "sub/deep/photo.raw": b"raw" * 1000, "same.txt": b"same"}
THERE = {"plan.txt": b"theirs", "same.txt": b"same", "sub/there.txt": b"there"}
MARK = "(conflict, Desk, 2026-11-30 09.00)"
TOGETHER = {**THERE, "sub/deep/photo.raw": b"raw" * 1000, f"plan {MARK}.txt": b"mine"}


def write(folder: Path, content: dict[str, bytes]) -> None:
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file() and STATE not in each.parts
    }


class Person:
    """A home with documents, and a synced folder, over which one start of GovSync after the other looks."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.places = places({"GOVSYNC_HOME": str(base / "govsync")})
        self.documents, self.folder = base / "Documents", base / "GovSync"
        self.folder.mkdir(parents=True)
        self.fs = DiskFileSystem(self.folder)
        self.root = adopt(self.fs, b"r" * 16, b"d" * 16)
        self.now = datetime.datetime(2026, 11, 30, 9, 0, tzinfo=datetime.UTC)
        self.told: list[tuple[str, str]] = []
        self.daily_bytes, self.left_out = 0, frozenset[str]()

    def settle(self, *wanted: str) -> None:
        """What a start does when the desk is at rest, and the settings ask for these."""
        home.set_setting(self.places, "folder.known", ",".join(wanted))
        KnownFolders(self.places, lambda *said: self.told.append(said), lambda: self.now).settle(
            Desk(
                folder=self.folder, root=self.root, device="Desk", wanted=wanted, daily_bytes=self.daily_bytes,
                booted_ns=0, left_out=self.left_out,
            )
        )  # fmt: skip

    def waits(self, kind: str = "documents") -> Waiting | None:
        return noted(self.places).waits.get(kind)

    def examined(self) -> list[tuple[str, str, str]]:
        return [(each.result, each.key, each.detail) for each in doctor._known(self.places)]


@pytest.fixture
def new_person(monkeypatch) -> Iterator[Callable[[str], Person]]:
    ignore_lease_signals()
    with in_memory.folder() as memory:

        def make(name: str) -> Person:
            monkeypatch.setenv("HOME", str(memory / name))
            monkeypatch.setenv("XDG_CONFIG_HOME", str(memory / name / "config"))
            monkeypatch.setattr(policy, "FOLDER", memory / name / "policy.d")
            return Person(memory / name)

        yield make


@pytest.fixture
def person(new_person) -> Person:
    made = new_person("home")
    write(made.documents, MINE)
    return made


def test_documents_come_into_the_synced_folder_and_everybody_finds_them(person):
    write(person.folder / "Documents", THERE)
    person.settle("documents")
    assert files(person.folder / "Documents") == TOGETHER
    assert system.where("documents") == person.folder / "Documents"
    assert files(person.documents) == TOGETHER, "the old path leads to the new place"
    assert system.is_stand_in(person.documents, person.folder / "Documents")
    assert person.told == [("known_brought", "Documents")]
    assert person.examined() == [("PASS", "known_here", "Documents lies in GovSync")]
    person.settle("documents")
    assert (files(person.folder / "Documents"), len(person.told)) == (TOGETHER, 1)


def test_they_are_copied_back_and_nothing_goes_from_the_synced_folder(person):
    write(person.folder / "Documents", THERE)
    person.settle("documents")
    write(person.folder / "Documents", {"later.txt": b"later"})
    person.settle()
    assert not person.documents.is_symlink()
    assert (
        files(person.documents) == files(person.folder / "Documents") == {**TOGETHER, "later.txt": b"later"}
    )
    assert system.where("documents") == person.documents
    assert person.told[1:] == [("known_returned", "Documents")]
    assert (noted(person.places).rows, person.examined()) == ({}, [])
    person.settle("documents")
    assert files(person.folder / "Documents") == {**TOGETHER, "later.txt": b"later"}, (
        "and in again, as one file each"
    )


def test_what_is_open_comes_at_a_later_start(person):
    with (person.documents / "plan.txt").open("ab") as writing:
        person.settle("documents")
        assert not person.documents.is_symlink()
        assert files(person.documents) == {"plan.txt": b"mine"}
        ((result, key, detail),) = person.examined()
        assert (result, key) == ("WARN", "known_left")
        assert "plan.txt [busy]" in detail
        writing.write(b", and more")
    person.settle("documents")
    assert files(person.folder / "Documents")["plan.txt"] == b"mine, and more"
    assert person.documents.is_symlink()


def test_nothing_goes_back_while_a_file_is_open(person):
    person.settle("documents")
    with (person.folder / "Documents" / "plan.txt").open("ab") as writing:
        person.settle()
        assert system.where("documents") == person.folder / "Documents"
        assert person.waits() == Waiting(Wait.OPEN, "Documents/plan.txt")
        writing.write(b", and more")
    person.settle()
    assert system.where("documents") == person.documents
    assert files(person.documents)["plan.txt"] == b"mine, and more"


class Cut:
    """Ends the process before its nth step: a change of the disk, of the book, of where the system looks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left: int | None = None
        for module, name in (
            (known, "replace_file"),
            (system, "point"),
            (system, "leave_stand_in"),
            (system, "take_stand_in"),
        ):
            monkeypatch.setattr(module, name, self._counted(getattr(module, name)))
        monkeypatch.setattr(
            known, "DiskFileSystem", lambda path: Hooked(DiskFileSystem(path), self._primitive)
        )

    def after(self, steps: int | None) -> None:
        self._left = steps

    def _step(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:  # What is no more does nothing on its way out either.
                raise Crash

    def _primitive(self, primitive: str, _arguments: tuple[object, ...]) -> None:
        if primitive in (
            "rename",
            "unlink",
            "create",
            "make_folder",
            "remove_folder",
            "exchange",
            "flush_folders",
        ):
            self._step()

    def _counted(self, do: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object, **more: object) -> object:
            self._step()
            return do(*arguments, **more)

        return counted


@pytest.mark.parametrize("back", [False, True], ids=["in", "back"])
def test_killed_before_any_step_every_byte_is_somewhere_and_the_next_start_ends_it(
    new_person, monkeypatch, back
):
    cut = Cut(monkeypatch)
    stop_at, ended = 0, False
    while not ended:
        stop_at += 1
        person = new_person(f"home {stop_at}")
        write(person.documents, MINE)
        write(person.folder / "Documents", THERE)
        if back:
            person.settle("documents")
        wanted = () if back else ("documents",)
        cut.after(stop_at)
        try:
            person.settle(*wanted)
            ended = True
        except Crash:
            assert {*MINE.values(), *THERE.values()} <= set(files(person.base).values()), stop_at
            assert files(person.folder / "Documents").items() >= THERE.items(), stop_at
            cut.after(None)
            person.settle(*wanted)
        assert files(person.folder / "Documents") == files(person.documents) == TOGETHER, stop_at
        assert person.documents.is_symlink() is not back
        assert system.where("documents") == (person.documents if back else person.folder / "Documents")
        assert bool(noted(person.places).rows) is not back
    assert stop_at > 10


def test_a_change_of_mind_halfway_loses_nothing(new_person, monkeypatch):
    cut = Cut(monkeypatch)
    for stop_at in range(1, 40):
        person = new_person(f"home {stop_at}")
        write(person.documents, MINE)
        write(person.folder / "Documents", THERE)
        for wanted, other in ((("documents",), ()), ((), ("documents",))):
            cut.after(stop_at)
            try:
                person.settle(*wanted)
            except Crash:
                cut.after(None)
                person.settle(*other)
            assert {*MINE.values(), *THERE.values()} <= set(files(person.base).values()), stop_at
        cut.after(None)
        person.settle("documents")
        found = files(person.folder / "Documents")
        assert set(found.values()) == set(TOGETHER.values()), stop_at
        assert found.items() >= THERE.items(), stop_at


def test_before_the_synced_folder_is_emptied_the_old_places_are_folders_again(person):
    person.settle("documents")
    known.let_go(person.places)
    assert system.where("documents") == person.documents
    assert (person.documents.is_symlink(), list(person.documents.iterdir())) == (False, [])
    assert files(person.folder / "Documents") == MINE, "what goes from there is for others to say"
    known.let_go(person.places)
    person.settle("documents")
    assert files(person.documents) == MINE, "it may come in again"


# ---- what is not to be moved ----


def test_a_place_that_is_the_home_or_holds_synced_folders_stays(person):
    system.point("documents", person.base)
    person.settle("documents")
    assert person.waits() == Waiting(Wait.AROUND, str(person.base))
    system.point("documents", person.folder / "sub")
    person.settle("documents")
    assert person.waits() == Waiting(Wait.AROUND, str(person.folder / "sub"))
    assert files(person.documents) == MINE
    assert person.examined()[0][:2] == ("WARN", "known_around")


def test_a_home_never_moves_wherever_the_synced_folder_lies(person, monkeypatch):
    home_of_another = person.base.parent / "large disk"
    write(home_of_another, MINE)
    monkeypatch.setenv("HOME", str(home_of_another))
    system.point("documents", home_of_another)
    person.settle("documents")
    assert person.waits() == Waiting(Wait.AROUND, str(home_of_another))
    assert files(home_of_another) == MINE


def test_a_folder_that_another_program_looks_after_stays(person):
    one_drive = person.base / "OneDrive" / "Documents"
    write(one_drive, MINE)
    system.point("documents", one_drive)
    person.settle("documents")
    assert person.waits() == Waiting(Wait.PROGRAM, "OneDrive")
    assert files(one_drive) == MINE


def test_nothing_comes_into_a_folder_that_is_shared_or_left_out_here(person):
    (person.folder / "Documents").mkdir()
    mounts.write(person.fs, person.root, (MountMark(b"s" * 16, ("documents",), 1, None),))
    person.settle("documents")
    assert person.waits() == Waiting(Wait.OTHERS, str(person.folder / "Documents"))
    mounts.write(person.fs, person.root, ())
    person.left_out = frozenset({"documents"})
    person.settle("documents")
    assert person.waits() == Waiting(Wait.OTHERS, str(person.folder / "Documents"))
    person.left_out = frozenset()
    person.settle("documents")
    assert (person.waits(), files(person.folder / "Documents")) == (None, MINE)


def test_a_file_or_a_link_in_the_way_stays(person):
    (person.folder / "DOCUMENTS").write_bytes(b"a file")
    person.settle("documents")
    assert person.waits() == Waiting(Wait.TAKEN, "DOCUMENTS")
    (person.folder / "DOCUMENTS").unlink()
    (person.documents).rename(person.base / "elsewhere")
    person.documents.symlink_to(person.base / "elsewhere")
    person.settle("documents")
    assert person.waits() == Waiting(Wait.LINK, str(person.documents))
    assert files(person.base / "elsewhere") == MINE


def test_a_folder_of_another_case_is_the_same_one(person):
    write(person.folder / "documents", THERE)
    person.settle("documents")
    assert files(person.folder / "documents") == TOGETHER
    assert not (person.folder / "Documents").exists()


def test_a_desktop_that_lost_the_folder_is_told_again_and_whoever_chose_another_is_left_alone(person):
    person.settle("documents")
    system.point("documents", person.base)  # What a desktop does where a folder is missing at the sign-in.
    person.settle("documents")
    assert system.where("documents") == person.folder / "Documents"
    system.point("documents", person.base / "Mine")
    person.settle("documents")
    assert system.where("documents") == person.base / "Mine"
    assert person.waits() == Waiting(Wait.ELSEWHERE, str(person.base / "Mine"))


def test_nothing_moves_where_the_system_cannot_be_told(person, monkeypatch):
    (person.base / "config").write_bytes(b"no folder")
    person.settle("documents")
    assert files(person.documents) == MINE
    assert person.examined()[0][:2] == ("WARN", "known_refused")


# ---- how much on one day ----


def test_a_folder_comes_whole_when_it_fits_into_its_day(person):
    write(person.base / "Pictures", {"a.jpg": b"a" * 4000})
    write(person.base / "Desktop", {"b.lnk": b"b" * 100})
    person.daily_bytes = 3500
    person.settle("documents", "desktop", "pictures")
    assert (person.folder / "Documents").is_dir()
    assert (person.folder / "Desktop" / "b.lnk").exists()
    assert person.waits("pictures") == Waiting(Wait.DAILY)
    assert not (person.folder / "Pictures").exists()
    person.settle("documents", "desktop", "pictures")
    assert not (person.folder / "Pictures").exists(), "another start is no other day"
    person.now += datetime.timedelta(days=1)
    person.settle("documents", "desktop", "pictures")
    assert (person.folder / "Pictures" / "a.jpg").exists(), "a larger one is the first of its day"


@pytest.mark.parametrize(
    ("size", "day", "moved", "daily", "expected"),
    [
        (10**12, "today", 10**12, 0, True), (10, "today", 0, 5, True), (10, "today", 1, 10, False), (9, "today", 1, 10, True),
        (10, "yesterday", 9, 10, True),
    ],
)  # fmt: skip
def test_what_fits(size, day, moved, daily, expected):
    assert fits(size, Book(day=day, moved_bytes=moved), "today", daily) is expected


def test_it_looks_once_a_start_and_once_a_day(person):
    folders = KnownFolders(person.places, lambda *_: None, lambda: person.now)
    assert not folders.due(())
    assert folders.due(("documents",))
    desk = Desk(
        folder=person.folder, root=person.root, device="Desk", wanted=("documents",), daily_bytes=0, booted_ns=0,
        left_out=frozenset(),
    )  # fmt: skip
    folders.begin(desk)
    folders.stop()
    assert not folders.due(("documents",))
    assert not folders.due(())
    person.now += datetime.timedelta(days=1)
    assert folders.due(()), "what lies in the synced folder is to go back"


def test_a_book_that_cannot_be_read_moves_nothing_twice(person):
    person.settle("documents")
    (person.places.home / "known.json").write_bytes(b"no book")
    assert noted(person.places) == Book()
    person.settle("documents")
    person.settle()
    assert files(person.folder / "Documents") == MINE


def test_what_policy_says_of_them_a_person_does_not_change(person):
    policy.FOLDER.mkdir()
    (policy.FOLDER / "office.toml").write_text(
        '[folder]\nknown = ["Documents", "pictures"]\nknown_daily = "2 GB"\n'
    )
    found = home.settings(person.places)[0]["folder.known"]
    assert (found.value, found.fixed) == (("documents", "pictures"), "policy")
    assert [each[1] for each in person.examined()] == ["known_to_come", "known_to_come"]


def test_rows_are_kept_as_they_are_read(person):
    row = Row(
        was="/a", now="/b", began="2026-11-30 09.00", stage="here", left=1, left_path="x", left_code="busy"
    )
    assert (
        msgspec.json.decode(msgspec.json.encode(Book(rows={"documents": row})), type=Book).rows["documents"]
        == row
    )
