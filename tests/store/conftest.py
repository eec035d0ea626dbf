"""Every test of the store has a desk of its own, in memory."""

from collections.abc import Iterator

import pytest

from tests.store.desk import StoredDesk


@pytest.fixture
def desk() -> Iterator[StoredDesk]:
    made = StoredDesk()
    yield made
    made.store.close()
