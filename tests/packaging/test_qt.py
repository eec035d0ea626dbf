"""Of Qt a package brings what is used, and what that needs."""

import shutil
from pathlib import Path

import pytest

from packages import elf, qt
from tests.packaging.test_pe import library as windows_library
from tests.project.sources import PRODUCT

SIDE = Path(pytest.importorskip("PySide6").__file__).parent


def test_the_modules_are_those_that_the_window_imports():
    assert qt.imported(PRODUCT) == {"QtCore", "QtGui", "QtWidgets", "QtNetwork", "QtSvg"}


def test_the_plug_ins_and_the_words_of_qt_are_those_of_this_qt():
    assert [each for each in qt.LINUX.plugins if not (SIDE / "Qt" / "plugins" / each).is_file()] == []


@pytest.fixture
def library(tmp_path, monkeypatch):
    """PySide6 with its files, but empty; who needs what is as in the real ones."""
    empty = tmp_path / "PySide6"
    shutil.copytree(SIDE, empty, copy_function=lambda _, target: Path(target).touch())
    (tmp_path / "shiboken6" / "include").mkdir(parents=True)
    (tmp_path / "shiboken6" / "Shiboken.abi3.so").touch()
    monkeypatch.setattr(Path, "read_bytes", lambda file: _real(file, empty).open("rb").read())
    return tmp_path


def _real(file, empty):
    return SIDE / file.relative_to(empty) if file.is_relative_to(empty) else file


def test_what_is_kept_needs_nothing_of_qt_that_is_gone(library):
    qt.reduce(library, {"QtCore", "QtWidgets"})
    kept = {file.name: file for file in (library / "PySide6").rglob("*") if file.is_file()}
    assert {
        "QtWidgets.abi3.so",
        "libqxcb.so",
        "libQt6XcbQpa.so.6",
        "qtbase_ko.qm",
        "__init__.py",
    } <= kept.keys()
    assert kept.keys().isdisjoint(
        {
            "QtQuick.abi3.so",
            "libQt6Quick.so.6",
            "libQt6Qml.so.6",
            "designer",
            "QtCore.pyi",
            "libqtvirtualkeyboardplugin.so",
        }
    )
    ours = {each.name for each in [*SIDE.glob("lib*"), *(SIDE / "Qt" / "lib").iterdir()]}
    for file in kept.values():
        if ".so" in file.name:
            assert set(elf.needed(file.read_bytes())) & ours <= kept.keys(), file.name
    assert (library / "shiboken6" / "Shiboken.abi3.so").exists()
    assert not (library / "shiboken6" / "include").exists()


def test_a_module_that_this_qt_lacks_is_an_error(library):
    with pytest.raises(FileNotFoundError, match="QtNothing"):
        qt.reduce(library, {"QtNothing"})


def test_a_library_for_windows_is_found_however_its_name_is_written(tmp_path):
    side = tmp_path / "PySide6"
    needs = {
        "QtCore.pyd": ["QT6CORE.DLL", "KERNEL32.dll"], "Qt6Core.dll": ["msvcp140.dll"], "msvcp140.dll": [], "Qt6Quick.dll": [],
        **{each: ["Qt6Core.dll"] for each in qt.WINDOWS.plugins},
    }  # fmt: skip
    for name, others in needs.items():
        file = side / ("plugins" if "/" in name else "") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(windows_library(others))
    for name in (
        "__init__.py",
        "_config.py",
        "_git_pyside_version.py",
        "translations/qtbase_ko.qm",
        "translations/qtbase_de.qm",
    ):
        (side / name).parent.mkdir(exist_ok=True)
        (side / name).touch()
    (side / "resources" / "more").mkdir(parents=True)
    qt.reduce(tmp_path, {"QtCore"}, qt.WINDOWS)
    kept = {file.relative_to(side).as_posix() for file in side.rglob("*") if file.is_file()}
    assert {
        "QtCore.pyd",
        "Qt6Core.dll",
        "msvcp140.dll",
        "translations/qtbase_ko.qm",
        "plugins/platforms/qwindows.dll",
    } <= kept
    assert kept.isdisjoint({"Qt6Quick.dll", "translations/qtbase_de.qm"})
    assert not (side / "resources").exists()
