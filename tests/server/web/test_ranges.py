"""Parts of a content as RFC 9110 has them: what is asked for, what there is of it, and what a browser knows already."""

import pytest

from govsync.server.web import ranges

TAG = '"ab"'


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=2-4", range(2, 5)),
        ("bytes=8-", range(8, 10)),
        ("bytes=8-99", range(8, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(10)),
        ("BYTES = 1 - 2", range(1, 3)),
        ("bytes=10-", range(0)),
        ("bytes=99-100", range(0)),
        ("bytes=-0", range(0)),
        # What is none, or of several parts, is as if nothing had been asked.
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=4-2", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=٣-", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_a_part_is_read(header: str, found: range | None):
    part = ranges.asked(header, "", TAG, 10)
    assert part == found
    assert (part is None) == (found is None)


def test_of_an_empty_content_there_is_no_part():
    assert ranges.asked("bytes=0-", "", TAG, 0) == range(0)
    assert ranges.asked("bytes=-5", "", TAG, 0) == range(0)


def test_a_part_of_another_content_is_not_given():
    assert ranges.asked("bytes=0-1", TAG, TAG, 10) == range(2)
    for other in ('"cd"', f"W/{TAG}", "Sun, 29 Nov 2026 14:00:00 GMT"):
        assert ranges.asked("bytes=0-1", other, TAG, 10) is None


def test_what_a_browser_has_is_known_by_its_tag():
    assert all(ranges.is_known(each, TAG) for each in (TAG, f"W/{TAG}", f'"x", {TAG}', "*"))
    assert not any(ranges.is_known(each, TAG) for each in ("", '"x"', "ab"))


def test_tags_of_two_contents_differ():
    assert ranges.tag_of(b"a") != ranges.tag_of(b"b")
