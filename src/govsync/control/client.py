"""Asks the running agent, and waits for its answer."""

from pathlib import Path
from typing import Any

from govsync.control.codec import Decoder, Request, encode, reply_of
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import ipc


def ask(socket_path: Path, command: str, timeout_s: float | None = 60, **arguments: object) -> Any:
    """Answers what the agent answers; raises its Failure, or Failure(agent_not_running), Failure(timed_out)."""
    with ipc.connect(socket_path, timeout_s) as connection:
        try:
            connection.sendall(encode(Request(command, arguments)))
            decoder = Decoder()
            while data := connection.recv(65536):
                body = decoder.feed(data)
                if body is not None:
                    return reply_of(body).result()
        except TimeoutError as error:
            raise Failure(Code.TIMED_OUT) from error
        except ConnectionError as error:
            raise Failure(Code.AGENT_NOT_RUNNING) from error
    raise Failure(Code.AGENT_NOT_RUNNING)
