"""Who may only read gives nothing back to a server that was emptied, and loses nothing by it (R35)."""

import pytest

from govsync.engine import events
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Place
from govsync.protocol.commits import Outcome, Refused
from govsync.protocol.session import Role
from govsync.store import local_tree, lost
from tests.engine.bench import EPOCH, Bench


def lose(bench: Bench, name: str) -> None:
    """The server has lost a file that desk and server had agreed on."""
    node = local_tree.node(bench.store, bench.lid(name))
    assert node.baseline is not None
    row = lost.Lost(
        lid=node.lid, place=Place(node.baseline.place.parent, name), place_key=node.baseline.place_key, epoch=EPOCH, seq=1,
        rev=node.baseline.rev, hash=node.baseline.hash, offered=True,
    )  # fmt: skip
    with bench.store.transaction():
        lost.keep(bench.store, row)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.UPLOADER])
def test_offers_wait_for_somebody_who_may_change_the_space(bench: Bench, role: Role) -> None:
    def judge(operation: ask.AnyOperation) -> Outcome | None:
        return Refused(code=Code.NODE_DEAD) if isinstance(operation, ask.Offer) else None

    bench.write("a")
    bench.settle()
    bench.server.judge, bench.server.role = judge, role
    bench.tell(events.RightsChanged())
    bench.pass_ms(1_000)
    lose(bench, "a")
    bench.pass_ms(60_000, step=2_000)
    assert not bench.asked(ask.Offer)
    assert bench.names() == ["a"]
    assert bench.report().state != "in_sync"
    bench.server.role = Role.EDITOR
    bench.tell(events.RightsChanged())
    bench.pass_ms(5_000)
    assert bench.asked(ask.Offer)
