"""A server that can take nothing is said once, for the space, and no longer than it lasts (I10, I14)."""

import pytest

from govsync.engine.report import kept_back_only
from govsync.engine.sending import ILL_MOST_MS
from govsync.engine.trouble import FORGOTTEN_MS
from govsync.model.codes import Code
from govsync.store import problems
from tests.engine.bench import LARGE, Bench


def said(bench: Bench) -> list[tuple[str, Code]]:
    return [(row.path, row.problem.code) for row in problems.listed(bench.store)]


@pytest.mark.parametrize(("request_", "size"), [("commit", 10), ("upload", LARGE)])
def test_a_full_server_is_said_at_once_and_once_and_lifts_by_itself(
    bench: Bench, request_: str, size: int
) -> None:
    bench.settle()
    bench.server.fails[request_] = Code.STORE_FULL
    for name in "abc":
        bench.write(name, name.encode() * size)
    bench.pass_ms(1_000)
    assert said(bench) == [("", Code.STORE_FULL)]
    assert bench.report().state == "problem"
    assert kept_back_only(bench.engine)
    (first,) = problems.listed(bench.store)
    bench.pass_ms(60_000, step=2_000)
    assert problems.listed(bench.store) == [first]
    bench.server.fails.clear()
    bench.pass_ms(ILL_MOST_MS + 5_000)
    assert said(bench) == []
    assert bench.report().state == "in_sync"
    assert bench.server.alive().keys() == {"a", "b", "c"}


def test_a_server_that_is_away_for_a_moment_is_no_news(bench: Bench) -> None:
    bench.settle()
    bench.server.fails["commit"] = Code.STORE_UNAVAILABLE
    bench.write("a")
    bench.pass_ms(1_500)
    assert bench.server.commits > 0
    assert said(bench) == []
    bench.pass_ms(20_000)
    assert said(bench) == [("", Code.STORE_UNAVAILABLE)]


@pytest.mark.parametrize("code", [Code.CLIENT_TOO_OLD, Code.INTERNAL])
def test_a_server_that_cannot_be_read_is_said_and_waited_for_no_more(bench: Bench, code: Code) -> None:
    bench.write("a")
    bench.settle()
    bench.server.has("theirs", b"news")
    bench.server.fails["changes"] = code
    bench.pass_ms(8_000)
    assert (said(bench), kept_back_only(bench.engine)) == ([], False)
    bench.pass_ms(60_000)
    assert (said(bench), bench.report().state, kept_back_only(bench.engine)) == (
        [("", code)],
        "problem",
        True,
    )
    bench.server.fails.clear()
    bench.pass_ms(120_000, step=2_000)
    assert (said(bench), bench.report().state, bench.names()) == ([], "in_sync", ["a", "theirs"])


def test_a_full_server_whose_line_fails_is_not_taken_for_unreadable(bench: Bench) -> None:
    bench.settle()
    bench.server.fails.update(commit=Code.STORE_FULL, changes=Code.OFFLINE)
    bench.write("a")
    bench.server.has("theirs", b"news")
    bench.pass_ms(20_000)
    assert (said(bench), kept_back_only(bench.engine)) == ([("", Code.STORE_FULL)], False), (
        "it is read again at once"
    )


def test_no_line_is_no_trouble_of_the_server(bench: Bench) -> None:
    bench.settle()
    bench.server.fails["commit"] = Code.OFFLINE
    bench.write("a")
    bench.pass_ms(20_000)
    assert said(bench) == []


def test_what_still_fails_is_not_taken_back_because_something_else_goes(bench: Bench) -> None:
    """The store of contents is full, the database is not."""
    bench.settle()
    bench.server.fails["upload"] = Code.STORE_FULL
    bench.write("large", b"1" * LARGE)
    bench.pass_ms(1_000)
    (first,) = problems.listed(bench.store)
    bench.write("small")
    bench.pass_ms(ILL_MOST_MS + 5_000)
    assert "small" in bench.server.alive()
    assert problems.listed(bench.store) == [first]


def test_what_nobody_wants_to_send_any_more_troubles_nobody(bench: Bench) -> None:
    bench.settle()
    bench.server.fails["upload"] = Code.STORE_FULL
    bench.write("large", b"1" * LARGE)
    bench.pass_ms(1_000)
    bench.delete("large")
    bench.pass_ms(FORGOTTEN_MS + 120_000, step=20_000)
    assert said(bench) == []


def test_a_new_life_begins_without_it(bench: Bench) -> None:
    bench.settle()
    bench.server.fails["upload"] = Code.STORE_FULL
    bench.write("large", b"1" * LARGE)
    bench.pass_ms(1_000)
    bench.begin()
    assert said(bench) == []
    bench.pass_ms(2_000)
    assert said(bench) == [("", Code.STORE_FULL)]
