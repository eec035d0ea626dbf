"""The Python that a package brings: the interpreter of this machine, without what no program of ours asks for.

A file `._pth` beside it names all places from which it imports, so that neither variables nor folders of the person's, nor
another Python, are ever asked.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from packages import elf
from packages.release import Refused

NAME = "python"
LIBRARY = "lib"
"""Where the product and its dependencies lie, beside the interpreter."""
_STANDARD = "stdlib"
_LEFT_OUT = (
    "__pycache__", "config-*", "test", "idlelib", "tkinter", "turtle.py", "turtledemo", "lib2to3", "ensurepip", "venv",
    "distutils", "_distutils_system_mod.py", "pydoc_data", "dist-packages", "site-packages", "sitecustomize.py", "EXTERNALLY-MANAGED",
    "_test*.so", "_xxtest*.so", "_xxsub*.so", "xxlimited*.so", "_curses*.so", "_dbm.*.so", "_gdbm.*.so", "_tkinter.*.so",
    "readline.*.so", "nis.*.so", "ossaudiodev.*.so", "_crypt.*.so", "_bz2.*.so", "antigravity.py", "this.py", "*.exe", "LICENSE.txt",
)  # fmt: skip
_ASK = "import json, platform, sys, sysconfig; print(json.dumps([sys.executable, sysconfig.get_path('stdlib'), platform.python_version()]))"


def bring(python: str, folder: Path) -> str:
    """Puts an interpreter with its library into a folder; answers its version.

    Raises Refused where its wheels would be of another Python, or where it cannot stand alone."""
    asked = subprocess.run([python, "-I", "-c", _ASK], check=True, capture_output=True, text=True)
    executable, standard, version = json.loads(asked.stdout)
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not version.startswith(f"{ours}."):
        raise Refused(f"{python} is {version}; the packages of this environment are for {ours}")
    binary = Path(executable).resolve()
    if any(name.startswith("libpython") for name in elf.needed(binary.read_bytes())):
        raise Refused(f"{python} needs a libpython of its own beside it; Debian's /usr/bin/python3 does not")
    folder.mkdir(parents=True)
    shutil.copy(binary, folder / NAME)
    shutil.copytree(standard, folder / _STANDARD, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (folder / f"{NAME}._pth").write_text(f"{_STANDARD}\n{_STANDARD}/lib-dynload\n{LIBRARY}\n")
    return str(version)


def licence(python: str) -> Path:
    """Answers where the licence of an interpreter lies."""
    asked = subprocess.run([python, "-I", "-c", _ASK], check=True, capture_output=True, text=True)
    standard = Path(json.loads(asked.stdout)[1])
    return standard / "LICENSE.txt"
