"""A folder that runs the product wherever it lies: an interpreter, the locked dependencies, the product, all compiled."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from govsync.system.installed import KEPT
from packages import interpreter, locked, qt
from packages.interpreter import LIBRARY, NAME
from packages.release import Release, export

_LEFT_OUT = (
    "bin",
    "Scripts",
    "**/__pycache__",
    "**/RECORD",
    "**/INSTALLER",
    "**/REQUESTED",
    "**/direct_url.json",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.c",
    "**/*.lib",
    "**/uv_*.json",
)
"""What of a wheel is for whoever develops or uninstalls it, or says where it was built."""


def make(root: Path, release: Release, extras: Sequence[str], python: str, work: Path, folder: Path) -> str:
    """Makes the folder; answers the version of its interpreter. `work` is an empty folder for what is in between."""
    version = interpreter.bring(python, folder)
    sources, library = work / "sources", folder / LIBRARY
    export(root, release, sources)
    wanted = work / "requirements.txt"
    wanted.write_text(locked.requirements(sources, extras), encoding="utf-8")
    _pip(release, "install", "--target", library, "--require-hashes", "--only-binary", ":all:", "-r", wanted)
    add_product(release, sources, work, library)
    if "desktop" in extras:
        qt.reduce(library, qt.imported(library / "govsync"))
    compile_all(folder)
    return version


def add_product(release: Release, sources: Path, work: Path, library: Path) -> None:
    """Puts the product beside the wheels that are there, and takes away from all what nobody needs who only runs it."""
    _pip(release, "wheel", "--no-build-isolation", "--wheel-dir", work / "wheel", sources)
    _pip(release, "install", "--target", library, "--no-index", *(work / "wheel").glob("*.whl"))
    for pattern in _LEFT_OUT:
        for found in sorted(library.glob(pattern)):
            subprocess.run(["rm", "-r", "--", str(found)], check=True)


def say_kept(folder: Path) -> None:
    """Has a folder say that whoever distributes it brings newer versions, too."""
    text = "Newer versions come as this one came. No desk looks for them.\n"
    (folder / KEPT).write_text(text, encoding="utf-8")


def compile_all(folder: Path) -> None:
    """Compiles all modules by the folder's own interpreter, the same bytes each time: checked against no time of a file."""
    environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "0", "LC_ALL": "C.UTF-8"}
    command = [
        str(folder / NAME),
        "-m",
        "compileall",
        "-q",
        "-f",
        "-j",
        "1",
        "--invalidation-mode",
        "unchecked-hash",
        ".",
    ]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def _pip(release: Release, verb: str, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", verb, "-qq", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-compile"] if verb == "install" else []
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(release.epoch)}
    subprocess.run([*command, *map(str, arguments)], env=environment, check=True)
