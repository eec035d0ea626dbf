"""Windows' Python is the archive that was named by its hash, and imports from nowhere but where it is told to."""

import hashlib
import zipfile

import pytest

from packages import embedded
from packages.release import Refused


@pytest.fixture
def archive(tmp_path):
    archive = tmp_path / "runtime.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name, text in (
            ("python.exe", "p"),
            ("_wmi.pyd", "w"),
            ("python313.dll", "d"),
            ("python313._pth", "python313.zip\r\n.\r\n"),
        ):
            opened.writestr(f"cp313/{name}", text)
    return archive


def test_the_interpreter_imports_from_the_places_that_are_named_alone(archive, tmp_path):
    folder = tmp_path / "run"
    embedded.unpack(archive, hashlib.sha256(archive.read_bytes()).hexdigest(), folder, [r"Z:\lib"])
    assert sorted(each.name for each in folder.iterdir()) == ["python.exe", "python313._pth", "python313.dll"]
    assert (folder / "python313._pth").read_text().split("\n") == [
        "python313.zip", ".", r"Z:\lib", "",
    ]  # fmt: skip


def test_another_archive_than_was_named_is_refused_before_anything_is_unpacked(archive, tmp_path):
    with pytest.raises(Refused, match="hash"):
        embedded.unpack(archive, embedded.SHA256, tmp_path / "run", [])
    assert not (tmp_path / "run").exists()


def test_an_interpreter_that_the_wheels_are_not_for_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as opened:
        opened.writestr("python399.dll", "d")
    sha256 = hashlib.sha256((tmp_path / "other.zip").read_bytes()).hexdigest()
    with pytest.raises(Refused, match="is no Python"):
        embedded.unpack(tmp_path / "other.zip", sha256, tmp_path / "run", [])
