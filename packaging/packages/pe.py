"""What a program or library of Windows needs, and whether it is signed. Read from the file, so that no tool is asked.

Source: Microsoft's PE Format, of which the 64-bit form (PE32+) is read.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

_SUFFIXES = (".dll", ".exe", ".pyd")
_PE32_PLUS = 0x20B
_IMPORTS, _SIGNATURE, _DELAYED = 1, 4, 13
"""Which entries of the table of directories."""
_IMPORT_BYTES, _DELAYED_BYTES, _SECTION_BYTES = 20, 32, 40


def is_pe(file: Path) -> bool:
    """Says whether a file is a program or a library."""
    return file.suffix.lower() in _SUFFIXES and file.is_file()


def needed(data: bytes) -> list[str]:
    """Answers the libraries that it names, in its order: first those that are there at once, then those that it asks for later.

    Raises ValueError for what is no 64-bit program of Windows."""
    image = _Image(data)
    return [*image.names(_IMPORTS, _IMPORT_BYTES, 12), *image.names(_DELAYED, _DELAYED_BYTES, 4)]


def is_signed(data: bytes) -> bool:
    """Says whether somebody has signed it; not whether that holds."""
    return _Image(data).directory(_SIGNATURE) != (0, 0)


class _Image:
    """The headers of a file: its directories, and where its sections lie in it."""

    def __init__(self, data: bytes) -> None:
        try:
            (start,) = struct.unpack_from("<I", data, 0x3C)
            count, size = struct.unpack_from("<H12xH", data, start + 6)
            (magic,) = struct.unpack_from("<H", data, start + 24)
        except struct.error as error:
            raise ValueError("no program of Windows") from error
        if data[start : start + 4] != b"PE\0\0" or magic != _PE32_PLUS:
            raise ValueError("no 64-bit program of Windows")
        self._data, self._directories = data, start + 24 + 112
        first = start + 24 + size
        self._sections = [
            struct.unpack_from("<8xIIII", data, first + _SECTION_BYTES * number) for number in range(count)
        ]

    def directory(self, number: int) -> tuple[int, int]:
        """Answers where a directory begins, and its length."""
        found: tuple[int, int] = struct.unpack_from("<II", self._data, self._directories + 8 * number)
        return found

    def names(self, number: int, entry: int, at: int) -> Iterator[str]:
        """Yields the names of libraries in a directory of entries of one size, which have the name's place at an offset."""
        address, _ = self.directory(number)
        if address == 0:
            return
        offset = self._offset(address)
        while any(found := self._data[offset : offset + entry]):
            (name,) = struct.unpack_from("<I", found, at)
            place = self._offset(name)
            yield self._data[place : self._data.index(b"\0", place)].decode("ascii")
            offset += entry

    def _offset(self, address: int) -> int:
        for length, begins, kept, offset in self._sections:
            if begins <= address < begins + max(length, kept):
                return offset + address - begins
        raise ValueError("the table of names is in no section")
