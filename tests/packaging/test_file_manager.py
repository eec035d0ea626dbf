"""The extension of the file manager, with a stub of gi: beside a real agent, without one, and with one that hangs."""

import importlib.util
import json
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from govsync.control.client import ask
from govsync.control.messages import ShowPaths
from govsync.text import menu
from tests.journeys.conftest import Site, forks, populated, programs, site
from tests.packaging import gi_stub
from tests.packaging.gi_stub import Clipboard, File
from tests.project.sources import ROOT

__all__ = ["forks", "populated", "programs", "site"]
FOLDER = ROOT / "packaging" / "file-manager"
LIMIT_S = 30


@pytest.fixture
def load(monkeypatch):
    """Loads the extension anew, as a file manager of a person with this home does."""

    def make(home: Path):
        gi_stub.install(monkeypatch)
        monkeypatch.setenv("GOVSYNC_HOME", str(home))
        monkeypatch.setenv("GOVSYNC_LANGUAGE", "en")
        spec = importlib.util.spec_from_file_location("extension", FOLDER / "govsync_file_manager.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.RETRY_MS = module.PAUSE_MS = 50
        module.ANSWER_S = 2 * LIMIT_S
        return module

    return make


def turned(loop, seen: Callable[[], bool], what: str) -> None:
    """Turns the loop until something is seen."""
    end = time.monotonic() + LIMIT_S
    while not seen():
        left = end - time.monotonic()
        assert left > 0, what
        loop.turn(left)


class Agent:
    """An agent that answers when the test says so."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listening.bind(str(home / "control"))
        self.listening.listen(8)
        self.listening.settimeout(0)

    def asked(self, loop) -> tuple[socket.socket, dict[str, object]]:
        """Answers the next connection, and what was asked on it."""
        turned(loop, lambda: bool(select.select([self.listening], [], [], 0)[0]), "a connection")
        connection, _ = self.listening.accept()
        connection.setblocking(False)
        came = bytearray()

        def whole() -> bool:
            if select.select([connection], [], [], 0)[0]:
                came.extend(connection.recv(65536))
            return len(came) >= 4 and len(came) == 4 + int.from_bytes(came[:4], "big")

        turned(loop, whole, "a request")
        return connection, json.loads(came[4:])


def answer(connection: socket.socket, value: object) -> None:
    body = json.dumps({"value": value}).encode()
    connection.sendall(len(body).to_bytes(4, "big") + body)


class Shown:
    """A file manager that shows a file, and asks again when it is told to."""

    def __init__(self, extension, path: Path) -> None:
        self.extension = extension
        self.loop = sys.modules["gi.repository"].GLib
        self.file = File(f"file://{quote(str(path))}", path.is_dir())

    def emblems(self) -> list[str]:
        self.file.emblems.clear()
        assert self.extension.update_file_info(self.file) == "complete"
        return list(self.file.emblems)

    def become(self, *expected: str) -> None:
        """Waits as a file manager does: it looks when it was told to, and never of itself."""
        while (found := self.emblems()) != list(expected):
            told = self.file.asked_again
            turned(self.loop, lambda told=told: self.file.asked_again > told, f"{found}, not {expected}")

    def items(self) -> dict[str, object]:
        return {item.label: item.activate for item in self.extension.get_file_items([self.file])}


def test_emblems_follow_a_real_desk(site: Site, load) -> None:
    office = site.desk("office")
    (office.folder / "한글 Plans").mkdir()
    (office.folder / "한글 Plans" / "a b.txt").write_bytes(b"one")
    office.wait()
    module = load(office.base / "home")
    extension = module.GovSyncExtension()
    folder = Shown(extension, office.folder / "한글 Plans")
    file = Shown(extension, office.folder / "한글 Plans" / "a b.txt")
    elsewhere = Shown(extension, office.base)
    folder.become("emblem-default")
    file.become("emblem-default")
    assert elsewhere.emblems() == []
    office.do("pause")
    (office.folder / "한글 Plans" / "a b.txt").write_bytes(b"edited")
    request = ShowPaths(paths=(str(office.folder / "한글 Plans" / "a b.txt"),))
    assert [row.state for row in ask(office.base / "home" / "control", request, LIMIT_S)] == ["syncing"]
    office.do("resume")
    office.wait()
    file.become("emblem-default")
    office.do("share", "add", str(office.folder / "한글 Plans"), "--with", "boris", "--role", "viewer")
    folder.become("emblem-default", "emblem-shared")
    office.do("logout")
    folder.become()
    assert folder.items() == {}


def test_a_problem_is_shown_at_the_file_and_at_the_folders_above_it(site: Site, load) -> None:
    office = site.desk("office")
    (office.folder / "a").mkdir()
    (office.folder / "a" / "plain.txt").write_bytes(b"one")
    office.wait()
    (office.folder / "a" / "\udcff.txt").write_bytes(b"1")  # No text: nobody else could have it.
    office.wait(expected=4)
    extension = load(office.base / "home").GovSyncExtension()
    Shown(extension, office.folder / "a").become("emblem-important")
    Shown(extension, office.folder / "a" / "plain.txt").become("emblem-default")


def test_the_menu_does_what_it_says(site: Site, load, monkeypatch) -> None:
    office = site.desk("office")
    (office.folder / "Plans").mkdir()
    (office.folder / "Plans" / "a.txt").write_bytes(b"one")
    office.wait()
    module = load(office.base / "home")
    opened: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "open_window", lambda *arguments: opened.append(arguments))
    extension = module.GovSyncExtension()
    folder, file = (
        Shown(extension, office.folder / "Plans"),
        Shown(extension, office.folder / "Plans" / "a.txt"),
    )
    assert file.items() == {}  # Nothing is known yet, and nobody is made to wait.
    folder.become("emblem-default")
    file.become("emblem-default")
    assert list(folder.items()) == [
        "GovSync: Share…",
        "GovSync: Copy link",
        "GovSync: Show on the web",
        "GovSync: The folder as it was…",
    ]
    assert list(file.items()) == ["GovSync: Copy link", "GovSync: Show on the web", "GovSync: Versions…"]
    folder.items()["GovSync: Share…"]()
    folder.items()["GovSync: The folder as it was…"]()
    file.items()["GovSync: Versions…"]()
    assert opened == [
        ("--share", str(office.folder / "Plans")),
        ("--earlier", str(office.folder / "Plans")),
        ("--versions", str(office.folder / "Plans" / "a.txt")),
    ]
    Clipboard.text = ""
    file.items()["GovSync: Copy link"]()
    turned(module.GLib, lambda: Clipboard.text != "", "the link in the clipboard")
    (link,) = office.json("link", "list")
    assert (link["path"], link["role"]) == ("Plans/a.txt", "viewer")
    assert Clipboard.text.startswith(f"http://127.0.0.1:{site.server.port}/l/")
    begun: list[tuple[str, ...]] = []
    monkeypatch.setattr(module.shutil, "which", lambda name: name)
    monkeypatch.setattr(module, "begin", lambda *command: begun.append(command))
    file.items()["GovSync: Show on the web"]()
    turned(module.GLib, lambda: bool(begun), "the page in the browser")
    assert begun == [("xdg-open", office.do("web", str(office.folder / "Plans" / "a.txt")).strip())]


def test_a_link_that_finds_no_clipboard_is_shown_in_the_window(tmp_path: Path, load, monkeypatch) -> None:
    """Debian's python3-nautilus brings no description of Gtk along."""
    module = load(tmp_path)
    opened: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "open_window", lambda *arguments: opened.append(arguments))

    def lacks(name: str, version: str) -> None:
        raise ValueError(f"Namespace {name} not available")

    monkeypatch.setattr(module.gi, "require_version", lacks)
    module.hand_over("http://server/l/x")
    assert opened == [("--page", "sharing")]


def test_an_agent_that_goes_takes_its_emblems_along_and_one_that_comes_brings_them(site: Site, load) -> None:
    office = site.desk("office")
    (office.folder / "a.txt").write_bytes(b"one")
    office.wait()
    extension = load(office.base / "home").GovSyncExtension()
    file = Shown(extension, office.folder / "a.txt")
    file.become("emblem-default")
    office.kill()
    file.become()
    office.start()
    file.become("emblem-default")


def test_an_agent_that_hangs_keeps_no_file_manager_waiting(tmp_path: Path, load) -> None:
    """It takes requests and answers nothing: whatever is looked at, and however often the loop turns."""
    agent = Agent(tmp_path / "home")
    module = load(tmp_path / "home")
    extension = module.GovSyncExtension()
    shown = [Shown(extension, tmp_path / f"{number}.txt") for number in range(1_000)]
    done = threading.Event()

    def browse() -> None:
        for each in shown:
            assert each.emblems() == []
            module.GLib.turn(0)
        assert shown[0].items() == {}
        done.set()

    threading.Thread(target=browse, daemon=True).start()
    assert done.wait(LIMIT_S)
    agent.listening.close()


def test_it_is_woken_by_the_agent_alone(tmp_path: Path, load) -> None:
    """A file manager that rests is not woken to see whether there is anything new; and a thread would have no turn in it."""
    agent, before = Agent(tmp_path / "home"), threading.active_count()
    module = load(tmp_path / "home")
    extension = module.GovSyncExtension()
    file = Shown(extension, tmp_path / "a.txt")
    assert file.emblems() == []
    first, _ = agent.asked(module.GLib)
    answer(first, {"folder": str(tmp_path), "n": 1})
    paths, request = agent.asked(module.GLib)
    assert request == {"command": "paths", "paths": [str(tmp_path / "a.txt")]}
    answer(paths, [{"path": str(tmp_path / "a.txt"), "state": "in_sync", "shared": False}])
    watching, request = agent.asked(module.GLib)
    assert request["seen"] == {"folder": str(tmp_path), "n": 1}
    file.become("emblem-default")
    late_ms = (module.WATCH_S + module.ANSWER_S) * 1000
    assert [ms for _, ms, _ in module.GLib.times.values()] == [late_ms], (
        "only that the agent hangs is looked for"
    )
    assert len(module.GLib.sockets) == 1
    assert threading.active_count() == before
    answer(watching, {"folder": str(tmp_path), "n": 2})
    _, request = agent.asked(module.GLib)
    assert request["command"] == "paths", "what is known is asked for again when the desk has changed"
    agent.listening.close()


def test_a_request_larger_than_the_socket_takes_goes_in_pieces(tmp_path: Path, load) -> None:
    agent = Agent(tmp_path / "home")
    module = load(tmp_path / "home")
    extension = module.GovSyncExtension()
    names = [f"{'한' * 80}{number}" for number in range(module.MOST_ASKED)]
    for name in names:
        Shown(extension, tmp_path / name).emblems()
    first, _ = agent.asked(module.GLib)
    answer(first, {"folder": str(tmp_path)})
    paths, request = agent.asked(module.GLib)
    assert request["paths"] == [str(tmp_path / name) for name in names]
    assert len(json.dumps(request)) > 212_992, "more than the kernel keeps for a socket"
    body = json.dumps(
        {"value": [{"path": path, "state": "problem", "shared": True} for path in request["paths"]]}
    )
    pieces = (len(body.encode()).to_bytes(4, "big"), body[:100].encode(), body[100:].encode())
    paths.setblocking(True)
    threading.Thread(target=lambda: [paths.sendall(piece) for piece in pieces], daemon=True).start()
    Shown(extension, tmp_path / names[-1]).become("emblem-important", "emblem-shared")
    agent.listening.close()


def test_what_was_not_answered_is_asked_for_again(tmp_path: Path, load) -> None:
    agent = Agent(tmp_path / "home")
    module = load(tmp_path / "home")
    file = Shown(module.GovSyncExtension(), tmp_path / "a.txt")
    file.emblems()
    first, _ = agent.asked(module.GLib)
    answer(first, {"folder": str(tmp_path)})
    paths, request = agent.asked(module.GLib)
    paths.close()
    _, watch = agent.asked(module.GLib)
    assert watch["command"] == "watch"
    paths, again = agent.asked(module.GLib)
    assert again == request
    answer(paths, [{"path": str(tmp_path / "a.txt"), "state": "syncing", "shared": False}])
    file.become("emblem-synchronizing")
    agent.listening.close()


def test_an_agent_that_speaks_no_json_is_as_good_as_none(tmp_path: Path, load) -> None:
    agent = Agent(tmp_path / "home")
    module = load(tmp_path / "home")
    extension = module.GovSyncExtension()
    file = Shown(extension, tmp_path / "a.txt")
    for reply in (b"\0\0\0\1{", b"\0\0\0", b""):
        connection, request = agent.asked(module.GLib)
        assert request == {"command": "watch", "timeout_s": module.WATCH_S}
        connection.sendall(reply)
        connection.close()
        assert file.emblems() == []
    agent.listening.close()


def test_what_lies_on_no_disk_is_left_alone(tmp_path: Path, load) -> None:
    extension = load(tmp_path / "home").GovSyncExtension()
    file = File("sftp://server/a.txt")
    assert extension.update_file_info(file) == "complete"
    assert extension.get_file_items([file]) == []
    assert extension.get_file_items([file, file]) == []
    assert extension.get_file_items(object(), [file]) == []  # As Nemo and Caja ask.


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "sr_RS.UTF-8"}, "sr-Cyrl"),
        ({"LC_ALL": "sr_RS@latin", "LANG": "ko_KR"}, "sr-Latn"),
        ({"LANGUAGE": "de:ko"}, "en"),
        ({"GOVSYNC_LANGUAGE": "sr-Latn", "LANG": "ko"}, "sr-Latn"),
    ],
)
def test_the_menu_speaks_the_person_s_language(tmp_path: Path, load, environment, expected) -> None:
    assert load(tmp_path).language(environment) == expected


def test_its_words_are_those_of_the_catalogue() -> None:
    """`python -m docs.generate` writes them anew."""
    assert json.loads((FOLDER / "govsync_words.json").read_text(encoding="utf-8")) == menu.table()
