"""The extension of the file manager, with a stub of gi: beside a real agent, without one, and with one that hangs."""

import importlib.util
import json
import socket
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from govsync.text import menu
from tests.journeys.conftest import Site, forks, populated, programs, site
from tests.journeys.site import until
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
        module.RETRY_S = module.PAUSE_S = 0.05
        return module

    return make


class Shown:
    """A file manager that shows a file, and asks again when it is told to."""

    def __init__(self, extension, path: Path) -> None:
        self.extension = extension
        self.file = File(f"file://{quote(str(path))}", path.is_dir())

    def emblems(self) -> list[str]:
        self.file.emblems.clear()
        assert self.extension.update_file_info(self.file) == "complete"
        return list(self.file.emblems)

    def become(self, *expected: str) -> None:
        """Waits as a file manager does: it looks when it was told to, and never of itself."""
        end = time.monotonic() + LIMIT_S
        while (found := self.emblems()) != list(expected):
            left = end - time.monotonic()
            assert left > 0, (found, expected)
            self.file.asked_again.get(timeout=left)

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
    rows = module.ask(
        office.base / "home" / "control",
        {"command": "paths", "paths": [str(office.folder / "한글 Plans" / "a b.txt")]},
    )
    assert [row["state"] for row in rows] == ["syncing"]
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
    assert list(folder.items()) == ["GovSync: Share…", "GovSync: Copy link", "GovSync: The folder as it was…"]
    assert list(file.items()) == ["GovSync: Copy link", "GovSync: Versions…"]
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
    until(lambda: Clipboard.text != "", "the link in the clipboard")
    (link,) = office.json("link", "list")
    assert (link["path"], link["role"]) == ("Plans/a.txt", "viewer")
    assert Clipboard.text.startswith(f"http://127.0.0.1:{site.server.port}/l/")


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
    """It takes requests and answers nothing: what is asked in the file manager's own thread returns all the same."""
    (tmp_path / "home").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(tmp_path / "home" / "control"))
        listening.listen(8)
        extension = load(tmp_path / "home").GovSyncExtension()
        shown = [Shown(extension, tmp_path / f"{number}.txt") for number in range(1_000)]
        done = threading.Event()

        def browse() -> None:
            assert [each.emblems() for each in shown] == [[]] * len(shown)
            assert shown[0].items() == {}
            done.set()

        threading.Thread(target=browse, daemon=True).start()
        assert done.wait(LIMIT_S)


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
