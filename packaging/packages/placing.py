"""What every package has beside its folder, and where that lies on a system: command, manual page, list of parts, licences."""

import shutil
from pathlib import Path

from packages import interpreter, manual, parts
from packages.deb import Package
from packages.release import Release


def command(tree: Path, name: str, home: Path) -> None:
    """Puts the command of a package where people find it; the process is called like it."""
    file = tree / "usr" / "bin" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"#!/{home}/{interpreter.NAME}\nfrom govsync.cli.main import main\n\nmain()\n", encoding="utf-8"
    )


def documents(
    tree: Path, package: Package, release: Release, folder: Path, version: str, python: str
) -> None:
    """Puts the manual page, the list of what is inside, and the licences."""
    page = tree / "usr/share/man/man1" / f"{package.name}.1.gz"
    page.parent.mkdir(parents=True)
    page.write_bytes(manual.packed(manual.page(package.name, release.epoch, release.python)))
    wheels = parts.of_wheels(
        folder / interpreter.LIBRARY, f"/{folder.relative_to(tree)}/{interpreter.LIBRARY}"
    )
    about = tree / "usr/share/doc" / package.name
    licence = interpreter.licence(python)
    put(licence, about / "python-licence.txt")
    text = f"/usr/share/doc/{package.name}/python-licence.txt"
    inside = [parts.Part("python", version, "PSF-2.0", (text,), "application"), *parts.of_qt(wheels), *wheels]
    (about / "sbom.cdx.json").write_text(parts.bill(package.name, release, inside), encoding="utf-8")
    (about / "copyright").write_text(parts.notice(package.name, inside), encoding="utf-8")


def put(file: Path, target: Path) -> None:
    """Copies a file, and makes its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
