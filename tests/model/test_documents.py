"""Documents are read by any number of threads, whichever of them meets a type first."""

import subprocess
import sys

# Threads that are taken off their work as often as can be meet a type while another takes it apart: in a process of its
# own, since it is the whole process that ends where that goes wrong.
RACE = """
import sys, threading
from typing import Union
import msgspec
from govsync.model import documents

sys.setswitchinterval(1e-6)
for turn in range(100):
    kinds = [msgspec.defstruct(f"Kind{n}", [(f"f{m}", int) for m in range(5)], tag=f"{n}") for n in range(8)]
    whole = msgspec.defstruct("Whole", [("parts", list[Union[tuple(kinds)]])])
    message = whole([kind(1, 2, 3, 4, 5) for kind in kinds])
    packed, text = msgspec.msgpack.encode(message), msgspec.json.encode(message)
    ready = threading.Barrier(4)
    wrong = []

    def read(packs):
        ready.wait()
        for _ in range(3):
            found = documents.from_packed(packed, whole) if packs else documents.from_json(text, whole)
            if found != message:
                wrong.append(found)

    threads = [threading.Thread(target=read, args=(number % 2,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
print("survived")
"""


def test_types_that_threads_meet_at_the_same_moment_are_read() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "survived"), done.stderr
