"""What a package of the Windows Installer says of itself: its number and times, which wixl makes up, put to what follows from the content.

Source: Microsoft's [MS-OLEPS], property sets, of which the one of installers (PIDSI_REVNUMBER, PIDSI_CREATE_DTM, PIDSI_LASTSAVE_DTM)
is read where it lies in the file: it is short, and so lies in one piece.
"""

import hashlib
import struct
import uuid
from pathlib import Path

from packages.release import Refused

_FORM = uuid.UUID("f29f85e0-4ff9-1068-ab91-08002b27b3d9").bytes_le
"""The number of that kind of property sets."""
_NUMBER, _CREATED, _SAVED = 9, 12, 13
_TEXT, _TIME = 30, 64
"""Kinds of values."""
_BEFORE_1970 = 11_644_473_600
"""Seconds from 1601, with which times of Windows begin."""


def settle(file: Path, epoch: int) -> None:
    """Has a package say that it was made at `epoch`, and bear a number that follows from all else that is in it.

    Two packages that differ have to have two numbers, or Windows takes one for the other; two that are the same have one."""
    data = bytearray(file.read_bytes())
    places = _places(data)
    moment = struct.pack("<Q", (epoch + _BEFORE_1970) * 10_000_000)
    for each in (_CREATED, _SAVED):
        _put(data, places[each], _TIME, moment)
    _put(data, places[_NUMBER], _TEXT, f"{{{uuid.UUID(int=0)}}}".encode())
    number = uuid.UUID(bytes=hashlib.sha256(data).digest()[:16], version=4)
    _put(data, places[_NUMBER], _TEXT, f"{{{number}}}".upper().encode())
    file.write_bytes(data)


def number(data: bytes) -> str:
    """Answers the number that a package bears."""
    place = _places(data)[_NUMBER] + 8
    return data[place : data.index(b"\0", place)].decode("ascii")


def _places(data: bytes) -> dict[int, int]:
    """Answers where the values of properties lie."""
    found = data.find(_FORM)
    if found < 0 or data.find(_FORM, found + 1) >= 0:
        raise Refused("the package says nothing of itself, or twice")
    (offset,) = struct.unpack_from("<I", data, found + 16)
    begins = found - 28 + offset
    _, count = struct.unpack_from("<II", data, begins)
    pairs = struct.iter_unpack("<II", data[begins + 8 : begins + 8 + 8 * count])
    places = {number: begins + at for number, at in pairs}
    if not {_NUMBER, _CREATED, _SAVED} <= places.keys():
        raise Refused("the package does not say its number and times")
    return places


def _put(data: bytearray, place: int, kind: int, value: bytes) -> None:
    (found,) = struct.unpack_from("<I", data, place)
    start = place + 4 + (4 if kind == _TEXT else 0)
    if found != kind or (kind == _TEXT and data[start + len(value)] != 0):
        raise Refused("a number or a time of the package has another form than it had")
    data[start : start + len(value)] = value
