"""A crash, or a disk that fails, before any primitive of any step: nothing is lost, and what happened is known (R16)."""

from pathlib import Path

import msgspec
import pytest

from govsync.local.steps import Result
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.disk import DiskFileSystem
from tests.local.desk import Crash, Desk, at_each, once
from tests.system.lacking import NoExchange

KINDS = (
    "make_folder", "install", "exchange", "give_way", "move", "park", "unpark", "remove", "remove_folder", "set_exec",
    "set_write", "bring_back",
)  # fmt: skip
"""`give_way` is an exchange on a disk that cannot exchange (R15)."""


def desk_for(kind: str, path: Path) -> Desk:
    return Desk(path, NoExchange if kind == "give_way" else DiskFileSystem)


def prepared(desk: Desk, kind: str):
    """Lays out a folder and answers the step of a kind that is about to change it."""
    desk.write("other.txt", b"other")
    desk.write("d/a.txt", b"old")
    match kind:
        case "make_folder":
            return desk.make_folder("d/f")
        case "install":
            return desk.install("d/new.txt", desk.stage(b"new"))
        case "exchange" | "give_way":
            return desk.exchange("d/a.txt", desk.stage(b"new"))
        case "move":
            return desk.move("d/a.txt", "b.txt")
        case "park":
            return desk.move("d/a.txt", "p1", target_parked=True)
        case "unpark":
            desk.carry_out(desk.move("d/a.txt", "p1", target_parked=True))
            return desk.move("p1", "b.txt", ino=desk.ino(".govsync/parking/p1"), source_parked=True)
        case "remove":
            return desk.remove("d/a.txt")
        case "remove_folder":
            desk.write("f/Thumbs.db", b"dust")
            return desk.remove_folder("f")
        case "set_exec":
            return desk.set_exec("d/a.txt", True)
        case "set_write":
            return desk.set_write("d/a.txt", False)
        case "bring_back":
            removal = desk.remove("d/a.txt")
            desk.carry_out(removal)
            return desk.bring_back(removal.trash, "back.txt")
    raise AssertionError(kind)


def crash() -> None:
    raise Crash


def fail() -> None:
    raise Failure(Code.UNREADABLE, errno=5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_before_any_primitive_loses_nothing_and_is_understood(tmp_path, kind):
    stop_at = 0
    results = set()
    while True:
        stop_at += 1
        desk = desk_for(kind, tmp_path / str(stop_at))
        step = prepared(desk, kind)
        before = desk.visible()
        hook, _ = at_each(stop_at, crash)
        desk.before(hook)
        try:
            desk.carry_out(step)
        except Crash:
            desk.undisturbed()
        else:
            break
        (outcome,) = desk.recover(step)
        results.add(outcome.result)
        assert {b"old", b"other"} <= desk.contents()
        if outcome.result is Result.CHANGED and kind != "remove_folder":
            assert desk.visible() == before
        assert desk.recover(step)[0].result is outcome.result
        if outcome.result is Result.CHANGED and kind != "remove_folder":
            # Forgotten, the step can be done as if it had never begun, once the file has been looked at again.
            if kind == "give_way":
                step = msgspec.structs.replace(step, expected=desk.signature("d/a.txt"))
            assert desk.carry_out(step)[0].result is Result.DONE
    assert results == ({Result.CHANGED} if kind == "remove_folder" else {Result.CHANGED, Result.DONE})


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_primitive_loses_nothing_and_says_no_untruth(tmp_path, kind):
    stop_at, reached, results = 0, [], set()
    while len(reached) >= stop_at:
        stop_at += 1
        desk = desk_for(kind, tmp_path / str(stop_at))
        step = prepared(desk, kind)
        before = desk.visible()
        hook, reached = at_each(stop_at, fail)
        desk.before(hook)
        try:
            outcome = desk.carry_out(step)[0]
        except Failure:
            outcome = None
        desk.undisturbed()
        assert {b"old", b"other"} <= desk.contents()
        results.add(outcome and outcome.result)
        if outcome is not None and outcome.result is Result.FAILED:
            assert desk.visible() == before
            assert outcome.problem.code is Code.UNREADABLE
        if outcome is None or outcome.result is Result.HALFWAY:
            assert desk.recover(step)[0].result in (Result.DONE, Result.CHANGED)
    assert {None, Result.FAILED, Result.DONE} <= results
    assert (Result.HALFWAY in results) is (kind != "remove_folder")


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_cannot_be_looked_at_keeps_the_intent(desk, kind):
    step = prepared(desk, kind)
    desk.before(once("stat", fail))
    (outcome,) = desk.recover(step)
    assert outcome.result is (Result.CHANGED if kind == "remove_folder" else Result.HALFWAY)


def test_an_exchange_cut_off_before_its_end_names_the_old_version(desk):
    expected = desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    hook, reached = at_each(10_000, crash)
    desk.before(hook)
    desk.carry_out(step)
    desk.undisturbed()
    (outcome,) = desk.recover(step)
    assert "exchange" in reached
    assert outcome.result is Result.DONE
    assert outcome.displaced.like(expected)
    assert outcome.placed.ino == step.staged_ino


def test_an_exchange_that_took_a_person_s_file_names_it(desk):
    expected = desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    exchanges = []

    def act(primitive, arguments):
        if primitive == "exchange":
            exchanges.append(primitive)
            if len(exchanges) == 1:
                desk.replace("a.txt", b"person")
            else:
                crash()

    desk.before(act)
    with pytest.raises(Crash):
        desk.carry_out(step)
    desk.undisturbed()
    (outcome,) = desk.recover(step)
    assert outcome.result is Result.DONE
    assert not outcome.displaced.like(expected)
    assert desk.hidden("trash") == {step.trash: b"person"}


def test_an_exchanged_file_that_a_person_replaced_since_is_still_an_exchange(desk):
    expected = desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    desk.carry_out(step)
    desk.replace("a.txt", b"person")
    (outcome,) = desk.recover(step)
    assert outcome.result is Result.DONE
    assert outcome.placed is None
    assert outcome.displaced.like(expected)


def cut_between_the_renames(desk: Desk):
    """A replacement on a disk that cannot exchange, cut off where nothing is at the name."""
    expected = desk.write("a.txt", b"old")
    step = desk.exchange("a.txt", desk.stage(b"new"))
    renames = []

    def act(primitive, arguments):
        if primitive == "rename" and arguments[1] == "staged" and arguments[3] == "a.txt":
            renames.append(primitive)
            crash()

    desk.before(act)
    with pytest.raises(Crash):
        desk.carry_out(step)
    desk.undisturbed()
    assert desk.tree() == []
    return step, expected


def test_a_replacement_cut_off_between_its_renames_is_taken_back(tmp_path):
    desk = Desk(tmp_path / "folder", NoExchange)
    step, _ = cut_between_the_renames(desk)
    (outcome,) = desk.recover(step)
    assert (outcome.result, outcome.displaced) == (Result.CHANGED, None)
    assert desk.visible() == {"a.txt": b"old"}
    assert desk.hidden("staging") == {"staged": b"new"}


def test_a_name_that_a_person_filled_after_such_a_cut_keeps_what_is_there(tmp_path):
    desk = Desk(tmp_path / "folder", NoExchange)
    step, expected = cut_between_the_renames(desk)
    desk.write("a.txt", b"person")
    (outcome,) = desk.recover(step)
    assert outcome.result is Result.CHANGED
    assert outcome.displaced.like(expected)
    assert desk.visible() == {"a.txt": b"person"}
    assert desk.hidden("trash") == {step.trash: b"old"}


def test_a_write_after_such_a_cut_comes_back_with_the_file(tmp_path):
    desk = Desk(tmp_path / "folder", NoExchange)
    step, _ = cut_between_the_renames(desk)
    (desk.path / ".govsync/trash" / step.trash).write_bytes(b"person")
    assert desk.recover(step)[0].result is Result.CHANGED
    assert desk.visible() == {"a.txt": b"person"}


def test_a_removal_that_took_a_person_s_file_gives_it_back(desk):
    desk.write("a.txt", b"old")
    step = desk.remove("a.txt")
    renames = []

    def act(primitive, arguments):
        if primitive == "rename":
            renames.append(primitive)
            if len(renames) == 1:
                desk.replace("a.txt", b"person")
            else:
                crash()

    desk.before(act)
    with pytest.raises(Crash):
        desk.carry_out(step)
    desk.undisturbed()
    assert desk.tree() == []
    (outcome,) = desk.recover(step)
    assert outcome.result is Result.CHANGED
    assert outcome.displaced is None
    assert desk.read("a.txt") == b"person"


def test_a_person_s_file_in_parking_is_given_back_or_named(desk):
    for filled in (False, True):
        name = f"a{filled}.txt"
        desk.write(name, b"old")
        step = desk.move(name, name, target_parked=True)
        desk.write(name, b"parked by mistake")
        (desk.path / name).rename(desk.path / ".govsync/parking" / name)
        desk.replace(".govsync/parking/" + name, b"person")
        if filled:
            desk.write(name, b"newer")
        (outcome,) = desk.recover(step)
        assert outcome.result is Result.CHANGED
        assert desk.read(name) == (b"newer" if filled else b"person")
        assert (outcome.displaced is not None) is filled
        assert b"person" in desk.contents()


def test_nothing_is_judged_in_a_folder_that_is_not_proven(desk):
    step = desk.make_folder("f")
    (desk.path / ".govsync/root").unlink()
    with pytest.raises(Failure) as refused:
        desk.recover(step)
    assert refused.value.code is Code.FOLDER_REPLACED


def test_one_intent_that_cannot_be_judged_stops_no_other(desk):
    desk.write("a.txt", b"a")
    steps = desk.move("a.txt", "b.txt"), desk.make_folder("f")
    (desk.path / "f").mkdir()
    desk.before(once("stat", fail))
    assert [outcome.result for outcome in desk.recover(*steps)] == [Result.HALFWAY, Result.DONE]
