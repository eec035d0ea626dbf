"""What a setting keeps from being sent stays here, is told, and is never taken for deleted; what others send comes all the
same."""

import msgspec
import pytest

from govsync.engine import events
from govsync.engine.desk import Rules
from govsync.engine.report import kept_back_only
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.store import problems
from tests.engine.bench import LARGE, Bench
from tests.engine.test_refilling import lose

RULES = Rules(largest_file_bytes=1_000, blocked_extensions=("pst", "tar.gz"))
SMALL, BIG = b"x" * 1_000, b"x" * 1_001


@pytest.fixture
def ruled(bench: Bench) -> Bench:
    bench.settle()
    bench.engine.desk.rules = RULES
    return bench


def quiet(bench: Bench) -> None:
    """Lets everything come to its end, deletions too."""
    bench.pass_ms(20_000, step=1_000)


def hint(bench: Bench, *names: str) -> None:
    for name in names:
        bench.hint(name)


def files(bench: Bench) -> dict[str, bytes]:
    return {name: (bench.folder / name).read_bytes() for name in bench.names()}


def told(bench: Bench) -> dict[str, Code]:
    return {row.path: row.problem.code for row in problems.listed(bench.store)}


def lift(bench: Bench) -> None:
    bench.engine.desk.rules = Rules()
    bench.engine.desk.facts_changed()
    quiet(bench)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("big", BIG, Code.TOO_LARGE_BY_RULE),
        ("far too big", b"x" * LARGE, Code.TOO_LARGE_BY_RULE),
        ("Mail.PST", b"x", Code.EXTENSION_BLOCKED),
        ("all.tar.gz", b"x", Code.EXTENSION_BLOCKED),
    ],
)
def test_what_is_kept_back_stays_and_is_told_and_all_else_goes(
    ruled: Bench, name: str, content: bytes, code: Code
) -> None:
    ruled.write(name, content)
    ruled.write("small", SMALL)
    ruled.write("pst", b"an extension is no name")
    ruled.write("a.gz", b"and no part of one")
    quiet(ruled)
    assert set(ruled.server.alive()) == {"small", "pst", "a.gz"}
    assert told(ruled) == {name: code}
    assert ruled.server.uploads == 0
    assert ruled.report().state == "problem"
    assert kept_back_only(ruled.engine)
    assert files(ruled)[name] == content
    lift(ruled)
    assert set(ruled.server.alive()) == {"small", "pst", "a.gz", name}
    assert told(ruled) == {}
    assert ruled.report().state == "in_sync"


def test_a_colleague_s_comes_and_an_edit_of_it_stays_here_without_the_colleague_losing_it(
    ruled: Bench,
) -> None:
    ruled.server.has("big", BIG)
    ruled.server.has("mail.pst", b"one")
    quiet(ruled)
    assert files(ruled) == {"big": BIG, "mail.pst": b"one"}
    assert told(ruled) == {}
    ruled.write("big", BIG + b"more")
    ruled.write("mail.pst", b"two")
    quiet(ruled)
    assert told(ruled) == {"big": Code.TOO_LARGE_BY_RULE, "mail.pst": Code.EXTENSION_BLOCKED}
    assert ruled.asked(ask.Put) == []
    assert {state.size_bytes for state in ruled.server.alive().values()} == {len(BIG), 3}


def test_a_file_that_grows_is_kept_back_and_goes_when_it_is_small_again(ruled: Bench) -> None:
    ruled.write("a", SMALL)
    quiet(ruled)
    ruled.write("a", BIG)
    quiet(ruled)
    assert ruled.server.alive()["a"].size_bytes == len(SMALL)
    assert told(ruled) == {"a": Code.TOO_LARGE_BY_RULE}
    ruled.write("a", b"short")
    quiet(ruled)
    assert ruled.server.alive()["a"].size_bytes == 5
    assert told(ruled) == {}


def test_a_file_that_is_there_already_is_moved_and_deleted_as_ever(bench: Bench) -> None:
    bench.write("big", BIG)
    bench.write("other", BIG)
    bench.settle()
    bench.engine.desk.rules = RULES
    (bench.folder / "big").rename(bench.folder / "moved")
    (bench.folder / "other").unlink()
    hint(bench, "big", "moved", "other")
    quiet(bench)
    assert set(bench.server.alive()) == {"moved"}
    assert [type(each) for each in bench.server.asked if isinstance(each, ask.Put)] == [ask.Put] * 2
    assert told(bench) == {}


def test_a_file_that_gets_a_blocked_name_keeps_its_old_one_for_others(ruled: Bench) -> None:
    ruled.write("report.doc", b"words")
    quiet(ruled)
    (ruled.folder / "report.doc").rename(ruled.folder / "report.pst")
    hint(ruled, "report.doc", "report.pst")
    quiet(ruled)
    assert set(ruled.server.alive()) == {"report.doc"}
    assert ruled.asked(ask.Delete) == []
    assert told(ruled) == {"report.pst": Code.EXTENSION_BLOCKED}
    (ruled.folder / "report.pst").rename(ruled.folder / "report.doc")
    hint(ruled, "report.doc", "report.pst")
    quiet(ruled)
    assert told(ruled) == {}
    assert ruled.report().state == "in_sync"


def test_what_is_kept_back_is_not_lost_with_the_folder_that_a_colleague_deletes(ruled: Bench) -> None:
    (ruled.folder / "f").mkdir()
    hint(ruled, "f")
    quiet(ruled)
    ruled.write("f/mail.pst", b"mine alone")
    ruled.write("f/a", b"of all")
    quiet(ruled)
    assert set(ruled.server.alive()) == {"f", "a"}
    for number, state in enumerate(reversed(ruled.server.alive().values())):
        ruled.server.tell(msgspec.structs.replace(state, dead=True), b"D" * 15 + bytes([number]))
    quiet(ruled)
    assert (ruled.folder / "f" / "mail.pst").read_bytes() == b"mine alone"
    assert not (ruled.folder / "f" / "a").exists()
    assert told(ruled) == {"f/mail.pst": Code.EXTENSION_BLOCKED}


def test_a_new_file_of_a_colleague_gets_the_name_and_what_is_kept_back_another(ruled: Bench) -> None:
    ruled.write("mail.pst", b"mine")
    quiet(ruled)
    ruled.server.has("mail.pst", b"theirs")
    quiet(ruled)
    there = files(ruled)
    assert there["mail.pst"] == b"theirs"
    assert sorted(there.values()) == [b"mine", b"theirs"]
    assert set(told(ruled).values()) == {Code.EXTENSION_BLOCKED}


def test_a_program_that_keeps_it_open_does_not_keep_it_from_being_told(ruled: Bench) -> None:
    with (ruled.folder / "mail.pst").open("wb") as file:
        file.write(b"open")
        file.flush()
        hint(ruled, "mail.pst")
        ruled.pass_ms(1_000)
        assert told(ruled) == {"mail.pst": Code.EXTENSION_BLOCKED}
        assert ruled.report().problems == 1
    assert ruled.engine.signed_in
    ruled.tell(events.SyncNow())
    quiet(ruled)
    assert told(ruled) == {"mail.pst": Code.EXTENSION_BLOCKED}


def test_an_edit_of_what_the_server_has_lost_is_given_back_whatever_its_size(bench: Bench) -> None:
    bench.write("big", BIG)
    bench.settle()
    bench.engine.desk.rules = RULES
    lose(bench, "big", offered=False)
    bench.write("big", BIG + b"more")
    quiet(bench)
    assert bench.server.alive()["big"].size_bytes == len(BIG) + 4
    assert told(bench) == {}
