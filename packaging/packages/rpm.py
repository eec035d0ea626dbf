"""A folder as a package of RPM: the same files as that of Debian, said in the words of Fedora and its kin.

rpmbuild is told to do nothing of its own: it neither strips, compiles nor looks for what is needed, since all of that would depend on
the machine that builds.
"""

import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packages import elf
from packages.deb import Package
from packages.release import Refused, Release
from packages.unvarying import settle

RELEASE = "1"
ELSEWHERE = {"usr/share/zsh/vendor-completions": "usr/share/zsh/site-functions"}
"""Which folder of a Debian Fedora has elsewhere."""
LACKING = frozenset({"libbz2.so.1.0"})
"""Libraries that Fedora has by another name: who needs one could not be installed there."""
_SETTINGS = {
    "_topdir": "{work}",
    "_rpmdir": "{work}/made",
    "_build_name_fmt": "%%{{NAME}}-%%{{VERSION}}-%%{{RELEASE}}.%%{{ARCH}}.rpm",
    "_buildhost": "localhost",
    "source_date_epoch_from_changelog": "0",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "_binary_payload": "w{level}.xzdio",
    "_build_id_links": "none",
    "debug_package": "%{{nil}}",
    "__os_install_post": "%{{nil}}",
    "_unpackaged_files_terminate_build": "1",
}


class Words(NamedTuple):
    """What is said of a package to RPM only."""

    group: str
    requires: tuple[str, ...]
    recommends: tuple[str, ...]
    suggests: tuple[str, ...]
    owned: tuple[str, ...]
    """Folders that go with the package, where nothing else lies in them."""


def requires(root: Path, own: Iterable[str] = ()) -> list[str]:
    """Answers what the files below `root` need, as Fedora's packages say what they provide.

    Raises Refused for a library that Fedora has not by this name."""
    files = [file for file in sorted(root.rglob("*")) if elf.is_elf(file)]
    inside = {file.name for file in files}
    found, version = set(own), (2, 0)
    for file in files:
        data = file.read_bytes()
        version = max(version, elf.glibc(data))
        for name in elf.needed(data):
            if name in LACKING:
                raise Refused(f"Fedora has no {name} (for {file.name})")
            if name not in inside and not name.startswith("ld-linux"):
                found.add(f"{name}()(64bit)")
    return sorted(found - {"libc.so.6()(64bit)"} | {f"libc.so.6(GLIBC_{version[0]}.{version[1]})(64bit)"})


def write(
    root: Path,
    package: Package,
    words: Words,
    release: Release,
    scripts: Mapping[str, str],
    output: Path,
    level: int = 6,
) -> Path:
    """Makes the package of the files below `root`, but for a folder DEBIAN; answers its file."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        tree = work / "tree"
        shutil.copytree(root, tree, symlinks=True, ignore=_debian(root))
        for place, moved in ELSEWHERE.items():
            if (tree / place).exists():
                (tree / moved).parent.mkdir(parents=True, exist_ok=True)
                (tree / place).rename(tree / moved)
        settle(tree, release.epoch)
        specification = work / f"{package.name}.spec"
        specification.write_text(_specification(tree, package, words, release, scripts), encoding="utf-8")
        _build(specification, release, work, level)
        (made,) = (work / "made").iterdir()
        output.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, output / made.name)
        return output / made.name


def _debian(root: Path) -> Callable[[str, list[str]], list[str]]:
    """Answers what leaves out that which only a package of Debian has."""
    return lambda folder, names: ["DEBIAN"] if Path(folder) == root and "DEBIAN" in names else []


def _licences(tree: Path, package: Package) -> str:
    """Answers the licences of all that is inside, as its list of parts has them."""
    bill = json.loads((tree / "usr/share/doc" / package.name / "sbom.cdx.json").read_text(encoding="utf-8"))
    said = [each["licenses"][0] for each in (bill["metadata"]["component"], *bill["components"])]
    found = {each["expression"] if "expression" in each else each["license"]["name"] for each in said}
    return " AND ".join(sorted(f"({each})" if " " in each else each for each in found))


def _build(specification: Path, release: Release, work: Path, level: int) -> None:
    command = ["rpmbuild", "-bb", "--quiet", "--nodeps", "--target", platform.machine()]
    for name, value in _SETTINGS.items():
        command += ["--define", f"{name} {value.format(work=work, level=level)}"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(release.epoch), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*command, str(specification)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Refused(f"rpmbuild: {done.stderr.strip()}")


def _specification(
    tree: Path, package: Package, words: Words, release: Release, scripts: Mapping[str, str]
) -> str:
    lines = [
        f"Name: {package.name}",
        f"Version: {release.debian}",
        f"Release: {RELEASE}",
        f"Summary: {package.summary}",
        f"License: {_licences(tree, package)}",
        f"Group: {words.group}",
        "AutoReqProv: no",
        *(f"Requires: {each}" for each in requires(tree, words.requires)),
        *(f"Recommends: {each}" for each in words.recommends),
        *(f"Suggests: {each}" for each in words.suggests),
        "",
        "%description",
        *package.description.splitlines(),
        "",
        "%install",
        f"cp -a {tree}/. %{{buildroot}}/",
    ]
    for name, text in scripts.items():
        lines += ["", f"%{name}", text.rstrip().replace("%", "%%")]
    return "\n".join([*lines, "", "%files", *_files(tree, package, words), ""])


def _files(tree: Path, package: Package, words: Words) -> Sequence[str]:
    """Lists every file, and the folders that go with the package; all are root's."""
    lines = ["%defattr(-,root,root,-)"]
    for file in sorted(tree.rglob("*")):
        place = f"/{file.relative_to(tree)}"
        if file.is_dir() and not file.is_symlink():
            if any(place == each or place.startswith(f"{each}/") for each in words.owned):
                lines.append(f"%dir {_quoted(place)}")
        elif place in package.configuration:
            lines.append(f"%config(noreplace) {_quoted(place)}")
        else:
            lines.append(_quoted(place))
    return lines


def _quoted(place: str) -> str:
    """Writes a path for the list of files; raises Refused for one that rpmbuild would take for a pattern or not read to its end."""
    if set(place) & set('"\\\n[]*?{}'):
        raise Refused(f"RPM cannot be told of {place!r}")
    return f'"{place.replace("%", "%%")}"'
