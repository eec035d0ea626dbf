"""A Unix socket is its owner's alone: nobody else is reached or let in."""

import os
import socket
import stat

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.posix import ipc
from tests.system.desk import STRANGER


def refused(path, timeout_s=5) -> Code:
    with pytest.raises(Failure) as raised:
        ipc.connect(path, timeout_s)
    return raised.value.code


def test_only_its_owner_may_open_the_socket(tmp_path):
    path = tmp_path / "home" / "control"
    with ipc.listen(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_socket_that_a_killed_agent_left_is_replaced(tmp_path):
    path = tmp_path / "control"
    ipc.listen(path).close()
    assert path.exists()
    assert refused(path) is Code.AGENT_NOT_RUNNING
    with ipc.listen(path), ipc.connect(path, 5):
        assert path.is_socket()


def test_an_agent_that_has_no_time_is_running(tmp_path, monkeypatch):
    path = tmp_path / "control"
    monkeypatch.setattr(ipc, "_WAITING", 0)
    with ipc.listen(path), ipc.connect(path, 5):
        assert refused(path, 0.01) is Code.TIMED_OUT


def test_the_files_of_other_threads_keep_their_rights_while_the_socket_is_made(tmp_path, monkeypatch):
    def forbidden(_: int) -> int:
        raise AssertionError("the umask belongs to the whole process")

    monkeypatch.setattr(os, "umask", forbidden)
    ipc.listen(tmp_path / "control").close()


def test_a_stranger_is_told_from_the_person(as_stranger, tmp_path, monkeypatch):
    tmp_path.chmod(0o711)
    # From here, since a stranger need not get through the folders above.
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "control"
    with ipc.listen(path) as listening, socket.socket(socket.AF_UNIX) as caller:
        with as_stranger(), pytest.raises(PermissionError):
            caller.connect(path.name)
        path.chmod(0o666)
        with as_stranger():
            caller.connect(path.name)
        answerer, _ = listening.accept()
        with answerer:
            assert not ipc.is_own(answerer)


def test_nothing_is_said_to_a_stranger_s_socket(tmp_path, monkeypatch):
    path = tmp_path / "control"
    with ipc.listen(path) as listening:
        monkeypatch.setattr(ipc.os, "getuid", lambda: STRANGER)
        assert refused(path) is Code.AGENT_NOT_RUNNING
        answerer, _ = listening.accept()
        with answerer:
            answerer.settimeout(5)
            assert answerer.recv(100) == b""
