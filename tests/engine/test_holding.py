"""Too many deletions or rewrites wait for a person's word; everything else goes on meanwhile (R28)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.engine import events, jobs
from govsync.engine.desk import Rules
from govsync.engine.holding import LOOK_BACK_MS, WINDOW_MS
from govsync.engine.report import at_rest, kept_back_only
from govsync.model import operations as ask
from govsync.store import holds
from tests.engine.bench import ROOT, Bench

MOST = 5
NAMES = [f"f{number:02}" for number in range(12)]


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Bench]:
    """A desk with a dozen files, which asks before it sends five deletions."""
    made = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=MOST, hold_deletions_share=2.0)
    )
    for name in NAMES:
        made.write(name)
    made.settle()
    yield made
    made.store.close()


def held(bench: Bench) -> holds.HoldRow:
    (row,) = holds.open_holds(bench.store)
    return row


def gone(bench: Bench, count: int = MOST) -> list[str]:
    bench.delete(*NAMES[:count])
    bench.pass_ms(10_000)
    return NAMES[:count]


def test_fewer_than_the_threshold_simply_go(many: Bench) -> None:
    gone(many, MOST - 1)
    assert len(many.asked(ask.Delete)) == MOST - 1
    assert holds.count(many.store) == 0


def test_at_the_threshold_all_are_held_and_none_goes(many: Bench) -> None:
    names = gone(many)
    assert not many.asked(ask.Delete)
    assert (held(many).count, sorted(held(many).paths)) == (MOST, names)
    assert many.report().state == "hold"


def test_deletions_one_by_one_are_counted_together(many: Bench) -> None:
    """drip_delete: every gap closes, and still they are too many in ten minutes."""
    for name in NAMES[:MOST]:
        many.delete(name)
        many.pass_ms(6_000)
    assert len(many.asked(ask.Delete)) == MOST - 1
    assert held(many).paths == (NAMES[MOST - 1],)


def test_files_that_are_being_moved_are_no_deletions(tmp_path: Path) -> None:
    """A third of a space is deleted and another third moved, in one go: half of it seems to have gone for a moment."""
    bench = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=200, hold_deletions_share=0.5)
    )
    for folder in ("0", "1", "2", "3"):
        (bench.folder / folder).mkdir()
        bench.hint(folder)
    names = [f"{number % 4}/{number}" for number in range(60)]
    for name in names:
        bench.write(name, name.encode())
    bench.settle()
    for name in names[:20]:
        (bench.folder / name).unlink()
        bench.hint(*name.split("/"))
    bench.pass_ms(2_000)
    (bench.folder / "moved").mkdir()
    bench.hint("moved")
    for name in names[20:40]:
        folder, _, file = name.partition("/")
        (bench.folder / name).rename(bench.folder / "moved" / file)
        bench.hint(folder, file)
        bench.hint("moved", file)
        bench.pass_ms(500)
    bench.settle()
    assert holds.count(bench.store) == 0
    assert len(bench.asked(ask.Delete)) == 20
    bench.store.close()


def test_what_went_long_ago_counts_no_more(many: Bench) -> None:
    gone(many, MOST - 1)
    many.pass_ms(WINDOW_MS, step=20_000)
    many.delete(NAMES[MOST])
    many.pass_ms(10_000)
    assert len(many.asked(ask.Delete)) == MOST
    assert holds.count(many.store) == 0


def test_a_share_of_a_small_space_is_held_too(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=200, hold_deletions_share=0.5)
    )
    names = [f"f{number:02}" for number in range(40)]
    for name in names:
        bench.write(name)
    bench.settle()
    bench.delete(*names[:20])
    bench.pass_ms(10_000)
    assert not bench.asked(ask.Delete)
    assert held(bench).count == 20
    bench.store.close()


def test_a_hold_stops_nothing_else(many: Bench) -> None:
    gone(many)
    many.write("new")
    many.server.has("theirs", b"from a colleague")
    many.pass_ms(3_000)
    assert "new" in many.server.alive()
    assert "theirs" in many.names()


def test_later_deletions_join_the_hold(many: Bench) -> None:
    gone(many)
    first = held(many).id
    many.delete(NAMES[MOST])
    many.pass_ms(10_000)
    assert (held(many).id, held(many).count) == (first, MOST + 1)
    assert not many.asked(ask.Delete)


def test_approved_they_go(many: Bench) -> None:
    names = gone(many)
    many.tell(events.Approve(held(many).id))
    many.settle()
    assert len(many.asked(ask.Delete)) == MOST
    assert not set(names) & set(many.server.alive())


def test_rejected_they_come_back(many: Bench) -> None:
    names = gone(many)
    many.tell(events.Reject(held(many).id))
    many.settle()
    assert not many.asked(ask.Delete)
    assert set(names) <= set(many.names())


def test_rejected_they_come_back_as_they_are_today(many: Bench) -> None:
    """hold_and_colleague: a colleague has edited one of them meanwhile."""
    names = gone(many)
    node = many.server.alive()[names[0]].node
    many.server.has(names[0], b"edited meanwhile", node=node)
    many.pass_ms(2_000)
    assert names[0] not in many.names(), "nothing is written to this desk for what is held"
    many.tell(events.Reject(held(many).id))
    many.settle()
    assert (many.folder / names[0]).read_bytes() == b"edited meanwhile"


def test_approved_what_a_colleague_edited_meanwhile_lives(many: Bench) -> None:
    names = gone(many)
    node = many.server.alive()[names[0]].node
    many.server.has(names[0], b"edited meanwhile", node=node)
    many.pass_ms(2_000)
    many.tell(events.Approve(held(many).id))
    many.settle()
    assert len(many.asked(ask.Delete)) == MOST - 1
    assert (many.folder / names[0]).read_bytes() == b"edited meanwhile"
    many.pass_ms(2 * LOOK_BACK_MS)
    assert at_rest(many.engine), "what its hold let go is decided about, though nothing else happens"


def test_a_hold_whose_files_are_back_ends_by_itself(many: Bench) -> None:
    names = gone(many)
    for name in names:
        many.write(name)
    many.settle()
    assert holds.count(many.store) == 0
    assert not many.asked(ask.Delete)


def test_a_hold_outlives_a_restart(many: Bench) -> None:
    gone(many)
    before = held(many)
    many.begin()
    many.pass_ms(10_000)
    assert held(many) == before
    assert not many.asked(ask.Delete)


def test_a_word_about_a_hold_that_is_not_open_does_nothing(many: Bench) -> None:
    many.tell(events.Approve(99))
    many.tell(events.Reject(99))
    many.settle()
    assert sorted(many.server.alive()) == NAMES


def test_what_is_back_leaves_the_hold_and_syncs_while_the_rest_waits(many: Bench) -> None:
    names = gone(many)
    many.write(names[0], b"back, and edited")
    many.pass_ms(10_000)
    assert held(many).count == MOST - 1
    assert many.server.alive()[names[0]].size_bytes == len(b"back, and edited")


def test_approved_deletions_do_not_count_towards_the_next_question(many: Bench) -> None:
    gone(many)
    many.tell(events.Approve(held(many).id))
    many.settle()
    many.delete(NAMES[MOST])
    many.pass_ms(10_000)
    assert len(many.asked(ask.Delete)) == MOST + 1
    assert holds.count(many.store) == 0


def test_an_approval_is_for_once(many: Bench) -> None:
    """A colleague revives what was approved to go: its next deletion is counted like any other."""
    names = gone(many)
    node = many.server.alive()[names[0]].node
    many.server.has(names[0], b"edited meanwhile", node=node)
    many.pass_ms(2_000)
    many.tell(events.Approve(held(many).id))
    many.settle()
    many.pass_ms(WINDOW_MS, step=20_000)
    many.delete(names[0], *NAMES[MOST : 2 * MOST - 1])
    many.pass_ms(10_000)
    assert held(many).count == MOST


def test_hold_and_colleague(tmp_path: Path) -> None:
    """A folder of files is deleted; while that is asked about, a colleague edits one, moves one, and adds one."""
    bench = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=MOST, hold_deletions_share=2.0)
    )
    (bench.folder / "d").mkdir()
    for name in NAMES:
        bench.write(f"d/{name}")
    bench.hint("d")
    bench.settle()
    state = bench.server.alive()
    shutil.rmtree(bench.folder / "d")
    bench.hint("d")
    bench.pass_ms(10_000)
    assert held(bench).count == len(NAMES)
    folder = state["d"].node
    bench.server.has(NAMES[0], b"edited", node=state[NAMES[0]].node, parent=folder)
    moved = msgspec.structs.replace(state[NAMES[1]], parent=ROOT, name="moved", place=b"M" * 16)
    bench.server.tell(moved, b"M" * 16)
    bench.server.has("added", b"added", parent=folder)
    bench.pass_ms(5_000)
    assert bench.names() == [], "nothing is written to this desk for what is held"
    bench.tell(events.Approve(held(bench).id))
    bench.settle()
    assert sorted(path.name for path in (bench.folder / "d").iterdir()) == ["added", NAMES[0]]
    assert bench.names() == ["d", "moved"]
    assert len(bench.asked(ask.Delete)) == len(NAMES) - 2
    bench.store.close()


def test_a_folder_that_goes_after_its_files_waits_with_them(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=MOST, hold_deletions_share=2.0)
    )
    (bench.folder / "d" / "e").mkdir(parents=True)
    for name in NAMES:
        bench.write(f"d/e/{name}")
    bench.hint("d")
    bench.settle()
    for name in NAMES:
        (bench.folder / "d" / "e" / name).unlink()
        bench.hint("d", "e", name)
    bench.pass_ms(10_000)
    assert held(bench).count == len(NAMES)
    shutil.rmtree(bench.folder / "d")
    bench.hint("d")
    bench.pass_ms(10_000)
    assert (held(bench).count, not bench.asked(ask.Delete)) == (len(NAMES), True)
    assert kept_back_only(bench.engine), "nothing else is left to wait for"
    bench.tell(events.Approve(held(bench).id))
    bench.settle()
    assert "d" not in bench.server.alive()
    bench.store.close()


@pytest.mark.parametrize("most", [MOST, 1_000])
def test_a_folder_that_goes_while_its_gap_is_open_keeps_nothing_waiting(tmp_path: Path, most: int) -> None:
    bench = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=most, hold_deletions_share=2.0)
    )
    (bench.folder / "d").mkdir()
    for name in NAMES:
        bench.write(f"d/{name}")
    bench.hint("d")
    bench.settle()
    for name in NAMES:
        (bench.folder / "d" / name).unlink()
        bench.hint("d", name)
        bench.work()
    (bench.folder / "d").rmdir()
    bench.hint("d")
    bench.pass_ms(10_000)
    assert bench.engine.observing.idle
    assert kept_back_only(bench.engine) is (most == MOST)
    bench.store.close()


def test_what_can_only_go_together_with_a_held_deletion_waits_with_it(tmp_path: Path) -> None:
    """A folder is deleted, and one that lay in it takes its name: the server is told of both as one, or of none (R14)."""
    rules = Rules(minimum_free_bytes=0, hold_deletions=MOST, hold_deletions_share=2.0)
    bench = Bench(tmp_path / "folder", rules)
    (bench.folder / "f" / "g").mkdir(parents=True)
    bench.hint("f")
    for name in NAMES:
        bench.write(f"f/{name}")
    bench.write("f/g/kept")
    bench.settle()
    (bench.folder / "f" / "g").rename(bench.folder / "g")
    shutil.rmtree(bench.folder / "f")
    (bench.folder / "g").rename(bench.folder / "f")
    bench.hint("f")
    bench.pass_ms(10_000)
    assert held(bench).count > MOST
    assert not bench.asked(ask.Move)
    assert not bench.asked(ask.Delete)
    bench.tell(events.Approve(held(bench).id))
    bench.settle()
    assert [type(operation) for operation in bench.server.asked[-2:]] == [ask.Move, ask.Delete]
    assert bench.names() == ["f"]
    bench.store.close()


def test_a_folder_in_the_place_of_a_file_whose_deletion_is_held_waits_with_all_that_is_in_it(
    many: Bench,
) -> None:
    gone(many)
    (many.folder / NAMES[0]).mkdir()
    many.hint(NAMES[0])
    many.write(f"{NAMES[0]}/new")
    many.pass_ms(30_000)
    assert held(many).count == MOST
    assert kept_back_only(many.engine), "nobody waits for anything else"


def test_what_has_the_name_of_a_held_deletion_waits_for_the_same_word(tmp_path: Path) -> None:
    rules = Rules(minimum_free_bytes=0, hold_deletions=MOST, hold_deletions_share=2.0)
    bench = Bench(tmp_path / "folder", rules)
    for folder in ("f", "g"):
        (bench.folder / folder).mkdir()
        bench.hint(folder)
    for name in NAMES:
        bench.write(f"f/{name}")
    bench.write("g/kept")
    bench.settle()
    shutil.rmtree(bench.folder / "f")
    (bench.folder / "g").rename(bench.folder / "f")
    (bench.folder / "f" / "sub").mkdir()
    bench.hint("f")
    bench.write("f/sub/new")
    bench.pass_ms(10_000)
    assert held(bench).count >= MOST
    bench.pass_ms(30_000)
    assert bench.report().pending.down == 0, "what was renamed here is on its way up"
    assert kept_back_only(bench.engine), "nobody waits for anything else"
    bench.tell(events.Approve(held(bench).id))
    bench.settle()
    assert not kept_back_only(bench.engine)
    bench.store.close()


def test_what_went_before_the_question_is_listed_with_its_way_back(many: Bench) -> None:
    nodes = {name: many.server.alive()[name].node for name in NAMES}
    for name in NAMES[:MOST]:
        many.delete(name)
        many.pass_ms(6_000)
    assert [(each.path, each.node) for each in held(many).sent] == [
        (name, nodes[name]) for name in NAMES[: MOST - 1]
    ]


def test_a_removed_folder_full_of_files_sends_nothing(many: Bench) -> None:
    """drip_delete: a `rm -r` reaches the threshold before the space is quiet."""
    for name in NAMES[:MOST]:
        many.delete(name)
        many.pass_ms(1_500)
    many.pass_ms(10_000)
    assert not many.asked(ask.Delete)
    assert held(many).count == MOST
    assert held(many).sent == ()


# Rewrites


@pytest.fixture
def rewriting(tmp_path: Path) -> Iterator[Bench]:
    """A desk with a dozen files, which asks before it sends five rewritten ones."""
    made = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_rewrites=MOST, hold_deletions_share=2.0)
    )
    for name in NAMES:
        made.write(name, name.encode())
    made.settle()
    made.server.asked.clear()
    yield made
    made.store.close()


def rewrite(bench: Bench, *names: str) -> None:
    for name in names:
        bench.write(name, b"encrypted " + name.encode())
    bench.pass_ms(5_000)


def test_fewer_rewrites_than_the_threshold_simply_go(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[: MOST - 1])
    assert len(rewriting.asked(ask.Put)) == MOST - 1
    assert holds.count(rewriting.store) == 0


def test_too_many_rewrites_are_held_and_nothing_else(rewriting: Bench) -> None:
    rewriting.write("new")
    rewrite(rewriting, *NAMES[:MOST])
    assert [state for state in rewriting.server.alive() if state == "new"]
    assert len(rewriting.asked(ask.Put)) == 1
    assert (held(rewriting).kind, held(rewriting).count) == ("rewrites", MOST)
    assert rewriting.report().state == "hold"


def test_one_file_saved_over_and_over_is_one_rewrite(rewriting: Bench) -> None:
    for number in range(3 * MOST):
        rewriting.write(NAMES[0], f"draft {number}".encode())
        rewriting.pass_ms(1_000)
    assert holds.count(rewriting.store) == 0
    assert rewriting.server.alive()[NAMES[0]].size_bytes == len("draft 14")


def test_rewrites_one_by_one_are_counted_together_and_listed(rewriting: Bench) -> None:
    revs = {name: rewriting.server.alive()[name].rev for name in NAMES}
    for name in NAMES[:MOST]:
        rewrite(rewriting, name)
    assert len(rewriting.asked(ask.Put)) == MOST - 1
    assert held(rewriting).paths == (NAMES[MOST - 1],)
    assert [(each.path, each.rev) for each in held(rewriting).sent] == [
        (name, revs[name]) for name in NAMES[: MOST - 1]
    ]


def test_rewrites_long_ago_count_no_more(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[: MOST - 1])
    rewriting.pass_ms(WINDOW_MS, step=20_000)
    rewrite(rewriting, NAMES[MOST])
    assert holds.count(rewriting.store) == 0
    assert len(rewriting.asked(ask.Put)) == MOST


def test_approved_rewrites_go(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[:MOST])
    rewriting.tell(events.Approve(held(rewriting).id))
    rewriting.settle()
    assert len(rewriting.asked(ask.Put)) == MOST
    rewrite(rewriting, NAMES[MOST])
    assert len(rewriting.asked(ask.Put)) == MOST + 1, "what was approved counts no more"


def test_rejected_rewrites_lie_in_rescued_and_the_old_revisions_return(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[:MOST])
    rewriting.tell(events.Reject(held(rewriting).id))
    rewriting.settle()
    assert not rewriting.asked(ask.Put)
    for name in NAMES[:MOST]:
        assert (rewriting.folder / name).read_bytes() == name.encode()
        assert (rewriting.rescued / name).read_bytes() == b"encrypted " + name.encode()
    assert rewriting.names() == NAMES


def test_a_rejection_goes_on_after_a_crash(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[:MOST])
    rewriting.tell(events.Reject(held(rewriting).id))
    rewriting.begin()
    rewriting.settle()
    assert not rewriting.asked(ask.Put)
    assert (rewriting.folder / NAMES[0]).read_bytes() == NAMES[0].encode()
    assert (rewriting.rescued / NAMES[0]).read_bytes() == b"encrypted " + NAMES[0].encode()


def test_what_is_saved_while_it_is_being_rescued_is_rescued_too(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[:MOST])
    rewriting.tell(events.Reject(held(rewriting).id))
    rewriting.work(jobs.Rescue)
    (rescue,) = rewriting.under_way(jobs.Rescue)
    rewriting.write(NAMES[0], b"saved meanwhile")
    rewriting.carry_out(rescue)
    rewriting.settle()
    assert b"saved meanwhile" in {path.read_bytes() for path in rewriting.rescued.iterdir()}
    assert rewriting.names() == NAMES, "nothing is kept twice"
    assert (rewriting.folder / NAMES[0]).read_bytes() == NAMES[0].encode()


def test_rewrites_that_are_taken_back_by_hand_end_the_question(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[:MOST])
    for name in NAMES[:MOST]:
        rewriting.write(name, name.encode())
    rewriting.settle()
    assert holds.count(rewriting.store) == 0
    assert not rewriting.asked(ask.Put)


def test_what_is_held_is_not_overwritten_from_the_server(rewriting: Bench) -> None:
    rewrite(rewriting, *NAMES[:MOST])
    node = rewriting.server.alive()[NAMES[0]].node
    rewriting.server.has(NAMES[0], b"edited by a colleague", node=node)
    rewriting.pass_ms(5_000)
    assert (rewriting.folder / NAMES[0]).read_bytes() == b"encrypted " + NAMES[0].encode()
    rewriting.tell(events.Reject(held(rewriting).id))
    rewriting.settle()
    assert (rewriting.folder / NAMES[0]).read_bytes() == b"edited by a colleague"
