"""The desk's package in a bare Debian: installed, configured by policy alone, upgraded while it works, removed."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from packages import bundle, client, deb, release
from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Server, until
from tests.packaging.bare import SYSTEM, Bare
from tests.project.sources import ROOT
from tests.updates.place import Operator

NEEDED = ("debootstrap", "dpkg-deb", "unshare", "nsenter")
LACKING = [each for each in NEEDED if shutil.which(each) is None]

pytestmark = [
    pytest.mark.packages,
    pytest.mark.journey,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.getuid() != 0, reason="only root makes a system of its own"),
    pytest.mark.skipif(bool(LACKING), reason=f"{', '.join(LACKING)} is not here"),
]

KIM = "kim"
FOLDER = SYSTEM / "home" / KIM / f"Files of {KIM}"
FILES = 40


class Two(NamedTuple):
    """Two builds, of which the second is the newer."""

    first: Path
    second: Path
    version: release.Release


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Two:
    work = tmp_path_factory.mktemp("packages")
    (work / "between").mkdir()
    tree, now = work / "tree", release.of(ROOT)
    client.stage(ROOT, now, "/usr/bin/python3", work / "between", tree)
    first = deb.write(tree, client.PACKAGE, now, client.scripts(ROOT), work / "first", level=0)
    later = now._replace(commits=now.commits + 1)
    says = tree / client.HOME / "lib" / "govsync" / "__init__.py"
    says.write_text(says.read_text().replace(now.python, later.python))
    bundle.compile_all(tree / client.HOME)
    return Two(
        first, deb.write(tree, client.PACKAGE, later, client.scripts(ROOT), work / "second", level=0), later
    )


@pytest.fixture
def bare() -> Iterator[Bare]:
    system = Bare()
    system.run(
        "sh",
        "-c",
        f"dpkg --purge govsync; rm -rf /etc/govsync; id {KIM} 2>/dev/null && userdel --remove {KIM}; useradd --create-home {KIM}",
    )
    yield system
    system.end()


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """Whoever publishes newer versions, and their place."""
    made = Operator(tmp_path / "operator")
    made.publish("99.0.0")
    yield made
    made.mirror.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    server = Server(tmp_path)
    server.populate()
    made = Site(tmp_path, [server])
    yield made
    made.close()


def agents(system: Bare) -> list[str]:
    running = (ROOT / "packaging" / "linux" / "running.sh").read_text()
    return system.run("sh", "-c", f"{running}\nlasting /usr/lib/govsync/python").split()


def extension(manager: str) -> str:
    return f"/{client.EXTENSION.format(manager=manager)}"


def test_a_desk_is_installed_configured_upgraded_while_it_works_and_removed(
    two: Two, bare: Bare, site: Site, operator: Operator
) -> None:
    colleague = site.desk("colleague")

    bare.install(two.first)
    policy = SYSTEM / "etc" / "govsync" / "policy.d" / "10-agency.toml"
    policy.parent.mkdir(parents=True)
    root = policy.parent.with_name("update-root.json")
    root.write_bytes(operator.root)
    policy.write_text(
        f'[endpoint]\nurl = "http://127.0.0.1:{site.server.port}"\n[folder]\npath = "{{home}}/Files of {{user}}"\nlocked = true\n[hold]\ndeletions = 70\n[no]\nsuch = 1\n'
        f'[app]\nupdate_url = "{operator.mirror.url}"\nupdate_root = "/etc/govsync/update-root.json"\n'
    )

    def said(*arguments: str, stdin: str = "", expected: int | None = 0) -> str:
        return bare.as_person(KIM, ["govsync", *arguments], stdin, expected)

    settings = json.loads(said("settings", "--json"))
    assert settings["hold.deletions"] == {"value": 70, "source": "policy", "fixed": "policy"}
    assert "no.such" in said("doctor", expected=1)
    said("login", "--user", "anna", "--password-stdin", stdin=PASSWORD)
    said("start")
    (FOLDER / "first.txt").write_text("by Kim")
    said("wait", "--timeout", "60")
    until(lambda: colleague.files().get("first.txt") == b"by Kim", "the file at the colleague's")

    for manager in client.FILE_MANAGERS:
        bare.run(
            "/usr/lib/govsync/python", "-m", "py_compile", f"{extension(manager)}/govsync_file_manager.py"
        )

    (before,) = agents(bare)
    said("settings", "set", "network.upload_limit", "50 KB")  # So that there is work under way for minutes.
    until(
        lambda: "version 99.0.0 is there" in said("doctor", expected=None),
        "the newer version that is offered",
    )
    contents = {f"work {number}.bin": os.urandom(400_000) for number in range(FILES)}
    for name, content in contents.items():
        (FOLDER / name).write_bytes(content)
    bare.install(two.second)
    assert colleague.files().keys() < {"first.txt", *contents}
    newer = f'"version": "{two.version.python}"'
    until(lambda: newer in said("status", "--json", expected=None), "the newer one answers")
    assert agents(bare) == [before]
    said("settings", "set", "network.upload_limit", "0")
    said("wait", "--timeout", "60")
    colleague.wait()
    assert colleague.files() == {"first.txt": b"by Kim", **contents}

    files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()}
    bare.run("apt-get", "purge", "--yes", "--quiet", "govsync")
    assert agents(bare) == []
    assert not (SYSTEM / client.HOME).exists()
    assert not any((SYSTEM / extension(manager).lstrip("/")).exists() for manager in client.FILE_MANAGERS)
    assert not list((SYSTEM / "usr/share").glob("*/**/*govsync*"))
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()} == files
    assert (SYSTEM / "home" / KIM / ".local" / "state" / "govsync" / "device.json").exists()
    assert policy.exists()
