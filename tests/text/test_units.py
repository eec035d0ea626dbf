"""Sizes, durations, moments and names of strangers as people read them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.text.units import duration, moment, portable_name, seconds, shown_moment, shown_name, size, width

SEOUL = datetime.timezone(datetime.timedelta(hours=9))


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (1_023, "1023 bytes"),
        (1_024, "1.0 KiB"),
        (1_536, "1.5 KiB"),
        (1_048_575, "1.0 MiB"),
        (5 << 30, "5.0 GiB"),
        (1 << 60, "1024.0 PiB"),
    ],
)
def test_a_size_has_the_largest_unit_that_fits(size_bytes, text):
    assert size(size_bytes) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (7_500, "2 h 5 min"),
        (3_605, "1 h"),
        (90_061, "1 d 1 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(count, text):
    assert duration(count) == text


@pytest.mark.parametrize(
    ("text", "count"), [("30", 1_800), ("90s", 90), ("30m", 1_800), (" 2 H ", 7_200), ("1d", 86_400)]
)
def test_a_duration_is_read_as_people_type_it(text, count):
    assert seconds(text) == count


@pytest.mark.parametrize("text", ["", "h", "-1h", "1.5h", "2 weeks", "2hh", "٣h"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError):
        seconds(text)


def test_a_moment_is_shown_on_the_clock_of_the_zone():
    assert shown_moment("2026-11-24T14:00:00.123Z", SEOUL) == "2026-11-24 23:00:00"
    assert shown_moment("2026-11-24T14:00:00+01:00", datetime.UTC) == "2026-11-24 13:00:00"


def test_a_moment_without_a_zone_is_meant_where_it_is_typed():
    assert moment("2026-11-24T14:00", SEOUL).isoformat() == "2026-11-24T14:00:00+09:00"
    assert moment("2026-11-24 14:00", None).tzinfo is not None


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "14:00"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError):
        moment(text, SEOUL)


def test_a_name_cannot_command_a_terminal_break_a_line_or_turn_the_writing():
    assert shown_name("a\x1b[2Jb\nc\x9b") == r"a\x1b[2Jb\x0ac\x9b"
    assert shown_name("invoice\u202etxt.exe") == r"invoice\u202etxt.exe"
    assert shown_name("\udce4") == r"\udce4"


def test_names_of_people_of_many_languages_stay_as_they_are():
    for name in ("회의록.docx", "Читај мене.txt", "Ünïcode – «x».pdf", "👩‍💻.txt"):
        assert shown_name(name) == name


@given(st.text())
def test_no_name_shows_anything_that_acts(text):
    assert not set(shown_name(text)) & set(map(chr, [*range(32), *range(127, 160), 0x202E, 0x2066, 0x2028]))


def test_hangul_fills_two_columns_in_either_form_and_marks_none():
    assert width("회의") == 4
    assert width("\u1112\u116c\u110b\u1174") == 4
    assert width("e\u0301a") == 2


@pytest.mark.parametrize(
    ("name", "portable"),
    [
        ("Plan.docx", "Plan.docx"), ("보고서 2026.hwp", "보고서 2026.hwp"), ("..\\..\\x.bat", ".._.._x.bat"),
        ('a:b*c?d"e<f>g|h', "a_b_c_d_e_f_g_h"), ("gpj.\u202eexe", "gpj._exe"), ("a\nb\0c\x1b", "a_b_c_"), ("end. . ", "end"),
        ("...", "_"), ("", "_"),
    ],
)  # fmt: skip
def test_a_portable_name_is_one_on_every_system(name: str, portable: str):
    assert portable_name(name) == portable
