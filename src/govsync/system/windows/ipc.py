"""The named pipe between a person's programs and the agent, which no other person and no other machine can open.

The file at the path holds the pipe's name, which is drawn once for a home and anew where somebody else has a pipe of that name.
What may open the pipe is said when it is made, and the kernel keeps to it (`persons.only_for`, PIPE_REJECT_REMOTE_CLIENTS), so
who has come in is the same person. Who connects looks at the owner of what was reached before a word is said, and lets nobody act in its
name (SECURITY_IDENTIFICATION). Handles are for overlapped use: with a limit of time here, or handed to Qt.
"""

import ctypes
import re
import sys
import threading
from collections.abc import Callable
from ctypes import wintypes
from pathlib import Path
from typing import Any, Self

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.durable import private_folder, replace_file
from govsync.system.failures import attempt
from govsync.system.windows import kernel, persons
from govsync.system.windows.kernel import KERNEL, Event, UnderWay, failed, function

assert sys.platform == "win32"

_NAME = re.compile(r"\\\\\.\\pipe\\govsync-[0-9a-f]{32}")
_MOST_NAME_BYTES = 200
_BOTH_WAYS, _FIRST_OF_ITS_NAME = 0x3, 0x0008_0000
_BYTES_FROM_HERE = 0x0 | 0x8
"""PIPE_TYPE_BYTE, PIPE_REJECT_REMOTE_CLIENTS."""
_MOST_INSTANCES = 255
_ROOM_BYTES = 1 << 16
_WAITING = 16
"""So many may come in at the same moment; who comes then waits for the next to be let in."""
_READ_AND_WRITE = 0xC000_0000
_ONLY_IDENTIFIED = 0x0010_0000 | 0x0001_0000
"""SECURITY_SQOS_PRESENT, SECURITY_IDENTIFICATION."""
_TRIES = 50
_PIECE_BYTES = 1 << 20
_GONE = (kernel.BROKEN_PIPE, kernel.NO_DATA, kernel.NOT_CONNECTED)

_create = function(
    KERNEL, "CreateNamedPipeW", wintypes.HANDLE, wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD,
    wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, wintypes.LPVOID,
)  # fmt: skip
_connect = function(KERNEL, "ConnectNamedPipe", wintypes.BOOL, wintypes.HANDLE, wintypes.LPVOID)
_wait_for = function(KERNEL, "WaitNamedPipeW", wintypes.BOOL, wintypes.LPCWSTR, wintypes.DWORD)
_read, _write = (
    function(
        KERNEL, name, wintypes.BOOL, wintypes.HANDLE, wintypes.LPVOID, wintypes.DWORD, wintypes.LPVOID, wintypes.LPVOID
    )
    for name in ("ReadFile", "WriteFile")
)  # fmt: skip


class Connection:
    """One end of a connection."""

    def __init__(self, handle: int, timeout_s: float | None = None) -> None:
        self._handle = handle
        self._timeout_s = timeout_s

    def settimeout(self, timeout_s: float | None) -> None:
        """Says how long `recv` and each piece of `sendall` may take; None: any time."""
        self._timeout_s = timeout_s

    def recv(self, most_bytes: int) -> bytes:
        """Answers what has come, at least one byte, or none where the other end is closed and nothing is left; raises
        TimeoutError, OSError."""
        room = ctypes.create_string_buffer(most_bytes)
        try:
            count = self._carry_out(lambda place: _read(self._handle, room, most_bytes, None, place))
        except OSError as error:
            if error.winerror in _GONE:
                return b""
            raise
        return ctypes.string_at(room, count)

    def sendall(self, data: bytes) -> None:
        """Returns when all of it was handed over; raises TimeoutError, ConnectionError, OSError."""
        rest = data
        while rest:
            piece = rest[:_PIECE_BYTES]
            try:
                count = self._carry_out(self._writing(piece))
            except OSError as error:
                if error.winerror in _GONE:
                    raise BrokenPipeError(error.errno, error.strerror) from error
                raise
            rest = rest[count:]

    def _writing(self, piece: bytes) -> Callable[[Any], int]:
        return lambda place: int(_write(self._handle, piece, len(piece), None, place))

    def _carry_out(self, call: Callable[[Any], int]) -> int:
        with UnderWay(self._handle) as under_way:
            under_way.begin(call)
            if kernel.first_of((under_way.ended,), kernel.milliseconds(self._timeout_s)) is not None:
                return under_way.end()
            count = under_way.give_up()
            if count is None:
                raise TimeoutError
            return count

    def owner(self) -> str:
        """Answers who made the pipe."""
        return persons.owner(self._handle)

    def access(self) -> str:
        """Answers who made the pipe and who may open it, as a text."""
        return persons.access(self._handle)

    def detach(self) -> int:
        """Answers the handle, which is the caller's to close from now on."""
        handle, self._handle = self._handle, 0
        return handle

    def close(self) -> None:
        """Ends the connection; what was sent can still be read at the other end."""
        handle = self.detach()
        if handle:
            kernel.close_handle(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Instance:
    """One instance of the pipe, which waits for somebody to come in."""

    def __init__(self, name: str, is_first: bool) -> None:
        descriptor = persons.only_for(persons.own())
        try:
            access = _BOTH_WAYS | kernel.FILE_FLAG_OVERLAPPED | (_FIRST_OF_ITS_NAME if is_first else 0)
            handle = _create(
                name, access, _BYTES_FROM_HERE, _MOST_INSTANCES, _ROOM_BYTES, _ROOM_BYTES, 0,
                ctypes.byref(descriptor.attributes),
            )  # fmt: skip
            if handle == kernel.INVALID_HANDLE:
                raise failed()
        finally:
            descriptor.close()
        self._connection = Connection(handle)
        self._handle: int = handle
        self._waiting = UnderWay(handle)
        self._is_begun = False

    @property
    def come(self) -> Event:
        """Happens when somebody has come in."""
        return self._waiting.ended

    def begin(self) -> None:
        """Begins to wait; on the thread that goes on to wait, since the system ends what a thread began with the thread."""
        if self._is_begun:
            return
        self._is_begun = True
        try:
            self._waiting.begin(lambda place: _connect(self._handle, place))
        except OSError as error:
            if error.winerror not in (kernel.CONNECTED, kernel.NO_DATA):
                raise
            self.come.happen()  # Somebody came before; and perhaps has said what there was to say, and left.

    def taken(self) -> Connection:
        """Answers the connection to who has come."""
        self._waiting.close()
        return self._connection

    def close(self) -> None:
        """Lets nobody in."""
        self._waiting.close()
        self._connection.close()


class Listening:
    """Where connections come in."""

    def __init__(self, name: str) -> None:
        """Raises OSError where a pipe of that name is there."""
        self._name = name
        self._closing = Event()
        self._accepting = threading.Lock()
        self._instances = [_Instance(name, is_first=True)]
        self._is_closed = False

    def accept(self) -> tuple[Connection, str]:
        """Waits for the next connection; raises OSError when the listening has ended."""
        with self._accepting:
            while not self._is_closed and len(self._instances) < _WAITING:
                self._instances.append(_Instance(self._name, is_first=False))
            for instance in self._instances:
                instance.begin()
            come = (
                0
                if self._is_closed
                else kernel.first_of((self._closing, *(each.come for each in self._instances)))
            )
            if not come:
                raise ConnectionAbortedError
            return self._instances.pop(come - 1).taken(), self._name

    def close(self) -> None:
        """Ends the listening; who waits in `accept` is woken by an OSError."""
        if self._is_closed:
            return
        self._is_closed = True
        self._closing.happen()
        with self._accepting:
            for instance in self._instances:
                instance.close()
            self._instances.clear()
            self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def listen(path: Path) -> Listening:
    """Listens at a path; the caller holds the home's lock, so a name that is left there is this home's."""
    private_folder(path.parent)
    known = _name_at(path)
    with attempt("listen"):
        if known is not None:
            try:
                return Listening(known)
            except OSError as error:
                if error.winerror not in (kernel.NO_ACCESS, kernel.PIPE_BUSY):
                    raise  # Else somebody else has a pipe of this name: another one, then.
        name = rf"\\.\pipe\govsync-{kernel.unheard_of()}"
        listening = Listening(name)
    try:
        replace_file(path, name.encode())
    except BaseException:
        listening.close()
        raise
    return listening


def close(listening: Listening, path: Path) -> None:
    """Ends the listening; who waits in `accept` is woken by an OSError. The name stays for the next one."""
    del path
    listening.close()


def is_own(connection: Connection) -> bool:
    """Says whether the other end is the same person: who made the pipe, for one who came; the kernel lets no other come."""
    return connection.owner() == persons.own()


def connect(path: Path, timeout_s: float | None) -> Connection:
    """Connects to the person's agent; raises Failure(agent_not_running), or Failure(timed_out) where it is there and
    has no time."""
    name = _name_at(path)
    if name is None:
        raise Failure(Code.AGENT_NOT_RUNNING)
    connection = Connection(_reached(name, timeout_s), timeout_s)
    try:
        own = is_own(connection)
    except OSError as error:
        connection.close()
        raise Failure(Code.AGENT_NOT_RUNNING) from error
    if not own:
        connection.close()
        raise Failure(Code.AGENT_NOT_RUNNING)
    return connection


def _reached(name: str, timeout_s: float | None) -> int:
    for _ in range(_TRIES):
        try:
            return kernel.open_handle(
                name, _READ_AND_WRITE, 0, kernel.FILE_FLAG_OVERLAPPED | _ONLY_IDENTIFIED
            )
        except OSError as error:
            if error.winerror != kernel.PIPE_BUSY:
                raise Failure(Code.AGENT_NOT_RUNNING) from error
        # 0 would be the time that the pipe's maker has set.
        if timeout_s == 0 or not _wait_for(name, kernel.milliseconds(timeout_s)):
            break
    raise Failure(Code.TIMED_OUT)


def _name_at(path: Path) -> str | None:
    """Answers the name that a path holds, if that is one."""
    try:
        with path.open("rb") as file:
            name = file.read(_MOST_NAME_BYTES).decode(errors="replace")
    except OSError:
        return None  # No agent has listened there yet, or not for this person.
    return name if _NAME.fullmatch(name) else None
