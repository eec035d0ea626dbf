"""A line that the system hands on as policy is read as it was meant."""

from hypothesis import example, given
from hypothesis import strategies as st

from govsync.settings.merge import read
from govsync.system.toml import line


@given(st.text(max_size=30), st.text(max_size=30))
@example("endpoint.url", "a\x7fb\0\n\"\\'")
def test_a_line_is_read_as_its_name_and_text(name, text):
    assert read(line(name, text)) == ({name: text}, [])


def test_half_a_letter_becomes_a_question_mark():
    assert read(line("endpoint.url", "a\ud800b")) == ({"endpoint.url": "a\ufffdb"}, [])
