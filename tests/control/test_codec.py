"""What is written is read, in whatever pieces it arrives; anything else ends in a Failure and nothing worse."""

import itertools
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.control.codec import (
    MOST_REQUEST_BYTES,
    Decoder,
    decode_reply,
    decode_request,
    encode_answer,
    encode_failure,
    encode_request,
)
from govsync.control.messages import (
    Approve,
    GetStatus,
    ListActivity,
    ListHolds,
    ListVersions,
    Pause,
    Request,
    Resolve,
    RestoreFromTrash,
    Stop,
    Verify,
    Wait,
    Waited,
)
from govsync.model.activity import HoldRow
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.foreign import changed, damaged

REQUESTS = [
    GetStatus(),
    Wait(timeout_s=1.5),
    Wait(),
    Approve(id="3"),
    Resolve(id="7", keep="mine"),
    ListVersions(path="/home/kim/GovSync/회의록.docx"),
    RestoreFromTrash(ids=("a", "b")),
]
HOLD = HoldRow(id="1", kind="deletions", count=300, paths=("a", "보고서/b"), since="2026-11-24T14:00:00.000Z")


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def body_of(message: bytes) -> bytes:
    body = Decoder(len(message)).feed(message)
    assert body is not None
    return body


def refused(body: bytes) -> Failure:
    with pytest.raises(Failure) as raised:
        decode_request(body)
    return raised.value


@pytest.mark.parametrize("request_", REQUESTS, ids=repr)
def test_a_request_is_read_as_it_was_written(request_):
    assert decode_request(body_of(encode_request(request_))) == request_


def test_an_answer_is_read_as_it_was_written():
    assert decode_reply(body_of(encode_answer([HOLD])), ListHolds()) == (HOLD,)
    assert decode_reply(body_of(encode_answer(Waited.KEPT_BACK)), Wait()) is Waited.KEPT_BACK
    assert decode_reply(body_of(encode_answer(None)), Stop()) is None


def test_a_failure_is_raised_at_the_other_end_with_its_code_and_facts():
    failure = Failure(Code.NOT_FOUND, path="Plan.docx", count=3)
    with pytest.raises(Failure) as raised:
        decode_reply(body_of(encode_failure(failure)), GetStatus())
    assert raised.value.code is Code.NOT_FOUND
    assert raised.value.facts == {"path": "Plan.docx", "count": "3"}


@given(st.lists(st.sampled_from(REQUESTS), max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_messages_are_found_in_whatever_pieces_they_arrive(requests, lengths):
    data = b"".join(encode_request(each) for each in requests)
    decoder, found = Decoder(MOST_REQUEST_BYTES), []
    for length in itertools.cycle(lengths):
        piece, data = data[:length], data[length:]
        body = decoder.feed(piece)
        while body is not None:
            found.append(decode_request(body))
            body = decoder.feed(b"")
        if not data:
            break
    assert found == requests


@given(st.binary())
def test_bytes_of_chance_are_a_request_or_a_refusal(body):
    try:
        decode_request(body)
    except Failure as failure:
        assert failure.code in (Code.BAD_REQUEST, Code.AGENT_DIFFERS)  # noqa: PT017 - any other is a bug


@given(data=st.data())
def test_a_request_that_was_damaged_or_says_something_else_is_one_or_refused(data):
    whole = body_of(encode_request(data.draw(st.sampled_from(REQUESTS))))
    other = changed(msgspec.json.decode(whole)).map(msgspec.json.encode)
    try:
        request = decode_request(data.draw(damaged(whole) | other))
    except Failure as failure:
        assert failure.code in (Code.BAD_REQUEST, Code.AGENT_DIFFERS)  # noqa: PT017 - any other is a bug
    else:
        assert decode_request(body_of(encode_request(request))) == request


ROWS = [HOLD, msgspec.structs.replace(HOLD, id="2", paths=())]


@given(data=st.data())
def test_a_reply_that_was_damaged_or_says_something_else_is_an_answer_or_none(data):
    whole = body_of(
        data.draw(st.sampled_from([encode_answer(ROWS), encode_failure(Failure(Code.NOT_FOUND, id=1))]))
    )
    other = changed(msgspec.json.decode(whole)).map(msgspec.json.encode)
    try:
        answer = decode_reply(data.draw(damaged(whole) | other), ListHolds())
    except Failure as failure:
        assert failure.code in Code  # noqa: PT017 - any other is a bug
    else:
        assert all(isinstance(row, HoldRow) for row in answer)


@given(st.binary())
def test_bytes_of_chance_are_no_answer(body):
    with pytest.raises(Failure) as raised:
        decode_reply(body, GetStatus())
    assert raised.value.code is Code.AGENT_DIFFERS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"command": st.sampled_from(["wait", "pause", "activity", "resolve", "trash_restore"])},
        optional=dict.fromkeys(("timeout_s", "seconds", "limit", "id", "keep", "ids", "more"), JSON),
    )
)
def test_arguments_of_chance_are_a_request_or_a_bad_one(message):
    body = msgspec.json.encode(message)
    try:
        request = decode_request(body)
    except Failure as failure:
        assert (failure.code, failure.facts) == (Code.BAD_REQUEST, {"what": message["command"]})  # noqa: PT017
    else:
        assert isinstance(request, Request)


@given(JSON, st.text() | st.none(), JSON)
def test_a_reply_of_chance_is_no_answer(value, code, facts):
    body = msgspec.json.encode({"value": value, "code": code, "facts": facts})
    with pytest.raises(Failure) as raised:
        decode_reply(body, GetStatus())
    assert raised.value.code in (Code.AGENT_DIFFERS, code)


def test_a_failure_whose_facts_are_called_like_anything_is_raised():
    body = msgspec.json.encode({"code": "not_found", "facts": {"code": "x", "self": "y"}})
    with pytest.raises(Failure) as raised:
        decode_reply(body, GetStatus())
    assert raised.value.facts == {"code": "x", "self": "y"}


@pytest.mark.parametrize(
    "request_",
    [
        {"command": "pause", "seconds": 0},
        {"command": "pause", "seconds": 10**12},
        {"command": "wait", "timeout_s": -1},
        {"command": "activity", "limit": 0},
        {"command": "activity", "limit": 10**9},
        {"command": "resolve", "id": "1", "keep": "all"},
        {"command": "versions"},
        {"command": "versions", "path": "/home/kim/a\0b"},
        {"command": "restore", "path": "/home/kim/a", "revision": "1", "to": "\0"},
        {"command": "rewind", "path": "", "to": "2026-11-24"},
    ],
)
def test_arguments_out_of_bounds_are_refused(request_):
    assert refused(msgspec.json.encode(request_)).code is Code.BAD_REQUEST


def test_the_largest_arguments_are_taken():
    assert decode_request(b'{"command":"pause","seconds":31622400}') == Pause(seconds=31_622_400)
    assert decode_request(b'{"command":"activity","limit":100000}') == ListActivity(limit=100_000)


def test_a_command_of_another_version_is_told_apart_from_nonsense():
    failure = refused(b'{"command":"fly","height":3}')
    assert (failure.code, failure.facts) == (Code.AGENT_DIFFERS, {"what": "fly"})
    assert refused(b'{"kommand":"status"}').code is Code.BAD_REQUEST


def test_what_is_nested_without_end_is_nonsense():
    deep = b'{"x":' + b"[" * 100_000
    assert refused(deep).code is Code.BAD_REQUEST
    with pytest.raises(Failure) as raised:
        decode_reply(deep, GetStatus())
    assert raised.value.code is Code.AGENT_DIFFERS


def test_a_field_of_a_newer_version_is_passed_over():
    assert decode_request(b'{"command":"status","colour":"green"}') == GetStatus()
    assert decode_reply(b'{"value":[],"colour":"green"}', Verify()) == ()


def test_a_code_of_another_version_is_said_to_be_that():
    with pytest.raises(Failure) as raised:
        decode_reply(b'{"code":"invented_later","facts":{}}', GetStatus())
    assert raised.value.code is Code.AGENT_DIFFERS


def test_a_message_that_says_it_is_too_long_is_refused_before_it_arrives():
    decoder = Decoder(10)
    with pytest.raises(Failure) as raised:
        decoder.feed(struct.pack(">I", 11))
    assert raised.value.code is Code.BAD_REQUEST
    assert Decoder(10).feed(framed(b"x" * 10)) == b"x" * 10


def test_a_path_that_is_no_text_is_refused_where_it_is_typed():
    with pytest.raises(Failure) as raised:
        encode_request(ListVersions(path="/home/kim/\udce4.txt"))
    assert raised.value.code is Code.NAME_NOT_TEXT
