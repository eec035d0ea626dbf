"""A person's programs reach her agent, on every system alike.

That nobody else is reached or let in is shown for each system's own way: `test_unix_socket.py`, `test_windows_pipe.py`.
"""

import os
import threading

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import ipc

pytestmark = pytest.mark.windows


def refused(path, timeout_s=5) -> Code:
    with pytest.raises(Failure) as raised:
        ipc.connect(path, timeout_s)
    return raised.value.code


@pytest.fixture
def ends(tmp_path):
    """Both ends of a connection: who came, and who let them in."""
    path = tmp_path / "control"
    with ipc.listen(path) as listening, ipc.connect(path, 10) as caller:
        answerer, _ = listening.accept()
        with answerer:
            yield caller, answerer


@pytest.mark.parametrize("depth", [0, 3])
def test_what_is_said_at_one_end_is_heard_at_the_other_however_long_the_path(tmp_path, depth):
    path = tmp_path.joinpath(*["a home with a rather long name, 50 letters at least"] * depth, "control")
    with ipc.listen(path) as listening, ipc.connect(path, 5) as caller:
        answerer, _ = listening.accept()
        with answerer:
            assert ipc.is_own(answerer)
            assert ipc.is_own(caller)
            caller.sendall(b"question")
            assert answerer.recv(100) == b"question"
            answerer.sendall(b"answer")
            assert caller.recv(100) == b"answer"


def test_long_messages_arrive_whole_while_both_ends_speak(ends):
    said, heard = os.urandom(3_000_000), {}

    def hear(end, name):
        whole = b""
        while len(whole) < len(said):
            whole += end.recv(65536)
        heard[name] = whole

    threads = [threading.Thread(target=end.sendall, args=(said,)) for end in ends]
    threads += [threading.Thread(target=hear, args=(end, name)) for name, end in enumerate(ends)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert heard == {0: said, 1: said}


def test_without_socket_or_home_no_agent_is_running(tmp_path):
    assert refused(tmp_path / "control") is Code.AGENT_NOT_RUNNING
    assert refused(tmp_path / "no home" / "control") is Code.AGENT_NOT_RUNNING


def test_what_a_killed_agent_left_is_no_agent_and_stands_in_no_one_s_way(tmp_path):
    path = tmp_path / "control"
    ipc.listen(path).close()
    assert path.exists()
    assert refused(path) is Code.AGENT_NOT_RUNNING
    with ipc.listen(path) as listening, ipc.connect(path, 5):
        listening.accept()[0].close()


def test_what_was_said_before_an_end_closed_is_still_heard(ends):
    caller, answerer = ends
    answerer.sendall(b"the last word")
    answerer.close()
    assert caller.recv(100) == b"the last word"
    assert caller.recv(100) == b""


def test_who_speaks_to_an_end_that_is_closed_is_told(ends):
    caller, answerer = ends
    answerer.close()
    with pytest.raises(ConnectionError):
        caller.sendall(b"is anybody there?")


def test_a_connection_keeps_its_time_limit(tmp_path):
    path = tmp_path / "control"
    with ipc.listen(path), ipc.connect(path, 0.01) as caller, pytest.raises(TimeoutError):
        caller.recv(1)


def test_many_come_at_once_and_each_is_heard(tmp_path):
    path = tmp_path / "control"
    heard = set()
    with ipc.listen(path) as listening:
        callers = []
        threads = [threading.Thread(target=lambda: callers.append(ipc.connect(path, 30))) for _ in range(24)]
        for thread in threads:
            thread.start()
        answerers = [listening.accept()[0] for _ in threads]
        for thread in threads:
            thread.join(30)
        for number, caller in enumerate(callers):
            caller.sendall(b"%d" % number)
        for answerer in answerers:
            heard.add(int(answerer.recv(10)))
            answerer.close()
        for caller in callers:
            caller.close()
    assert heard == set(range(24))


def test_who_waits_for_somebody_is_woken_by_the_end(tmp_path):
    path = tmp_path / "control"
    listening, ended = ipc.listen(path), threading.Event()

    def accept():
        with pytest.raises(OSError):
            listening.accept()
        ended.set()

    thread = threading.Thread(target=accept)
    thread.start()
    ipc.close(listening, path)
    assert ended.wait(30)
    thread.join()
    assert refused(path) is Code.AGENT_NOT_RUNNING


def test_where_nobody_can_listen_it_is_said_why(tmp_path):
    (tmp_path / "home").write_bytes(b"")
    with pytest.raises(Failure) as raised:
        ipc.listen(tmp_path / "home" / "control")
    assert raised.value.code in (Code.NOT_A_FOLDER, Code.EXISTS, Code.GONE)
