"""What every `FileSystem` promises, as tests: the disk of this machine and the simulation's have to pass the same ones.

A subclass of `FileSystemContract` gives a fixture `world`: the file system under test, and a person who works in the
same folder with programs that know nothing of GovSync. Paths of the person are relative to the folder, with slashes.
"""

from collections.abc import Callable
from typing import Protocol

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import File, FileSystem, Folder, Shape

OLD_NS = 1_600_000_000_123_456_700
"""A time that every disk keeps: NTFS counts in tenths of microseconds."""


class Writer(Protocol):
    """A program that opens a file for writing; where it is made to wait it waits, and the test goes on."""

    def is_open(self) -> bool:
        """Says whether the program's open has succeeded so far."""

    def is_refused(self) -> bool:
        """Says whether the system has let it not open the file, for others have it."""

    def finish(self, content: bytes) -> None:
        """Waits until the file is open, writes `content` over its beginning and closes."""


class World(Protocol):
    """A folder with the file system under test, and a person in it."""

    fs: FileSystem

    def write(self, path: str, content: bytes) -> None:
        """Saves a file in place."""

    def replace(self, path: str, content: bytes) -> None:
        """Saves beside the file and renames over it."""

    def read(self, path: str) -> bytes: ...

    def names(self, path: str = "") -> set[str]: ...

    def mkdir(self, path: str) -> None: ...

    def symlink(self, path: str, target: str) -> None: ...

    def link(self, path: str, other: str) -> None:
        """Gives the file at `path` the second name `other`."""

    def rename(self, path: str, other: str) -> None: ...

    def remove(self, path: str) -> None: ...

    def remove_root(self) -> None: ...

    def writer(self, path: str) -> Writer:
        """Starts a program that opens the file for writing."""

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits, within a bound, for what another program brings about."""


def refused(code: Code, call: Callable[..., object], *arguments: object) -> None:
    """Asserts that a call raises the failure `code`."""
    with pytest.raises(Failure) as raised:
        call(*arguments)
    assert raised.value.code is code, raised.value


def born_ns(fs: FileSystem, folder: Folder, name: str) -> int | None:
    """Answers when what lies at a name now was created."""
    seen = fs.stat(folder, name)
    assert seen is not None
    return fs.birth_ns(folder, name, seen.ino)


def content(file: File) -> bytes:
    target = bytearray(1 << 16)
    return bytes(target[: file.read_into(0, memoryview(target))])


class FileSystemContract:
    """The promises of `govsync.system.fs`."""

    @pytest.fixture
    def fs(self, world: World) -> FileSystem:
        return world.fs

    @pytest.fixture
    def root(self, fs: FileSystem):
        with fs.root() as root:
            yield root

    @pytest.fixture
    def bit(self, fs, root) -> Callable[[bool], bool | None]:
        """What is seen of an executable bit: nothing on a disk that keeps none."""
        keeps = fs.identity(root).exec is not None
        return lambda runs: runs if keeps else None

    @pytest.fixture
    def folds(self) -> bool:
        """Whether case makes no second name on the disk under test."""
        return False

    @pytest.fixture
    def exchanging_fs(self, world, fs, root) -> FileSystem:
        for name in ("one", "other"):
            fs.create(root, name).close()
        exchanges = fs.exchange(root, "one", root, "other")
        for name in ("one", "other"):
            fs.unlink(root, name)
        if not exchanges:
            pytest.skip("this disk cannot exchange (R15)")
        return fs

    # ---- folders ----

    def test_a_listing_shows_every_entry_with_its_shape(self, world, fs, root):
        world.write("a file", b"12345")
        world.mkdir("폴더")
        world.symlink("link", "a file")
        world.symlink("nowhere", "missing")
        listing = fs.list(root)
        assert {entry.name: entry.stat.shape for entry in listing.entries} == {
            "a file": Shape.FILE, "폴더": Shape.FOLDER, "link": Shape.LINK, "nowhere": Shape.LINK,
        }  # fmt: skip
        assert listing.complete
        assert not listing.changed
        assert listing.folder == fs.identity(root)

    def test_a_listing_and_a_look_at_a_name_agree(self, world, fs, root):
        world.write("a", b"12345")
        (entry,) = fs.list(root).entries
        assert entry.stat == fs.stat(root, "a")
        assert entry.stat.size_bytes == 5

    def test_a_folder_can_be_listed_again_and_shows_what_came(self, world, fs, root):
        assert fs.list(root).entries == ()
        world.write("a", b"")
        assert [entry.name for entry in fs.list(root).entries] == ["a"]
        world.remove("a")
        assert fs.list(root).entries == ()

    def test_a_look_at_a_missing_name_answers_nothing(self, fs, root):
        assert fs.stat(root, "missing") is None

    def test_a_look_does_not_follow_a_link(self, world, fs, root):
        world.write("a", b"12345")
        world.symlink("link", "a")
        assert fs.stat(root, "link").shape is Shape.LINK
        assert fs.stat(root, "link").ino != fs.stat(root, "a").ino

    def test_a_missing_root_is_gone(self, world, fs):
        world.remove_root()
        refused(Code.GONE, fs.root)

    def test_a_folder_opens_by_its_name_in_an_open_folder(self, world, fs, root):
        world.mkdir("d")
        world.write("d/x", b"")
        with fs.open_folder(root, "d") as folder:
            assert [entry.name for entry in fs.list(folder).entries] == ["x"]
            assert fs.identity(folder).ino == fs.stat(root, "d").ino

    @pytest.mark.parametrize("target", ["d", "a", "missing", "."])
    def test_no_folder_opens_through_a_link(self, world, fs, root, target):
        world.mkdir("d")
        world.write("a", b"")
        world.symlink("link", target)
        refused(Code.LINK_IN_THE_WAY, fs.open_folder, root, "link")

    def test_what_is_no_folder_does_not_open_as_one(self, world, fs, root):
        world.write("a", b"")
        refused(Code.NOT_A_FOLDER, fs.open_folder, root, "a")
        refused(Code.GONE, fs.open_folder, root, "missing")

    def test_an_open_folder_stays_itself_when_a_person_renames_it(self, world, fs, root):
        world.mkdir("d")
        with fs.open_folder(root, "d") as folder:
            world.rename("d", "e")
            world.mkdir("d")
            fs.create(folder, "x").close()
        assert world.names("e") == {"x"}
        assert world.names("d") == set()

    def test_a_new_folder_is_empty_and_takes_no_taken_name(self, world, fs, root):
        fs.make_folder(root, "d")
        assert world.names() == {"d"}
        assert fs.stat(root, "d").shape is Shape.FOLDER
        world.write("a", b"kept")
        world.symlink("nowhere", "missing")
        for name in ("d", "a", "nowhere"):
            refused(Code.EXISTS, fs.make_folder, root, name)
        assert world.read("a") == b"kept"

    def test_only_an_empty_folder_is_removed(self, world, fs, root):
        world.mkdir("d")
        world.write("d/x", b"kept")
        refused(Code.EXISTS, fs.remove_folder, root, "d")
        assert world.read("d/x") == b"kept"
        world.remove("d/x")
        fs.remove_folder(root, "d")
        assert world.names() == set()
        refused(Code.GONE, fs.remove_folder, root, "d")

    def test_a_file_is_not_removed_as_a_folder_nor_a_folder_unlinked(self, world, fs, root):
        world.write("a", b"kept")
        world.mkdir("d")
        refused(Code.NOT_A_FOLDER, fs.remove_folder, root, "a")
        refused(Code.NOT_A_FOLDER, fs.unlink, root, "d")
        assert world.names() == {"a", "d"}

    def test_unlinking_a_link_leaves_what_it_leads_to(self, world, fs, root):
        world.write("a", b"kept")
        world.symlink("link", "a")
        fs.unlink(root, "link")
        assert world.names() == {"a"}
        assert world.read("a") == b"kept"
        refused(Code.GONE, fs.unlink, root, "link")

    # ---- files ----

    def test_a_created_file_is_empty_and_takes_no_taken_name(self, world, fs, root):
        with fs.create(root, "new") as file:
            assert file.stat().size_bytes == 0
            assert file.stat().ino == fs.stat(root, "new").ino
        world.symlink("nowhere", "missing")
        world.write("a", b"kept")
        for name in ("new", "a", "nowhere"):
            refused(Code.EXISTS, fs.create, root, name)
        assert world.read("a") == b"kept"
        assert world.names() == {"new", "a", "nowhere"}

    def test_writing_appends(self, world, fs, root):
        with fs.create(root, "new") as file:
            file.write(b"one")
            file.write(memoryview(b"two"))
            file.write(b"")
            file.flush()
            assert file.stat().size_bytes == 6
        assert world.read("new") == b"onetwo"

    def test_reserving_changes_no_size_and_writing_begins_at_the_beginning(self, world, fs, root):
        with fs.create(root, "new") as file:
            file.reserve(1 << 16)
            assert file.stat().size_bytes == 0
            file.write(b"one")
        assert world.read("new") == b"one"

    def test_reading_fills_the_target_or_stops_where_the_file_ends(self, world, fs, root):
        world.write("a", b"0123456789")
        with fs.open_file(root, "a") as file:
            target = bytearray(4)
            assert file.read_into(3, memoryview(target)) == 4
            assert target == b"3456"
            assert file.read_into(8, memoryview(target)) == 2
            assert target == b"8956"
            assert file.read_into(10, memoryview(target)) == 0
            assert file.read_into(0, memoryview(target)[:0]) == 0

    def test_an_open_file_stays_itself_when_its_name_goes_to_another(self, world, fs, root):
        world.write("a", b"first")
        with fs.open_file(root, "a") as file:
            ino = file.stat().ino
            world.replace("a", b"second")
            assert content(file) == b"first"
            assert file.stat().ino == ino != fs.stat(root, "a").ino

    def test_an_open_file_says_what_it_was_when_it_was_opened(self, world, fs, root):
        world.write("a", b"first")
        before = fs.stat(root, "a")
        with fs.open_file(root, "a") as file:
            world.write("a", b"something longer")
            assert file.opened == before
            assert file.stat().size_bytes == len(b"something longer")

    def test_only_regular_files_open(self, world, fs, root):
        world.mkdir("d")
        world.write("a", b"")
        world.symlink("link", "a")
        refused(Code.LINK_IN_THE_WAY, fs.open_file, root, "link")
        refused(Code.NOT_A_FOLDER, fs.open_file, root, "d")
        refused(Code.GONE, fs.open_file, root, "missing")

    def test_a_finished_file_has_its_time_and_its_executable_bit(self, fs, root, bit):
        with fs.create(root, "new") as file:
            file.write(b"12345")
            number = file.finish(OLD_NS, exec=True)
            stat = fs.stat(root, "new")
            assert (stat.ino, stat.size_bytes, stat.mtime_ns, stat.exec) == (number, 5, OLD_NS, bit(True))
            file.finish(OLD_NS + 100, exec=False)
        stat = fs.stat(root, "new")
        assert (stat.size_bytes, stat.mtime_ns, stat.exec) == (5, OLD_NS + 100, bit(False))

    def test_the_executable_bit_is_set_and_cleared_without_touching_the_rest(self, world, fs, root, bit):
        with fs.create(root, "new") as file:
            file.write(b"12345")
            file.finish(OLD_NS, exec=False)
        fs.set_exec(root, "new", True)
        stat = fs.stat(root, "new")
        assert (stat.exec, stat.mtime_ns, stat.size_bytes) == (bit(True), OLD_NS, 5)
        fs.set_exec(root, "new", False)
        assert not fs.stat(root, "new").exec

    def test_the_executable_bit_belongs_to_files_only(self, world, fs, root):
        world.write("a", b"")
        world.symlink("link", "a")
        world.mkdir("d")
        refused(Code.LINK_IN_THE_WAY, fs.set_exec, root, "link", True)
        refused(Code.NOT_A_FOLDER, fs.set_exec, root, "d", True)
        refused(Code.GONE, fs.set_exec, root, "missing", True)
        assert not fs.stat(root, "a").exec

    def test_the_right_to_write_is_taken_and_given_back_and_changes_nothing_else(self, world, fs, root, bit):
        with fs.create(root, "new") as file:
            file.write(b"12345")
            file.finish(OLD_NS, exec=True, write=False)
        shut = fs.stat(root, "new")
        assert (shut.write, shut.exec, shut.mtime_ns, shut.size_bytes) == (False, bit(True), OLD_NS, 5)
        fs.set_write(root, "new", True)
        given = fs.stat(root, "new")
        assert (given.write, given.exec, given.mtime_ns, given.ino) == (True, bit(True), OLD_NS, shut.ino)
        fs.set_exec(root, "new", False)
        fs.set_write(root, "new", False)
        taken = fs.stat(root, "new")
        assert (taken.write, taken.exec) == (False, bit(False))

    def test_a_file_says_itself_that_it_was_shut_wherever_it_goes(self, world, fs, root):
        world.mkdir("d")
        for name, write in (("shut", False), ("open", True)):
            with fs.create(root, name) as file:
                file.finish(OLD_NS, exec=False, write=write)
        assert (fs.stat(root, "shut").shut, fs.stat(root, "open").shut) == (True, False)
        fs.set_exec(root, "shut", True)
        world.rename("shut", "d/a")
        with fs.open_folder(root, "d") as folder:
            assert fs.stat(folder, "a").shut
            assert [entry.stat.shut for entry in fs.list(folder).entries] == [True]
            with fs.open_file(folder, "a") as old:
                fs.copy_attributes(old, root, "open")
            assert fs.stat(root, "open").shut, "the mark goes with the right"
            fs.set_write(folder, "a", True)
            assert not fs.stat(folder, "a").shut
            fs.set_write(folder, "a", False)
            assert fs.stat(folder, "a").shut

    def test_the_right_to_write_is_taken_from_files_only(self, world, fs, root):
        world.write("a", b"")
        world.symlink("link", "a")
        world.mkdir("d")
        refused(Code.LINK_IN_THE_WAY, fs.set_write, root, "link", False)
        refused(Code.NOT_A_FOLDER, fs.set_write, root, "d", False)
        refused(Code.GONE, fs.set_write, root, "missing", False)
        assert fs.stat(root, "a").write

    def test_attributes_are_copied_and_nothing_else(self, world, fs, root, bit):
        world.write("old", b"old")
        fs.set_exec(root, "old", True)
        with fs.create(root, "new") as file:
            file.write(b"newer")
            file.finish(OLD_NS, exec=False)
        with fs.open_file(root, "old") as old:
            fs.copy_attributes(old, root, "new")
        stat = fs.stat(root, "new")
        assert (stat.exec, stat.size_bytes, stat.mtime_ns) == (bit(True), 5, OLD_NS)
        assert world.read("new") == b"newer"

    def test_attributes_are_not_copied_through_a_link(self, world, fs, root):
        world.write("old", b"")
        world.write("a", b"")
        world.symlink("link", "a")
        fs.set_exec(root, "old", True)
        with fs.open_file(root, "old") as old:
            refused(Code.LINK_IN_THE_WAY, fs.copy_attributes, old, root, "link")
        assert not fs.stat(root, "a").exec

    def test_a_second_name_is_counted(self, world, fs, root):
        world.write("a", b"")
        assert fs.stat(root, "a").links == 1
        world.link("a", "b")
        assert fs.stat(root, "a").links == fs.stat(root, "b").links == 2
        assert fs.stat(root, "a").ino == fs.stat(root, "b").ino

    def test_a_birth_time_survives_writing_and_renaming_and_tells_a_new_file_from_an_old_one(
        self, world, fs, root
    ):
        world.write("a", b"1")
        born = born_ns(fs, root, "a")
        if born is None:
            pytest.skip("this file system tells no birth times")
        world.write("a", b"22")
        world.rename("a", "b")
        assert born_ns(fs, root, "b") == born
        ino = fs.stat(root, "b").ino

        def told_apart() -> bool:
            world.remove("b")
            world.write("b", b"1")
            return (fs.stat(root, "b").ino, born_ns(fs, root, "b")) != (ino, born)

        world.until(told_apart)  # At once, or a tick of the kernel's clock later.

    def test_a_link_has_a_birth_time_of_its_own(self, world, fs, root):
        world.symlink("nowhere", "missing")
        world.write("a", b"")
        assert (born_ns(fs, root, "nowhere") is None) == (born_ns(fs, root, "a") is None)

    def test_nothing_has_no_birth_time(self, fs, root):
        refused(Code.GONE, fs.birth_ns, root, "missing", 1)

    def test_the_birth_time_of_another_file_under_the_name_is_not_taken_for_that_of_the_one_that_was_seen(
        self, world, fs, root
    ):
        world.write("a", b"")
        world.write("b", b"")
        seen = fs.stat(root, "a").ino
        world.rename("b", "a")
        assert fs.birth_ns(root, "a", seen) is None

    # ---- names given and exchanged ----

    def test_an_exchange_swaps_two_names_and_nothing_else(self, world, exchanging_fs, root):
        fs = exchanging_fs
        world.mkdir("d")
        world.write("a", b"first")
        world.write("d/b", b"second")
        with fs.open_folder(root, "d") as folder:
            one, two = fs.stat(root, "a"), fs.stat(folder, "b")
            fs.exchange(root, "a", folder, "b")
            now_a, now_b = fs.stat(root, "a"), fs.stat(folder, "b")
        assert (now_a.ino, now_a.mtime_ns, now_a.size_bytes) == (two.ino, two.mtime_ns, two.size_bytes)
        assert (now_b.ino, now_b.mtime_ns, now_b.size_bytes) == (one.ino, one.mtime_ns, one.size_bytes)
        assert (world.read("a"), world.read("d/b")) == (b"second", b"first")
        assert world.names() == {"a", "d"}
        assert world.names("d") == {"b"}

    def test_a_file_and_a_folder_can_be_exchanged(self, world, exchanging_fs, root):
        fs = exchanging_fs
        world.mkdir("d")
        world.write("d/x", b"inside")
        world.write("a", b"file")
        fs.exchange(root, "a", root, "d")
        assert world.read("a/x") == b"inside"
        assert world.read("d") == b"file"

    def test_an_exchange_of_links_swaps_the_links(self, world, exchanging_fs, root):
        fs = exchanging_fs
        world.write("a", b"kept")
        world.write("b", b"other")
        world.symlink("link", "a")
        fs.exchange(root, "link", root, "b")
        assert fs.stat(root, "b").shape is Shape.LINK
        assert world.read("link") == b"other"
        assert world.read("a") == b"kept"

    def test_an_exchange_needs_both_names_and_changes_nothing_without(self, world, fs, root):
        world.write("a", b"kept")
        refused(Code.GONE, fs.exchange, root, "a", root, "missing")
        refused(Code.GONE, fs.exchange, root, "missing", root, "a")
        assert world.names() == {"a"}
        assert world.read("a") == b"kept"

    def test_a_rename_gives_a_free_name(self, world, fs, root):
        world.mkdir("d")
        world.write("a", b"12345")
        with fs.open_folder(root, "d") as folder:
            before = fs.stat(root, "a")
            fs.rename(root, "a", folder, "b")
            after = fs.stat(folder, "b")
        assert (after.ino, after.mtime_ns, after.size_bytes) == (before.ino, before.mtime_ns, 5)
        assert world.names() == {"d"}
        assert world.read("d/b") == b"12345"

    @pytest.mark.parametrize("what", ["file", "folder", "link", "nowhere", "same file", "itself"])
    @pytest.mark.parametrize("moved", ["file", "folder"])
    def test_a_rename_never_replaces(self, world, fs, root, moved, what):
        if moved == "file":
            world.write("a", b"moved")
        else:
            world.mkdir("a")
            if what == "same file":
                pytest.skip("folders have one name")
        make = {
            "file": lambda: world.write("b", b"kept"),
            "folder": lambda: world.mkdir("b"),
            "link": lambda: world.symlink("b", "a"),
            "nowhere": lambda: world.symlink("b", "missing"),
            "same file": lambda: world.link("a", "b"),
            "itself": lambda: None,
        }
        make[what]()
        before = {entry.name: entry.stat for entry in fs.list(root).entries}
        refused(Code.EXISTS, fs.rename, root, "a", root, "a" if what == "itself" else "b")
        assert {entry.name: entry.stat for entry in fs.list(root).entries} == before

    @pytest.mark.parametrize("moved", ["file", "folder"])
    def test_a_rename_that_changes_the_case_alone_shows_the_new_name_alone(self, world, fs, root, moved):
        if moved == "file":
            world.write("report", b"12345")
        else:
            world.mkdir("report")
        before = fs.stat(root, "report")
        fs.rename(root, "report", root, "Report")
        assert world.names() == {"Report"}
        after = fs.stat(root, "Report")
        assert (after.ino, after.mtime_ns, after.size_bytes) == (
            before.ino,
            before.mtime_ns,
            before.size_bytes,
        )
        assert fs.stat(root, "report") is None
        refused(Code.GONE, fs.open_file if moved == "file" else fs.open_folder, root, "report")
        with (fs.open_file if moved == "file" else fs.open_folder)(root, "Report"):
            fs.rename(root, "Report", root, "report")
        assert world.names() == {"report"}

    def test_a_name_is_taken_in_each_spelling_where_case_makes_no_second_one(self, world, fs, root, folds):
        world.write("Report", b"kept")
        world.write("a", b"moved")
        if not folds:
            fs.rename(root, "a", root, "report")
            assert (world.read("Report"), world.read("report")) == (b"kept", b"moved")
            return
        refused(Code.EXISTS, fs.rename, root, "a", root, "report")
        refused(Code.EXISTS, fs.create, root, "report")
        refused(Code.EXISTS, fs.make_folder, root, "report")
        assert world.names() == {"Report", "a"}
        assert (world.read("Report"), world.read("a")) == (b"kept", b"moved")

    def test_a_rename_of_nothing_is_gone(self, world, fs, root):
        refused(Code.GONE, fs.rename, root, "missing", root, "b")
        assert world.names() == set()

    def test_a_rename_into_a_removed_folder_is_gone(self, world, fs, root):
        world.write("a", b"kept")
        fs.make_folder(root, "d")
        with fs.open_folder(root, "d") as folder:
            fs.remove_folder(root, "d")
            refused(Code.GONE, fs.rename, root, "a", folder, "a")
            refused(Code.GONE, fs.create, folder, "new")
            refused(Code.GONE, fs.make_folder, folder, "new")
        assert world.read("a") == b"kept"

    def test_a_folder_does_not_move_into_itself(self, world, fs, root):
        world.mkdir("d")
        world.mkdir("d/e")
        with fs.open_folder(root, "d") as d, fs.open_folder(d, "e") as e:
            refused(Code.UNREADABLE, fs.rename, root, "d", e, "x")
        assert world.names("d") == {"e"}
        assert world.names("d/e") == set()

    def test_a_renamed_folder_keeps_its_children_as_they_were(self, world, fs, root):
        world.mkdir("d")
        world.write("d/x", b"12345")
        with fs.open_folder(root, "d") as folder:
            before = fs.stat(folder, "x")
            fs.rename(root, "d", root, "e")
            assert fs.stat(folder, "x") == before

    # ---- leases ----

    @pytest.fixture
    def leased_fs(self, fs: FileSystem) -> FileSystem:
        if not fs.leases():
            pytest.skip("no leases here: weak mode")
        return fs

    def test_an_idle_file_can_be_leased_and_given_back(self, world, leased_fs, root):
        fs = leased_fs
        world.write("a", b"")
        with fs.open_file(root, "a") as file:
            fs.release(file)
            assert fs.lease(file)
            assert fs.lease_unbroken(file)
            fs.release(file)
            assert not fs.lease_unbroken(file)
            world.writer("a").finish(b"written")
        assert world.read("a") == b"written"

    def test_no_lease_while_somebody_writes(self, world, leased_fs, root):
        fs = leased_fs
        world.write("a", b"1234567")
        writer = world.writer("a")
        world.until(writer.is_open)
        with fs.open_file(root, "a") as file:
            assert not fs.lease(file)
            assert fs.written_by_somebody(root, "a") is True
            writer.finish(b"written")
            assert fs.written_by_somebody(root, "a") is False
            assert fs.lease(file)
            fs.release(file)

    def test_readers_hinder_no_lease_and_break_none(self, world, leased_fs, root):
        fs = leased_fs
        world.write("a", b"12345")
        with fs.open_file(root, "a") as reader, fs.open_file(root, "a") as file:
            assert fs.lease(file)
            assert world.read("a") == content(reader) == b"12345"
            assert fs.written_by_somebody(root, "a") is False
            assert fs.lease_unbroken(file)
            fs.release(file)

    def test_an_opener_waits_for_the_lease_and_is_seen_or_is_refused(self, world, leased_fs, root):
        fs = leased_fs
        world.write("a", b"0000000")
        with fs.open_file(root, "a") as file:
            assert fs.lease(file)
            writer = world.writer("a")
            world.until(lambda: not fs.lease_unbroken(file) or writer.is_refused())
            assert not writer.is_open()
            assert content(file) == b"0000000"
            fs.release(file)
            if writer.is_refused():
                writer = world.writer("a")
            writer.finish(b"written")
            assert content(file) == b"written"

    def test_a_late_writer_s_bytes_are_visible_when_the_exchange_is_undone(
        self, world, leased_fs, exchanging_fs, root
    ):
        """Where the lease shows an opener in the middle of an exchange (F3, R11)."""
        fs = leased_fs
        world.write("a", b"0000000")
        world.write("staged", b"incoming")
        with fs.open_file(root, "a") as file:
            assert fs.lease(file)
            writer = world.writer("a")
            world.until(lambda: not fs.lease_unbroken(file))
            fs.exchange(root, "staged", root, "a")
            fs.exchange(root, "staged", root, "a")
            fs.release(file)
            writer.finish(b"written")
        assert world.read("a") == b"written"
        assert world.read("staged") == b"incoming"

    def test_an_exchange_under_a_lease_leaves_it_whole(self, world, leased_fs, exchanging_fs, root):
        fs = leased_fs
        world.write("a", b"old")
        world.write("staged", b"new")
        with fs.open_file(root, "a") as file:
            assert fs.lease(file)
            fs.exchange(root, "staged", root, "a")
            assert fs.lease_unbroken(file)
            fs.release(file)
        world.writer("a").finish(b"WEN")
        assert (world.read("a"), world.read("staged")) == (b"WEN", b"old")

    def test_a_lease_ends_with_its_file(self, world, leased_fs, root):
        fs = leased_fs
        world.write("a", b"0000000")
        file = fs.open_file(root, "a")
        assert fs.lease(file)
        file.close()
        world.writer("a").finish(b"written")
        assert world.read("a") == b"written"

    def test_only_of_a_file_it_is_asked_who_writes(self, world, fs, root):
        world.mkdir("d")
        world.symlink("link", "d")
        refused(Code.GONE, fs.written_by_somebody, root, "missing")
        refused(Code.NOT_A_FOLDER, fs.written_by_somebody, root, "d")
        refused(Code.LINK_IN_THE_WAY, fs.written_by_somebody, root, "link")

    # ---- the rest ----

    def test_what_is_closed_is_gone_and_closing_twice_is_harmless(self, world, fs, root):
        world.write("a", b"")
        file = fs.open_file(root, "a")
        file.close()
        file.close()
        refused(Code.GONE, file.stat)
        refused(Code.GONE, file.read_into, 0, memoryview(bytearray(1)))
        fs.make_folder(root, "d")
        folder: Folder = fs.open_folder(root, "d")
        folder.close()
        folder.close()
        refused(Code.GONE, fs.list, folder)
        refused(Code.GONE, fs.stat, folder, "x")
        refused(Code.GONE, fs.flush_folders, [folder])

    def test_folders_of_every_depth_are_flushed_together(self, world, fs, root):
        world.mkdir("d")
        with fs.open_folder(root, "d") as folder:
            fs.create(folder, "new").close()
            fs.flush_folders([root, folder])
            fs.flush_folders([])
        assert world.names("d") == {"new"}

    def test_some_bytes_are_free(self, fs):
        assert fs.free_bytes() > 0
