"""What the extension of the file manager needs of gi, as far as a test wants to see it; its loop turns when the test says so."""

import itertools
import select
import sys
import time
import types
from collections.abc import Callable


class File:
    """A file as a file manager has it."""

    def __init__(self, uri: str, folder: bool = False) -> None:
        self.uri, self.folder = uri, folder
        self.emblems: list[str] = []
        self.asked_again = 0

    def get_uri(self) -> str:
        return self.uri

    def is_directory(self) -> bool:
        return self.folder

    def add_emblem(self, name: str) -> None:
        self.emblems.append(name)

    def invalidate_extension_info(self) -> None:
        self.asked_again += 1


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


class Loop:
    """The loop of a file manager (GLib's): sockets, times, and what is to be done next."""

    PRIORITY_DEFAULT = 0
    IOCondition = types.SimpleNamespace(
        IN=select.POLLIN, OUT=select.POLLOUT, ERR=select.POLLERR, HUP=select.POLLHUP
    )

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.sockets: dict[int, tuple[int, int, Callable[..., bool]]] = {}
        self.times: dict[int, tuple[float, int, Callable[[], bool]]] = {}
        """When each is due, and after how many milliseconds it was to be."""

    def io_add_watch(self, fd: int, priority: int, condition: int, act: Callable[..., bool]) -> int:
        found = next(self._ids)
        self.sockets[found] = (fd, condition, act)
        return found

    def timeout_add(self, ms: int, act: Callable[[], bool]) -> int:
        found = next(self._ids)
        self.times[found] = (time.monotonic() + ms / 1000, ms, act)
        return found

    def idle_add(self, act: Callable[..., bool], *with_these: object) -> int:
        return self.timeout_add(0, lambda: act(*with_these))

    def child_watch_add(self, priority: int, pid: int, act: Callable[..., object]) -> None:
        """No test starts a program."""

    def source_remove(self, source: int) -> None:
        assert (self.sockets.pop(source, None) or self.times.pop(source, None)) is not None, "there is none"

    def turn(self, most_s: float) -> None:
        """Waits until something is to be done, for so long at most, and does it."""
        due_s = min((due for due, _, _ in self.times.values()), default=time.monotonic() + most_s)
        poll = select.poll()
        watched: dict[int, int] = {}
        for fd, condition, _ in self.sockets.values():
            watched[fd] = watched.get(fd, 0) | condition
        for fd, condition in watched.items():
            poll.register(fd, condition)
        ready = dict(poll.poll(max(0.0, min(most_s, due_s - time.monotonic())) * 1000))
        for source, (fd, condition, act) in list(self.sockets.items()):
            if ready.get(fd, 0) & condition and source in self.sockets and not act(fd, ready[fd]):
                self.sockets.pop(source, None)
        for source, (due, ms, act) in list(self.times.items()):
            if due <= time.monotonic() and source in self.times:
                if act():
                    self.times[source] = (time.monotonic() + ms / 1000, ms, act)
                else:
                    self.times.pop(source, None)


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
    repository.GLib = Loop()
    repository.GObject = types.SimpleNamespace(GObject=type("GObject", (), {}))
    repository.Gdk = types.SimpleNamespace(Display=types.SimpleNamespace(get_default=lambda: display))
    repository.Gtk = types.SimpleNamespace()
    gi.repository = repository
    monkeypatch.setitem(sys.modules, "gi", gi)
    monkeypatch.setitem(sys.modules, "gi.repository", repository)
