"""The packages for Windows on a PC, as far as wine is one: installed without a question, told by policy, used, upgraded while they
work, brought by a place of updates, and removed.

Of wine: it does not tell a package that its removal is part of an upgrade, by which that would have what runs pause. So the test
has the package's own program pause it, as the old version would, and sees that the new one starts it again. Nobody there lacks rights, and no signature is asked for.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from packages import embedded, installer, programs, release, signing, windows
from packages.release import Release
from packages.wine import Wine
from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, Server, until
from tests.packaging.pc import MSIEXEC, PATIENCE_S, PERSONS_PROGRAMS, PROGRAMS, REFUSED, Pc
from tests.project.sources import ROOT
from tests.updates.place import Operator

NEEDED = ("wine", programs.COMPILER, installer.COMPILER, installer.TABLES, signing.TOOL)
LACKING = [each for each in NEEDED if shutil.which(each) is None]

pytestmark = [
    pytest.mark.wine,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(LACKING), reason=f"packaging/install-windows-tools.sh: no {', '.join(LACKING)}"),
]

POLICY = r"HKLM\Software\Policies\GovSync"
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
RUNNING = r"Software\GovSyncRunning"
ROOT_OF_TRUST = r"C:\Program Files\GovSync updates\root.json"
COMMAND = r"C:\Windows\System32\msiexec.exe\0/qn\0/norestart\0/i"
TASK = ("/qn", "/norestart", "/i")
"""As docs/it/updates.md has IT write it down: words, with the file as the last one."""
FILES = 20
MEBI = 1 << 20


class Build(NamedTuple):
    """One version: its packages, and what of it lies in them."""

    version: Release
    machine: Path
    person: Path
    running: Path


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    """A PC's disk with Windows on it and nothing else."""
    made = Wine(tmp_path_factory.mktemp("disk"))
    made.make_prefix()
    yield made
    shutil.rmtree(made.folder)


@pytest.fixture(scope="module")
def two(disk: Wine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Build, Build]]:
    """Two builds of what is committed, of which the second says that it is the newer."""
    work, now = tmp_path_factory.mktemp("packages"), release.of(ROOT)
    signer, runtime = signing.of_nobody(work / "try"), embedded.fetch(ROOT, work / "runtime")
    (work / "folder").mkdir()
    made = windows.make(ROOT, now, runtime, embedded.SHA256, signer, disk, work / "folder")
    first = packed(made, now, signer, work / "first")
    later = now._replace(commits=now.commits + 1)
    says = made.folder / windows.LIBRARY / "govsync" / "__init__.py"
    says.write_text(says.read_text().replace(now.python, later.python))
    os.utime(says, (later.epoch, later.epoch))
    for compiled in (says.parent / "__pycache__").glob("__init__.*.pyc"):
        compiled.unlink()  # It would be believed, whatever its source says.
    program = disk.started(made.folder / programs.COMMAND, "--version")
    assert later.python.encode() in program.communicate(timeout=PATIENCE_S)[0]  # Which compiles it anew.
    yield first, packed(made, later, signer, work / "second")
    shutil.rmtree(work)


def packed(made: windows.Made, version: Release, signer: signing.Signer, output: Path) -> Build:
    return Build(version, *installer.write_all(made, version, signer, output), made.running)


@pytest.fixture
def pc(disk: Wine, tmp_path: Path) -> Iterator[Pc]:
    folder = tmp_path / "pc"
    shutil.copytree(disk.prefix, folder / "prefix", symlinks=True)
    made = Pc(folder)
    yield made
    made.end()
    shutil.rmtree(folder)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    server = Server(tmp_path)
    server.populate()
    made = Site(tmp_path, [server])
    yield made
    made.close()


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    made = Operator(tmp_path / "operator")
    yield made
    made.mirror.close()


class Installed:
    """GovSync as it is installed on a PC: for the machine, or for the person who works there."""

    def __init__(self, pc: Pc, variant: installer.Variant) -> None:
        self.pc, self.root = pc, variant.root
        self.folder = pc.here(PROGRAMS if variant is installer.MACHINE else PERSONS_PROGRAMS)
        self.files = pc.home / f"Files of {pc.home.name}"
        self.home = pc.here(r"AppData\Local\govsync")

    def said(self, *arguments: str, stdin: str = "", expected: int | None = 0) -> str:
        """Runs the command line; answers what it printed."""
        return self.pc.run(self.folder / programs.COMMAND, *arguments, stdin=stdin, expected=expected)

    def start(self) -> float:
        """Starts the agent; answers the seconds until it answers, for which the command itself waits half a minute."""
        began_s = time.monotonic()
        self.pc.leave(self.folder / programs.COMMAND, "start", expected=None)
        comes(lambda: self.version() != "", "an agent that answers")
        return time.monotonic() - began_s

    def agents(self) -> list[int]:
        return self.pc.running(programs.WINDOW, "run")

    def version(self) -> str:
        """Answers the version of the agent that runs, or nothing."""
        said = self.said("status", "--json", expected=None)
        return str(json.loads(said).get("version", "")) if said else ""

    def registered(self) -> tuple[str | None, str | None]:
        """Answers the version that the registry names, and what it starts at sign-in."""
        key = rf"{self.root}\{installer.KEY}"
        return self.pc.value(key, "Version"), self.pc.value(rf"{self.root}\{RUN}", "GovSync")

    def sign_in(self) -> None:
        self.said("login", "--user", "anna", "--password-stdin", stdin=PASSWORD)

    def contents(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self.files.iterdir() if each.is_file()}

    def write(self, name: str, content: bytes) -> None:
        """Saves a file, and has the desk look: wine tells it of nothing in a folder that was there before."""
        (self.files / name).write_bytes(content)
        self.said("sync-now")


def comes(condition: Callable[[], bool], what: str) -> None:
    until(condition, what, limit_s=PATIENCE_S)


def arrived(colleague: Desk, name: str, content: bytes) -> None:
    comes(lambda: colleague.files().get(name) == content, f"{name} at the colleague's")


def size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def tell(pc: Pc, name: str, kind: str, value: str) -> None:
    """Has the machine's policy say something, as an administrator writes it down."""
    pc.run("reg", "add", POLICY, "/v", name, "/t", kind, "/d", value, "/f")


def test_a_machine_s_desk_is_installed_told_used_upgraded_while_it_works_and_removed(
    two: tuple[Build, Build], pc: Pc, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = two
    desk, colleague = Installed(pc, installer.MACHINE), site.desk("colleague")

    pc.install(first.machine, "NOAUTOSTART=1")
    assert desk.registered() == (first.version.python, None)
    pc.remove(first.machine)
    assert desk.registered() == (None, None)
    assert not desk.folder.exists()

    took_s = pc.install(first.machine, f"ENDPOINT=http://127.0.0.1:{site.server.port}")
    version, starts = desk.registered()
    assert version == first.version.python
    assert starts == rf'"{PROGRAMS}\GovSync.exe" --minimized'
    assert desk.said("--version").split()[-1] == first.version.python
    tell(pc, "folder.path", "REG_SZ", r"{home}\Files of {user}")
    tell(pc, "hold.deletions", "REG_DWORD", "70")
    tell(pc, "sync.ignore", "REG_MULTI_SZ", r"*.one\0*.two")
    tell(pc, "no.such", "REG_SZ", "1")
    settings = json.loads(desk.said("settings", "--json"))
    assert settings["hold.deletions"] == {"value": 70, "source": "policy", "fixed": "policy"}
    assert settings["sync.ignore"]["value"] == ["*.one", "*.two"]
    assert settings["endpoint.url"]["source"] == "installer"
    assert "no.such" in desk.said("doctor", expected=1)
    desk.sign_in()
    start_s = desk.start()
    desk.write("of the PC.txt", b"by Anna's PC")
    arrived(colleague, "of the PC.txt", b"by Anna's PC")
    colleague.write("of the colleague.txt", "from Linux")
    comes(
        lambda: desk.contents().get("of the colleague.txt") == b"from Linux", "the colleague's file on the PC"
    )
    with capsys.disabled():
        print(
            f"\nMSI {first.machine.stat().st_size / MEBI:.1f} MiB, installed {size(desk.folder) / MEBI:.1f} MiB in {took_s:.1f} s, "
            f"agent answers {start_s:.1f} s after `start`"
        )

    (before,) = desk.agents()
    pc.leave(MSIEXEC, *TASK, first.machine)
    assert desk.agents() == [before], "the same version again disturbs nobody"
    desk.said(
        "settings", "set", "network.upload_limit", "50 KB"
    )  # So that there is work under way for minutes.
    contents = {f"work {number}.bin": os.urandom(400_000) for number in range(FILES)}
    for name, content in contents.items():
        (desk.files / name).write_bytes(content)
    desk.said("sync-now")
    pc.leave(first.running, "pause", "machine", f"{PROGRAMS}\\.")
    assert desk.agents() == []
    assert pc.value(rf"HKLM\{RUNNING}", "1") == "0x0", (
        "what is to be started again in the first session: the agent"
    )
    pc.leave(MSIEXEC, *TASK, second.machine)
    assert colleague.files().keys() < {"of the PC.txt", "of the colleague.txt", *contents}
    assert pc.value(rf"HKLM\{RUNNING}", "1") is None, "the new package has done what was written down"
    comes(lambda: desk.version() == second.version.python, "the newer one answers")
    assert json.loads(desk.said("settings", "--json"))["endpoint.url"]["source"] == "installer", "it was kept"
    (after,) = desk.agents()
    desk.said("settings", "set", "network.upload_limit", "0")
    desk.said("sync-now")
    desk.said("wait", "--timeout", "240")
    colleague.wait()
    everything = {"of the PC.txt": b"by Anna's PC", "of the colleague.txt": b"from Linux", **contents}
    assert desk.contents() == colleague.files() == everything

    pc.install(first.machine, expected=REFUSED)
    assert desk.registered()[0] == second.version.python
    assert desk.agents() == [after]

    (desk.folder / "of somebody else.txt").touch()
    pc.remove(second.machine)
    assert desk.agents() == []
    assert [each.name for each in desk.folder.rglob("*")] == ["of somebody else.txt"]
    assert desk.registered() == (None, None)
    assert desk.contents() == everything
    assert (desk.home / "device.json").exists()
    assert pc.value(POLICY, "hold.deletions") == "0x46"


def test_a_person_installs_for_themselves_and_takes_away_what_came(two: tuple[Build, Build], pc: Pc) -> None:
    first, _ = two
    desk = Installed(pc, installer.PERSON)
    pc.install(first.person)
    assert desk.said("--version").split()[-1] == first.version.python
    version, starts = desk.registered()
    assert version == first.version.python
    assert starts is not None
    assert pc.here(starts.split('"')[1]) == desk.folder / programs.WINDOW
    assert not pc.here(PROGRAMS).exists()
    assert pc.value(rf"HKLM\{installer.KEY}", "Version") is None
    assert pc.value(rf"HKLM\{RUN}", "GovSync") is None
    pc.remove(first.person)
    assert not desk.folder.exists()
    assert desk.registered() == (None, None)


def test_a_newer_version_is_fetched_checked_and_installed_and_what_was_changed_is_not(
    two: tuple[Build, Build], pc: Pc, site: Site, operator: Operator
) -> None:
    first, second = two
    desk, colleague = Installed(pc, installer.PERSON), site.desk("colleague")
    pc.install(first.person, f"ENDPOINT=http://127.0.0.1:{site.server.port}")
    root = pc.here(ROOT_OF_TRUST)
    root.parent.mkdir()
    root.write_bytes(operator.root)
    tell(pc, "folder.path", "REG_SZ", r"{home}\Files of {user}")
    tell(pc, "app.update_url", "REG_SZ", operator.mirror.url)
    tell(pc, "app.update_root", "REG_SZ", ROOT_OF_TRUST)
    tell(pc, "app.update_command", "REG_MULTI_SZ", COMMAND)
    desk.sign_in()
    desk.start()
    desk.write("Plan.txt", b"by Anna")
    arrived(colleague, "Plan.txt", b"by Anna")

    stored = operator.publish_file(second.person)
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (before,) = desk.agents()
    look_for_newer(desk, "1 MB")
    comes(lambda: "(content)" in desk.said("doctor", expected=None), "what was changed is refused")
    assert desk.agents() == [before]
    assert desk.registered()[0] == first.version.python

    stored.write_bytes(whole)
    look_for_newer(desk, "2 MB")
    comes(lambda: desk.registered()[0] == second.version.python, "the newer version")
    comes(lambda: desk.agents() == [], "the end of what ran")
    desk.start()  # Windows has the new package do it.
    assert desk.version() == second.version.python
    assert f"{second.version.python} is the newest" in desk.said("doctor", expected=None)
    desk.write("After.txt", b"still by Anna")
    arrived(colleague, "After.txt", b"still by Anna")
    assert desk.contents() == {"Plan.txt": b"by Anna", "After.txt": b"still by Anna"}


def test_the_pages_for_it_say_what_was_tried() -> None:
    page = (ROOT / "docs" / "it" / "updates.md").read_text(encoding="utf-8")
    assert f'"{ROOT_OF_TRUST}"\n' in page
    assert f" {COMMAND}\n" in page
    assert f" {' '.join((MSIEXEC, *TASK))} " in page.replace('"', " ")


def look_for_newer(desk: Installed, limit: str) -> None:
    """Has the agent look at once, as whenever a setting is another."""
    desk.said("settings", "set", "network.upload_limit", limit)
