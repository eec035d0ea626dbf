"""A folder as a package of Debian: what it depends on, its scripts, and the same bytes for the same content."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packages import elf
from packages.release import Refused, Release
from packages.unvarying import settle

PACKAGES = {
    "libm.so.6": "libc6", "libc.so.6": "libc6", "libdl.so.2": "libc6", "libpthread.so.0": "libc6", "librt.so.1": "libc6",
    "libutil.so.1": "libc6", "libresolv.so.2": "libc6", "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6", "libgcc_s.so.1": "libgcc-s1", "libstdc++.so.6": "libstdc++6", "libz.so.1": "zlib1g",
    "libexpat.so.1": "libexpat1", "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3", "libsqlite3.so.0": "libsqlite3-0",
    "libzstd.so.1": "libzstd1", "libbrotlicommon.so.1": "libbrotli1", "libbrotlidec.so.1": "libbrotli1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libffi.so.8": "libffi8", "liblzma.so.5": "liblzma5", "libuuid.so.1": "libuuid1",
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libfontconfig.so.1": "libfontconfig1", "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0", "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0", "libxkbcommon-x11.so.0": "libxkbcommon-x11-0", "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1", "libxcb.so.1": "libxcb1", "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4", "libxcb-image.so.0": "libxcb-image0", "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0", "libxcb-render.so.0": "libxcb-render0", "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0", "libxcb-shm.so.0": "libxcb-shm0", "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1", "libxcb-xfixes.so.0": "libxcb-xfixes0", "libxcb-xkb.so.1": "libxcb-xkb1",
    "libwayland-client.so.0": "libwayland-client0", "libwayland-cursor.so.0": "libwayland-cursor0", "libwayland-egl.so.1": "libwayland-egl1",
}  # fmt: skip
"""Which package of Debian has a library. A table, so that the answer does not depend on what the builder has installed; what
newer systems call otherwise (libssl3t64) provides these names."""


class Package(NamedTuple):
    """What is said of a package, besides its files."""

    name: str
    summary: str
    description: str
    section: str
    depends: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()
    configuration: tuple[str, ...] = ()
    """Files that an administrator may change and keep."""


def depends(root: Path, own: Iterable[str] = ()) -> list[str]:
    """Answers the packages whose libraries the files below `root` need.

    Raises Refused for one that is neither inside nor in the table."""
    files = [file for file in sorted(root.rglob("*")) if elf.is_elf(file)]
    inside = {file.name for file in files}
    found, version, unknown = set(own), (2, 0), set[str]()
    for file in files:
        data = file.read_bytes()
        version = max(version, elf.glibc(data))
        for name in elf.needed(data):
            if name in PACKAGES:
                found.add(PACKAGES[name])
            elif name not in inside:
                unknown.add(f"{name} (for {file.name})")
    if unknown:
        raise Refused(f"no package is known for {', '.join(sorted(unknown))}")
    return sorted(found - {"libc6"} | {f"libc6 (>= {version[0]}.{version[1]})"})


def write(
    root: Path, package: Package, release: Release, scripts: Mapping[str, str], output: Path, level: int = 6
) -> Path:
    """Makes the package of the files below `root`, which gets a folder DEBIAN; answers its file."""
    about = root / "DEBIAN"
    shutil.rmtree(about, ignore_errors=True)
    needs = depends(root, package.depends)
    files = [file for file in sorted(root.rglob("*")) if file.is_file() and not file.is_symlink()]
    sums = "".join(
        f"{hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()}  {file.relative_to(root)}\n"
        for file in files
    )
    size = sum(-(-file.stat().st_size // 1024) for file in files)
    about.mkdir()
    (about / "md5sums").write_text(sums, encoding="utf-8")
    (about / "control").write_text(_control(package, release, needs, size), encoding="utf-8")
    if package.configuration:
        (about / "conffiles").write_text("".join(f"{each}\n" for each in package.configuration))
    for name, text in scripts.items():
        (about / name).write_text(text, encoding="utf-8")
    settle(root, release.epoch, [about / name for name in scripts])
    output.mkdir(parents=True, exist_ok=True)
    file = output / f"{package.name}_{release.debian}_{architecture()}.deb"
    packed = ["-Zxz", f"-z{level}"] if level else ["-Znone"]
    # One thread: how the work is divided among several would show in the bytes.
    command = ["dpkg-deb", "--root-owner-group", "--threads-max=1", *packed, "--build", str(root), str(file)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(release.epoch)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return file


def architecture() -> str:
    """Answers Debian's name of this machine's architecture."""
    return subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()


def _control(package: Package, release: Release, needs: Sequence[str], kibibytes: int) -> str:
    lines = [
        f"Package: {package.name}",
        f"Version: {release.debian}",
        f"Architecture: {architecture()}",
        "Maintainer: GovSync <root@localhost>",
        f"Installed-Size: {kibibytes}",
        f"Depends: {', '.join(needs)}",
        *([f"Recommends: {', '.join(package.recommends)}"] if package.recommends else []),
        *([f"Suggests: {', '.join(package.suggests)}"] if package.suggests else []),
        f"Section: {package.section}",
        "Priority: optional",
        f"Description: {package.summary}",
        *(f" {line or '.'}" for line in package.description.splitlines()),
    ]
    return "\n".join([*lines, ""])
