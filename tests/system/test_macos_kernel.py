"""What macOS' structures say, byte by byte, and which of its calls is asked; and that a Mac would be asked in macOS' way."""

import ctypes
import errno
import os
import socket
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

import pytest

from govsync.system import linux
from govsync.system.macos import kernel, libsystem, machine
from govsync.system.posix import ipc
from tests.system import libsystem as likeness


@pytest.fixture
def mac(monkeypatch):
    return likeness.on(monkeypatch)


def tells(monkeypatch, name: str, structure: bytes) -> None:
    """Has a call, whose room is its last argument but for flags, answer a structure."""

    def call(*arguments: object) -> int:
        (room,) = (each for each in arguments if isinstance(each, ctypes.Array))
        assert ctypes.sizeof(room) >= len(structure), "it would be written past its end"
        ctypes.memmove(room, structure, len(structure))
        return 0

    monkeypatch.setitem(libsystem.SYSTEM.__dict__, name, call)


# ---- structures ----


@pytest.mark.parametrize(
    ("seconds", "nanoseconds", "born_ns"),
    [(1_700_000_000, 123_456_789, 1_700_000_000_123_456_789), (-1, 999_999_999, -1), (0, 1, 1), (0, 0, None)],
)
def test_inode_and_birth_time_lie_at_bytes_8_and_80_of_144(monkeypatch, seconds, nanoseconds, born_ns):
    """sys/stat.h: what comes before the inode are device, mode and links; before the birth, three other times."""
    structure = bytearray(b"\xee" * 144)
    structure[8:16] = (0xFEDC_BA98_7654_3210).to_bytes(8, "little")
    structure[80:88] = seconds.to_bytes(8, "little", signed=True)
    structure[88:96] = nanoseconds.to_bytes(8, "little")
    tells(monkeypatch, "fstatat", bytes(structure))
    assert kernel.birth(3, "a") == (0xFEDC_BA98_7654_3210, born_ns)


@pytest.mark.parametrize(
    ("kind", "flags", "network", "numbered"),
    [
        (b"apfs", 0x1000, None, True),
        (b"hfs", 0x1000, None, True),
        (b"exfat", 0x1000, None, False),
        (b"msdos", 0x1000, None, False),
        (b"a kind to come", 0x1000, None, False),
        (b"smbfs", 0, "smbfs", False),
        (b"nfs", 0x0FFF_EFFF, "nfs", False),
        (b"hfs", 0, "hfs", False),
        (b"macfuse", 0x1000, "macfuse", False),
        (b"osxfuse", 0xFFFF_FFFF, "osxfuse", False),
        (b"fifteen letters", 0, "fifteen letters", False),
    ],
)
def test_flags_and_kind_of_a_file_system_lie_at_bytes_64_and_72_of_2168(
    monkeypatch, kind, flags, network, numbered
):
    """sys/mount.h; MNT_LOCAL is 0x1000."""
    structure = bytearray(b"\xee" * 2168)
    structure[64:68] = flags.to_bytes(4, "little")
    structure[72:88] = kind.ljust(16, b"\0")
    tells(monkeypatch, "fstatfs", bytes(structure))
    assert (kernel.network_kind(3), kernel.keeps_numbers(3)) == (network, numbered)


@pytest.mark.parametrize(
    ("name", "at"), [("Report", 8), ("Report", 20), ("r\u00e9sum\u00e9", 8), ("\ub9d0" * 255, 8)]
)
def test_a_name_lies_as_far_from_byte_4_as_that_says(monkeypatch, name, at):
    """sys/attr.h, getattrlist(2): the length of all, then where the name lies and how long it is with its NUL."""
    said = name.encode() + b"\0"
    numbers = (4 + at + len(said), at, len(said))
    structure = b"".join(each.to_bytes(4, "little") for each in numbers) + b"\xee" * (at - 8) + said
    tells(monkeypatch, "getattrlistat", structure)
    assert kernel.stored_name(3, "asked") == name


def test_of_all_attributes_the_name_is_asked_for_and_no_link_is_followed(monkeypatch):
    """sys/attr.h: five groups, ATTR_CMN_NAME is the first bit of the first, FSOPT_NOFOLLOW is 1; NAME_MAX is 255."""
    asked = []
    monkeypatch.setitem(libsystem.SYSTEM.__dict__, "getattrlistat", lambda *of: asked.append(of) or 0)
    kernel.stored_name(3, "asked")
    ((folder, name, wanted, _, size, options),) = asked
    assert (folder, name, size, options) == (3, b"asked", 4 + 8 + 255 * 3 + 1, 1)
    assert wanted == b"\5\0\0\0\1\0\0\0" + bytes(16)


def test_no_name_that_is_asked_for_is_cut_short_at_a_nul(mac):
    with pytest.raises(ValueError, match="null"):
        kernel.stored_name(3, "a\0b")


@pytest.mark.parametrize(("told", "folds"), [(0, True), (1, False)])
def test_a_disk_says_whether_it_tells_case_apart(monkeypatch, told, folds):
    """sys/unistd.h: _PC_CASE_SENSITIVE is 11."""
    monkeypatch.setattr(os, "fpathconf", lambda descriptor, name: {(3, 11): told}[descriptor, name])
    assert kernel.folds(3) is folds


class Peer:
    """An end of a socket that tells who is at the other, as unix(4) of macOS has it."""

    def __init__(self, told: bytes | None) -> None:
        self.told = told

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        assert (level, option, size) == (
            0,
            1,
            76,
        )  # SOL_LOCAL, LOCAL_PEERCRED (sys/un.h), struct xucred (sys/ucred.h)
        if self.told is None:
            raise OSError(57, "not connected")  # ENOTCONN (sys/errno.h)
        return self.told


def credentials(uid: int, version: int = 0) -> bytes:
    return (
        version.to_bytes(4, "little")
        + uid.to_bytes(4, "little")
        + (2).to_bytes(2, "little")
        + b"\xee\xee"
        + (20).to_bytes(4, "little")
        + (12).to_bytes(4, "little")
        + bytes(14 * 4)
    )


@pytest.mark.parametrize(
    ("told", "uid"),
    [
        (credentials(501), 501),
        (credentials(0xFFFF_FFFE), 0xFFFF_FFFE),  # Nobody.
        (credentials(501, version=1), None),
        (credentials(501)[:-1], None),
        (b"", None),
        (None, None),
    ],
)
def test_who_is_at_the_other_end_is_told_by_the_kernel_or_not_at_all(told, uid):
    assert kernel.peer(Peer(told)) == uid


def test_a_peer_that_is_not_told_is_a_stranger(monkeypatch):
    monkeypatch.setattr(ipc, "kernel", kernel)
    monkeypatch.setattr(os, "getuid", lambda: 501)
    found = [
        ipc.is_own(Peer(each)) for each in (credentials(501), credentials(502), credentials(501, 1), None)
    ]
    assert found == [True, False, False, False]


# ---- the library ----


@pytest.mark.parametrize(
    ("there", "called"), [(("fstatat", "fstatat$INODE64"), "fstatat$INODE64"), (("fstatat",), "fstatat")]
)
def test_of_two_calls_that_of_wide_inodes_is_taken(monkeypatch, there, called):
    """As on Intel's processors, and as on Apple's (stat(2))."""

    def looked_up(_: ctypes.CDLL, name: str) -> SimpleNamespace:
        if name not in there:
            raise AttributeError(name)
        return SimpleNamespace(name=name)

    monkeypatch.setattr(ctypes.CDLL, "__getitem__", looked_up)
    library = libsystem.Library(None)
    assert library.fstatat.name == called
    assert library.fstatat.argtypes == list(likeness.DECLARED["fstatat"][1:])


def test_an_error_has_the_number_that_the_call_left(mac):
    with pytest.raises(FileNotFoundError):
        kernel.birth(kernel.AT_CWD, "missing")
    mac.refused_exchange = 45  # ENOTSUP
    with pytest.raises(OSError) as raised:
        kernel.rename_exchange(kernel.AT_CWD, "a", kernel.AT_CWD, "b")
    assert raised.value.errno == 45


def test_the_umask_is_seen_and_nobody_else_s_files_are_made_by_another(monkeypatch):
    before = os.umask(0o027)
    monkeypatch.setattr(os, "umask", None)
    try:
        assert kernel.umask() == 0o026  # Who may execute is no matter of data.
    finally:
        monkeypatch.undo()
        os.umask(before)


# ---- the socket ----


@pytest.fixture
def by_link(monkeypatch, tmp_path):
    """Sockets with macOS' addresses and Linux' knowledge of who is there; answers the folder for what passes."""
    passing = tmp_path / "t"
    passing.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(passing))
    mixed = SimpleNamespace(peer=linux.peer, socket_address=kernel.socket_address)
    monkeypatch.setattr(ipc, "kernel", mixed)
    return passing


def test_a_long_path_is_reached_through_a_link_that_is_gone_again(tmp_path, by_link):
    path = tmp_path.joinpath(*["a home with a rather long name, 50 letters at least"] * 3, "control")
    with ipc.listen(path) as listening, ipc.connect(path, 5) as caller:
        answerer, _ = listening.accept()
        with answerer:
            assert ipc.is_own(answerer)
            caller.sendall(b"question")
            assert answerer.recv(100) == b"question"
        assert path.is_socket()
        assert list(by_link.iterdir()) == []
        ipc.close(listening, path)
    assert not path.exists()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("letters", [103, 104])
def test_an_address_has_103_bytes_at_most(tmp_path, by_link, letters):
    """sys/un.h: sun_path has 104, of which a NUL is one. Bytes are what counts, not letters."""
    path = tmp_path / "폴더"
    path.mkdir()
    path /= "c" * (letters - len(os.fsencode(path)) - 1)
    with kernel.socket_address(path) as address:
        assert (address == str(path)) is (letters == 103)
        (path.parent / "seen").touch()
        assert os.path.samefile(os.path.dirname(address), path.parent)


def test_where_no_agent_is_none_is_found_and_no_link_stays(tmp_path, by_link):
    path = tmp_path / ("x" * 100) / "control"
    with pytest.raises(ipc.Failure) as raised:
        ipc.connect(path, 5)
    assert raised.value.code is ipc.Code.AGENT_NOT_RUNNING
    assert list(by_link.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOTCONN, errno.EIO])
def test_what_cannot_be_shut_down_is_closed_nevertheless(tmp_path, number):
    """On macOS what listens has no connection to shut down, and closing it wakes who waits."""
    closed = []

    def shutdown(how: int) -> None:
        assert how == socket.SHUT_RDWR
        raise OSError(number, "")

    listening = SimpleNamespace(shutdown=shutdown, close=lambda: closed.append(True))
    if number == errno.ENOTCONN:
        ipc.close(listening, tmp_path / "control")
    else:
        with pytest.raises(OSError, match=str(number)):
            ipc.close(listening, tmp_path / "control")
    assert closed == [True]


# ---- the machine ----


def test_a_machine_has_the_id_of_its_maker(mac):
    assert machine.own_id() == bytes(range(16))
    mac.uuid = bytes(16)
    assert machine.own_id() is None
    mac.uuid = None
    assert machine.own_id() is None


def test_a_machine_that_slept_ran(monkeypatch):
    """CLOCK_MONOTONIC counts sleep there (clock_gettime(3) of macOS)."""
    asked = {time.CLOCK_MONOTONIC: 7}
    monkeypatch.setattr(time, "clock_gettime_ns", asked.__getitem__)
    assert machine.running_ns() == 7


AS_ON_A_MAC = """
import ctypes, socket, subprocess, sys, tempfile
sys.platform = "darwin"
from govsync.system.macos.libsystem import SYSTEM
SYSTEM.__dict__["gethostuuid"] = lambda told, wait: ctypes.memmove(told, bytes(range(16)), 16) and 0
from govsync.system import machine, process
from govsync.system.disk import DiskFileSystem, ignore_lease_signals
from govsync.system.durable import replace_file
from govsync.system.ipc import listen
from govsync.system.macos import kernel
from govsync.system.posix import disk, files, ipc
assert disk.kernel is files.kernel is ipc.kernel is process.kernel is kernel
assert "govsync.system.linux" not in sys.modules
process.hold_little()
ignore_lease_signals()
assert machine.machine_id() == machine._hashed(bytes(range(16)))
assert machine.running_ns() > 0
"""


def test_a_mac_would_be_asked_in_macos_way():
    subprocess.run([sys.executable, "-c", AS_ON_A_MAC], check=True)
