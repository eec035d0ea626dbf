"""What a program or library of ELF needs: names of libraries, and which glibc. Read from the file, so that no tool is asked.

Source: System V ABI, chapters 4 and 5, of which the 64-bit little-endian form is read.
"""

import re
import struct
from pathlib import Path

_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRTAB, _END = 1, 5, 0
_GLIBC = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?\0")


def is_elf(file: Path) -> bool:
    """Says whether a file is a program or a library."""
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(5) == b"\x7fELF\x02"


def needed(data: bytes) -> list[str]:
    """Answers the libraries that it names, in its order."""
    (start,) = struct.unpack_from("<Q", data, 0x20)
    size, count = struct.unpack_from("<HH", data, 0x36)
    segments = [struct.unpack_from("<IIQQQQ", data, start + size * number) for number in range(count)]
    loads = [(address, offset, length) for kind, _, offset, address, _, length in segments if kind == _LOAD]
    names, strings = list[int](), 0
    for kind, _, offset, _, _, length in segments:
        if kind != _DYNAMIC:
            continue
        for tag, value in struct.iter_unpack("<QQ", data[offset : offset + length - length % 16]):
            if tag == _END:
                break
            if tag == _NEEDED:
                names.append(value)
            elif tag == _STRTAB:
                strings = _offset(value, loads)
    return [_text(data, strings + name) for name in names]


def glibc(data: bytes) -> tuple[int, int]:
    """Answers the newest version of glibc whose functions it names."""
    return max(((int(major), int(minor)) for major, minor in _GLIBC.findall(data)), default=(2, 0))


def _offset(address: int, loads: list[tuple[int, int, int]]) -> int:
    for begins, offset, length in loads:
        if begins <= address < begins + length:
            return offset + address - begins
    raise ValueError("the table of names is in no segment")


def _text(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()
