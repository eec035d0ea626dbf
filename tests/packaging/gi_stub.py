"""What the extension of the file manager needs of gi, as far as a test wants to see it."""

import queue
import sys
import types


class File:
    """A file as a file manager has it."""

    def __init__(self, uri: str, folder: bool = False) -> None:
        self.uri, self.folder = uri, folder
        self.emblems: list[str] = []
        self.asked_again: queue.Queue[object] = queue.Queue()

    def get_uri(self) -> str:
        return self.uri

    def is_directory(self) -> bool:
        return self.folder

    def add_emblem(self, name: str) -> None:
        self.emblems.append(name)

    def invalidate_extension_info(self) -> None:
        self.asked_again.put(None)


class MenuItem:
    """An entry of the menu."""

    def __init__(self, **facts: str) -> None:
        self.label, self.name = facts["label"], facts["name"]

    def connect(self, signal: str, act) -> None:
        assert signal == "activate"
        self.activate = lambda: act(self)


class Clipboard:
    text = ""

    def set(self, text: str) -> None:
        Clipboard.text = text


def install(monkeypatch) -> None:
    """Has `import gi` find this."""
    gi = types.ModuleType("gi")
    gi.require_version = lambda *_: None
    repository = types.ModuleType("gi.repository")
    nautilus = types.SimpleNamespace(
        InfoProvider=type("InfoProvider", (), {}), MenuProvider=type("MenuProvider", (), {}), MenuItem=MenuItem,
        OperationResult=types.SimpleNamespace(COMPLETE="complete"),
    )  # fmt: skip
    display = types.SimpleNamespace(get_clipboard=Clipboard)
    repository.Nautilus = nautilus
    repository.GLib = types.SimpleNamespace(idle_add=lambda work: work(), timeout_add=lambda *_: None)
    repository.GObject = types.SimpleNamespace(GObject=type("GObject", (), {}))
    repository.Gdk = types.SimpleNamespace(Display=types.SimpleNamespace(get_default=lambda: display))
    repository.Gtk = types.SimpleNamespace()
    gi.repository = repository
    monkeypatch.setitem(sys.modules, "gi", gi)
    monkeypatch.setitem(sys.modules, "gi.repository", repository)
