"""Every message that may be asked is answered by a function."""

from typing import get_args

from govsync.agent.commands import COMMANDS
from govsync.control.messages import AnyRequest


def test_every_message_has_its_function():
    assert set(COMMANDS) == set(get_args(AnyRequest))
