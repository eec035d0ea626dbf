"""Where simulated worlds keep their databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import in_memory


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's, in memory: a simulated world loses only simulated power."""
    with in_memory.folder() as folder:
        yield folder
