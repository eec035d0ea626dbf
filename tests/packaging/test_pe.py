"""What a library of Windows needs is read from it as the loader reads it."""

import struct

import pytest

from packages import pe

SECTION_AT, SECTION_BYTES = 0x400, 0x400
ADDRESS = 0x1000


def library(at_once=(), later=(), signed=False):
    """A 64-bit library that names others, laid out as Microsoft's PE Format says."""
    names, body = {}, bytearray(SECTION_BYTES)
    end = 0x200
    for name in (*at_once, *later):
        names[name] = ADDRESS + end
        body[end : end + len(name) + 1] = name.encode() + b"\0"
        end += len(name) + 1
    for number, name in enumerate(at_once):
        struct.pack_into("<IIIII", body, 20 * number, 1, 0, 0, names[name], 1)
    for number, name in enumerate(later):
        struct.pack_into("<IIIIIIII", body, 0x100 + 32 * number, 1, names[name], 0, 0, 0, 0, 0, 0)
    directories = [(0, 0)] * 16
    if at_once:
        directories[1] = (ADDRESS, 20 * len(at_once))
    if later:
        directories[13] = (ADDRESS + 0x100, 32 * len(later))
    if signed:
        directories[4] = (0x800, 8)
    optional = struct.pack("<H110x", 0x20B) + b"".join(struct.pack("<II", *each) for each in directories)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    head = head.ljust(0x80, b"\0") + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0)
    section = struct.pack("<8sIIII16x", b".rdata", SECTION_BYTES, ADDRESS, SECTION_BYTES, SECTION_AT)
    return (head + optional + section).ljust(SECTION_AT, b"\0") + bytes(body)


def test_a_library_names_what_it_needs_at_once_and_what_it_asks_for_later():
    data = library(["KERNEL32.dll", "Qt6Core.dll"], ["d3d9.dll"])
    assert pe.needed(data) == ["KERNEL32.dll", "Qt6Core.dll", "d3d9.dll"]
    assert pe.needed(library()) == []


def test_a_signature_is_seen():
    assert pe.is_signed(library(signed=True))
    assert not pe.is_signed(library())


@pytest.mark.parametrize(
    "data", [b"", b"MZ", b"\x7fELF" * 100, library()[:0x90], library().replace(b"\x0b\x02", b"\x0b\x01", 1)]
)
def test_what_is_no_library_of_64_bits_is_told(data):
    with pytest.raises(ValueError, match="no"):
        pe.needed(data)


def test_a_name_outside_of_every_section_is_told():
    with pytest.raises(ValueError, match="section"):
        pe.needed(library(["KERNEL32.dll"]).replace(struct.pack("<I", ADDRESS), struct.pack("<I", 0x9000), 1))


def test_programs_and_libraries_are_known_by_their_names(tmp_path):
    for name in ("a.dll", "b.EXE", "c.pyd", "d.py"):
        (tmp_path / name).touch()
    assert {each.name for each in tmp_path.iterdir() if pe.is_pe(each)} == {"a.dll", "b.EXE", "c.pyd"}
