"""A named pipe is its owner's alone: nobody else is reached or let in, and no other machine."""

import sys

import pytest

from govsync.model.codes import Code
from tests.system.test_ipc import refused

if sys.platform != "win32":
    pytest.skip("there are no named pipes here", allow_module_level=True)

from govsync.system.windows import ipc, persons
from govsync.system.windows.kernel import close_handle

pytestmark = pytest.mark.windows

STRANGER = "S-1-5-18"


@pytest.fixture
def made(monkeypatch):
    """How pipes were made: their names, and what was asked for."""
    inner, found = ipc._create, []

    def create(name, access, mode, *rest):
        handle = inner(name, access, mode, *rest)
        found.append((name, access, mode, persons.access(handle)))
        return handle

    monkeypatch.setattr(ipc, "_create", create)
    return found


def test_every_instance_is_for_this_person_and_this_machine_alone(tmp_path, made):
    me = persons.own()
    path = tmp_path / "control"
    with ipc.listen(path) as listening, ipc.connect(path, 5), listening.accept()[0]:
        pass
    assert len(made) == 16
    for number, (name, access, mode, who) in enumerate(made):
        assert name == path.read_text()
        assert bool(access & 0x0008_0000) is (number == 0)  # FILE_FLAG_FIRST_PIPE_INSTANCE
        assert mode & 0x8  # PIPE_REJECT_REMOTE_CLIENTS
        assert who == f"O:{me}D:P(D;;GA;;;NU)(A;;GA;;;{me})"


def test_nothing_is_said_to_a_stranger_s_pipe(tmp_path, monkeypatch):
    path = tmp_path / "control"
    monkeypatch.setattr(ipc.persons, "only_for", lambda _: persons.Descriptor(f"O:{STRANGER}D:(A;;GA;;;WD)"))
    with ipc.listen(path) as listening:
        assert refused(path) is Code.AGENT_NOT_RUNNING
        with listening.accept()[0] as answerer:
            answerer.settimeout(5)
            assert answerer.recv(100) == b""


def test_an_agent_that_has_no_time_is_running(tmp_path):
    path = tmp_path / "control"
    with ipc.listen(path), ipc.connect(path, 5):
        assert refused(path, 0) is Code.TIMED_OUT
        assert refused(path, 0.01) is Code.TIMED_OUT


@pytest.mark.wine_differs("a second first instance of a pipe is made")
def test_a_name_that_somebody_has_taken_is_given_up(tmp_path):
    path = tmp_path / "control"
    ipc.listen(path).close()
    name = path.read_text()
    with ipc.Listening(name), ipc.listen(path), ipc.connect(path, 5):
        assert path.read_text() != name


@pytest.mark.parametrize(
    "text", ["", "elsewhere", r"\\.\pipe\another", r"\\there\pipe\govsync-" + "0" * 32, "x" * 10_000]
)
def test_what_is_no_name_of_ours_leads_nowhere(tmp_path, text):
    path = tmp_path / "control"
    path.write_text(text)
    assert refused(path) is Code.AGENT_NOT_RUNNING
    with ipc.listen(path), ipc.connect(path, 5):
        pass


def test_qt_reads_and_writes_through_the_handle(qtbot, tmp_path):
    from PySide6.QtNetwork import QLocalSocket

    path = tmp_path / "control"
    with ipc.listen(path) as listening:
        window = QLocalSocket()
        assert window.setSocketDescriptor(ipc.connect(path, 0.0).detach())
        with listening.accept()[0] as agent:
            window.write(b"question")
            window.flush()
            assert agent.recv(100) == b"question"
            agent.sendall(b"answer")
            qtbot.waitUntil(lambda: window.bytesAvailable() == 6)
            assert bytes(window.readAll().data()) == b"answer"
        qtbot.waitUntil(lambda: window.state() == QLocalSocket.LocalSocketState.UnconnectedState)


def test_a_handle_that_was_given_away_is_the_other_s_to_close(tmp_path):
    path = tmp_path / "control"
    with ipc.listen(path), ipc.connect(path, 5) as caller:
        handle = caller.detach()
        caller.close()
        close_handle(handle)
