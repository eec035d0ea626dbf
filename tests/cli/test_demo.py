"""What the demonstration starts is known to it, whenever it is asked to end."""

import subprocess
import sys
from pathlib import Path

import pytest

from govsync.cli.demo import Stage
from govsync.system import process
from govsync.system.process import Child


def asking(stage: Stage, script: str) -> Child:
    """Answers a process beside whose start somebody asked the demonstration to end."""
    pipe = subprocess.PIPE
    started = subprocess.Popen(
        [sys.executable, "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    stage.ask_to_end()
    return Child(started)


def test_what_is_being_started_when_the_demonstration_is_asked_to_end_is_ended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    waits = "import signal; signal.pause()"
    monkeypatch.setattr(process, "start", lambda *_: asking(stage, waits))
    with pytest.raises(KeyboardInterrupt):
        stage.start("anna-office", "run")
    [child] = stage.children
    assert not child.has_ended()
    stage.stop()
    assert child.has_ended()


def test_a_command_under_way_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(tmp_path)
    waits = "import sys; sys.stdin.read(); import signal; signal.pause()"
    monkeypatch.setattr(process, "start_call", lambda *_: asking(stage, waits))
    with pytest.raises(KeyboardInterrupt):
        stage.call("anna-office", "status")
    [child] = stage.children
    stage.stop()
    assert child.has_ended()


def test_it_ends_once_and_not_again_while_it_ends(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        stage.ask_to_end()
    stage.ask_to_end()
    other = Stage(tmp_path)
    other.stop()
    other.ask_to_end()


def test_a_command_that_has_ended_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(tmp_path)
    monkeypatch.setattr(process, "govsync", lambda *_: [sys.executable, "-c", "print(input()[::-1])"])
    assert stage.call("anna-office", "status", stdin="abc\n") == "cba\n"
    assert not stage.children
