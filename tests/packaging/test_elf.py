"""What a library needs is read from it as the loader reads it."""

import sys
from pathlib import Path

import msgspec
import pytest

from packages import elf

CORE = Path(msgspec._core.__file__)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libraries of other systems are no ELF")


def test_a_library_names_what_it_needs_and_which_glibc():
    data = CORE.read_bytes()
    assert "libc.so.6" in elf.needed(data)
    assert (2, 0) < elf.glibc(data) < (3, 0)


def test_a_library_of_qt_names_the_others_of_qt():
    side = Path(pytest.importorskip("PySide6").__file__).parent
    assert {"libQt6Svg.so.6", "libQt6Gui.so.6", "libQt6Core.so.6"} <= set(
        elf.needed((side / "QtSvg.abi3.so").read_bytes())
    )


def test_what_is_no_library_is_told(tmp_path):
    text = tmp_path / "text.so"
    text.write_bytes(b"\x7fEL")
    (tmp_path / "link.so").symlink_to(CORE)
    assert elf.is_elf(CORE)
    assert not any(map(elf.is_elf, (text, tmp_path / "link.so", tmp_path)))
