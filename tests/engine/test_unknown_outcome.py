"""A commit whose effect is not known is asked again under its own keys, whatever the person did meanwhile (R32)."""

import pytest

from govsync.model import operations as ask
from govsync.model.codes import Code
from tests.engine.bench import Bench

UNKNOWN = (
    Code.STORE_UNAVAILABLE,
    Code.STORE_FULL,
    Code.BUSY_RETRY,
    Code.INTERNAL,
    Code.TIMED_OUT,
    Code.OFFLINE,
)


@pytest.mark.parametrize("code", UNKNOWN)
def test_what_may_have_been_kept_is_asked_again_as_it_was(bench: Bench, code: Code) -> None:
    bench.server.loses["commit"] = code
    bench.write("a", b"1")
    bench.pass_ms(5_000)
    bench.write("a", b"2")
    bench.pass_ms(5_000)
    puts = [operation for operation in bench.server.asked if isinstance(operation, ask.Put)]
    assert len(puts) > 1
    assert len({(put.key, put.hash) for put in puts}) == 1
    bench.server.loses.clear()
    bench.settle()
    assert bench.names() == ["a"]
    assert bench.server.alive()["a"].size_bytes == 1
