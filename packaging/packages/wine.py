"""Windows' own Python on this machine, by wine, with the locked wheels for Windows and the sources of this working tree.

`python -m packages.wine -m pytest -m windows tests/system` runs a command of Python there and ends as it did; what it needs is made
the first time, in build/windows or the folder that GOVSYNC_WINE names, and again when a lock has changed. `python -m packages.wine`
alone makes it and says where the interpreter is.

Of wine 8: Python dies at once where its standard output is no pipe, and variables whose names begin with QT_ have to be
called WINEQT_. Nothing of wine goes on after the command: its server ends by itself with the last program.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from packages import embedded, locked

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ("desktop",)
TESTING = ("hypothesis", "pytest", "pytest-qt", "pytest-timeout", "pytest-xdist")
PLATFORM = "x86_64-pc-windows-msvc"
SERVER = "/usr/lib/wine/wineserver"
_WINDOWS = "win10"
_STUBS = ("mscms", "icuuc")


class Wine:
    """A folder with all that running a program of Windows takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = folder / "prefix"

    @property
    def environment(self) -> Mapping[str, str]:
        """What wine is told besides: its own disk, nothing on screen or standard error, and not to ask for Mono and Gecko."""
        told = {
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=",
            "WINEQT_QPA_PLATFORM": "offscreen",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return {"DISPLAY": "", **kept, **told}

    def make(self) -> Path:
        """Makes what is missing; answers the interpreter."""
        wheels = self._wheels()
        self.make_prefix()
        places = [of_windows(each) for each in (wheels, ROOT / "src", ROOT)]
        run = self.folder / f"python-{_digest(embedded.SHA256, *places)}"
        if not run.exists():
            new = self.folder / f"{run.name}.{os.getpid()}"
            embedded.unpack(
                embedded.fetch(ROOT, self.folder / "runtime"), embedded.SHA256, new, [*places, "import site"]
            )
            _settle(new, run)
        return run / "python.exe"

    def run(self, *command: str | Path) -> int:
        """Runs a program of Windows, shows what it says as it says it, and answers its exit code (modulo 256)."""
        with self.started(*command) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            complaints = threading.Thread(target=_pass_on, args=(process.stderr, sys.stderr.buffer))
            complaints.start()
            _pass_on(process.stdout, sys.stdout.buffer)
            complaints.join()
        return process.returncode

    def started(self, *command: str | Path, **more: str) -> "subprocess.Popen[bytes]":
        """Starts a program of Windows, with pipes to and from it, and `more` in its environment."""
        pipe = subprocess.PIPE
        environment = {**self.environment, **more}
        return subprocess.Popen(
            ["wine", *map(str, command)], env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )

    def end(self) -> None:
        """Ends all programs that run in this folder's prefix, and no others."""
        subprocess.run([SERVER, "-k"], env=self.environment, check=False)

    def make_prefix(self) -> None:
        """Makes wine's own disk, where there is none."""
        if self.prefix.exists():
            return
        subprocess.run([ROOT / "packaging" / "install-wine.sh"], check=True)
        new = Wine(self.folder / f"new-prefix.{os.getpid()}")
        new.prefix = new.folder
        for command in (
            ("wineboot", "--init"),
            ("winecfg", "-v", _WINDOWS),
            ("reg", "add", r"HKCU\Software\Wine\DllOverrides", "/v", "mscms", "/d", "native", "/f"),
        ):
            if code := new.run(*command):
                sys.exit(f"wine {command[0]} ended with {code}")
        subprocess.run([SERVER, "-w"], env=new.environment, check=True)  # Until all of it is written.
        for stub in _STUBS:
            source, library = ROOT / "packaging/windows/missing.c", f"drive_c/windows/system32/{stub}.dll"
            compiler = [
                "x86_64-w64-mingw32-gcc",
                "-shared",
                "-O2",
                "-s",
                "-nostdlib",
                "-Wl,-e,0",
                f"-D{stub.upper()}",
            ]
            subprocess.run([*compiler, str(source), "-o", str(new.prefix / library)], check=True)
        _settle(new.prefix, self.prefix)

    def _wheels(self) -> Path:
        wanted = locked.requirements(ROOT, EXTRAS, "development.lock", TESTING)
        wheels = self.folder / f"wheels-{_digest(wanted)}"
        if not wheels.exists():
            new = self.folder / f"{wheels.name}.{os.getpid()}"
            self.folder.mkdir(parents=True, exist_ok=True)
            text = new.with_suffix(".txt")
            text.write_text(wanted, encoding="utf-8")
            command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(new)]
            command += ["--python-platform", PLATFORM, "--python-version", embedded.VERSION]
            command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(text)]
            subprocess.run(command, check=True)
            text.unlink()
            _settle(new, wheels)
        return wheels


def of_windows(path: Path) -> str:
    """Answers a path as programs of Windows name it: wine shows them the whole disk as Z:."""
    return "Z:" + str(path).replace("/", "\\")


def at_hand() -> Wine:
    """Answers the folder that this working tree uses."""
    return Wine(Path(os.environ.get("GOVSYNC_WINE", ROOT / "build" / "windows")).resolve())


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def _settle(new: Path, place: Path) -> None:
    """Gives a finished folder its name, unless another process was first: then that one's is used."""
    try:
        new.rename(place)
    except OSError:
        if not place.exists():
            raise
        shutil.rmtree(new)


def _pass_on(source: IO[bytes], target: IO[bytes]) -> None:
    while said := os.read(source.fileno(), 1 << 16):
        target.write(said)
        target.flush()


def main(arguments: Sequence[str]) -> int:
    """Runs a command of Python; answers how it ended."""
    wine = at_hand()
    python = wine.make()
    if not arguments:
        print(python)
        return 0
    return wine.run(python, "-X", "utf8", *arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
