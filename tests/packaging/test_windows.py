"""The folder of the desk for Windows is whole: what it needs is in it or on every Windows, and somebody has signed each program."""

import shutil
import struct

import pytest

from packages import icon, pe, programs, signing, windows
from packages.release import Refused
from tests.packaging.conftest import RELEASE
from tests.packaging.test_pe import library
from tests.project.sources import ROOT

SOURCES = ROOT / "packaging" / "windows"
ART = ROOT / "src" / "govsync" / "desktop" / "art" / "govsync.svg"

needs_compiler = pytest.mark.skipif(
    shutil.which(programs.COMPILER) is None, reason="packaging/install-wine.sh"
)
needs_signing = pytest.mark.skipif(
    shutil.which(signing.TOOL) is None, reason="packaging/install-windows-tools.sh"
)


def test_a_library_that_is_neither_inside_nor_of_windows_ends_the_build(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.pyd").write_bytes(
        library(["KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "INSIDE.dll"])
    )
    (tmp_path / "inside.dll").write_bytes(library())
    windows.check(tmp_path)
    (tmp_path / "inside.dll").write_bytes(library([], ["oci.dll"]))
    with pytest.raises(Refused, match=r"oci\.dll \(for inside\.dll\)"):
        windows.check(tmp_path)


def test_what_its_makers_signed_keeps_their_signature(tmp_path):
    (tmp_path / "theirs.dll").write_bytes(library(signed=True))
    (tmp_path / "ours.exe").write_bytes(library())
    (tmp_path / "text.py").touch()
    assert windows.unsigned(tmp_path.iterdir()) == [tmp_path / "ours.exe"]


def test_the_icon_has_each_size_and_says_where_it_lies(tmp_path):
    file = tmp_path / "govsync.ico"
    icon.write(ART, file)
    data = file.read_bytes()
    assert struct.unpack_from("<HHH", data) == (0, 1, len(icon.SIZES))
    for number, size in enumerate(icon.SIZES):
        width, height, *_, length, offset = struct.unpack_from("<BBBBHHII", data, 6 + 16 * number)
        picture = data[offset : offset + length]
        assert (width or 256, height or 256) == (size, size)
        assert picture.startswith(b"\x89PNG")
        assert struct.unpack_from(">II", picture, 16) == (size, size)


def program(name, work):
    work.mkdir()
    icon.write(ART, work / "govsync.ico")
    return programs.make(name, SOURCES, RELEASE, "python313.dll", work / "govsync.ico", work)


@needs_compiler
@pytest.mark.parametrize("name", programs.PROGRAMS)
def test_a_program_of_our_own_is_the_same_each_time_and_needs_windows_alone(tmp_path, name):
    data = program(name, tmp_path / "one").read_bytes()
    assert data == program(name, tmp_path / "two").read_bytes()
    assert all(each.lower() in windows._OF_WINDOWS or each.startswith("api-ms-") for each in pe.needed(data))
    for text in (RELEASE.python, name, "asInvoker", "longPathAware"):
        assert text.encode() in data or text.encode("utf-16-le") in data, text


@needs_compiler
@needs_signing
def test_a_signed_program_is_whole_and_one_that_was_changed_is_not(tmp_path):
    signer, file = signing.of_nobody(tmp_path / "try"), program(programs.COMMAND, tmp_path / "work")
    assert signing.of_nobody(tmp_path / "try") == signer
    unsigned = file.read_bytes()
    signer.sign(file, RELEASE.epoch)
    assert pe.is_signed(file.read_bytes())
    assert signing.verify(file, signer.certificate)
    other = signing.of_nobody(tmp_path / "other")
    assert not signing.verify(file, other.certificate)
    first, changed = file.read_bytes(), bytearray(file.read_bytes())
    changed[0x500] ^= 1
    file.write_bytes(changed)
    assert not signing.verify(file, signer.certificate)
    file.write_bytes(unsigned)
    signer.sign(file, RELEASE.epoch)
    assert file.read_bytes() == first


def test_whoever_publishes_names_certificate_and_key(tmp_path):
    assert signing.named({}) is None
    for name in ("a.pem", "a.key"):
        (tmp_path / name).touch()
    both = {"SIGN_CERT": str(tmp_path / "a.pem"), "SIGN_KEY": str(tmp_path / "a.key")}
    assert signing.named(both) == signing.Signer(tmp_path / "a.pem", tmp_path / "a.key")
    assert signing.named({**both, "SIGN_TIME": "http://time.example"}).time == "http://time.example"
    for name in both:
        with pytest.raises(Refused, match=name):
            signing.named({**both, name: ""})
        with pytest.raises(Refused, match=name):
            signing.named({**both, name: str(tmp_path / "absent")})
