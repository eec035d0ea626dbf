"""The server as a process: it begins with one line and ends cleanly, or says in one line why it cannot begin."""

import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from govsync.cli.serve import serve
from govsync.model.codes import Code
from govsync.model.problems import Failure, problem_of
from govsync.server import app
from govsync.server.db.connect import Database
from govsync.server.db.migrate import NEWEST
from govsync.text import sentences
from tests.server.desk import LARGE, Desk
from tests.server.line import LIMIT_S, Caller, in_space
from tests.server.office import Office
from tests.server.test_packs import Watched

GOVSYNC = [sys.executable, "-m", "govsync.cli.main"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Answers the URL of a database; what is tested here is the same on all."""
    return f"sqlite:///{tmp_path / 'server.db'}"


@contextmanager
def process(data: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [*GOVSYNC, "serve", "--data", str(data), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        try:
            yield served
        finally:
            served.kill()


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_with_nothing_left_open(tmp_path: Path, by: signal.Signals):
    with process(tmp_path) as served:
        assert served.stdout is not None
        assert served.stdout.readline().startswith("listening on http://127.0.0.1:")
        served.send_signal(by)
        out, errors = served.communicate(timeout=LIMIT_S)
    assert (served.returncode, out, errors) == (0, "", "")
    # SQLite takes its journal away when the last connection was closed.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.db", "store"]


def cannot_begin(tmp_path: Path, *options: str) -> str:
    """Answers the one line on standard error with which it ends."""
    with process(tmp_path, *options) as served:
        out, errors = served.communicate(timeout=LIMIT_S)
    assert (served.returncode, out) == (1, "")
    assert errors.startswith("govsync: ")
    assert errors.count("\n") == 1
    return errors


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"least_client": "newest"}, ("--least-client",)),
        ({"proxies": ("front.example",)}, ("--proxy",)),
        ("a port that is taken", ("--host", "--port")),
    ],
    ids=str,
)
def test_what_cannot_be_served_with_names_the_options_and_variables_of_the_command(
    tmp_path: Path, options: dict[str, object] | str, names: tuple[str, ...]
):
    variables = {each.opts[0]: str(each.envvar) for each in serve.params}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        more = {"port": port} if isinstance(options, str) else options
        with pytest.raises(Failure) as failed:
            app.serve(app.Options(data=tmp_path, **more))  # type: ignore[arg-type]
    problem = problem_of(failed.value)
    assert (problem.code, problem.facts["name"]) == (Code.SETTING_BAD, ", ".join(names))
    assert problem.facts["variable"] == ", ".join(variables[name] for name in names)
    assert "govsync settings" not in sentences.action(problem)


@pytest.mark.slow
def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = cannot_begin(tmp_path, "--port", port)
    assert f"127.0.0.1:{port} is no value for --host, --port." in said
    assert "GOVSYNC_SERVER_HOST, GOVSYNC_SERVER_PORT" in said


@pytest.mark.slow
def test_a_proxy_that_is_no_address_is_said_in_one_line(tmp_path: Path):
    said = cannot_begin(tmp_path, "--proxy", "front.example")
    assert "with the option --proxy, or in the environment as GOVSYNC_SERVER_PROXY." in said


@pytest.mark.slow
def test_an_oldest_version_that_is_none_is_said_in_one_line(tmp_path: Path):
    said = cannot_begin(tmp_path, "--least-client", "newest")
    assert "with the option --least-client, or in the environment as GOVSYNC_SERVER_LEAST_CLIENT." in said
    assert "govsync settings" not in said


@pytest.mark.slow
def test_tables_of_a_newer_program_are_said_in_one_line_with_both_versions(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    database.upgrade()
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    said = cannot_begin(tmp_path)
    assert said.endswith("[tables_newer]\n")
    assert "9999" in said
    assert NEWEST in said


@pytest.mark.slow
@pytest.mark.parametrize("how", ["no database", "first page", "cut off", "a folder"])
def test_a_database_that_is_damaged_is_said_in_one_line_and_left_as_it_is(tmp_path: Path, how: str):
    with process(tmp_path) as served:
        assert served.stdout is not None
        served.stdout.readline()
        served.send_signal(signal.SIGTERM)
        served.wait(LIMIT_S)
    database = tmp_path / "server.db"
    content = database.read_bytes()
    if how == "a folder":
        database.unlink()
        database.mkdir()
    else:
        damaged = {"no database": b"no database" * 1000, "first page": content[:100] + bytes(4096) + content[4196:],
                   "cut off": content[: len(content) // 2]}[how]  # fmt: skip
        database.write_bytes(damaged)
    said = cannot_begin(tmp_path)
    assert "database" in said
    assert "[store_unavailable" in said
    if how != "a folder":
        assert database.read_bytes() == damaged


def test_a_call_that_does_not_end_does_not_keep_the_server(office: Office, monkeypatch: pytest.MonkeyPatch):
    desk = Desk(office)
    state = desk.save("a", LARGE)
    blobs = Watched(office.server.blobs)
    server = msgspec.structs.replace(office.server, blobs=blobs)
    reached, let_go = threading.Event(), threading.Event()

    def hang(_key: str, _offset: int, size_bytes: int) -> bytes:
        reached.set()
        assert let_go.wait(LIMIT_S)
        return bytes(size_bytes)

    monkeypatch.setattr(blobs, "get_range", hang)
    addresses: queue.SimpleQueue[str] = queue.SimpleQueue()
    edges: queue.SimpleQueue[app.Edge] = queue.SimpleQueue()
    ended: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def serve() -> None:
        ended.put(app.run(server, app.listen("127.0.0.1", 0), addresses.put, edges.put))

    serving = threading.Thread(target=serve)
    serving.start()
    token = office.sign_in("anna").access
    caller = Caller(addresses.get(timeout=LIMIT_S), token)
    assert state.rev is not None
    path = in_space(desk.space, "fetch")
    asking = caller.begin(path, len(_wants(state.rev)), _wants(state.rev))
    assert reached.wait(LIMIT_S)
    edges.get(timeout=LIMIT_S).stop()
    assert ended.get(timeout=LIMIT_S) is False
    serving.join(LIMIT_S)
    let_go.set()
    asking.close()


def _wants(rev: bytes) -> bytes:
    from govsync.protocol.commits import Fetch, Want
    from tests.server.line import framed

    return framed(Fetch(wants=(Want(rev, 0, 1),)))
