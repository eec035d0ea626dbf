"""A file of a place that is no server of ours, as slowly as all else comes."""

import time

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.remote.http import Way, public_file
from govsync.remote.rate import Rate
from tests.updates.place import Mirror


@pytest.fixture
def mirror(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    made = Mirror(tmp_path)
    yield made
    made.close()


def free() -> Rate:
    return Rate(0, time.monotonic, time.sleep)


def test_it_begins_where_it_is_asked_to_where_the_place_can_do_that(mirror):
    for start, ranges, expected in (
        (0, True, (0, b"0123456789")),
        (4, True, (4, b"456789")),
        (4, False, (0, b"0123456789")),
    ):
        mirror.ranges = ranges
        with public_file(f"{mirror.url}/file", start, Way("none"), free()) as found:
            assert (found.begins, b"".join(found.pieces)) == expected


def test_its_bytes_count_in_the_limit_of_all(mirror):
    waited: list[float] = []
    down = Rate(5, lambda: 0.0, waited.append)
    for _ in range(2):
        with public_file(f"{mirror.url}/file", 0, Way("none"), down) as found:
            assert b"".join(found.pieces) == b"0123456789"
    assert down.passed_bytes == 20
    assert waited == [2.0]


def test_what_is_not_there_is_told_with_its_status(mirror):
    with pytest.raises(Failure) as raised, public_file(f"{mirror.url}/none", 0, Way("none"), free()):
        pass
    assert (raised.value.code, raised.value.facts) == (Code.NOT_FOUND, {"status": 404})


def test_a_place_that_is_away_is_offline(mirror):
    mirror.close()
    with pytest.raises(Failure) as raised, public_file(f"{mirror.url}/file", 0, Way("none"), free()):
        pass
    assert raised.value.code is Code.OFFLINE


def test_what_is_no_address_is_refused():
    with pytest.raises(Failure) as raised, public_file("http://host:port/", 0, Way("none"), free()):
        pass
    assert raised.value.code is Code.BAD_REQUEST
