"""The command line as a person calls it, in a home of its own, with an agent that answers what the test wants."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from govsync.cli.main import main
from tests.control.desk import FakeAgent, Respond


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Call = Callable[..., Done]


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GOVSYNC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GOVSYNC_CREDENTIALS", "file")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path / "home"


@pytest.fixture
def govsync(home, monkeypatch, capsys) -> Call:
    def call(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["govsync", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, said.out, said.err)

    return call


@pytest.fixture
def admin(govsync, tmp_path) -> Call:
    """The commands of an operator, about a server of the test's own."""

    def call(*arguments: str, stdin: str = "") -> Done:
        return govsync("admin", *arguments, "--data", str(tmp_path / "data"), stdin=stdin)

    return call


@pytest.fixture
def agent(home) -> Iterator[Callable[[Respond], FakeAgent]]:
    running: list[FakeAgent] = []

    def start(respond: Respond) -> FakeAgent:
        running.append(FakeAgent(home / "control", respond))
        return running[-1]

    yield start
    for each in running:
        each.close()
