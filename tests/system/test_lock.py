"""A lock has one holder, and ends with it."""

import subprocess
import sys

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.lock import Lock
from tests.system.desk import link

pytestmark = pytest.mark.windows

HOLDER = """
import sys
from pathlib import Path
from govsync.system.lock import Lock
held = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def refused(path, *arguments) -> Code:
    with pytest.raises(Failure) as raised:
        Lock(path, *arguments)
    return raised.value.code


def test_a_lock_has_one_holder(tmp_path):
    path = tmp_path / "home" / "lock"
    held = Lock(path)
    assert refused(path) is Code.HOME_IN_USE
    assert refused(path, Code.FOLDER_TAKEN) is Code.FOLDER_TAKEN
    held.release()
    held.release()
    with Lock(path):
        assert refused(path) is Code.HOME_IN_USE
    Lock(path).release()


def test_a_killed_holder_holds_no_longer(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert refused(path) is Code.HOME_IN_USE
        process.kill()
        process.wait(30)
    Lock(path).release()


@pytest.mark.parametrize("made_again", [False, True])
def test_a_lock_file_tidied_away_before_it_was_locked_makes_no_second_holder(
    tmp_path, monkeypatch, made_again
):
    path = tmp_path / "lock"
    locking = pytest.importorskip(
        "govsync.system.posix.locking", reason="here it cannot be tidied away meanwhile"
    )
    flock = locking.fcntl.flock
    first = []

    def tidied(fd: int, how: int) -> None:
        flock(fd, how)
        if not first:
            first.append(fd)
            path.unlink()
            if made_again:
                path.write_bytes(b"")

    monkeypatch.setattr(locking.fcntl, "flock", tidied)
    with Lock(path):
        assert first
        assert refused(path) is Code.HOME_IN_USE


def test_no_lock_is_taken_through_a_link(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"")
    link(tmp_path / "lock", "elsewhere")
    assert refused(tmp_path / "lock") is Code.LINK_IN_THE_WAY
