"""What is saved here is in the activity once the server has it, and once only, whoever else tells of it."""

from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.protocol.commits import Done, Refused
from govsync.store import activity
from tests.engine.bench import Bench


def told(bench: Bench) -> list[tuple[str, str]]:
    """Kind and path, the oldest first; without that the space was found."""
    rows = reversed(activity.latest(bench.store, 100))
    return [(row[2], row[3]) for row in rows if row[2] != "space_added"]


def test_a_day_at_the_desk_is_told_as_it_was_lived(bench: Bench) -> None:
    bench.settle()
    (bench.folder / "d").mkdir()
    bench.write("d/plan", b"one")
    bench.settle()
    bench.write("d/plan", b"two")
    bench.settle()
    (bench.folder / "d/plan").rename(bench.folder / "d/last plan")
    bench.hint("d", "plan")
    bench.hint("d", "last plan")
    bench.settle()
    (bench.folder / "d/last plan").unlink()
    bench.hint("d", "last plan")
    bench.pass_ms(10_000)
    bench.settle()
    assert told(bench) == [
        ("mkdir", "d"), ("put", "d/plan"), ("put", "d/plan"), ("move", "d/last plan"), ("delete", "d/last plan"),
    ]  # fmt: skip


def test_what_the_journal_tells_of_it_too_is_not_told_twice(bench: Bench) -> None:
    """A colleague's entry stands before ours, of which the answer says nothing: the journal is read where both stand."""
    bench.settle()

    def after_theirs(_: ask.AnyOperation) -> None:
        if "theirs" not in bench.server.alive():
            bench.server.has("theirs", b"theirs")

    bench.server.judge = after_theirs
    bench.write("mine", b"mine")
    bench.settle()
    assert [entry.state.name for entry in bench.server.journal] == ["theirs", "mine"]
    assert sorted(told(bench)) == [("put", "mine"), ("put", "theirs")]


def test_what_is_not_on_the_server_is_not_told(bench: Bench) -> None:
    bench.settle()
    bench.server.judge = lambda _: Refused(code=Code.NAME_ILLEGAL)
    bench.write("mine", b"mine")
    bench.pass_ms(2_000)
    assert bench.server.commits
    assert told(bench) == []


def test_an_answer_that_was_lost_is_told_once_it_is_known(bench: Bench) -> None:
    bench.settle()
    bench.server.loses = {"commit": Code.OFFLINE}
    bench.write("mine", b"mine")
    bench.pass_ms(2_000)
    assert bench.server.commits
    assert told(bench) == []
    bench.server.loses = {}
    bench.pass_ms(10_000)
    bench.settle()
    assert told(bench) == [("put", "mine")]


def test_what_was_there_already_was_not_done_here(bench: Bench) -> None:
    """The same file, saved on two desks at once, becomes one (R21)."""
    bench.settle()

    def merged(operation: ask.AnyOperation) -> Done | None:
        if not isinstance(operation, ask.Put):
            return None
        there = bench.server.has("there", b"words")
        return Done(seq=there.seq, state=there, merged=there.node)

    bench.server.judge = merged
    bench.write("there", b"words")
    bench.settle()
    assert bench.server.asked
    assert told(bench) == []
