"""Forms with files are read alike in whatever pieces they come, and what is no form is refused in bounded memory."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.web import forms
from govsync.server.web.forms import Event, FileBegins, FileData, FileEnds, Form
from tests.server.web.visitor import BOUNDARY, form

names = st.text(min_size=1, max_size=20).filter(lambda name: "%" not in name and "\0" not in name)
files = st.lists(
    st.tuples(
        names.map(lambda name: name.encode(errors="replace").decode()),
        st.one_of(
            st.binary(max_size=300),
            st.lists(
                st.sampled_from([b"\r\n", b"--", BOUNDARY.encode(), b"\r", b"-", b"x"]), max_size=12
            ).map(b"".join),
        ),
    ),
    max_size=3,
)


def read(body: bytes, *cuts: int) -> list[tuple[str, bytes]]:
    """Reads a form that comes in pieces; answers its files."""
    found: list[tuple[str, bytes]] = []
    whole = Form(BOUNDARY.encode())
    begin = 0
    for end in (*sorted(cut % (len(body) + 1) for cut in cuts), len(body)):
        for event in whole.feed(body[begin:end]):
            take(found, event)
        begin = end
    assert whole.ended
    return found


def take(found: list[tuple[str, bytes]], event: Event) -> None:
    match event:
        case FileBegins(name=name):
            found.append((name, b""))
        case FileData(data=data):
            found[-1] = (found[-1][0], found[-1][1] + data)
        case FileEnds():
            pass


def holds_its_own_end(files: list[tuple[str, bytes]]) -> bool:
    return any(b"\r\n--" + BOUNDARY.encode() in b"\r\n" + content for _, content in files)


@given(files.filter(lambda files: not holds_its_own_end(files)), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_form_is_the_same_in_whatever_pieces_it_comes(files: list[tuple[str, bytes]], cuts: list[int]):
    assert read(form(*files), *cuts) == files


def test_each_byte_may_come_alone():
    body = form(("a", b"1\r\n--x"), ("b", b""))
    assert read(body, *range(len(body))) == [("a", b"1\r\n--x"), ("b", b"")]


def test_what_is_no_file_is_passed_over():
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'.encode()
    preamble = b"This is a multipart message.\r\n"
    assert read(preamble + field + form(("a", b"1")) + b"and an epilogue") == [("a", b"1")]


def test_blanks_behind_a_delimiter_belong_to_it():
    body = form(("a", b"1")).replace(f"--{BOUNDARY}\r\n".encode(), f"--{BOUNDARY} \t\r\n".encode())
    assert read(body) == [("a", b"1")]


@pytest.mark.parametrize(
    "body",
    [
        f"--{BOUNDARY}junk\r\n".encode(),
        f"--{BOUNDARY}".encode() + b" " * 1_000,
        f"--{BOUNDARY}\r\n".encode() + b"x" * (forms.MOST_HEAD_BYTES + 1),
        f"--{BOUNDARY}\r\n".encode() + b"x" * (forms.MOST_HEAD_BYTES + 1) + b"\r\n\r\n",
    ],
    ids=["junk", "endless blanks", "endless head", "long head"],
)
def test_what_is_no_form_is_refused(body: bytes):
    with pytest.raises(Failure) as caught:
        list(Form(BOUNDARY.encode()).feed(body))
    assert caught.value.code is Code.BAD_REQUEST


def test_a_form_that_does_not_end_is_not_whole():
    for body in (b"", form(("a", b"1"))[:-4], form(("a", b"1"))[:40]):
        unended = Form(BOUNDARY.encode())
        assert not [event for event in unended.feed(body) if isinstance(event, FileEnds) and len(body) < 60]
        assert not unended.ended


@given(st.binary(max_size=2_000))
def test_noise_is_refused_or_means_nothing(noise: bytes):
    whole = Form(b"x")
    with suppress(Failure):
        list(whole.feed(noise))
    assert len(whole._held) <= len(noise) + 2


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data;charset=utf-8; boundary="a b c"', None),
        ('multipart/form-data; boundary="abc"', b"abc"),
        ("multipart/form-data", None),
        ("application/x-www-form-urlencoded", None),
        ("multipart/form-data; boundary=" + "x" * 300, None),
        ("", None),
    ],
)
def test_a_boundary_is_read_where_there_is_one(header: str, found: bytes | None):
    if found is not None:
        assert forms.boundary_of(header) == found
        return
    with pytest.raises(Failure) as caught:
        forms.boundary_of(header)
    assert caught.value.code is Code.BAD_REQUEST


def test_plain_fields_are_read_and_what_is_none_is_refused():
    assert forms.fields(b"password=%ED%95%9C+1&x=") == {"password": "한 1", "x": ""}
    assert forms.fields(b"") == {}
    for bad in (b"\xff", b"password", b"&".join([b"a=1"] * (forms.MOST_FIELDS + 1))):
        with pytest.raises(Failure):
            forms.fields(bad)
