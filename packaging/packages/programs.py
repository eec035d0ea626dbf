"""Our own programs in the package for Windows, from C: the window, the command line, and what the installer asks about them."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from packages.release import Release

COMPILER = "x86_64-w64-mingw32-gcc"
RESOURCES = "x86_64-w64-mingw32-windres"
WINDOW, COMMAND, RUNNING = "GovSync.exe", "govsyncctl.exe", "running.exe"
_FLAGS = (
    "-O2", "-s", "-municode", "-static", "-Wall", "-Wextra", "-Werror",
    "-Wl,--dynamicbase,--nxcompat,--high-entropy-va,--no-insert-timestamp",
)  # fmt: skip


class Program(NamedTuple):
    """One program: its sources, what the compiler is told besides."""

    source: str
    flags: tuple[str, ...]
    libraries: tuple[str, ...] = ()


PROGRAMS = {
    WINDOW: Program("launcher.c", ("-DGUI=1", "-mwindows")),
    COMMAND: Program("launcher.c", ("-DGUI=0", "-mconsole")),
    RUNNING: Program("running.c", ("-mwindows",), ("-lwtsapi32", "-luserenv")),
}


def make(name: str, sources: Path, release: Release, library: str, icon: Path, work: Path) -> Path:
    """Compiles a program; `library` is the name of the interpreter beside it. Answers the file, in `work`, where the icon lies."""
    program = PROGRAMS[name]
    file, resources = work / name, work / f"{name}.res"
    (work / "resources.h").write_text(
        f'#define PROGRAM "{name}"\n#define NUMBERS {release.windows.replace(".", ",")},0\n'
        f'#define VERSION_TEXT "{release.python}"\n#define ICON_FILE "{icon.name}"\n',
        encoding="ascii",
    )
    subprocess.run(
        [
            RESOURCES,
            "--include-dir",
            sources,
            "--include-dir",
            work,
            "-O",
            "coff",
            sources / "launcher.rc",
            "-o",
            resources,
        ],
        check=True,
    )
    subprocess.run(
        [COMPILER, *_FLAGS, *program.flags, f'-DPYTHON=L"{library}"', "-o", file, sources / program.source,
         resources, *program.libraries],
        check=True,
    )  # fmt: skip
    return file
