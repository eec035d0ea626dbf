"""The package of RPM is the same bytes each time, has the files of Debian's where Fedora looks, and runs nothing but what it says."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from packages import client, deb, rpm
from packages.release import Refused
from tests.packaging.conftest import RELEASE
from tests.project.sources import ROOT

pytestmark = [
    pytest.mark.packages,
    pytest.mark.skipif(shutil.which("rpmbuild") is None, reason="packages of RPM are made by rpmbuild"),
]

PACKAGE = deb.Package(
    name="sample", summary="a sample", description="One.\n\n100 % two.", section="net",
    configuration=("/etc/sample.conf",),
)  # fmt: skip
WORDS = rpm.Words(
    group="Applications/Internet", requires=("ca-certificates",), recommends=("xdg-utils",), suggests=("bash-completion",),
    owned=("/usr/lib/sample", "/usr/share/doc/sample"),
)  # fmt: skip
SCRIPTS = {"preun": 'echo "$1 ${1%x} 100%"\nexit 0\n'}
BILL = {
    "metadata": {"component": {"licenses": [{"expression": "Apache-2.0"}]}},
    "components": [{"licenses": [{"expression": "MIT OR BSD-3-Clause"}]}, {"licenses": [{"license": {"name": "Odd"}}]}],
}  # fmt: skip


def tree(root: Path, reverse: bool = False) -> Path:
    files = {
        "usr/bin/sample": "#!/bin/sh\n",
        "usr/lib/sample/a b 100%.txt": "a",
        "usr/lib/sample/deep/b.txt": "b",
        "usr/share/zsh/vendor-completions/_sample": "c",
        "usr/share/doc/sample/sbom.cdx.json": json.dumps(BILL),
        "etc/sample.conf": "x",
        "DEBIAN/control": "not for RPM",
    }
    for name in sorted(files, reverse=reverse):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(files[name])
        os.utime(file, (5, 1_000 if reverse else 2_000_000_000))
        file.chmod(0o600 if reverse else 0o777)
    return root


def made(tree: Path, output: Path) -> Path:
    return rpm.write(tree, PACKAGE, WORDS, RELEASE, SCRIPTS, output, level=0)


def said(file: Path, *question: str) -> list[str]:
    done = subprocess.run(["rpm", "-qp", *question, str(file)], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_two_builds_are_the_same_bytes(tmp_path):
    first = made(tree(tmp_path / "one"), tmp_path / "first")
    again = made(tree(tmp_path / "two", reverse=True), tmp_path / "again")
    assert first.name == again.name
    assert first.name.startswith(f"sample-{RELEASE.debian}-1.")
    assert first.read_bytes() == again.read_bytes()
    checked = subprocess.run(["rpm", "-K", str(first)], check=True, capture_output=True, text=True)
    assert checked.stdout.endswith("digests OK\n")


def test_its_files_lie_where_fedora_looks_and_belong_to_root(tmp_path):
    file = made(tree(tmp_path / "tree"), tmp_path)
    rows = said(file, "--queryformat", "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME}\n]")
    assert rows == [
        "/etc/sample.conf -rw-r--r-- root:root",
        "/usr/bin/sample -rwxr-xr-x root:root",
        "/usr/lib/sample drwxr-xr-x root:root",
        "/usr/lib/sample/a b 100%.txt -rw-r--r-- root:root",
        "/usr/lib/sample/deep drwxr-xr-x root:root",
        "/usr/lib/sample/deep/b.txt -rw-r--r-- root:root",
        "/usr/share/doc/sample drwxr-xr-x root:root",
        "/usr/share/doc/sample/sbom.cdx.json -rw-r--r-- root:root",
        "/usr/share/zsh/site-functions/_sample -rw-r--r-- root:root",
    ]
    assert said(file, "-c") == ["/etc/sample.conf"]


def test_what_it_says_of_itself(tmp_path):
    file = made(tree(tmp_path / "tree"), tmp_path)
    asked = said(file, "--queryformat", "%{VERSION} %{BUILDTIME} %{BUILDHOST}\n%{LICENSE}\n%{DESCRIPTION}\n")
    assert asked == [
        f"{RELEASE.debian} {RELEASE.epoch} localhost",
        "(MIT OR BSD-3-Clause) AND Apache-2.0 AND Odd",
        "One.",
        "",
        "100 % two.",
    ]
    assert [each for each in said(file, "--requires") if not each.startswith("rpmlib")] == [
        "/bin/sh", "ca-certificates", "libc.so.6(GLIBC_2.0)(64bit)",
    ]  # fmt: skip
    assert said(file, "--scripts")[-2:] == SCRIPTS["preun"].splitlines()


def test_an_upgrade_follows_what_came_before_a_release(tmp_path):
    """As on Debian: what is on the way to a release is less than the release, whatever its number."""
    compare = "%{lua:print(rpm.vercmp('0.1.0~dev9+gab', '0.1.0~dev12+gab'), rpm.vercmp('0.1.0~dev12+gab', '0.1.0'))}"
    done = subprocess.run(["rpm", "--eval", compare], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["-1", "-1"]


def test_it_needs_what_its_libraries_need_by_fedoras_names(tmp_path, monkeypatch):
    shutil.copy(msgspec._core.__file__, tmp_path / "core.so")
    found = rpm.requires(tmp_path, ("ca-certificates",))
    assert "ca-certificates" in found
    assert any(re.fullmatch(r"libc\.so\.6\(GLIBC_2\.\d+\)\(64bit\)", each) for each in found)
    monkeypatch.setattr(rpm, "LACKING", frozenset({"libc.so.6"}))
    with pytest.raises(Refused, match=r"Fedora has no libc\.so\.6 \(for core\.so\)"):
        rpm.requires(tmp_path)


@pytest.mark.parametrize("name", ['a"b', "a[1]", "a*"])
def test_a_path_that_rpmbuild_could_not_be_told_is_refused(tmp_path, name):
    (tree(tmp_path / "tree") / "usr/lib/sample" / name).write_text("")
    with pytest.raises(Refused, match="RPM cannot be told"):
        made(tmp_path / "tree", tmp_path)


@pytest.mark.parametrize("name", ["preun", "posttrans"])
def test_a_script_is_one_of_the_shell_and_has_what_it_calls(name):
    text = client.rpm_scripts(ROOT)[name]
    assert "#RUNNING#" not in text
    assert "#COMPILED#" not in text
    assert "running()" in text
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root installs packages")
def test_it_is_installed_and_removed_whole(tmp_path):
    """Into a root of its own, without scripts, for which there is no shell."""
    file = made(tree(tmp_path / "tree"), tmp_path)
    system = tmp_path / "system"
    system.mkdir()

    def run(*arguments: str) -> None:
        command = [
            "rpm",
            "--root",
            str(system),
            "--dbpath",
            "/var/lib/rpm",
            "--nodeps",
            "--noscripts",
            *arguments,
        ]
        subprocess.run(command, check=True, capture_output=True)

    run("--install", str(file))
    assert (system / "usr/lib/sample/a b 100%.txt").read_text() == "a"
    run("--erase", "sample")
    assert list((system / "usr").rglob("*sample*")) == []
    assert not (system / "usr/lib/sample").exists()
