"""The real disk keeps the contract, on a journalling file system and in memory, and what only a real one can show."""

import tempfile
from pathlib import Path

import pytest

from tests.system.desk import DiskWorld
from tests.system.filesystem_contract import FileSystemContract

MEMORY = Path("/dev/shm")


@pytest.fixture(params=["disk", "memory"])
def world(request, tmp_path):
    if request.param == "disk":
        world = DiskWorld(tmp_path / "folder")
        world.root.mkdir()
        yield world
        world.close()
        return
    if not MEMORY.is_dir():
        pytest.skip("no file system in memory here")
    with tempfile.TemporaryDirectory(dir=MEMORY) as top:
        world = DiskWorld(Path(top) / "folder")
        world.root.mkdir()
        yield world
        world.close()


class TestDiskFileSystem(FileSystemContract):
    """The contract on this machine."""
