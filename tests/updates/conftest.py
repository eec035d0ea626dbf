"""What tests of updates share: an operator with a place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.updates.place import Operator


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    made = Operator(tmp_path / "operator")
    yield made
    made.mirror.close()
