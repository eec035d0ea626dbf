"""Steps change what they were told to change and nothing else, whoever comes in between (R10-R16)."""

import errno
import gc
import mmap
import os
import stat
import threading
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from govsync.local.folders import MOST_OPEN
from govsync.local.steps import At, MakeFolder, Result, Signature
from govsync.local.trash import Fate, Held, look_again
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.local.desk import OLD_NS, Desk, Hooked, at, once, shown
from tests.system.desk import link
from tests.system.lacking import Network, NoExchange


def test_what_stands_where_something_new_was_to_come_is_named(desk):
    """A link is never followed, and a person can be told why nothing comes (R29)."""
    link(desk.path / "link", "/")
    desk.write("file", b"somebody's")
    found = [desk.carry_out(desk.make_folder(name))[0] for name in ("link", "file")]
    assert [(each.result, each.problem.code) for each in found] == [
        (Result.CHANGED, Code.LINK_IN_THE_WAY), (Result.CHANGED, Code.EXISTS),
    ]  # fmt: skip


@pytest.mark.windows
def test_a_move_to_the_name_that_it_has_on_the_disk_is_done(desk):
    """The whole name is another; the disk holds the same part of both (R8)."""
    desk.write("a.txt", b"a")
    (outcome,) = desk.carry_out(desk.move("a.txt", "a.txt"))
    assert (outcome.result, outcome.placed.ino) == (Result.DONE, desk.ino("a.txt"))
    assert desk.path.joinpath("a.txt").read_bytes() == b"a"


@pytest.mark.windows
def test_a_staged_file_gets_a_free_name(desk):
    staged = desk.stage(b"new", exec=True)
    (outcome,) = desk.carry_out(desk.install("a.txt", staged))
    assert outcome.result is Result.DONE
    assert desk.read("a.txt") == b"new"
    assert shown(outcome.placed) == desk.signature("a.txt")
    assert outcome.placed.mtime_ns == OLD_NS + 100
    assert outcome.placed.exec in (True, None)
    assert outcome.birth_ns is not None
    assert desk.hidden("staging") == {}


@pytest.mark.windows
def test_an_install_replaces_nothing(desk):
    desk.write("a.txt", b"mine")
    (outcome,) = desk.carry_out(desk.install("a.txt", desk.stage(b"new")))
    assert outcome.result is Result.CHANGED
    assert desk.read("a.txt") == b"mine"
    assert desk.hidden("staging") == {"staged": b"new"}


@pytest.mark.windows
def test_an_install_does_not_take_another_staged_file_for_its_own(desk):
    step = desk.install("a.txt", desk.stage(b"first"))
    (desk.path / ".govsync/staging/staged").rename(desk.path / ".govsync/staging/held")
    desk.stage(b"second")
    assert desk.carry_out(step)[0].result is Result.CHANGED
    assert desk.read("a.txt") is None


@pytest.mark.windows
def test_a_save_right_after_an_install_is_not_taken_for_the_installed_content(desk):
    step = desk.install("a.txt", desk.stage(b"new"))
    # The first look is at the staged file, the second at what was placed.
    desk.before(once("stat", lambda: (desk.path / "a.txt").write_bytes(b"person"), turn=2))
    (outcome,) = desk.carry_out(step)
    assert desk.read("a.txt") == b"person"
    assert outcome.result is Result.DONE
    assert shown(outcome.placed) != desk.signature("a.txt")


@pytest.mark.windows
def test_nothing_is_changed_on_another_disk_below(desk):
    """What lies on another disk may come and go with it (R1, R29)."""

    class Disks:
        """The real disk, where the folder `usb` is said to lie on another one."""

        def __init__(self, fs):
            self._fs, self._usb = fs, None

        def __getattr__(self, name):
            return getattr(self._fs, name)

        def open_folder(self, folder, name):
            opened = self._fs.open_folder(folder, name)
            self._usb = opened if name == "usb" else self._usb
            return opened

        def identity(self, folder):
            found = self._fs.identity(folder)
            return replace(found, dev=-1) if folder is self._usb else found

    (desk.path / "usb").mkdir()
    step = desk.install("usb/a.txt", desk.stage(b"new"))
    desk.fs = Disks(desk.fs)
    (outcome,) = desk.carry_out(step)
    assert (outcome.result, outcome.problem.code) == (Result.FAILED, Code.OBSCURED)
    assert desk.tree() == ["usb/"]


@pytest.mark.windows
def test_a_file_that_is_not_the_expected_one_never_loses_its_name_even_for_a_moment(desk):
    step = desk.exchange("a.txt", desk.stage(b"new"), desk.write("a.txt", b"old"))
    desk.write("a.txt", b"another", mtime_ns=OLD_NS + 5)
    shown_then = []
    desk.before(lambda primitive, _: shown_then.append(desk.read("a.txt")))
    assert desk.carry_out(step)[0].result is Result.CHANGED
    assert set(shown_then) == {b"another"}


@pytest.mark.windows
def test_an_exchange_puts_the_old_version_into_the_trash(desk):
    expected = desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.DONE
    assert desk.read("a.txt") == b"new"
    assert shown(outcome.placed) == desk.signature("a.txt")
    assert desk.hidden("trash") == {step.trash: b"old"}
    assert outcome.displaced == desk.signature(".govsync/trash/" + step.trash)
    assert outcome.displaced.like(expected)
    assert desk.hidden("staging") == {}


def test_an_exchange_keeps_mode_and_attributes_but_takes_the_executable_bit_of_the_version(desk):
    desk.write("a.sh", b"old")
    os.chmod(desk.path / "a.sh", 0o640)
    os.setxattr(desk.path / "a.sh", "user.note", b"kept")
    (outcome,) = desk.carry_out(desk.exchange("a.sh", desk.stage(b"new", exec=True)))
    mode = stat.S_IMODE(os.stat(desk.path / "a.sh").st_mode)
    assert mode & 0o666 == 0o640
    assert mode & 0o100
    assert outcome.placed.exec in (True, None)
    assert os.getxattr(desk.path / "a.sh", "user.note") == b"kept"


@pytest.mark.windows
def test_an_exchange_expects_exactly_what_was_read(desk):
    expected = desk.write("a.txt", b"old")
    staged = desk.stage(b"new")
    desk.write("a.txt", b"person", mtime_ns=OLD_NS + 5)
    (outcome,) = desk.carry_out(desk.exchange("a.txt", staged, expected))
    assert outcome.result is Result.CHANGED
    assert outcome.displaced is None
    assert desk.read("a.txt") == b"person"
    assert desk.hidden("staging") == {"staged": b"new"}
    assert desk.hidden("trash") == {}


@pytest.mark.parametrize("kind", ["exchange", "remove"])
@pytest.mark.windows
def test_a_file_that_a_program_writes_is_left_alone(desk, kind):
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new")) if kind == "exchange" else desk.remove("a.txt")
    with open(desk.path / "a.txt", "r+b"):
        (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.BUSY
    assert desk.read("a.txt") == b"old"
    assert desk.hidden("trash") == {}
    assert desk.carry_out(step)[0].result is Result.DONE


@pytest.mark.parametrize("kind", ["exchange", "remove"])
@pytest.mark.windows
def test_a_file_that_a_program_has_mapped_for_writing_is_left_alone(desk, kind):
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new")) if kind == "exchange" else desk.remove("a.txt")
    with open(desk.path / "a.txt", "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    (outcome,) = desk.carry_out(step)
    mapped.close()
    assert outcome.result is Result.BUSY
    assert desk.read("a.txt") == b"old"


@pytest.mark.parametrize("kind", ["exchange", "remove"])
@pytest.mark.windows
def test_a_file_saved_anew_just_before_the_change_gets_its_name_back(desk, kind):
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new")) if kind == "exchange" else desk.remove("a.txt")
    # The exchange's own rename is its first, of the staged file; a removal is one rename.
    primitive = "exchange" if kind == "exchange" else "rename"
    desk.before(once(primitive, lambda: desk.replace("a.txt", b"person")))
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.CHANGED
    assert outcome.displaced is None
    assert desk.read("a.txt") == b"person"
    assert desk.hidden("trash") == {}


@pytest.mark.parametrize("kind", ["exchange", "remove"])
def test_swap_race(desk, kind):
    """A program found the old file before the change and opens it after: it waits, and writes the visible file."""
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new")) if kind == "exchange" else desk.remove("a.txt")
    inner = desk.fs

    def save():
        with open(desk.path / ".govsync/trash" / step.trash, "r+b") as file:
            file.write(b"person")

    program = threading.Thread(target=save)

    class Racing(Hooked):
        def lease_unbroken(self, file):
            program.start()
            while inner.lease_unbroken(file):
                assert program.is_alive()
            return False

    desk.fs = Racing(inner, lambda *_: None)
    (outcome,) = desk.carry_out(step)
    program.join(60)
    assert outcome.result is Result.BUSY
    assert desk.read("a.txt") == b"person"
    assert desk.hidden("trash") == {}


@pytest.mark.windows
def test_an_undone_exchange_leaves_the_staged_file_for_the_next_try(desk):
    desk.write("a.txt", b"old")
    staged = desk.stage(b"new")
    desk.before(once("exchange", lambda: desk.replace("a.txt", b"person")))
    desk.carry_out(desk.exchange("a.txt", staged))
    desk.undisturbed()
    (outcome,) = desk.carry_out(desk.exchange("a.txt", staged))
    assert outcome.result is Result.DONE
    assert desk.read("a.txt") == b"new"
    assert b"person" in desk.contents()


def test_what_a_third_writer_saves_during_the_undoing_is_a_second_version(desk):
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    exchanges = []

    def save(primitive, arguments):
        if primitive == "exchange":
            exchanges.append(primitive)
            desk.replace("a.txt", f"person {len(exchanges)}".encode())

    desk.before(save)
    (outcome,) = desk.carry_out(step)
    assert len(exchanges) == 2
    assert outcome.result is Result.CHANGED
    assert desk.read("a.txt") == b"person 1"
    assert desk.hidden("trash") == {step.trash: b"person 2"}
    assert outcome.displaced == desk.signature(".govsync/trash/" + step.trash)


@pytest.mark.windows
def test_a_name_emptied_during_the_undoing_is_filled_again(desk):
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    exchanges = []

    def act(primitive, arguments):
        if primitive == "exchange":
            exchanges.append(primitive)
            if len(exchanges) == 1:
                desk.replace("a.txt", b"person")
            else:
                (desk.path / "a.txt").unlink()

    desk.before(act)
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.CHANGED
    assert desk.read("a.txt") == b"person"
    assert desk.hidden("trash") == {}


def test_a_name_filled_during_the_undoing_of_a_removal_keeps_both_files(desk):
    desk.write("a.txt", b"old")
    step = desk.remove("a.txt")
    renames = []

    def act(primitive, arguments):
        if primitive == "rename":
            renames.append(primitive)
            desk.replace("a.txt", f"person {len(renames)}".encode())

    desk.before(act)
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.CHANGED
    assert desk.read("a.txt") == b"person 2"
    assert desk.hidden("trash") == {step.trash: b"person 1"}
    assert outcome.displaced == desk.signature(".govsync/trash/" + step.trash)


def test_a_name_deleted_just_before_the_exchange_stays_deleted(desk):
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    desk.before(once("exchange", (desk.path / "a.txt").unlink))
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.CHANGED
    assert desk.tree() == []
    assert desk.hidden("staging") == {"staged": b"new"}


@pytest.mark.windows
def test_a_removal_moves_into_the_trash(desk):
    expected = desk.write("a.txt", b"old")
    step = desk.remove("a.txt")
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.DONE
    assert outcome.displaced.like(expected)
    assert desk.tree() == []
    assert desk.hidden("trash") == {step.trash: b"old"}


@pytest.mark.windows
def test_without_leases_a_change_before_the_exchange_is_still_found(desk):
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))

    class Weak(Hooked):
        def leases(self):
            return False

        def written_by_somebody(self, *_):
            return None

    desk.fs = Weak(desk.fs, once("exchange", lambda: desk.write("a.txt", b"person!")))
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.CHANGED
    assert desk.read("a.txt") == b"person!"


# ---- disks that cannot exchange (R15) ----


@pytest.fixture
def plain(tmp_path):
    return Desk(tmp_path / "plain", NoExchange)


def test_a_disk_that_cannot_exchange_replaces_by_two_renames(plain):
    expected = plain.write("a.txt", b"old")
    os.chmod(plain.path / "a.txt", 0o640)
    expected = plain.signature("a.txt")
    plain.write("b.txt", b"old too")
    steps = [
        plain.exchange("a.txt", plain.stage(b"new")),
        plain.exchange("b.txt", plain.stage(b"new too", "2")),
    ]
    outcomes = plain.carry_out(*steps)
    assert [outcome.result for outcome in outcomes] == [Result.DONE, Result.DONE]
    assert plain.visible() == {"a.txt": b"new", "b.txt": b"new too"}
    assert shown(outcomes[0].placed) == plain.signature("a.txt")
    assert outcomes[0].displaced.like(expected)
    assert plain.hidden("trash") == {steps[0].trash: b"old", steps[1].trash: b"old too"}
    assert plain.hidden("staging") == {}
    assert stat.S_IMODE(os.stat(plain.path / "a.txt").st_mode) == 0o640


def before_the_staged_file_takes(name, act):
    def hook(primitive, arguments):
        if primitive == "rename" and arguments[1] == "staged" and arguments[3] == name:
            act()

    return hook


@pytest.mark.parametrize("fill", ["write", "mkdir"])
@pytest.mark.windows
def test_who_fills_the_name_between_the_renames_keeps_it(plain, fill):
    expected = plain.write("a.txt", b"old")
    step = plain.exchange("a.txt", plain.stage(b"new"))

    def act():
        plain.write("a.txt", b"person") if fill == "write" else (plain.path / "a.txt").mkdir()

    plain.before(before_the_staged_file_takes("a.txt", act))
    (outcome,) = plain.carry_out(step)
    assert outcome.result is Result.CHANGED
    assert outcome.displaced.like(expected)
    assert plain.tree() == (["a.txt"] if fill == "write" else ["a.txt/"])
    assert plain.read("a.txt") == (b"person" if fill == "write" else None)
    assert plain.hidden("trash") == {step.trash: b"old"}
    assert plain.hidden("staging") == {"staged": b"new"}


@pytest.mark.windows
def test_a_disk_that_fails_between_the_renames_gets_the_old_file_back(plain):
    plain.write("a.txt", b"old")
    step = plain.exchange("a.txt", plain.stage(b"new"))

    def fail():
        raise Failure(Code.DISK_FULL)

    plain.before(before_the_staged_file_takes("a.txt", fail))
    (outcome,) = plain.carry_out(step)
    assert (outcome.result, outcome.problem.code) == (Result.FAILED, Code.DISK_FULL)
    assert plain.visible() == {"a.txt": b"old"}
    assert plain.hidden("staging") == {"staged": b"new"}


@pytest.mark.windows
def test_a_save_just_before_the_first_rename_gets_its_name_back(plain):
    plain.write("a.txt", b"old")
    step = plain.exchange("a.txt", plain.stage(b"new"))

    def save(primitive, arguments):
        if primitive == "rename" and arguments[1] == "a.txt":
            plain.replace("a.txt", b"person")

    plain.before(save)
    (outcome,) = plain.carry_out(step)
    assert (outcome.result, outcome.displaced) == (Result.CHANGED, None)
    assert plain.visible() == {"a.txt": b"person"}
    assert plain.hidden("staging") == {"staged": b"new"}


@pytest.mark.parametrize("disk", [NoExchange, Network])
def test_a_write_through_an_old_handle_is_found_in_the_trash(tmp_path, disk):
    desk = Desk(tmp_path / "folder", disk)
    desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    if disk is Network:  # Without leases nobody sees that a program has it open.
        writer = open(desk.path / "a.txt", "r+b")  # noqa: SIM115
        (outcome,) = desk.carry_out(step)
    else:
        (outcome,) = desk.carry_out(step)
        writer = open(desk.path / ".govsync/trash" / step.trash, "r+b")  # noqa: SIM115
    assert outcome.result is Result.DONE
    with writer:
        writer.write(b"person")
    held = Held(step.trash, outcome.displaced, 0, verified=True)
    assert look_again(desk.fs, desk.root, [held])[0].fate is Fate.CHANGED
    assert desk.hidden("trash") == {step.trash: b"person"}


@pytest.mark.windows
def test_on_a_network_disk_an_entry_of_the_trash_is_the_same_under_another_number(tmp_path):
    desk = Desk(tmp_path / "folder", Network)
    desk.write("a.txt", b"old")
    step = desk.remove("a.txt")
    (outcome,) = desk.carry_out(step)
    before_the_disk_was_mounted_anew = msgspec.structs.replace(outcome.displaced, ino=1)
    held = Held(step.trash, before_the_disk_was_mounted_anew, 0, verified=True)
    assert look_again(desk.fs, desk.root, [held])[0].fate is Fate.SAME
    back = msgspec.structs.replace(desk.bring_back(step.trash, "a 2.txt"), ino=1)
    assert desk.carry_out(back)[0].result is Result.DONE
    assert desk.visible() == {"a 2.txt": b"old"}


@pytest.mark.windows
def test_a_move_goes_to_free_names_only(desk):
    desk.write("a.txt", b"a")
    desk.write("b.txt", b"b")
    taken, free = desk.move("a.txt", "b.txt"), desk.move("a.txt", "c.txt")
    before = desk.signature("a.txt")
    outcomes = desk.carry_out(taken, free)
    assert [outcome.result for outcome in outcomes] == [Result.CHANGED, Result.DONE]
    assert desk.tree() == ["b.txt", "c.txt"]
    assert outcomes[1].before == before
    assert shown(outcomes[1].placed) == desk.signature("c.txt")


@pytest.mark.windows
def test_names_are_swapped_through_parking(desk):
    desk.write("a.txt", b"a")
    desk.write("b.txt", b"b")
    first, second = desk.move("a.txt", "p1", target_parked=True), desk.move("b.txt", "a.txt")
    third = desk.move("p1", "b.txt", ino=desk.ino("a.txt"), source_parked=True)
    assert [outcome.result for outcome in desk.carry_out(first, second, third)] == [Result.DONE] * 3
    assert (desk.read("a.txt"), desk.read("b.txt")) == (b"b", b"a")


@pytest.mark.windows
def test_a_move_that_took_another_file_is_undone(desk):
    desk.write("a.txt", b"a")
    step = desk.move("a.txt", "b.txt")
    desk.before(once("rename", lambda: desk.replace("a.txt", b"person")))
    (outcome,) = desk.carry_out(step)
    assert outcome.result is Result.CHANGED
    assert desk.tree() == ["a.txt"]
    assert desk.read("a.txt") == b"person"


@pytest.mark.windows
def test_a_move_expects_the_thing_that_was_known(desk):
    desk.write("a.txt", b"person")
    (outcome,) = desk.carry_out(desk.move("a.txt", "b.txt", ino=desk.ino("a.txt") + 1))
    assert outcome.result is Result.CHANGED
    assert desk.tree() == ["a.txt"]


@pytest.mark.windows
def test_a_folder_made_under_the_name_of_a_moved_one_is_another(desk):
    (desk.path / "f").mkdir()
    first, second = desk.stage(b"1", "first"), desk.stage(b"2", "second")
    steps = (
        desk.install("f/1.txt", first),
        desk.move("f", "g"),
        desk.make_folder("f"),
        desk.install("f/2.txt", second),
    )
    assert [outcome.result for outcome in desk.carry_out(*steps)] == [Result.DONE] * 4
    assert desk.tree() == ["f/", "f/2.txt", "g/", "g/1.txt"]


@pytest.mark.windows
def test_steps_below_a_moved_folder_find_it_at_its_new_place(desk):
    desk.write("old/x.txt", b"x")
    staged = desk.stage(b"y")
    steps = desk.move("old", "new"), desk.install("new/y.txt", staged), desk.make_folder("old")
    assert [outcome.result for outcome in desk.carry_out(*steps)] == [Result.DONE] * 3
    assert desk.tree() == ["new/", "new/x.txt", "new/y.txt", "old/"]


@pytest.mark.windows
def test_an_empty_folder_is_removed(desk):
    desk.carry_out(desk.make_folder("f"))
    assert desk.carry_out(desk.remove_folder("f"))[0].result is Result.DONE
    assert desk.tree() == []


@pytest.mark.windows
def test_litter_goes_with_its_folder(desk):
    desk.write("f/.DS_Store", b"dust")
    desk.write("f/~$port.docx", b"owner")
    step = desk.remove_folder("f")
    assert desk.carry_out(step)[0].result is Result.DONE
    assert desk.tree() == []
    assert sorted(os.listdir(desk.path / ".govsync/trash" / step.trash)) == [".DS_Store", "~$port.docx"]


@pytest.mark.parametrize("name", ["notes.mine", "draft.tmp", "~$as large as a document"])
def test_a_folder_that_holds_something_stays(desk, name):
    desk.write("f/.DS_Store", b"dust")
    desk.write(f"f/{name}", b"x" * 5000)
    assert desk.carry_out(desk.remove_folder("f"))[0].result is Result.KEPT
    assert desk.tree() == ["f/", "f/.DS_Store", f"f/{name}"]


@pytest.mark.windows
def test_a_folder_filled_just_before_its_removal_stays(desk):
    (desk.path / "f").mkdir()
    step = desk.remove_folder("f")
    desk.before(once("remove_folder", lambda: desk.write("f/a.txt", b"person")))
    assert desk.carry_out(step)[0].result is Result.KEPT
    assert desk.read("f/a.txt") == b"person"


@pytest.mark.windows
def test_a_folder_replaced_by_another_is_not_removed(desk):
    (desk.path / "f").mkdir()
    step = desk.remove_folder("f")
    (desk.path / "f").rename(desk.path / "g")
    (desk.path / "f").mkdir()
    assert desk.carry_out(step)[0].result is Result.CHANGED
    assert desk.tree() == ["f/", "g/"]


def test_the_executable_bit_is_set_on_the_expected_file_only(desk):
    desk.write("a.sh", b"a")
    good, late = desk.set_exec("a.sh", True), desk.set_exec("a.sh", False)
    outcomes = desk.carry_out(good, late)
    assert [outcome.result for outcome in outcomes] == [Result.DONE, Result.CHANGED]
    assert os.access(desk.path / "a.sh", os.X_OK)
    assert shown(outcomes[0].placed) == desk.signature("a.sh")


def mode(desk: Desk, name: str) -> int:
    return (desk.path / name).stat().st_mode & 0o7777


@pytest.mark.parametrize("exec", [False, True])
def test_the_right_to_write_is_taken_and_given_of_the_expected_file_only(desk, exec):
    """Content, times and the executable bit stay: nothing follows from it but another time of change (R4)."""
    desk.write("a.sh", b"a")
    desk.carry_out(desk.set_exec("a.sh", exec))
    before, open_mode = desk.signature("a.sh"), mode(desk, "a.sh")
    shut, late = desk.set_write("a.sh", False), desk.set_write("a.sh", True)
    outcomes = desk.carry_out(shut, late)
    assert [outcome.result for outcome in outcomes] == [Result.DONE, Result.CHANGED]
    assert (outcomes[0].before, shown(outcomes[0].placed)) == (before, desk.signature("a.sh"))
    assert mode(desk, "a.sh") == open_mode & ~0o222 | stat.S_ISVTX, "the mark of what this desk has shut"
    assert desk.signature("a.sh").like(before)
    desk.carry_out(desk.set_write("a.sh", True))
    assert mode(desk, "a.sh") == open_mode


def test_what_was_staged_without_the_right_to_write_keeps_none(desk):
    desk.write("a.txt", b"old")
    staged = desk.stage(b"new", exec=True, write=False)
    (outcome,) = desk.carry_out(desk.exchange("a.txt", staged))
    assert (outcome.result, desk.read("a.txt"), mode(desk, "a.txt")) == (Result.DONE, b"new", 0o1555)
    desk.carry_out(desk.install("b.txt", desk.stage(b"b", write=False)))
    assert mode(desk, "b.txt") == 0o1444


@pytest.mark.windows
def test_where_a_file_system_keeps_no_mark_the_right_to_write_is_taken_all_the_same(desk, monkeypatch):
    change = os.fchmod

    def without_marks(fd, mode):
        if mode & stat.S_ISVTX:
            raise PermissionError(errno.EPERM, "no such mode here")
        change(fd, mode)

    monkeypatch.setattr(os, "fchmod", without_marks)
    desk.write("a.txt", b"old")
    desk.write("b.txt", b"b")
    desk.carry_out(desk.exchange("a.txt", desk.stage(b"new", write=False)), desk.set_write("b.txt", False))
    assert (mode(desk, "a.txt"), mode(desk, "b.txt")) == (0o444, 0o444)


@pytest.mark.windows
def test_what_takes_the_place_of_a_file_that_this_desk_had_shut_may_be_written(desk):
    """The old file's attributes are the new one's, but for what this desk had taken from it (R9, R38)."""
    desk.write("a.txt", b"old")
    open_mode = mode(desk, "a.txt")
    desk.carry_out(desk.set_write("a.txt", False))
    desk.carry_out(desk.exchange("a.txt", desk.stage(b"new")))
    assert (desk.read("a.txt"), mode(desk, "a.txt")) == (b"new", open_mode)


@pytest.mark.windows
def test_a_persons_own_read_only_file_is_replaced_by_one(desk):
    """Mode and attributes are the name's (R9)."""
    desk.write("a.txt", b"old")
    (desk.path / "a.txt").chmod(0o444)
    desk.carry_out(desk.exchange("a.txt", desk.stage(b"new")))
    assert (desk.read("a.txt"), mode(desk, "a.txt")) == (b"new", 0o444)


@pytest.mark.windows
def test_a_second_version_comes_back_from_the_trash(desk):
    desk.write("a.txt", b"old")
    step = desk.remove("a.txt")
    desk.carry_out(step)
    desk.write("a (conflict).txt", b"taken")
    taken, free = desk.bring_back(step.trash, "a (conflict).txt"), desk.bring_back(step.trash, "a 2.txt")
    assert [o.result for o in desk.carry_out(taken, free)] == [Result.CHANGED, Result.DONE]
    assert desk.read("a 2.txt") == b"old"
    assert desk.hidden("trash") == {}


def test_a_link_in_the_way_leads_nowhere(desk, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    link(desk.path / "f", outside)
    (outcome,) = desk.carry_out(desk.install("f/a.txt", desk.stage(b"new")))
    assert outcome.result is Result.CHANGED
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("..", Code.NAME_ILLEGAL), ("../a", Code.NAME_ILLEGAL), ("a/../../b", Code.NAME_ILLEGAL), ("./a", Code.NAME_ILLEGAL),
        (".govsync", Code.NAME_RESERVED), (".govsync/a", Code.NAME_RESERVED), (".GovSync/a", Code.NAME_RESERVED),
    ],
)  # fmt: skip
@pytest.mark.windows
def test_no_step_leaves_the_folder_or_enters_ours(desk, tmp_path, name, code):
    (desk.path / "a").mkdir()
    (outcome,) = desk.carry_out(MakeFolder(intent=1, lid=1, at=at(name)))
    assert outcome.result is Result.FAILED
    assert outcome.problem.code is code
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder"]
    assert desk.tree() == ["a/"]


@pytest.mark.windows
def test_a_name_with_a_separator_is_refused(desk, tmp_path):
    (outcome,) = desk.carry_out(MakeFolder(intent=1, lid=1, at=At((), "../x")))
    assert outcome.problem.code is Code.NAME_ILLEGAL
    assert not (tmp_path / "x").exists()


@pytest.mark.windows
def test_one_bad_step_stops_no_other(desk):
    desk.write("taken", b"mine")
    steps = desk.make_folder("taken"), desk.make_folder("no/way"), desk.make_folder("good")
    results = [outcome.result for outcome in desk.carry_out(*steps)]
    assert results == [Result.CHANGED, Result.CHANGED, Result.DONE]
    assert [outcome.intent for outcome in desk.carry_out(*steps)] == [step.intent for step in steps]


@pytest.mark.windows
def test_nothing_is_done_in_a_folder_that_is_not_proven(desk, tmp_path):
    step = desk.make_folder("f")
    desk.path.rename(tmp_path / "moved")
    with pytest.raises(Failure) as missing:
        desk.carry_out(step)
    assert missing.value.code is Code.FOLDER_MISSING
    desk.path.mkdir()
    with pytest.raises(Failure) as replaced:
        desk.carry_out(step)
    assert replaced.value.code is Code.FOLDER_REPLACED
    assert list(desk.path.iterdir()) == []


@pytest.mark.windows
def test_a_batch_is_flushed_once_after_its_last_change(desk):
    desk.write("d/a.txt", b"old")
    steps = desk.make_folder("f"), desk.exchange("d/a.txt", desk.stage(b"new"))
    said = []
    inner = desk.fs

    def note(primitive, arguments):
        said.append(primitive)
        if primitive == "flush_folders":
            said.append({inner.identity(folder).ino for folder in arguments[0]})

    desk.before(note)
    desk.carry_out(*steps)
    flushed = said[-1]
    assert said[-2] == "flush_folders"
    assert said.count("flush_folders") == 1
    for changed in ("", "d", ".govsync/staging", ".govsync/trash"):
        assert desk.ino(changed) in flushed if changed else desk.path.stat().st_ino in flushed


@pytest.mark.windows
def test_a_failed_flush_is_not_hidden(desk):
    step = desk.make_folder("f")

    def fail(primitive, arguments):
        if primitive == "flush_folders":
            raise Failure(Code.UNREADABLE)

    desk.before(fail)
    with pytest.raises(Failure):
        desk.carry_out(step)


def test_few_folders_are_open_at_once_and_none_afterwards(desk):
    names = [f"f{number}" for number in range(3 * MOST_OPEN)]
    for name in names:
        (desk.path / name).mkdir()
    gc.collect()  # What other tests have left open is not closed meanwhile.
    open_before = len(os.listdir("/proc/self/fd"))
    most = []
    desk.before(lambda *_: most.append(len(os.listdir("/proc/self/fd"))))
    outcomes = desk.carry_out(*(desk.make_folder(f"{name}/g") for name in names))
    assert all(outcome.result is Result.DONE for outcome in outcomes)
    assert max(most) - open_before <= MOST_OPEN + 10
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_our_hidden_folders_are_made_anew_when_somebody_tidied_them_away(desk):
    desk.write("a.txt", b"old")
    (desk.path / ".govsync/trash").rmdir()
    assert desk.carry_out(desk.remove("a.txt"))[0].result is Result.DONE
    assert b"old" in desk.contents()


def test_a_signature_moved_by_a_rename_is_alike(desk):
    before = desk.write("a.txt", b"a")
    Path(desk.path / "a.txt").rename(desk.path / "b.txt")
    after = desk.signature("b.txt")
    assert after.like(before)
    assert not Signature(after.ino, after.size_bytes, after.mtime_ns + 1, after.ctime_ns).like(before)
