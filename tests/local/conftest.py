"""A fresh synced folder for each test of `local`."""

import pytest

from tests.local.desk import Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "folder")
