"""A program that opens the file at the very moment of the exchange: real processes, real leases (R11, swap_race)."""

import subprocess
import sys

import pytest

from govsync.local.steps import Result
from govsync.local.trash import Fate, Held, look_again

ROUNDS = 150

# A program that, told a path and a token, opens the file for writing, writes, closes, and says so.
WRITER = """
import os, sys
for line in sys.stdin:
    path, token, spin = line.rstrip("\\n").split("\\t")
    for _ in range(int(spin)):
        pass
    try:
        file = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        print("gone", flush=True)
        continue
    os.write(file, token.encode())
    os.close(file)
    print("written", flush=True)
"""


@pytest.fixture
def writer():
    with subprocess.Popen(
        [sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()
        process.wait(30)


@pytest.mark.parametrize("kind", ["exchange", "remove"])
def test_a_late_writer_s_bytes_are_visible_or_found_by_the_next_look(desk, writer, kind):
    seen = set()
    for turn in range(ROUNDS):
        name, token = f"f{turn}.txt", f"token {turn:06}"
        desk.write(name, b"o" * len(token))
        step = (
            desk.exchange(name, desk.stage(b"n" * len(token), f"s{turn}"))
            if kind == "exchange"
            else desk.remove(name)
        )
        writer.stdin.write(f"{desk.path / name}\t{token}\t{turn * 150}\n")
        writer.stdin.flush()
        (outcome,) = desk.carry_out(step)
        said = writer.stdout.readline().strip()
        seen.add((said, outcome.result))
        if said == "gone":
            assert outcome.result is Result.DONE
        elif desk.read(name) != token.encode():
            # The opener found the file before the change and opened it after our last look at the lease, or wrote the
            # old one and was seen: either way the bytes are in the trash and no longer what was put there.
            assert outcome.result is Result.DONE
            held = Held(step.trash, outcome.displaced, 0, verified=True)
            assert look_again(desk.fs, desk.root, [held])[0].fate is Fate.CHANGED
            assert desk.hidden("trash")[step.trash] == token.encode()
    assert any(result is Result.DONE for _, result in seen)
