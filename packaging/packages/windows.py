"""The desk for Windows: a folder that runs wherever it lies. The interpreter of its makers, the locked wheels, the product, and programs
of our own that bear its name; all compiled by that interpreter, which wine runs here.

What lies round the folder on a system is the installer's business (`installer`).
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packages import bundle, embedded, icon, locked, parts, pe, programs, qt
from packages.release import Refused, Release, export
from packages.signing import Signer
from packages.wine import PLATFORM, Wine

NAME = "govsync"
EXTRAS = ("desktop",)
LIBRARY = "lib"
BILL, NOTICE = "sbom.cdx.json", "licences.txt"
_COMMON = Path("/usr/share/common-licenses")
_TEXTS = ("Apache-2.0", "GPL-3", "LGPL-3")
"""Texts of licences that wheels leave to the system; Windows has none, so they are brought."""
SYSTEM = {
    "sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64",
    "python_version": embedded.VERSION, "python_full_version": f"{embedded.VERSION}.0",
}  # fmt: skip
"""What the wheels are for, in the words of markers; none of ours asks for the last number of the interpreter's version."""
_INTERPRETER = ("python.exe", "pythonw.exe", "python.cat", "winsound.pyd")
"""What of the interpreter is for those who start it by itself."""
_OF_WINDOWS = frozenset({
    "advapi32.dll", "authz.dll", "bcrypt.dll", "bcryptprimitives.dll", "comdlg32.dll", "crypt32.dll", "d2d1.dll", "d3d11.dll",
    "d3d12.dll", "d3d9.dll", "d3dcompiler_47.dll", "dnsapi.dll", "dwmapi.dll", "dwrite.dll", "dxgi.dll", "gdi32.dll", "icuuc.dll",
    "imagehlp.dll", "imm32.dll", "iphlpapi.dll", "kernel32.dll", "mpr.dll", "msvcrt.dll", "ncrypt.dll", "netapi32.dll", "ntdll.dll",
    "ole32.dll", "oleaut32.dll", "propsys.dll", "rpcrt4.dll", "secur32.dll", "setupapi.dll", "shell32.dll", "shlwapi.dll",
    "uiautomationcore.dll", "user32.dll", "userenv.dll", "uxtheme.dll", "version.dll", "winhttp.dll", "winmm.dll", "winspool.drv",
    "ws2_32.dll", "wtsapi32.dll",
})  # fmt: skip
"""Which libraries every Windows 10 from 1703 on has (icuuc is the youngest), besides those whose names begin with api-ms-win-. What
names another one that is not inside would not start on a desk."""


class Made(NamedTuple):
    """A folder that is ready, and what the installer needs, which lies beside it."""

    folder: Path
    running: Path
    icon: Path


def make(
    root: Path, release: Release, runtime: Path, sha256: str, signer: Signer, wine: Wine, work: Path
) -> Made:
    """Makes the folder of a commit in `work`, an empty one, with all signed that nobody else has signed."""
    folder = work / "GovSync"
    embedded.unpack(runtime, sha256, folder, (LIBRARY,))
    sources, library = work / "sources", folder / LIBRARY
    export(root, release, sources)
    _add_wheels(sources, library, work)
    bundle.add_product(release, sources, work, library)
    qt.reduce(library, qt.imported(library / NAME), qt.WINDOWS)
    version = _compile_all(folder, wine)
    for name in _INTERPRETER:
        (folder / name).unlink()
    (folder / "LICENSE.txt").rename(folder / "python-licence.txt")
    drawn = work / "govsync.ico"
    icon.write(library / NAME / "desktop" / "art" / "govsync.svg", drawn)
    made = {name: _program(name, sources, release, folder, drawn, work) for name in programs.PROGRAMS}
    for name in (programs.WINDOW, programs.COMMAND):
        made[name].rename(folder / name)
    check(folder)
    for file in unsigned([*folder.rglob("*"), made[programs.RUNNING]]):
        signer.sign(file, release.epoch)
    _add_documents(folder, release, version)
    return Made(folder, made[programs.RUNNING], drawn)


def check(folder: Path) -> None:
    """Raises Refused where something below a folder needs a library that neither is inside nor belongs to Windows."""
    files = sorted(each for each in folder.rglob("*") if pe.is_pe(each))
    known = _OF_WINDOWS | {each.name.lower() for each in files}
    unknown = {
        f"{name} (for {file.name})"
        for file in files
        for name in pe.needed(file.read_bytes())
        if name.lower() not in known and not name.lower().startswith("api-ms-win-")
    }
    if unknown:
        raise Refused(f"not inside, and not of Windows: {', '.join(sorted(unknown))}")


def unsigned(files: Iterable[Path]) -> list[Path]:
    """Answers the programs and libraries among files that nobody has signed; what its makers signed keeps their signature."""
    return sorted(each for each in files if pe.is_pe(each) and not pe.is_signed(each.read_bytes()))


def _add_wheels(sources: Path, library: Path, work: Path) -> None:
    wanted = work / "requirements.txt"
    wanted.write_text(locked.requirements(sources, EXTRAS, system=SYSTEM), encoding="utf-8")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(library)]
    command += ["--python-platform", PLATFORM, "--python-version", embedded.VERSION, "--link-mode", "copy"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(wanted)]
    subprocess.run(command, check=True)


def _compile_all(folder: Path, wine: Wine) -> str:
    """Compiles all modules by the folder's own interpreter, the same bytes each time; answers the interpreter's version."""
    _said(wine, folder, "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", LIBRARY)
    return _said(wine, folder, "-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))").strip()


def _said(wine: Wine, folder: Path, *arguments: str) -> str:
    """Has the folder's interpreter do something there; answers what it printed."""
    done = subprocess.run(
        ["wine", str(folder / "python.exe"), *arguments], env=wine.environment, cwd=folder,
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Refused(
            f"Python {' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode(errors='replace')}"
        )
    return done.stdout.decode()


def _program(name: str, sources: Path, release: Release, folder: Path, drawn: Path, work: Path) -> Path:
    (library,) = folder.glob("python3[0-9]*.dll")
    return programs.make(name, sources / "packaging" / "windows", release, library.name, drawn, work)


def _add_documents(folder: Path, release: Release, version: str) -> None:
    """Puts the list of what is inside, and the licences, into the folder."""
    wheels = parts.of_wheels(folder / LIBRARY, LIBRARY)
    python = parts.Part("python", version, "PSF-2.0", ("python-licence.txt",), "application")
    inside = [python, *parts.of_qt(wheels), *wheels]
    (folder / BILL).write_text(parts.bill(NAME, release, inside), encoding="utf-8")
    (folder / NOTICE).write_text(parts.notice(NAME, inside, "licences"), encoding="utf-8")
    for text in _TEXTS:
        (folder / "licences").mkdir(exist_ok=True)
        shutil.copyfile(_COMMON / text, folder / "licences" / f"{text}.txt")
