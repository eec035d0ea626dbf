"""What is on its way to the disk: small contents that came with the journal, and how many revisions wait for theirs."""

from collections.abc import Mapping

import msgspec
import pytest

from govsync.content.hashes import chunk_hash
from govsync.content.manifests import Manifest, manifest_of
from govsync.engine import events, jobs, placing, planning
from govsync.engine.batch import Batch
from govsync.engine.work import run
from govsync.local import steps
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind, Place
from govsync.model.problems import Problem
from govsync.model.steps import MakeFolder, Park, Relocate
from govsync.protocol.changes import Changes, Cursor, NodeState
from govsync.store import local_tree, paths, remote_tree, spaces, trash
from tests.engine.bench import ROOT, SPACE, Bench


def test_contents_that_nobody_will_ask_for_do_not_stop_the_reading(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that was superseded before it was placed came with the journal, and is never taken."""
    monkeypatch.setattr(placing, "INLINE_BYTES", 100)
    bench.settle()
    for number in range(20):
        bench.engine.placing.keep_inline({b"old %d" % number: b"x" * 30})
    bench.server.has("theirs", b"from a colleague")
    bench.settle()
    assert bench.names() == ["theirs"]


def test_the_journal_is_read_on_when_what_it_brought_is_staged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "INLINE_BYTES", 100)
    bench.settle()
    state = bench.server.has("first", b"words")
    bench.beat()
    bench.work(jobs.Fetch)
    assert state.rev is not None
    bench.engine.placing.keep_inline({b"another": b"x" * 60})
    bench.server.has("second", b"words")
    bench.beat()
    bench.work(jobs.Fetch)
    assert "second" not in [row for (row,) in bench.store.all("SELECT r_name FROM node")]
    bench.settle()
    assert bench.names() == ["first", "second"]


def bring_inline(bench: Bench, contents: dict[bytes, bytes]) -> None:
    """Lets these contents come with the journal, by their revisions."""
    changes = bench.server.changes

    def with_contents(space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        page, _ = changes(space, cursor)
        return page, {
            entry.state.rev: contents[entry.state.rev]
            for entry in page.entries
            if entry.state.rev in contents
        }

    bench.server.changes = with_contents  # type: ignore[method-assign]


def test_a_content_that_comes_with_the_news_of_its_file_is_staged_at_once_and_planned_for_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[int] = []
    plan = planning.reconcile
    monkeypatch.setattr(planning, "reconcile", lambda trees, lids: planned.extend(lids) or plan(trees, lids))
    bench.settle()
    planned.clear()
    states = [bench.server.has(f"theirs {number}", b"%d" % number) for number in range(5)]
    bring_inline(bench, {state.rev or b"": b"%d" % number for number, state in enumerate(states)})
    bench.server.fails["download"] = Code.OFFLINE
    bench.settle()
    assert len(bench.names()) == 5
    assert sorted(planned) == sorted(set(planned))


def test_what_is_placed_as_the_server_has_it_is_settled_with_its_outcome(bench: Bench) -> None:
    """And is left to be decided about where the server has told of something newer meanwhile."""
    bench.settle()
    first, second = bench.server.has("first", b"1"), bench.server.has("second", b"2")
    bench.beat()
    bench.work(jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    bench.server.has("second", b"newer", second.node)
    bench.beat()
    bench.work(jobs.Change)
    bench.carry_out(change)
    left = bench.store.all("SELECT node_id FROM node JOIN dirty USING (lid)")
    assert left == [(second.node,)]
    base = local_tree.node(bench.store, bench.lid("second")).baseline
    assert base is not None
    assert (base.rev, base.hash, base.place_key) == (second.rev, second.hash, second.place)
    bench.settle()
    assert {(bench.folder / name).read_bytes() for name in bench.names()} == {b"1", b"newer"}
    assert first.node != second.node


@pytest.mark.parametrize("later", [(jobs.Pull, jobs.Read), (jobs.Look,)])
def test_what_the_disk_holds_already_is_not_staged(bench: Bench, later: tuple[type[jobs.Job], ...]) -> None:
    """After the database was lost, whether the folder or the journal is read first."""
    state = bench.server.has("same", b"words")
    bring_inline(bench, {state.rev or b"": b"words"})
    bench.settle()
    fetched = bench.done(jobs.Fetch)
    bench.forget()
    bench.beat()
    bench.work(*later)
    for job in bench.under_way(*later):
        bench.carry_out(job)
    bench.settle()
    assert bench.names() == ["same"]
    assert bench.done(jobs.Fetch) == fetched == 1


def test_a_content_that_came_wrong_with_the_journal_is_asked_for_by_itself(bench: Bench) -> None:
    state = bench.server.has("theirs", b"right")
    bring_inline(bench, {state.rev or b"": b"wrong"})
    bench.settle()
    assert (bench.folder / "theirs").read_bytes() == b"right"


def test_what_was_given_up_is_not_staged(bench: Bench) -> None:
    bench.settle()
    state = bench.server.has("theirs", b"words")
    bench.engine.placing.keep_inline({state.rev or b"": b"words"})
    bench.beat()
    bench.work(jobs.Pull)
    placing = bench.engine.placing
    (pull,) = bench.under_way(jobs.Pull)
    bench.carry_out(pull)
    lid = bench.lid("theirs")
    assert placing.waits(lid)
    placing.give_up(lid)
    assert not placing.waits(lid)
    assert placing.fetches() == []


def test_only_so_many_revisions_wait_for_their_contents(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "WANTED", 5)
    monkeypatch.setattr(placing, "FETCH_FILES", 2)
    bench.settle()
    for number in range(20):
        bench.server.has(f"theirs {number}", b"%d" % number)
    bench.beat()
    bench.work(jobs.Fetch)
    fetches = bench.under_way(jobs.Fetch)
    assert [len(job.wants) for job in fetches if isinstance(job, jobs.Fetch)] == [2, 2]
    lids = [lid for (lid,) in bench.store.all("SELECT lid FROM node")]
    assert sum(bench.engine.placing.waits(lid) for lid in lids) == 1
    bench.settle()
    assert len(bench.names()) == 20


def folder(bench: Bench, name: str, node: bytes, key: bytes) -> None:
    bench.server.tell(NodeState(node=node, kind=Kind.FOLDER, parent=ROOT, name=name, place=key, seq=0), key)


@pytest.fixture
def exchange(bench: Bench) -> jobs.Change:
    """A batch under way: two folders exchange their names, so one is parked first (R14)."""
    folder(bench, "one", b"1" * 16, b"a" * 16)
    folder(bench, "two", b"2" * 16, b"b" * 16)
    bench.settle()
    folder(bench, "two", b"1" * 16, b"c" * 16)
    folder(bench, "one", b"2" * 16, b"d" * 16)
    bench.beat()
    bench.work(jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    assert isinstance(change, jobs.Change)
    assert len(change.steps) == 3
    return change


def test_each_step_of_a_batch_finds_what_the_steps_before_it_have_moved(
    bench: Bench, exchange: jobs.Change
) -> None:
    desk, lids = bench.engine.desk, dict(bench.store.all("SELECT node_id, lid FROM node"))
    root, one, two = lids[ROOT], lids[b"1" * 16], lids[b"2" * 16]
    batch = Batch(desk, desk.trees())
    batch.add(Relocate(two, Place(one, "inside")))
    batch.add(Park(one))
    batch.add(Relocate(one, Place(root, "three")))
    batch.add(Relocate(two, Place(root, "two again")))
    moves = [row.step for row in batch.rows if isinstance(row.step, steps.Move)]
    assert [(*move.source.path, move.source.name) for move in moves[:2]] == [("two",), ("one",)]
    assert (*moves[3].source.path, moves[3].source.name) == ("three", "inside")


def test_what_is_in_a_mount_is_found_where_that_will_lie(bench: Bench) -> None:
    """A space's root has no place of its own."""
    for number in (b"1", b"2", b"3"):
        folder(bench, number.decode(), number * 16, number * 16)
    bench.settle()
    desk, lids = bench.engine.desk, dict(bench.store.all("SELECT node_id, lid FROM node"))
    mount, inner_root, inside = (lids[number * 16] for number in (b"1", b"2", b"3"))
    trees = desk.trees()
    trees.mount_of = {inner_root: mount}.get  # type: ignore[method-assign]
    batch = Batch(desk, trees)
    batch.add(MakeFolder(mount, Place(lids[ROOT], "mount")))
    batch.add(MakeFolder(inside, Place(inner_root, "inside")))
    made = [row.step for row in batch.rows if isinstance(row.step, steps.MakeFolder)]
    assert [(*step.at.path, step.at.name) for step in made] == [("mount",), ("mount", "inside")]


def test_a_node_whose_second_step_could_not_be_done_waits(bench: Bench, exchange: jobs.Change) -> None:
    parked = exchange.steps[0].lid
    assert exchange.steps[-1].lid == parked
    outcomes = [
        steps.StepOutcome(intent=step.intent, lid=step.lid, result=steps.Result.DONE)
        for step in exchange.steps[:-1]
    ]
    last = steps.StepOutcome(intent=exchange.steps[-1].intent, lid=parked, result=steps.Result.CHANGED)
    bench.answer(exchange, jobs.Changed((*outcomes, last)))
    waits_to = bench.store.value("SELECT not_before_ms FROM dirty WHERE lid = ?", (parked,))
    assert waits_to > bench.steady_ms


def test_a_node_that_is_forgotten_before_it_is_fetched_is_not_wanted_any_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "FETCHES_AT_ONCE", 0)
    bench.settle()
    bench.server.has("theirs", b"from a colleague")
    bench.beat()
    bench.work()
    lid = bench.lid("theirs")
    assert bench.engine.placing.waits(lid)
    local_tree.forget(bench.store, lid)
    monkeypatch.setattr(placing, "FETCHES_AT_ONCE", 2)
    bench.work()
    assert not bench.engine.placing.waits(lid)


def a_large_file(bench: Bench, *chunks: bytes, node: bytes | None = None) -> Manifest:
    """A colleague saves a file of several chunks."""
    state = bench.server.has("large", b"", node)
    manifest = manifest_of(chunks)
    assert state.rev is not None
    bench.server.manifests[state.rev] = manifest
    bench.server.chunks.update((chunk_hash(data), data) for data in chunks)
    entry = bench.server.journal.pop()
    size = manifest.size_bytes
    state = msgspec.structs.replace(state, hash=manifest.content_hash, size_bytes=size)
    bench.server.states[state.node] = state
    bench.server.journal.append(msgspec.structs.replace(entry, state=state))
    return manifest


def test_the_next_version_of_a_large_file_is_made_of_what_this_disk_has_of_it(bench: Bench) -> None:
    first, second, third = (each * 150_000 for each in (b"1", b"2", b"3"))
    bench.settle()
    manifest = a_large_file(bench, first, second)
    bench.settle()
    node = bench.server.alive()["large"].node
    a_large_file(bench, third, second, node=node)
    bench.beat()
    bench.work(jobs.Fetch)
    (fetch,) = bench.under_way(jobs.Fetch)
    assert isinstance(fetch, jobs.Fetch)
    assert fetch.wants[0].old == (steps.At((), "large"), manifest)
    bench.settle()
    assert (bench.folder / "large").read_bytes() == third + second
    assert bench.server.asked == []


# Second versions in the trash (R11, R17)


def in_the_trash(bench: Bench, name: str, words: bytes | None) -> tuple[int, str, int]:
    """Lets a late writer's bytes lie in the trash, or not any more, beside a file that is synced."""
    bench.write("a")
    bench.settle()
    file = bench.folder / ".govsync" / "trash" / name
    file.write_bytes(words or b"")
    seen = file.stat()
    row = trash.TrashRow(
        name=name, lid=bench.lid("a"), space=SPACE, origin="a", ino=seen.st_ino, size_bytes=seen.st_size, mtime_ns=seen.st_mtime_ns,
        ctime_ns=seen.st_ctime_ns, rev=None, at_ms=1,
    )  # fmt: skip
    with bench.store.transaction():
        trash.add(bench.store, row)
    if words is None:
        file.unlink()
    return row.lid, name, row.ino


def test_what_is_asked_for_twice_comes_back_once(bench: Bench) -> None:
    second = in_the_trash(bench, "late", b"late words")
    bench.engine.placing.bring_back([second, second])
    bench.settle()
    assert len(bench.names()) == 2
    assert len(bench.asked(ask.Put)) == 2
    assert trash.listed(bench.store) == []


def test_what_is_not_in_the_trash_any_more_is_not_asked_for_again(bench: Bench) -> None:
    bench.engine.placing.bring_back([in_the_trash(bench, "late", None)])
    bench.settle()
    assert bench.names() == ["a"]
    assert trash.listed(bench.store) == []


def test_what_cannot_be_brought_back_is_tried_again_after_a_while(bench: Bench) -> None:
    second = in_the_trash(bench, "late", b"late words")
    bench.engine.placing.bring_back([second])
    refused = 0
    for _ in range(40):
        bench.start()
        for job in list(bench.waiting):
            if isinstance(job, jobs.Change):
                refused += 1
                bench.answer(job, jobs.Changed(tuple(failed(step) for step in job.steps)))
            else:
                bench.carry_out(job)
    assert refused == 1
    bench.pass_ms(placing.AGAIN_MS)
    bench.settle()
    assert len(bench.names()) == 2


def failed(step: steps.AnyStep) -> steps.StepOutcome:
    return steps.StepOutcome(
        intent=step.intent, lid=step.lid, result=steps.Result.FAILED, problem=Problem(Code.DISK_FULL)
    )


def test_what_finds_its_name_taken_is_still_in_the_trash_and_comes_back_under_another(bench: Bench) -> None:
    bench.engine.placing.bring_back([in_the_trash(bench, "late", b"late words")])
    bench.work(jobs.Change)
    (job,) = bench.under_way(jobs.Change)
    assert isinstance(job, jobs.Change)
    (step,) = job.steps
    assert isinstance(step, steps.BringBack)
    bench.write(step.at.name, b"a person's")
    bench.carry_out(job)
    assert [row.name for row in trash.listed(bench.store)] == ["late"]
    bench.pass_ms(placing.AGAIN_MS)
    bench.settle()
    assert len(bench.names()) == 3
    assert trash.listed(bench.store) == []


def test_what_came_into_a_person_s_folder_of_the_same_name_is_found_there(bench: Bench) -> None:
    """A person makes the folder that was about to come, so the file that came in it lies in theirs."""
    bench.settle()
    bench.server.has("beside", b"theirs, too")
    theirs = bench.server.tell(
        NodeState(node=b"D" * 16, kind=Kind.FOLDER, parent=ROOT, name="d", place=b"Q" * 16, seq=0), b"Q" * 16
    )
    state = bench.server.has("x", b"theirs", parent=theirs.node)
    bench.hint("other")
    bench.pass_ms(2_000, jobs.Look)  # While it looks, nothing is changed: what comes waits for one batch.
    bench.work(jobs.Change)
    (job,) = bench.under_way(jobs.Change)
    assert isinstance(job, jobs.Change)
    made, *placed = job.steps
    assert isinstance(made, steps.MakeFolder)
    assert [step.at.name for step in placed if isinstance(step, steps.InstallNew)] == ["beside", "x"]
    (bench.folder / "d").mkdir()
    bench.carry_out(job)
    bench.server.tell(msgspec.structs.replace(state, dead=True), b"k" * 16)
    bench.server.tell(msgspec.structs.replace(theirs, dead=True), b"l" * 16)
    bench.settle()
    shown = {path.name for path in (bench.folder / "d").iterdir()} if (bench.folder / "d").exists() else set()
    assert shown <= {name for name, each in bench.server.alive().items() if each.kind is Kind.FILE}


def on_its_way(bench: Bench) -> tuple[int, jobs.AnyJob, jobs.Result]:
    """A colleague's file `d/a` lies on the disk, and that is not recorded yet: the folder, the change, and what came of it."""
    (bench.folder / "d").mkdir()
    bench.settle()
    folder = bench.lid("d")
    bench.server.has("a", b"from a colleague", parent=local_tree.node(bench.store, folder).node_id)
    bench.beat()
    bench.work(jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    return folder, change, run(change, bench.tools)


def test_what_was_on_its_way_into_a_folder_that_became_one_with_another_lies_in_that(bench: Bench) -> None:
    """An answer told so while the disk was being changed (R21)."""
    loser, change, result = on_its_way(bench)
    winner = remote_tree.placeholder(bench.store, b"w" * 16, SPACE)
    remote_tree.unify(bench.store, loser, winner)
    bench.answer(change, result)
    placed = paths.find(bench.store, ("d", "a"))
    assert placed is not None
    assert local_tree.node(bench.store, placed).local.place == Place(winner, "a")


def test_what_was_on_its_way_into_a_folder_that_is_forgotten_is_found_by_looking(bench: Bench) -> None:
    folder, change, result = on_its_way(bench)
    root = spaces.personal_root(bench.store)
    bench.store.run("UPDATE node SET r_parent = ? WHERE r_parent = ?", (root, folder))
    local_tree.forget(bench.store, folder)
    bench.answer(change, result)
    (look,) = [job for job in bench.start() if isinstance(job, jobs.Look)]
    assert [each.path for each in look.folders] == [()]


def test_what_had_left_a_folder_that_was_removed_is_not_looked_for_in_it_any_more(bench: Bench) -> None:
    """A person moves a file out of a folder at the moment at which a colleague's deletion of both is carried out here: the
    file is not there, the folder goes, and nobody will ever list it again."""
    bench.settle()
    folder = bench.server.tell(
        NodeState(node=b"F" * 16, kind=Kind.FOLDER, parent=ROOT, name="folder", place=b"P" * 16, seq=0),
        b"P" * 16,
    )
    bench.server.has("theirs", b"from a colleague", parent=folder.node)
    bench.settle()
    bench.server.tell(msgspec.structs.replace(folder, dead=True), b"D" * 16)
    (bench.folder / "folder" / "theirs").rename(bench.folder / "moved")  # And no hint of it came yet.
    bench.pass_ms(1_000)
    assert bench.names() == ["moved"]
    bench.hint("moved")
    bench.settle()
    assert bench.names() == ["moved"]
    assert bench.server.alive()["moved"].hash == manifest_of([b"from a colleague"]).content_hash


def test_what_had_left_the_synced_folder_from_one_that_was_removed_is_waited_for_no_longer(
    bench: Bench,
) -> None:
    """As above, but it turns up nowhere."""
    bench.settle()
    folder = bench.server.tell(
        NodeState(node=b"F" * 16, kind=Kind.FOLDER, parent=ROOT, name="folder", place=b"P" * 16, seq=0),
        b"P" * 16,
    )
    kept = bench.server.has("theirs", b"from a colleague", parent=folder.node)
    bench.settle()
    bench.server.tell(msgspec.structs.replace(folder, dead=True), b"D" * 16)
    (bench.folder / "folder" / "theirs").rename(bench.folder.parent / "elsewhere")
    bench.pass_ms(20_000)
    assert bench.names() == []
    assert bench.report().state == "in_sync"
    assert local_tree.by_id(bench.store, kept.node) is None


@pytest.mark.parametrize("left", [[b"edited"], []])
def test_what_was_parked_and_is_deleted_by_a_colleague_is_not_left_there(
    bench: Bench, left: list[bytes]
) -> None:
    """The process ended in the middle of a change of names; an edit lives, anything else is deleted here, too."""
    bench.write("a", b"first")
    bench.settle()
    bench.tell(events.StreamLost(Code.OFFLINE))
    if left:
        bench.write("a", b"edited")
    bench.steady_ms += 5_000
    bench.work()
    lid = bench.lid("a")
    parking = bench.folder / ".govsync" / "parking"
    parking.mkdir(exist_ok=True)
    (bench.folder / "a").rename(parking / paths.parking_name(lid, "a"))
    ctime_ns = (parking / paths.parking_name(lid, "a")).stat().st_ctime_ns
    bench.store.run("UPDATE node SET presence = 'parked', ctime_ns = ? WHERE lid = ?", (ctime_ns, lid))
    dead = msgspec.structs.replace(bench.server.alive()["a"], dead=True)
    with bench.store.transaction():
        remote_tree.learn(bench.store, SPACE, bench.server.tell(dead, b"D" * 16))
    bench.pass_ms(20_000)
    assert [(bench.folder / name).read_bytes() for name in bench.names()] == left
    assert not list(parking.iterdir())
    assert bench.report().state == "in_sync"
