"""`govsync demo`: a server and three desks of two people in a temporary home, and every change as it travels."""

import itertools
import json
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import click

from govsync.cli import samples
from govsync.cli.output import failures
from govsync.system import process
from govsync.system.process import Child
from govsync.system.screen import has_screen

PASSWORD = "demo"
READY_S = 30.0
STOP_S = 8.0


class Stage:
    """Processes and folders of one demonstration."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.children: list[Child] = []
        self.endpoint = ""
        self._is_asked = False
        self._can_end = True

    def environment(self, desk: str) -> dict[str, str]:
        """Answers the environment in which a desk's commands run."""
        return {
            **process.environment(),
            "GOVSYNC_HOME": str(self.base / desk / "home"),
            "GOVSYNC_CREDENTIALS": "file",
        }

    def folder(self, desk: str) -> Path:
        """Answers a desk's synced folder."""
        return self.base / desk / "GovSync"

    def call(self, desk: str, *arguments: str, stdin: str = "") -> str:
        """Runs a command as a desk; raises ClickException with its last line when it fails."""
        child = self._known(lambda: process.start_call(process.govsync(*arguments), self.environment(desk)))
        done = child.answer(stdin)
        self.children.remove(child)
        if done.returncode not in (0, 4):
            raise click.ClickException(done.stderr.strip() or f"{arguments[0]} ended with {done.returncode}")
        return done.stdout

    def start(self, desk: str, *arguments: str) -> Child:
        """Starts a process that goes on."""
        (self.base / desk).mkdir(parents=True, exist_ok=True)
        log = self.base / desk / "output.log"
        return self._known(lambda: process.start(process.govsync(*arguments), self.environment(desk), log))

    def ask_to_end(self, *_: object) -> None:
        """Ends the demonstration where it is (KeyboardInterrupt), at the first time that somebody asks for it.

        Not while a process is being started: it would run, and nobody would know of it and end it."""
        if not self._is_asked:
            self._is_asked = True
            self._end_if_asked()

    def _end_if_asked(self) -> None:
        if self._is_asked and self._can_end:
            raise KeyboardInterrupt

    def _known(self, start: Callable[[], Child]) -> Child:
        """Starts a process and remembers it until it has ended."""
        self._can_end = False
        self.children.append(child := start())
        self._can_end = True
        self._end_if_asked()
        return child

    def stop(self) -> None:
        """Ends all processes, the desks first, and comes to its own end however often somebody asks."""
        self._can_end = False
        for child in reversed(self.children):
            child.ask_to_end()
        for child in self.children:
            child.end(STOP_S)


_DESKS = (("anna-office", "anna"), ("anna-home", "anna"), ("boris-office", "boris"))


@click.command()
@click.option("--headless", is_flag=True, help="Do not open a window.")
@click.option("--exit-after", type=float, help="End by itself after so many seconds.")
@failures
def demo(headless: bool, exit_after: float | None) -> None:
    """Shows everything at work on this machine, and opens the window of a desk. Example: govsync demo --exit-after 20"""
    stage = Stage(Path(tempfile.mkdtemp(prefix="govsync-demo-")))
    with process.asked_to_end(stage.ask_to_end):
        try:
            _set_up(stage)
            _tell_story(stage)
            if not headless:
                _open_window(stage)
            _stay(stage, exit_after)
        except KeyboardInterrupt:
            click.echo()
        finally:
            stage.stop()
            shutil.rmtree(stage.base, ignore_errors=True)


def _set_up(stage: Stage) -> None:
    click.echo("A server, an organisation, two people in one division, three desks:")
    server = stage.start("server", "serve", "--data", str(stage.base / "server" / "data"), "--port", "0")
    stage.endpoint = server.line().split()[-1]
    data = ("--data", str(stage.base / "server" / "data"))
    stage.call("server", "admin", "org", "add", "Ministry", *data)
    stage.call("server", "admin", "division", "add", "Ministry/Planning", *data)
    for login, name in (("anna", "Anna Kim"), ("boris", "Boris Petrović")):
        stage.call(
            "server", "admin", "user", "add", login, "--name", name, "--org", "Ministry/Planning", "--password-stdin", *data,
            stdin=PASSWORD,
        )  # fmt: skip
    for desk, login in _DESKS:
        stage.folder(desk).mkdir(parents=True)
        stage.call(
            desk, "login", "--endpoint", stage.endpoint, "--user", login, "--password-stdin", stdin=PASSWORD
        )
        stage.call(desk, "folder", "set", str(stage.folder(desk)))
        stage.start(desk, "run")
        click.echo(f"  {desk:13} {login:6} {stage.folder(desk)}")
    for desk, _ in _DESKS:
        _until_running(stage, desk)
        stage.call(desk, "wait", "--timeout", "60")
    click.echo(f"  {'server':13} {'':6} {stage.endpoint}")


def _open_window(stage: Stage) -> None:
    if not has_screen(process.environment()):
        click.echo("\nThere is no screen here, so the window stays closed.")
    elif find_spec("PySide6") is None:
        click.echo("\nThe window is not installed (govsync[desktop]), so it stays closed.")
    else:
        click.echo("\nThe window of anna-office is open.")
        stage.start(_DESKS[0][0], "app")


def _until_running(stage: Stage, desk: str) -> None:
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit:
        try:
            stage.call(desk, "status")
        except click.ClickException:
            time.sleep(0.05)
        else:
            return
    raise click.ClickException(f"{desk} does not start")


def _tell_story(stage: Stage) -> None:
    office, home, boris = (stage.folder(desk) for desk, _ in _DESKS)
    seen = Watch({"anna-office": office, "anna-home": home, "boris-office": boris})
    for title, act in samples.story(office, home, boris):
        click.echo(f"\n{title}")
        start = time.perf_counter()
        act()
        stage.call("anna-office", "wait", "--timeout", "120")
        for desk in ("boris-office", "anna-home", "anna-office"):
            stage.call(desk, "wait", "--timeout", "120")
        for line in seen.changes():
            click.echo(f"  {line}")
        click.echo(f"  all three desks in sync after {time.perf_counter() - start:.1f} s")


class Watch:
    """Compares folders with what they showed before."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        self._known = {desk: _shown(folder) for desk, folder in folders.items()}

    def changes(self) -> Iterator[str]:
        """Yields a line for everything that came, changed or went, at most twelve a desk."""
        for desk, folder in self._folders.items():
            before, now = self._known[desk], _shown(folder)
            self._known[desk] = now
            lines = [
                f"{'+' if path not in before else '*'} {path}"
                for path in sorted(now)
                if before.get(path) != now[path]
            ]
            lines += [f"- {path}" for path in sorted(before) if path not in now]
            yield from (f"{desk:13} {line}" for line in itertools.islice(lines, 12))
            if len(lines) > 12:
                yield f"{desk:13} … and {len(lines) - 12} more"


def _shown(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if relative.parts[0] != ".govsync" and path.is_file():
            stat = path.stat()
            found[str(relative)] = (stat.st_size, stat.st_mtime_ns)
    return found


def _stay(stage: Stage, exit_after: float | None) -> None:
    desk = _DESKS[0][0]
    states = [json.loads(stage.call(each, "status", "--json"))["state"] for each, _ in _DESKS]
    click.echo(f"\nNow all desks are: {', '.join(states)}. Try it; in another terminal:")
    click.echo(f"  export GOVSYNC_HOME={stage.base / desk / 'home'} GOVSYNC_CREDENTIALS=file")
    click.echo(f"  cd {stage.folder(desk)}")
    click.echo(f"  alias govsync={shlex.quote(shlex.join(process.govsync()))}")
    click.echo("  govsync status; govsync activity; govsync versions Planning/Budget.csv")
    click.echo("Save, rename or delete files in any of the folders. Ctrl+C ends the demonstration.")
    end = None if exit_after is None else time.monotonic() + exit_after
    while end is None or time.monotonic() < end:
        time.sleep(0.2)


COMMANDS = {"demo": demo}
