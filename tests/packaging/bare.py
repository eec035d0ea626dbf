"""A bare Debian, as a folder: processes of its own, the network of this machine, nothing else. Made once, then used again."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.journeys.site import until
from tests.project.sources import ROOT

SYSTEM = ROOT / "build" / "debian"
_READY = SYSTEM / "etc" / "bare-is-ready"


class Bare:
    """The system while it runs; what was started in it ends with it."""

    def __init__(self) -> None:
        if not _READY.exists():
            shutil.rmtree(SYSTEM, ignore_errors=True)
            SYSTEM.parent.mkdir(exist_ok=True)
            subprocess.run(
                ["debootstrap", "--variant=minbase", _suite(), str(SYSTEM)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            _READY.touch()
        shutil.copyfile("/etc/resolv.conf", SYSTEM / "etc" / "resolv.conf")
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={SYSTEM}/proc",
             "chroot", str(SYSTEM), "sleep", "infinity"],
        )  # fmt: skip
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children")
        until(lambda: children.read_text().split() != [], "a first process")
        self._inside = children.read_text().split()[0]
        until(
            lambda: Path(f"/proc/{self._inside}/comm").read_text().strip() == "sleep", "a system of its own"
        )

    def end(self) -> None:
        """Ends all that runs in it."""
        self._first.kill()
        self._first.wait()

    def run(self, *command: str, stdin: str = "", expected: int | None = 0) -> str:
        """Runs a command as root, which ends as expected (None: however it likes); answers what it printed."""
        inside = ["nsenter", "--target", self._inside, "--mount", "--pid", "--root", "--wd"]
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
        }
        done = subprocess.run(
            [*inside, *command], env=environment, input=stdin, capture_output=True, text=True, check=False
        )
        assert expected in (None, done.returncode), (
            f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    def as_person(self, name: str, command: Sequence[str], stdin: str = "", expected: int | None = 0) -> str:
        """Runs a command as one of its people."""
        who = ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups"]
        where = ["env", f"HOME=/home/{name}", "GOVSYNC_CREDENTIALS=file"]
        return self.run(*who, *where, *command, stdin=stdin, expected=expected)

    def install(self, package: Path) -> None:
        """Installs a package; what it depends on comes from Debian's mirror."""
        shutil.copyfile(package, SYSTEM / "tmp" / "package.deb")
        self.run("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "/tmp/package.deb")


def _suite() -> str:
    """Answers the Debian that this machine is, for which its packages are."""
    said = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    return said["VERSION_CODENAME"].strip('"')
