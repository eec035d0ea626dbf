"""Which source of a setting wins, that it is named, and that a wrong one stops nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model.codes import Code
from govsync.settings.merge import Effective, merge, read, write
from govsync.settings.schema import SETTINGS, Setting
from govsync.settings.values import values
from tests.foreign import damaged


def tomlike(data: bytes) -> str:
    """Makes a text of bytes as a file is read."""
    return data.decode(errors="replace")


def test_without_any_source_every_key_has_its_default():
    effective, wrong = merge([])
    assert effective == {setting.key: Effective(setting.default, "default") for setting in SETTINGS}
    assert wrong == []


def test_policy_beats_endpoint_beats_user_beats_default():
    order = ["policy", "endpoint", "user"]
    for strongest in range(3):
        sources = [(name, {"hold.deletions": str(10 + number)}) for number, name in enumerate(order)]
        effective, _ = merge(sources[strongest:])
        fixed = order[strongest] if strongest < 2 else ""
        assert effective["hold.deletions"] == Effective(10 + strongest, order[strongest], fixed)
        assert effective["hold.rewrites"].source == "default"


def test_what_is_wrong_is_told_and_the_next_source_counts():
    effective, wrong = merge(
        [("policy", {"hold.deletions": "many", "no.such": "1"}), ("user", {"hold.deletions": "7"})]
    )
    assert effective["hold.deletions"] == Effective(7, "user")
    assert {failure.code for failure in wrong} == {Code.SETTING_BAD, Code.SETTING_UNKNOWN}


def test_a_text_is_read_into_dotted_keys():
    texts, errors = read(
        'hold.deletions = 5\n[network]\nupload_limit = "5 MB"\n"sync.ignore" = ["a", "b"]\n[app]\nautostart = false'
    )
    assert errors == []
    assert texts == {
        "hold.deletions": "5", "network.upload_limit": "5 MB", "network.sync.ignore": "a\nb", "app.autostart": "false",
    }  # fmt: skip


def test_a_text_that_cannot_be_read_says_where_and_gives_nothing():
    texts, errors = read("hold.deletions = \n")
    assert texts == {}
    assert len(errors) == 1
    assert "line 1" in errors[0]


RENAMED = [Setting(key="a.new", default=1, parse=int, meaning="", renamed_from="a.old")]


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000, ".".join(["a"] * 5_000) + " = 1"])
def test_a_text_that_is_nested_without_end_is_told_and_says_nothing(text):
    texts, errors = read(text)
    assert (texts, len(errors)) == ({}, 1)


@pytest.mark.parametrize("text", ["a = " + "9" * 5_000, "a = 0x" + "f" * 5_000])
def test_a_number_of_thousands_of_digits_is_told_and_says_nothing(text):
    texts, errors = read(text)
    assert (texts, len(errors)) == ({}, 1)


WRITTEN = b'hold.deletions = 5\n[network]\nupload_limit = "5 MB"\nmore = [1, {a = 1979-05-27T07:32:00Z}]\nx = true\n'


@given(st.text() | st.binary(max_size=60).map(tomlike) | damaged(WRITTEN).map(tomlike))
def test_any_text_is_keys_and_values_or_says_what_is_wrong_with_it(text):
    texts, errors = read(text)
    assert not (texts and errors)
    effective, wrong = merge([("policy", texts)])
    assert set(effective) == {setting.key for setting in SETTINGS}
    assert {failure.code for failure in wrong} <= {Code.SETTING_BAD, Code.SETTING_UNKNOWN}
    values(effective)


@given(st.dictionaries(st.text(), st.text()))
def test_what_is_written_is_read_again(texts):
    assert read(write(texts)) == (texts, [])


def test_a_name_of_before_is_still_read():
    effective, wrong = merge([("user", {"a.old": "3"})], RENAMED)
    assert effective == {"a.new": Effective(3, "user")}
    assert wrong == []


def test_the_new_name_counts_where_a_source_says_both_in_whatever_order():
    for texts in ({"a.old": "3", "a.new": "4"}, {"a.new": "4", "a.old": "3"}):
        assert merge([("user", texts)], RENAMED)[0]["a.new"].value == 4


def test_a_policy_that_says_the_old_name_beats_a_user_who_says_the_new_one():
    effective, _ = merge([("policy", {"a.old": "3"}), ("user", {"a.new": "4"})], RENAMED)
    assert effective["a.new"] == Effective(3, "policy", "policy")
