"""How processes of GovSync are asked to end, and how others are started."""

import gc
import os
import platform
import signal
import sys

import pytest

from govsync.system import process


def running(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_who_is_asked_to_end_hears_of_it_and_only_while_it_listens():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    asked = []
    with process.asked_to_end(lambda number, _: asked.append(number)):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert asked == [signal.SIGTERM, signal.SIGINT]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_child_is_heard_asked_and_gone(tmp_path):
    script = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
        "print('ready', flush=True); signal.pause()"
    )
    child = process.start(running(script), os.environ, tmp_path / "log")
    assert child.line() == "ready\n"
    assert not child.has_ended()
    child.ask_to_end()
    child.end(60)
    assert child.has_ended()


def test_a_child_that_does_not_listen_is_ended_by_force(tmp_path):
    script = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('I stay', file=sys.stderr, flush=True);"
        "print('ready', flush=True); signal.pause()"
    )
    child = process.start(running(script), os.environ, tmp_path / "log")
    assert child.line() == "ready\n"
    child.ask_to_end()
    child.end(0.01)
    assert child.has_ended()
    assert (tmp_path / "log").read_text() == "I stay\n"


def test_one_started_apart_has_a_session_of_its_own_and_prints_into_a_file(tmp_path):
    child = process.start_apart(running("import os; print(os.getsid(0) == os.getpid())"), tmp_path / "log")
    child.end(60)
    assert (tmp_path / "log").read_text() == "True\n"


def test_a_call_answers_how_it_ended_and_what_it_said():
    done = process.start_call(running("import sys; print(input()[::-1]); sys.exit(3)"), os.environ).answer(
        "abc\n"
    )
    assert (done.returncode, done.stdout) == (3, "cba\n")


def test_what_is_started_is_what_runs_here():
    assert process.govsync("status") == [sys.executable, "-m", "govsync.cli.main", "status"]


def test_the_collector_runs_seldom_and_never_over_what_was_loaded() -> None:
    threshold = gc.get_threshold()
    # As Python begins: a command that ran in this process may have asked for it already.
    gc.set_threshold(700, 10, 10)
    try:
        process.collect_seldom()
        assert gc.get_threshold()[0] > 700
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()


HEAPS = """
import ctypes, sys, tempfile, threading
from govsync.system import process
if sys.argv[1] == "little":
    process.hold_little()
all_here = threading.Barrier(8)
def hold():
    held = [bytes(10_000) for _ in range(10)]
    all_here.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as told:
    file = ctypes.c_void_p(libc.fopen(told.name.encode(), b"w"))
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(told.read().count(b"<heap nr="))
"""


def heaps(how: str) -> int:
    return int(process.start_call([*running(HEAPS), how], os.environ).answer("").stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's own")
def test_threads_share_two_heaps():
    assert heaps("as ever") > 2
    assert heaps("little") == 2


RENEWED = """
import os, pathlib, signal, sys
from govsync.system import process

told = pathlib.Path(sys.argv[1])
before = told.read_text() if told.exists() else ""
told.write_text(f"{before}{os.getpid()} {sys.argv[2:]}\\n")
with process.asked_to_renew(lambda: None) as renewal:
    if not before:
        signal.raise_signal(signal.SIGUSR1)
if renewal.asked:
    process.begin_anew()
"""


def test_who_is_asked_to_begin_anew_is_the_same_process_with_the_same_command(tmp_path):
    told = tmp_path / "told"
    child = process.start_apart([*running(RENEWED), str(told), "--page", "a b"], tmp_path / "log")
    child.end(60)
    first, again = told.read_text().splitlines()
    assert first == again
    assert first.endswith("['--page', 'a b']")


@pytest.mark.parametrize("name", ["GovSync.exe", "govsyncctl.exe"])
def test_a_program_of_our_own_is_started_as_it_is_and_without_a_console(monkeypatch, tmp_path, name):
    monkeypatch.setattr(sys, "executable", str(tmp_path / name))
    assert process.govsync("run") == [str(tmp_path / "GovSync.exe"), "run"]
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert process.govsync("run") == [str(tmp_path / "python"), "-m", "govsync.cli.main", "run"]
