"""GovSync in the file manager: emblems beside names, and verbs in the menu, for Nautilus, Nemo and Caja.

It runs inside the file manager, under the system's Python, so it knows nothing but the standard library, `gi` and the agent's
control socket (docs/file-manager.md). It never makes the file manager wait: what is asked for a name is answered from what is
known already. It has no thread, which would have no turn while the file manager holds Python's lock: the file manager's own
loop watches the sockets, and wakes it when the agent has said something.
"""

import json
import os
import shutil
import socket
import struct
import subprocess
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
PAUSE_MS = 500
"""Between two looks: a desk at work changes at every moment, an eye does not follow."""
RETRY_MS = 5_000
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


class Call:
    """One request to the agent, and its answer, as the loop of the file manager finds time; nothing here waits.

    `then` is called with the value, or `otherwise` with the code of what went wrong; one of them, once.
    """

    def __init__(self, path, request, then, otherwise, timeout_s):
        self._then, self._otherwise = then, otherwise
        body = json.dumps(request).encode()
        self._unsent, self._came = _LENGTH.pack(len(body)) + body, bytearray()
        self._sources = [GLib.timeout_add(timeout_s * 1000, self._late)]
        self._connection = None
        try:
            self._connection = _connect(path)
        except OSError:
            # Told later, like every other end: who asks is in the middle of something.
            self._sources.append(GLib.idle_add(self._fail, "agent_not_running"))
            return
        for condition, act in ((GLib.IOCondition.OUT, self._send), (GLib.IOCondition.IN, self._read)):
            watched = condition | GLib.IOCondition.HUP | GLib.IOCondition.ERR
            self._sources.append(
                GLib.io_add_watch(self._connection.fileno(), GLib.PRIORITY_DEFAULT, watched, act)
            )

    def _send(self, *_):
        try:
            sent = self._connection.send(self._unsent)
        except BlockingIOError:
            return True
        except OSError:
            return self._fail("agent_not_running")
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            del self._sources[1]  # It ends by itself, as this answers.
        return bool(self._unsent)

    def _read(self, *_):
        try:
            data = self._connection.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self._came += data
        if not data:
            return self._fail("agent_not_running")
        end = _LENGTH.size + _LENGTH.unpack_from(self._came)[0] if len(self._came) >= _LENGTH.size else None
        if end is None or len(self._came) < end:
            return True
        try:
            reply = json.loads(self._came[_LENGTH.size : end])
        except ValueError:
            return self._fail("agent_differs")
        if reply.get("code"):
            return self._fail(reply["code"])
        self._end()
        self._then(reply.get("value"))
        return False

    def _late(self):
        return self._fail("timed_out")

    def _fail(self, code):
        self._end()
        self._otherwise(code)
        return False

    def _end(self):
        for source in self._sources:
            GLib.source_remove(source)
        self._sources.clear()
        if self._connection is not None:
            self._connection.close()


def _connect(path):
    """Answers a connection to the agent that never blocks; raises OSError where there is none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:  # A short address for a path of any length.
            connection.connect(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
    except OSError:
        connection.close()
        raise
    return connection


class Desk:
    """What is known of the files that are looked at, kept up to date as long as there are any."""

    def __init__(self, path):
        self._path = path
        self._known = OrderedDict()
        """What each path is, and the file that the file manager has for it; the one that was looked at last is the last."""
        self._wanted = OrderedDict()
        self._asking = False
        self._seen = None
        self.folder = None
        self._watch()

    def look(self, path, file):
        """Answers how a path is, as far as that is known (None: not yet, or not ours), and has it asked for."""
        if self.folder is None or not _inside(path, self.folder):
            if self.folder is None:
                self._keep(path, None, file)
            return None
        row = self.row(path)
        self._keep(path, row, file)
        if row is None:
            self._want([path])
        return row

    def row(self, path):
        """Answers how a path is, without asking."""
        return self._known.get(path, (None, None))[0]

    def _keep(self, path, row, file):
        self._known[path] = (row, file)
        self._known.move_to_end(path)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _want(self, paths):
        """Has paths asked for, together with what else is wanted before the loop turns."""
        self._wanted.update((path, None) for path in paths)
        if self._wanted and not self._asking:
            self._asking = True
            GLib.idle_add(self._ask)

    def _ask(self):
        asked = [self._wanted.popitem(last=False)[0] for _ in range(min(len(self._wanted), MOST_ASKED))]
        if asked:
            request = {"command": "paths", "paths": asked}
            Call(self._path, request, self._take, lambda _: self._miss(asked), ANSWER_S)
        else:
            self._asking = False
        return False

    def _take(self, rows):
        for row in rows:
            before, file = self._known.get(row["path"], (None, None))
            if file is not None and row != before:
                self._known[row["path"]] = (row, file)
                file.invalidate_extension_info()
        self._ask()

    def _miss(self, asked):
        """Asks again, a little later; not where there is no agent: when one is there, all that is known is asked for."""
        if self.folder is not None:
            self._wanted.update((path, None) for path in asked)
        GLib.timeout_add(RETRY_MS, self._ask)

    def _watch(self):
        request = {"command": "watch", "timeout_s": WATCH_S}
        if self._seen is not None:
            request["seen"] = self._seen
        Call(self._path, request, self._saw, self._lost, WATCH_S + ANSWER_S)
        return False

    def _saw(self, status):
        if status != self._seen:
            self._seen, self.folder = status, status["folder"]
            self._want([path for path in self._known if _inside(path, self.folder)])
        GLib.timeout_add(PAUSE_MS, self._watch)

    def _lost(self, _):
        """Nobody knows any more how anything is: no emblem says so."""
        self._seen = self.folder = None
        files = [file for row, file in self._known.values() if row is not None]
        self._known = OrderedDict((path, (None, file)) for path, (_, file) in self._known.items())
        for file in files:
            file.invalidate_extension_info()
        GLib.timeout_add(RETRY_MS, self._watch)


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
        begin(program, "app", *arguments)


def browse(address):
    """Opens an address in the browser; where nothing does that, the window says how the desk is."""
    program = shutil.which("xdg-open")
    if program:
        begin(program, address)
    else:
        open_window()


def begin(*command):
    """Starts a program, without waiting for it."""
    child = subprocess.Popen(command, start_new_session=True)
    GLib.child_watch_add(GLib.PRIORITY_DEFAULT, child.pid, lambda *_: child.poll())


class GovSyncExtension(GObject.GObject, Manager.InfoProvider, Manager.MenuProvider):
    """Emblems and verbs."""

    def __init__(self):
        super().__init__()
        self._socket = control_socket(os.environ)
        self._words = words(os.environ)
        self.desk = Desk(self._socket)

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
        yield "link", lambda: self._link(path)
        yield "web", lambda: self._web(path)
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
        request = {"command": "link_add", "path": path, "seconds": LINK_S}
        Call(
            self._socket,
            request,
            lambda link: hand_over(link["url"]),
            lambda _: open_window("--page", "sharing"),
            ANSWER_S,
        )

    def _web(self, path):
        """Shows it on the server's page; what is not there yet has none, and the window says what is on its way."""
        request = {"command": "web_address", "path": path}
        Call(self._socket, request, browse, lambda _: open_window(), ANSWER_S)
