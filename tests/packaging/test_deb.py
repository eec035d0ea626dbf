"""The same files make the same package, whoever makes it and when; it depends on what is in it."""

import os
import shutil
import subprocess

import msgspec
import pytest

from packages import deb
from packages.release import Refused
from tests.packaging.conftest import RELEASE

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="packages of Debian are made by dpkg-deb"
)

PACKAGE = deb.Package(
    name="sample",
    summary="a sample",
    description="One.\n\nTwo.",
    section="net",
    depends=("ca-certificates",),
    configuration=("/etc/sample.conf",),
)
SCRIPTS = {"prerm": "#!/bin/sh\nexit 0\n"}


def tree(root, reverse=False):
    files = {
        "usr/bin/sample": "#!/bin/sh\n",
        "usr/lib/sample/a.txt": "a",
        "usr/lib/sample/b.txt": "b",
        "etc/sample.conf": "x",
    }
    for name in sorted(files, reverse=reverse):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(files[name])
        os.utime(file, (5, 1_000 if reverse else 2_000_000_000))
        file.chmod(0o600 if reverse else 0o777)
    return root


def said(file, field):
    return subprocess.run(
        ["dpkg-deb", "--field", str(file), field], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_two_builds_are_the_same_bytes(tmp_path):
    first = deb.write(tree(tmp_path / "one"), PACKAGE, RELEASE, SCRIPTS, tmp_path / "first")
    again = deb.write(tree(tmp_path / "two", reverse=True), PACKAGE, RELEASE, SCRIPTS, tmp_path / "again")
    assert first.name == again.name == f"sample_{RELEASE.debian}_{deb.architecture()}.deb"
    assert first.read_bytes() == again.read_bytes()


def test_what_it_says_of_itself(tmp_path):
    file = deb.write(tree(tmp_path / "tree"), PACKAGE, RELEASE, SCRIPTS, tmp_path, level=0)
    assert said(file, "Version") == RELEASE.debian
    assert said(file, "Description").splitlines() == ["a sample", " One.", " .", " Two."]
    assert said(file, "Installed-Size") == "4"
    listed = subprocess.run(
        ["dpkg-deb", "--contents", str(file)], check=True, capture_output=True, text=True
    ).stdout
    rights = {line.split()[-1]: line.split()[:2] for line in listed.splitlines()}
    assert rights["./usr/bin/sample"] == ["-rwxr-xr-x", "root/root"]
    assert rights["./usr/lib/sample/a.txt"] == ["-rw-r--r--", "root/root"]
    assert rights["./etc/"] == ["drwxr-xr-x", "root/root"]


def test_it_depends_on_what_its_libraries_need_and_on_the_newest_glibc_of_them(tmp_path):
    shutil.copy(msgspec._core.__file__, tmp_path / "core.so")
    found = deb.depends(tmp_path, ("ca-certificates",))
    assert "ca-certificates" in found
    assert any(each.startswith("libc6 (>= 2.") for each in found)


def test_a_library_that_nobody_brings_is_refused(tmp_path, monkeypatch):
    shutil.copy(msgspec._core.__file__, tmp_path / "core.so")
    monkeypatch.delitem(deb.PACKAGES, "libc.so.6")
    with pytest.raises(Refused, match=r"libc\.so\.6 \(for core\.so\)"):
        deb.depends(tmp_path)


def test_a_library_that_lies_inside_is_asked_of_nobody(tmp_path, monkeypatch):
    for name in ("core.so", "libc.so.6"):
        shutil.copy(msgspec._core.__file__, tmp_path / name)
    monkeypatch.delitem(deb.PACKAGES, "libc.so.6")
    assert deb.depends(tmp_path)
