"""Asks the running agent, and waits for its answer."""

from pathlib import Path
from typing import TypeVar

from govsync.control.codec import MOST_REPLY_BYTES, Decoder, decode_reply, encode_request
from govsync.control.messages import Request
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import ipc

Answer = TypeVar("Answer")


def ask(socket_path: Path, request: Request[Answer], timeout_s: float | None) -> Answer:
    """Answers what the agent answers; raises its Failure, or Failure(agent_not_running, agent_differs), or
    Failure(timed_out) when it says nothing for `timeout_s`."""
    with ipc.connect(socket_path, timeout_s) as connection:
        try:
            connection.sendall(encode_request(request))
            decoder = Decoder(MOST_REPLY_BYTES)
            while data := connection.recv(65536):
                body = decoder.feed(data)
                if body is not None:
                    return decode_reply(body, request)
        except TimeoutError as error:
            raise Failure(Code.TIMED_OUT) from error
        except ConnectionError as error:
            raise Failure(Code.AGENT_NOT_RUNNING) from error
    raise Failure(Code.AGENT_NOT_RUNNING)
