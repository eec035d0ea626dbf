"""Which start of a device's agent is the living one (R49): finds out that a home was copied and runs twice.

An agent draws a nonce once per start, and a home can run one agent at a time. So the nonces of one home appear one after
the other, and none ever comes back after a later one appeared. One that does come back was alive all the time: two homes
use one device id. The start that appeared later belongs to the copy, and is refused from then on; it takes an id of its
own. Kept in memory: what is forgotten with the process is found again, since both go on connecting.
"""

from govsync.model.codes import Code
from govsync.model.problems import Failure

MOST_BYTES = 64


class Starts:
    """The newest start of every device that listened here, the one before it, and the refused ones."""

    def __init__(self) -> None:
        self._newest: dict[bytes, str] = {}
        self._before: dict[bytes, str] = {}
        self._refused: dict[bytes, set[str]] = {}

    def come(self, device: bytes, nonce: str) -> None:
        """Notes that a start of a device connects; raises Failure(device_cloned) for that of a copy.

        Afterwards only this start of the device may go on listening."""
        if not nonce or len(nonce) > MOST_BYTES:
            raise Failure(Code.BAD_REQUEST, what="nonce")
        if nonce in self._refused.get(device, ()):
            raise Failure(Code.DEVICE_CLONED)
        newest = self._newest.get(device)
        if newest == nonce:
            return
        if newest is not None:
            if self._before.get(device) == nonce:
                self._refused.setdefault(device, set()).add(newest)
            self._before[device] = newest
        self._newest[device] = nonce
