"""The engine asks to be asked again only when something will have become due: neither too often nor too late."""

import random

import pytest

from govsync.engine import events, jobs, placing, planning
from govsync.model.codes import Code
from tests.engine.bench import LARGE, Bench

TURNS_AT_ONCE = 12


def turn(bench: Bench) -> None:
    """Takes a turn, and what follows it while no time passes and nothing is told."""
    for _ in range(TURNS_AT_ONCE):
        bench.start()
        wake = bench.engine.next_wake()
        if wake is None or wake > bench.steady_ms:
            break
    else:
        raise AssertionError("turn follows turn while no time passes and nothing is told")
    assert bench.start() == [], "what is begun now was due before, and nobody would have been asked"


def let_time_pass(bench: Bench, chance: random.Random) -> None:
    """Nothing begins before the time at which the engine asked to be asked; the trash alone is cleaned at leisure."""
    wake = bench.engine.next_wake() or bench.steady_ms + 60_000
    bench.steady_ms = wake - chance.randint(1, wake - bench.steady_ms)
    assert [job for job in bench.start() if not isinstance(job, jobs.Clean)] == []
    bench.steady_ms = wake + chance.choice((0, 0, 1, 90, 21_000))


def act(bench: Bench, chance: random.Random, number: int) -> None:
    kind = chance.choice(("save", "save", "large", "colleague", "delete", "storm", "fail", "mend", "look"))
    if kind in ("save", "large"):
        name = f"mine {chance.randrange(6)}"
        bench.write(name, b"%d" % number * (1 if kind == "save" else LARGE))
    elif kind == "colleague":
        bench.server.has(f"theirs {number}", b"%d" % number * chance.choice((1, LARGE)))
    elif kind == "delete" and bench.names():
        bench.delete(chance.choice(bench.names()))
    elif kind == "storm":
        for each in range(12):
            bench.write(f"many {each}", b"%d" % number)
    elif kind == "fail":
        name, code = chance.choice(("upload", "download", "commit", "changes", "heads")), Code.OFFLINE
        chance.choice((bench.server.fails, bench.server.loses))[name] = code
    elif kind == "mend":
        bench.server.fails.clear()
        bench.server.loses.clear()
    elif kind == "look":
        bench.tell(chance.choice((events.Hint((), None), events.Woke(), events.SyncNow())))


@pytest.mark.parametrize("seed", range(12))
def test_a_turn_leaves_nothing_due_that_nothing_will_tell_of(
    bench: Bench, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "PLAN_NODES", 2)
    monkeypatch.setattr(placing, "WANTED", 2)
    monkeypatch.setattr(placing, "FETCH_FILES", 1)
    chance = random.Random(seed)
    bench.beat()
    for number in range(150):
        if chance.random() < 0.4:
            act(bench, chance, number)
        if "heads" not in bench.server.fails and chance.random() < 0.5:
            bench.beat()
        turn(bench)
        if bench.waiting and chance.random() < 0.8:
            bench.carry_out(chance.choice(bench.waiting))
        else:
            let_time_pass(bench, chance)


def test_a_desk_at_rest_waits_for_the_next_proof_of_its_folder(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    for _ in range(40):
        bench.work()
        before = bench.steady_ms
        wake = bench.engine.next_wake()
        assert wake is not None
        assert wake > before
        bench.steady_ms = wake
    assert bench.steady_ms > 10 * 20_000


def test_a_proof_that_waits_for_the_seal_is_not_asked_for_again_and_again(bench: Bench) -> None:
    bench.beat()
    bench.work(jobs.WriteSeal)
    assert bench.under_way(jobs.WriteSeal)
    bench.engine.desk.proven_ms = None
    turn(bench)


def test_what_waited_for_its_content_goes_on_as_soon_as_that_is_there(bench: Bench) -> None:
    bench.settle()
    bench.write("mine", b"x" * LARGE)
    bench.work()
    assert "mine" in bench.server.alive()
    bench.server.has("theirs", b"y" * LARGE)
    bench.beat()
    bench.work()
    assert bench.names() == ["mine", "theirs"]
