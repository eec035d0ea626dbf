"""GovSync in the file manager: emblems beside names, and verbs in the menu, for Nautilus, Nemo and Caja.

It runs inside the file manager, under the system's Python, so it knows nothing but the standard library, `gi` and the agent's
control socket (docs/file-manager.md). It never makes the file manager wait: what is asked for a name is answered from what is
known already; a thread of its own asks the agent, and has the file manager ask again.
"""

import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections import OrderedDict
from pathlib import Path
from urllib.parse import unquote, urlsplit

import gi

_PROGRAMS = {
    "nautilus": ("Nautilus", "4.0", "4.0"),
    "nemo": ("Nemo", "3.0", "3.0"),
    "caja": ("Caja", "2.0", "3.0"),
}
_LENGTH = struct.Struct(">I")
ANSWER_S = 10
WATCH_S = 30
PAUSE_S = 0.5
"""Between two looks: a desk at work changes at every moment, an eye does not follow."""
RETRY_S = 5
TURN_MS, GIVEN_S = 250, 0.002
MOST_ASKED = 500
MOST_KNOWN = 10_000
LINK_S = 7 * 86_400
EMBLEMS = {"in_sync": "emblem-default", "syncing": "emblem-synchronizing", "problem": "emblem-important"}
SHARED = "emblem-shared"


def _program():
    """Answers the file manager that runs this: its interface in gi, with the versions of that and of Gtk."""
    try:
        name = Path("/proc/self/comm").read_text().strip()
    except OSError:
        name = ""
    return next((found for each, found in _PROGRAMS.items() if name.startswith(each)), _PROGRAMS["nautilus"])


NAME, VERSION, GTK = _program()
gi.require_version(NAME, VERSION)
from gi.repository import GLib, GObject  # noqa: E402

Manager = getattr(__import__("gi.repository", fromlist=[NAME]), NAME)


# The agent


def control_socket(environment):
    """Answers where the agent of this person listens."""
    home = environment.get("GOVSYNC_HOME")
    if home:
        return Path(home).expanduser() / "control"
    state = environment.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "govsync" / "control"


class AgentError(Exception):
    """The agent cannot be asked, or refused; the text is its code."""


def ask(path, request, timeout_s=ANSWER_S):
    """Asks the agent, and answers its value; raises AgentError."""
    body = json.dumps(request).encode()
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            try:  # A short address for a path of any length.
                connection.connect(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.close(folder)
            connection.sendall(_LENGTH.pack(len(body)) + body)
            (length,) = _LENGTH.unpack(_read(connection, _LENGTH.size))
            reply = json.loads(_read(connection, length))
    except (OSError, ValueError) as error:
        raise AgentError("agent_not_running") from error
    if reply.get("code"):
        raise AgentError(reply["code"])
    return reply.get("value")


def _read(connection, count):
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(min(count - len(data), 65536))
        if not piece:
            raise OSError("the agent has gone")
        data += piece
    return bytes(data)


class Desk:
    """What is known of the files that are looked at; two threads keep it up to date, as long as there are any."""

    def __init__(self, path, refresh):
        """`refresh` has the file manager ask again for a file; it is called in a thread of this."""
        self._path, self._refresh = path, refresh
        self._known = OrderedDict()
        """What each path is, and the file that the file manager has for it; the one that was looked at last is the last."""
        self._wanted = OrderedDict()
        self._lock = threading.Condition()
        self.folder = None
        for work in (self._answer, self._watch):
            threading.Thread(target=work, daemon=True).start()

    def look(self, path, file):
        """Answers how a path is, as far as that is known (None: not yet, or not ours), and has it asked for."""
        with self._lock:
            if self.folder is None or not _inside(path, self.folder):
                if self.folder is None:
                    self._keep(path, None, file)
                return None
            row = self._known.get(path, (None, None))[0]
            self._keep(path, row, file)
            if row is None:
                self._wanted[path] = None
                self._lock.notify_all()
            return row

    def row(self, path):
        """Answers how a path is, without asking."""
        with self._lock:
            return self._known.get(path, (None, None))[0]

    def _keep(self, path, row, file):
        self._known[path] = (row, file)
        self._known.move_to_end(path)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _answer(self):
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._wanted)
                asked = [
                    self._wanted.popitem(last=False)[0] for _ in range(min(len(self._wanted), MOST_ASKED))
                ]
            try:
                rows = ask(self._path, {"command": "paths", "paths": asked})
            except AgentError:
                time.sleep(RETRY_S)
                continue
            self._take(rows)

    def _take(self, rows):
        changed = []
        with self._lock:
            for row in rows:
                before, file = self._known.get(row["path"], (None, None))
                if file is not None and row != before:
                    self._known[row["path"]] = (row, file)
                    changed.append(file)
        for file in changed:
            self._refresh(file)

    def _watch(self):
        seen = None
        while True:
            request = {"command": "watch", "timeout_s": WATCH_S}
            if seen is not None:
                request["seen"] = seen
            try:
                status = ask(self._path, request, WATCH_S + ANSWER_S)
            except AgentError:
                self._forget()
                seen = None
                time.sleep(RETRY_S)
                continue
            if status != seen:
                seen = status
                self._ask_again(status["folder"])
            time.sleep(PAUSE_S)

    def _ask_again(self, folder):
        with self._lock:
            self.folder = folder
            self._wanted.update((path, None) for path in self._known if _inside(path, folder))
            self._lock.notify_all()

    def _forget(self):
        """Nobody knows any more how anything is: no emblem says so."""
        with self._lock:
            self.folder = None
            files = [file for row, file in self._known.values() if row is not None]
            self._known = OrderedDict((path, (None, file)) for path, (_, file) in self._known.items())
        for file in files:
            self._refresh(file)


def _inside(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


# Words


def language(environment):
    """Answers the language of the menu, as the command line chooses its own."""
    for name in ("GOVSYNC_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for text in environment.get(name, "").split(":"):
            tag = text.replace("_", "-").lower()
            if tag.startswith("ko"):
                return "ko"
            if tag.startswith("sr"):
                return "sr-Latn" if "latn" in tag or tag.endswith("@latin") else "sr-Cyrl"
            if tag:
                return "en"
    return "en"


def words(environment):
    """Answers the words of the menu."""
    every = json.loads(Path(__file__).with_name("govsync_words.json").read_text(encoding="utf-8"))
    return every[language(environment)]


# The file manager


def local_path(file):
    """Answers where a file of the file manager lies on the disk, None for what lies elsewhere."""
    parts = urlsplit(file.get_uri())
    return unquote(parts.path) if parts.scheme == "file" else None


def refresh(file):
    """Has the file manager ask for a file again, in its own thread."""
    GLib.idle_add(lambda: file.invalidate_extension_info() or False)


def give_way():
    """Lets the threads run. A file manager keeps Python's lock while it runs none of it, so they had no turn of their own; they
    wait for the agent, not for the processor, and need a moment only."""
    time.sleep(GIVEN_S)
    return True


def copy(text):
    """Puts a text into the clipboard; raises ValueError or ImportError where gi does not know the one of this file manager."""
    gi.require_version("Gdk", GTK)
    from gi.repository import Gdk

    if GTK == "4.0":
        Gdk.Display.get_default().get_clipboard().set(text)
        return
    gi.require_version("Gtk", GTK)
    from gi.repository import Gtk

    clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
    clipboard.set_text(text, -1)
    clipboard.store()


def hand_over(url):
    """Puts a link into the clipboard; where there is none to be had, the window lists it."""
    try:
        copy(url)
    except (ImportError, ValueError):
        open_window("--page", "sharing")


def open_window(*arguments):
    """Opens GovSync's window, without waiting for it."""
    program = os.environ.get("GOVSYNC_COMMAND") or shutil.which("govsync")
    if program:
        child = subprocess.Popen([program, "app", *arguments], start_new_session=True)
        threading.Thread(target=child.wait, daemon=True).start()


class GovSyncExtension(GObject.GObject, Manager.InfoProvider, Manager.MenuProvider):
    """Emblems and verbs."""

    def __init__(self):
        super().__init__()
        self._socket = control_socket(os.environ)
        self._words = words(os.environ)
        self.desk = Desk(self._socket, refresh)
        GLib.timeout_add(TURN_MS, give_way)

    def update_file_info(self, file):
        """As the file manager asks it."""
        path = local_path(file)
        row = None if path is None else self.desk.look(path, file)
        if row is not None and row["state"] in EMBLEMS:
            file.add_emblem(EMBLEMS[row["state"]])
            if row["shared"]:
                file.add_emblem(SHARED)
        return Manager.OperationResult.COMPLETE

    def get_file_items(self, *arguments):
        """As the file manager asks it; older ones name the window first."""
        files = arguments[-1]
        path = local_path(files[0]) if len(files) == 1 else None
        row = None if path is None else self.desk.row(path)
        if row is None or row["state"] == "none":
            return []
        return [self._item(verb, act) for verb, act in self._verbs(path, files[0].is_directory(), row)]

    def _verbs(self, path, folder, row):
        if row["state"] == "problem":
            yield "problems", lambda: open_window("--page", "problems")
        if folder:
            yield "share", lambda: open_window("--share", path)
        yield "link", lambda: threading.Thread(target=self._link, args=(path,), daemon=True).start()
        if folder:
            yield "earlier", lambda: open_window("--earlier", path)
        else:
            yield "versions", lambda: open_window("--versions", path)

    def _item(self, verb, act):
        item = Manager.MenuItem(
            name=f"GovSync::{verb}", label=f"GovSync: {self._words[verb]}", tip="", icon="govsync"
        )
        item.connect("activate", lambda *_: act())
        return item

    def _link(self, path):
        """Makes a link and puts it into the clipboard; where none can be made, the window says what there is."""
        try:
            url = ask(self._socket, {"command": "link_add", "path": path, "seconds": LINK_S})["url"]
        except AgentError:
            open_window("--page", "sharing")
            return
        GLib.idle_add(lambda: hand_over(url) or False)
