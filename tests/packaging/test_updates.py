"""What an operator of updates does: publishes, with keys that are at hand only for that; nobody else's files are overwritten."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.project.sources import ROOT
from tests.updates.place import named
from updates import keys
from updates.keys import Keys, Lacking
from updates.repository import Refused, Repository, release_of

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def place(tmp_path):
    public = {**keys.make(tmp_path / "offline", keys.OFFLINE), **keys.make(tmp_path / "online", keys.ONLINE)}
    made = Repository(tmp_path / "place", Keys([tmp_path / "offline", tmp_path / "online"]), NOW)
    made.begin(public)
    return made


@pytest.fixture
def package(tmp_path):
    file = tmp_path / named("0.2.0")
    file.write_bytes(b"a package")
    return file


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("govsync_0.1.0~dev334+g98890a7e46_amd64.deb", ("0.1.0.dev334+g98890a7e46", "deb-x86_64")),
        ("govsync_1.0.0_arm64.deb", ("1.0.0", "deb-aarch64")),
        ("govsync-0.1.0~dev334+g98890a7e46-1.x86_64.rpm", ("0.1.0.dev334+g98890a7e46", "rpm-x86_64")),
        ("GovSync-0.1.0.dev334+g98890a7e46-x64.msi", ("0.1.0.dev334+g98890a7e46", "msi-x86_64")),
        ("GovSync-1.0.0-x64-person.msi", ("1.0.0", "msi-person-x86_64")),
    ],
)
def test_a_package_says_version_and_kind_by_its_name(name, expected):
    assert release_of(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "GovSync-1.0.0-arm64.msi",
        "govsync-server_1.0.0_amd64.deb",
        "other_1.0_amd64.deb",
        "govsync_1~rc1_amd64.deb",
        "x",
    ],
)
def test_what_is_no_package_of_a_desk_is_refused(name):
    with pytest.raises(Refused):
        release_of(name)


def test_a_version_is_offered_once(place, package):
    place.add("broad", [package])
    with pytest.raises(Refused, match="already"):
        place.add("broad", [package])
    place.add("pilot", [package])
    assert [each["version"] for each in place.offered("pilot")] == ["0.2.0"]


def test_what_is_not_offered_cannot_be_withdrawn(place):
    with pytest.raises(Refused, match="does not offer"):
        place.withdraw("broad", "0.2.0")


def test_a_place_is_begun_once(place):
    with pytest.raises(Refused, match="already"):
        place.begin({})


def test_keys_are_their_owner_s_and_are_never_made_twice(tmp_path):
    keys.make(tmp_path / "offline", keys.OFFLINE)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "offline").iterdir()}
    assert modes == {0o600}
    with pytest.raises(FileExistsError):
        keys.make(tmp_path / "offline", keys.OFFLINE)


def test_who_has_the_online_keys_alone_renews_and_publishes_nothing(place, package, tmp_path):
    online = Repository(tmp_path / "place", Keys([tmp_path / "online"]), NOW + timedelta(days=7))
    assert online.renew() == ["snapshot", "timestamp"]
    assert online._timestamp().signed.expires == NOW + timedelta(days=21)
    before = {file: file.read_bytes() for file in (tmp_path / "place" / "metadata").iterdir()}
    with pytest.raises(Lacking, match=r"broad\.pem"):
        online.add("broad", [package])
    assert {file: file.read_bytes() for file in (tmp_path / "place" / "metadata").iterdir()} == before


def test_the_command_does_all_of_it(tmp_path, package):
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'packaging'}{os.pathsep}{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    where = [
        str(tmp_path / "place"),
        "--keys",
        str(tmp_path / "offline"),
        "--online",
        str(tmp_path / "online"),
    ]

    def run(verb: str, *arguments: str, expected: int = 0) -> str:
        command = [sys.executable, "-m", "updates", verb, *where, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stderr
        return done.stdout or done.stderr

    assert "1.root.json" in run("init")
    assert run("list") == "nothing is offered\n"
    run("add", "pilot", str(package))
    assert run("list") == f"pilot: 0.2.0 {package.name}\n"
    assert "already" in run("add", "pilot", str(package), expected=1)
    assert run("renew") == "signed anew: root, targets, pilot, broad, snapshot, timestamp\n"
    run("withdraw", "pilot", "0.2.0")
    assert run("list") == "nothing is offered\n"
