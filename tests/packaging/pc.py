"""A PC with Windows, as far as wine is one: a disk, a registry and a person of its own, made anew each time."""

import os
import subprocess
import threading
import time
from pathlib import Path, PureWindowsPath
from typing import IO

from packages.wine import Wine, of_windows

MSIEXEC = r"C:\Windows\System32\msiexec.exe"
PROGRAMS, PERSONS_PROGRAMS = r"C:\Program Files\GovSync", r"AppData\Local\Programs\GovSync"
REFUSED = 1603 % 256
"""What the installer ends with that has refused; wine hands on one byte of it."""
PATIENCE_S = 300.0
"""Each call of a program of Windows waits for wine's server, which a busy machine lets wait in turn."""


class Pc:
    """The PC while it runs; what was started on it ends with it."""

    def __init__(self, folder: Path) -> None:
        self.wine = Wine(folder)
        self.wine.make_prefix()
        self._disk = self.wine.prefix / "drive_c"
        # Where no program runs, wine ends, and begins with the next command as a PC at which somebody signs in.
        self._signed_in = subprocess.Popen(
            ["wine", "cmd"], env=self._environment, cwd=self._disk, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def end(self) -> None:
        """Ends all that runs on it."""
        assert self._signed_in.stdin is not None
        self._signed_in.stdin.close()
        self.wine.end()
        self._signed_in.wait(30)

    @property
    def home(self) -> Path:
        """The folder of the person who works there."""
        (home,) = (each for each in (self._disk / "users").iterdir() if each.name != "Public")
        return home

    def here(self, path: str | PureWindowsPath) -> Path:
        """Answers where this machine has what lies at a path of the PC; `AppData`: of the person."""
        found = PureWindowsPath(path)
        return Path(self._disk if found.drive else self.home, *found.relative_to(found.anchor).parts)

    def run(self, *command: str | Path, stdin: str = "", expected: int | None = 0) -> str:
        """Runs a command, which ends as expected (None: however it likes); answers what it printed."""
        done = subprocess.run(
            ["wine", *map(self._there, command)], env=self._environment, cwd=self._disk, input=stdin, capture_output=True,
            encoding="utf-8", errors="replace", timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert expected in (None, done.returncode), (
            f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    def leave(self, *command: str | Path, expected: int | None = 0) -> float:
        """Runs a command that may leave programs behind, which keep its output open under wine; answers the seconds that it took."""
        began_s = time.monotonic()
        process = subprocess.Popen(
            ["wine", *map(self._there, command)], env=self._environment, cwd=self._disk, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdout is not None
        said: list[bytes] = []
        threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
        code = process.wait(PATIENCE_S)
        assert expected in (None, code), f"{command}: {code}\n{b''.join(said).decode(errors='replace')}"
        return time.monotonic() - began_s

    def install(self, package: Path, *told: str, expected: int = 0) -> float:
        """Installs a package without a question, as a deployment tool does; answers the seconds that it took."""
        return self.leave(MSIEXEC, "/i", package, "/qn", *told, expected=expected)

    def remove(self, package: Path) -> None:
        """Removes it in the same way."""
        self.leave(MSIEXEC, "/x", package, "/qn")

    def value(self, key: str, name: str) -> str | None:
        """Answers a value of the registry (its 64-bit view), or None."""
        said = self.run("reg", "query", key, "/v", name, expected=None)
        rows = (line.split(maxsplit=2) for line in said.splitlines() if line.startswith("    "))
        return next((row[2] if len(row) > 2 else "" for row in rows if row[0] == name), None)

    def running(self, *words: str) -> list[int]:
        """Answers the processes whose command line has these words, one after the other, the first as the end of one."""
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            try:
                line = (each / "cmdline").read_text(errors="replace").split("\0")
                ours = f"WINEPREFIX={self.wine.prefix}\0" in (each / "environ").read_text(errors="replace")
            except OSError:
                continue  # It has ended, or is somebody else's.
            if ours and line[0].endswith(words[0]) and tuple(line[1 : len(words)]) == words[1:]:
                found.append(int(each.name))
        return found

    def _there(self, word: str | Path) -> str:
        """Answers what a path of this machine is on the PC: on its own disk, where it is one of that."""
        if isinstance(word, str):
            return word
        return (
            str(PureWindowsPath("C:/", word.relative_to(self._disk)))
            if word.is_relative_to(self._disk)
            else of_windows(word)
        )

    @property
    def _environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in self.wine.environment.items() if not name.startswith("GOVSYNC_")
        }
        return {**kept, "GOVSYNC_LANGUAGE": "en"}


def _read(source: IO[bytes], into: list[bytes]) -> None:
    while data := os.read(source.fileno(), 1 << 16):
        into.append(data)
    source.close()
