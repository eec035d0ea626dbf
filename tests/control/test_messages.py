"""Every message has a name and a type of answer."""

from typing import get_args

import msgspec
import pytest

from govsync.control.messages import AnyRequest, GetStatus, ListActivity, Request, Stop, answer_of
from govsync.model.activity import ActivityRow
from govsync.model.status import Status

MESSAGES = get_args(AnyRequest)


def test_every_message_is_among_those_that_are_understood():
    assert set(Request.__subclasses__()) == set(MESSAGES)


def test_no_two_messages_have_one_name():
    names = [kind.__struct_config__.tag for kind in MESSAGES]
    assert len(set(names)) == len(names)


def test_a_message_says_with_what_it_is_answered():
    assert answer_of(GetStatus) is Status
    assert answer_of(ListActivity) == tuple[ActivityRow, ...]
    assert answer_of(Stop) is type(None)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_every_answer_can_be_read(kind):
    msgspec.json.Decoder(answer_of(kind))
