"""As which of our two packages for Windows this came is what the registry says of the folder in which it runs."""

import sys

import pytest

if sys.platform != "win32":
    pytest.skip("there is no registry here", allow_module_level=True)

import winreg

from govsync.system import installed
from govsync.system.windows import installed as module
from govsync.system.windows import registry
from govsync.system.windows.registry import MACHINE, PERSON

pytestmark = pytest.mark.windows

OWN = r"Software\GovSyncTest\Installed"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in which the program runs, with keys of the test's own."""
    monkeypatch.setattr(module, "SEED", OWN)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "GovSync.exe"))
    yield tmp_path
    for root in (MACHINE, PERSON):
        if registry.raw(root, OWN, "Folder") is not None:
            winreg.DeleteKeyEx(root, OWN, winreg.KEY_WOW64_64KEY)


@pytest.mark.parametrize(("root", "kind"), [(MACHINE, "msi-x86_64"), (PERSON, "msi-person-x86_64")])
def test_a_package_is_known_by_the_folder_that_it_brought(folder, root, kind):
    assert installed.package_kind() is None
    registry.put(root, OWN, "Folder", f"{folder}\\".upper())
    assert installed.package_kind() == kind


def test_another_folder_than_the_package_s_is_no_package(folder):
    registry.put(MACHINE, OWN, "Folder", str(folder.parent))
    assert installed.package_kind() is None


def test_a_package_that_somebody_keeps_says_so(folder):
    registry.put(MACHINE, OWN, "Folder", str(folder))
    (folder / installed.KEPT).touch()
    assert installed.package_kind() is None


def test_a_value_that_is_no_text_is_no_folder(folder):
    registry.put(MACHINE, OWN, "Folder", 7)
    assert installed.package_kind() is None
