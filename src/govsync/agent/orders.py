"""Whether an order to wipe this desk is to be obeyed now, as far as the desk itself can tell (docs/decisions/0043).

That the server has it is asked once more before the first file goes. What is decided here is what the server cannot know: that an
order was carried out before, whatever a copy of its database says, and that it speaks of the life which this desk has read.
"""

from collections.abc import Collection

from govsync.agent.home import Ordered

TRIED_AGAIN_S = 60.0
"""How long a desk runs before it tries an order again that did not come to its end."""


def due(
    order: bytes, epoch: bytes, known: Ordered | None, epochs: Collection[bytes], running_s: float
) -> bool:
    """Says so of an order of one life of the server's database; `known` is the one that was begun last, `epochs` are the lives
    that this desk has read its spaces in, `running_s` is how long it runs."""
    if epoch not in epochs:
        return False
    if known is None or known.order != order.hex():
        return True
    return not known.over and running_s >= TRIED_AGAIN_S
