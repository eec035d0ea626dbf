"""A fork stands for the command in journeys: it is a process of its own, and touches no home but that of its test."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.programs import Forks
from tests.journeys.site import COMMANDS, environment, until


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="module")
def forks(root: Path) -> Iterator[Forks]:
    made = Forks(root)
    yield made
    made.close()


def sockets(process: int) -> set[str]:
    """Answers which sockets a process holds."""
    held = {os.readlink(entry) for entry in Path(f"/proc/{process}/fd").iterdir()}
    return {each for each in held if each.startswith("socket:")}


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["--version"], ""),
        (["status"], ""),
        (["admin", "org", "add", "", "--data", "data"], ""),
        (["login", "--endpoint", "http://127.0.0.1:9", "--user", "anna", "--password-stdin"], "a word"),
        (["no such command"], ""),
        (["settings", "show", "--json"], ""),
    ],
)
def test_it_prints_and_ends_as_the_command_does(
    forks: Forks, root: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], stdin: str
) -> None:
    monkeypatch.chdir(root)
    fork = forks.run(arguments, environment(root / "fork"), stdin)
    command = COMMANDS.run(arguments, environment(root / "command"), stdin)
    assert (fork.returncode, fork.stdout, fork.stderr) == (command.returncode, command.stdout, command.stderr)


def test_it_has_an_id_an_environment_a_folder_and_descriptors_of_its_own(
    forks: Forks, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "here").mkdir()
    monkeypatch.chdir(root / "here")
    reads, prints = os.pipe()
    serve = ["serve", "--data", "data", "--port", "0"]
    env = environment(root)
    with (root / "log").open("wb") as log:
        one, other = (forks.start(serve if turn else [*serve[:2], "other", *serve[3:]], env, prints, log.fileno()) for turn in range(2))  # fmt: skip
    os.close(prints)
    with open(reads) as said:
        assert [said.readline().startswith("listening on ") for _ in range(2)] == [True, True]
        process = Path(f"/proc/{one.pid}")
        assert one.pid != other.pid
        assert (process / "cwd").readlink() == root / "here"
        assert not sockets(other.pid) & sockets(forks._origin.pid), (
            "neither its way to us nor the first one's"
        )
        one.kill()
        assert one.wait(60) == -signal.SIGKILL
        assert not process.exists()
        assert other.poll() is None
        other.send_signal(signal.SIGSTOP)
        until(lambda: "T (stopped)" in Path(f"/proc/{other.pid}/status").read_text(), "it stands still")
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0)
        other.send_signal(signal.SIGCONT)
        other.send_signal(signal.SIGTERM)
        assert other.wait(60) == 0
        assert said.read() == "", "nobody else holds what it printed to"


def test_it_works_in_the_home_that_its_environment_names(forks: Forks, root: Path) -> None:
    for name in ("one", "other"):
        done = forks.run(["folder", "set", str(root / name / "GovSync")], environment(root / name))
        assert done.returncode == 0, done
        assert (root / name / "home" / "device.json").exists()


@pytest.mark.parametrize("name", ["HOME", "GOVSYNC_HOME"])
def test_it_is_refused_with_a_home_that_is_not_of_a_test(forks: Forks, root: Path, name: str) -> None:
    for home in (str(root.parent), "/", ""):
        with pytest.raises(AssertionError, match=f"{name} must lie in"):
            forks.run(["status"], {**environment(root), name: home})
    env = environment(root)
    del env[name]
    with pytest.raises(AssertionError, match=f"{name} must lie in"):
        forks.run(["status"], env)


def test_it_is_refused_where_the_interpreter_itself_would_have_to_start(forks: Forks, root: Path) -> None:
    with pytest.raises(AssertionError, match="PYTHONPATH"):
        forks.run(["status"], {**environment(root), "PYTHONPATH": str(root)})
