"""What the desk asks the server, when, and what it concludes: no question without end, and "in sync" only when it is so."""

import msgspec
import pytest

from govsync.engine import events, jobs
from govsync.engine.work import run
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.protocol.changes import Nodes
from govsync.protocol.session import Role, SpaceKind, Spaces, SpaceState
from govsync.store import intents, meta, ops, spaces
from govsync.store.intents import Intent
from govsync.store.ops import OpRow
from govsync.store.union import Reading
from tests.engine.bench import SPACE, Bench
from tests.store.desk import TEAM, TEAM_ROOT_ID, info


def test_a_head_that_the_server_does_not_have_is_asked_about_once(bench: Bench) -> None:
    """It was told before the server was put back from a copy."""
    bench.settle()
    before = bench.done(jobs.Pull)
    bench.tell(events.HeadTold(SPACE, 99))
    bench.pass_ms(5_000)
    assert bench.done(jobs.Pull) == before + 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.UPLOADER])
def test_a_space_that_hangs_nowhere_though_all_is_read_is_asked_about_with_the_next_beat(
    bench: Bench, role: Role
) -> None:
    """A restore took its mount back between its making and our reading."""
    bench.settle()
    with bench.store.transaction():
        spaces.begin(bench.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM, role=role))
    before = bench.done(jobs.AskSpaces)
    bench.tell(events.Beat(bench.engine.following._own_digest()))
    assert sum(isinstance(job, jobs.AskSpaces) for job in bench.start()) == 1
    assert bench.done(jobs.AskSpaces) == before


def test_nothing_is_in_sync_while_an_answer_ahead_of_the_journal_has_not_been_seen_in_it(
    bench: Bench,
) -> None:
    bench.settle()
    row = spaces.get(bench.store, SPACE)
    assert row is not None
    assert row.cursor is not None
    with bench.store.transaction():
        spaces.told(bench.store, SPACE, msgspec.structs.replace(row.cursor, seq=row.cursor.seq + 1))
    assert not bench.engine.following.up_to_date()
    bench.beat()
    [pull] = [job for job in bench.start() if isinstance(job, jobs.Pull)]
    assert pull.cursor == row.cursor
    bench.carry_out(pull)
    assert SPACE in bench.engine.desk.rereading, (
        "the journal ends before it: the server was put back from a copy"
    )


def test_a_desk_does_not_read_back_what_it_wrote_itself(bench: Bench) -> None:
    bench.settle()
    before = bench.done(jobs.Pull)
    bench.write("a", b"one")
    bench.settle()
    bench.write("a", b"second")
    (bench.folder / "d").mkdir()
    bench.write("d/inside")
    bench.settle()
    assert len(bench.server.journal) == 4
    assert bench.done(jobs.Pull) == before


def test_a_desk_reads_what_a_colleague_wrote_before_its_own(bench: Bench) -> None:
    bench.settle()
    bench.write("mine")
    bench.work(jobs.Commit)
    bench.server.has("theirs", b"words")
    bench.settle()
    assert sorted(bench.names()) == ["mine", "theirs"]


def test_a_page_that_an_answer_overtook_is_read_again_from_there(bench: Bench) -> None:
    bench.settle()
    bench.write("mine")
    bench.work(jobs.Commit)
    [commit] = bench.under_way(jobs.Commit)
    bench.tell(events.HeadTold(SPACE, len(bench.server.journal) + 1))
    bench.work(jobs.Commit, jobs.Pull)
    [pull] = bench.under_way(jobs.Pull)
    bench.carry_out(commit)
    bench.server.has("theirs", b"words")
    bench.carry_out(pull)
    bench.work()
    assert sorted(bench.names()) == ["mine", "theirs"]


def test_a_page_that_was_read_before_an_answer_does_not_deny_what_that_told_of(bench: Bench) -> None:
    """It ends before it because it is older, not because the server was put back."""
    bench.settle()
    bench.write("mine")
    bench.work(jobs.Commit)
    [commit] = bench.under_way(jobs.Commit)
    bench.tell(events.HeadTold(SPACE, len(bench.server.journal) + 1))
    bench.work(jobs.Commit, jobs.Pull)
    [pull] = bench.under_way(jobs.Pull)
    page = run(pull, bench.tools)
    bench.server.has("theirs", b"words")
    bench.carry_out(commit)
    row = spaces.get(bench.store, SPACE)
    assert row is not None
    assert row.told is not None, "a colleague's change lies before ours"
    bench.answer(pull, page)
    assert not bench.engine.desk.rereading
    bench.work()
    assert sorted(bench.names()) == ["mine", "theirs"]
    assert bench.done(jobs.Snapshot) == 0


def test_a_space_of_the_same_owner_takes_the_place_of_one_that_the_server_does_not_know(bench: Bench) -> None:
    bench.write("a.txt")
    bench.settle()
    bench.tell(events.RightsChanged())
    [asked] = [job for job in bench.start() if isinstance(job, jobs.AskSpaces)]
    info = bench.server.spaces([]).spaces[0]
    other = msgspec.structs.replace(info, id=b"another space 12", root=b"another root 123")
    gone = msgspec.structs.replace(info, state=SpaceState.UNKNOWN)
    bench.answer(asked, jobs.SpacesTold(Spaces(spaces=(gone, other))))
    assert [row.id for row in spaces.all_spaces(bench.store)] == [other.id]
    assert other.id in bench.engine.desk.rereading, "its history is read anew and united"


def test_a_space_that_may_not_be_read_any_more_is_not_read_anew(bench: Bench) -> None:
    """Nothing would ever end that: the desk would be syncing for ever, and what is in it could not be let go."""
    bench.settle()
    bench.tell(events.HeadTold(SPACE, len(bench.server.journal) + 1))
    [pull] = [job for job in bench.start() if isinstance(job, jobs.Pull)]
    with bench.store.transaction():
        spaces.freeze(bench.store, SPACE, SpaceState.UNKNOWN)
    bench.waiting.remove(pull)
    bench.tell(events.JobFailed(pull, Code.CURSOR_GONE, {}))
    bench.engine.following.reread(SPACE)
    assert not bench.engine.desk.rereading


def test_two_histories_are_not_united_while_a_step_on_the_disk_or_an_operation_has_no_outcome(
    bench: Bench,
) -> None:
    """Its outcome would be an agreement with the life that is over, or one that the snapshot does not show."""
    bench.write("a.txt")
    bench.settle()
    row, lid = spaces.get(bench.store, SPACE), bench.lid("a.txt")
    assert row is not None
    assert row.cursor is not None
    read = Reading(unite=True)
    read.add(Nodes(nodes=(), cursor=row.cursor))
    with bench.store.transaction():
        [step] = intents.record(bench.store, [Intent(lid, b"", b"")])
    bench.engine.following.reread(SPACE)
    bench.engine.desk.rereading[SPACE] = read
    bench.steady_ms += 500
    bench.work(jobs.Ask)
    assert not bench.under_way(jobs.Ask)
    with bench.store.transaction():
        intents.drop(bench.store, [step])
        operation = ask.Attr(key=b"k" * 16, node=b"n" * 16, exec=True)
        ops.record_sent(bench.store, [OpRow(operation=operation, lid=lid, space=SPACE, covers=(lid,))])
    bench.engine.sending.unanswered = list  # type: ignore[method-assign]
    bench.work(jobs.Ask)
    assert not bench.under_way(jobs.Ask)
    with bench.store.transaction():
        ops.drop(bench.store, [operation.key])
    bench.work(jobs.Ask)
    assert bench.under_way(jobs.Ask)


def test_a_space_that_hangs_nowhere_is_asked_about_again(bench: Bench) -> None:
    """The server makes mounts when it is asked for the spaces; a restore may have taken one back before it was read of."""
    bench.settle()
    with bench.store.transaction():
        spaces.begin(bench.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM))
    bench.server.has("a", b"words")
    bench.tell(events.HeadTold(SPACE, len(bench.server.journal)))
    [pull] = [job for job in bench.start() if isinstance(job, jobs.Pull) and job.space == SPACE]
    bench.carry_out(pull)
    assert [job for job in bench.start() if isinstance(job, jobs.AskSpaces)]


def test_a_page_that_could_not_be_read_is_missed_before_the_next_digest(bench: Bench) -> None:
    bench.settle()
    bench.server.has("a", b"words")
    bench.server.fails["changes"] = Code.OFFLINE
    bench.tell(events.HeadTold(SPACE, len(bench.server.journal)))
    assert not bench.engine.following.up_to_date(), "a newer head is known"
    bench.work()
    assert not bench.engine.following.up_to_date()
    del bench.server.fails["changes"]
    bench.steady_ms += 5_000
    bench.work()
    assert bench.names() == ["a"]


def test_a_desk_looks_at_its_disk_before_it_unites(bench: Bench) -> None:
    """The memory of another device says of a file that it is here. It lacks in this folder, and nobody has deleted it."""
    bench.write("kept")
    bench.write("lacking")
    bench.settle()
    with bench.store.transaction():
        meta.set_joined_as(bench.store, b"another" + bytes(9))
    (bench.folder / "lacking").unlink()
    bench.begin()
    read, united = bench.done(jobs.Snapshot), bench.done(jobs.Ask)
    bench.beat()
    bench.work(jobs.Look)
    assert bench.done(jobs.Snapshot) > read
    assert bench.done(jobs.Ask) == united
    bench.settle()
    bench.pass_ms(5_000)
    assert bench.done(jobs.Ask) > united
    assert bench.names() == ["kept", "lacking"]
    assert not bench.asked(ask.Delete)
