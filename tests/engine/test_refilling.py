"""Who may only read gives nothing back to a server that was emptied, and loses nothing by it (R35)."""

import pytest

from govsync.engine import events
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Place
from govsync.protocol.commits import Done, Outcome, Refused
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


def asked_back(bench: Bench, name: str) -> events.Wanted:
    node = local_tree.node(bench.store, bench.lid(name))
    assert node.remote is not None
    return events.Wanted(node.space, ((node.node_id, node.remote.rev or b""),))


def test_what_a_server_asks_back_is_offered_once_as_what_it_was(bench: Bench) -> None:
    def judge(operation: ask.AnyOperation) -> Outcome | None:
        known = bench.server.nodes[operation.node] if isinstance(operation, ask.Offer) else None
        return Done(seq=known.seq, state=known) if known is not None else None

    bench.write("a")
    bench.settle()
    bench.server.judge = judge
    wanted = asked_back(bench, "a")
    bench.tell(wanted)
    bench.tell(wanted)
    bench.settle()
    [offer] = bench.asked(ask.Offer)
    node = local_tree.node(bench.store, bench.lid("a"))
    assert node.baseline is not None
    assert (offer.node, offer.rev, offer.hash) == (node.node_id, node.baseline.rev, node.baseline.hash)
    assert bench.report().state == "in_sync"


@pytest.mark.parametrize("how", ["edited", "deleted", "another version", "another node", "viewer"])
def test_what_the_disk_does_not_show_unchanged_is_not_given_back(bench: Bench, how: str) -> None:
    bench.write("a")
    bench.settle()
    wanted = asked_back(bench, "a")
    [(node, rev)] = wanted.versions
    if how == "edited":
        bench.write("a", b"something else")
        bench.hint("a")
        bench.pass_ms(5_000)
    elif how == "deleted":
        bench.delete("a")
        bench.hint("a")
        bench.pass_ms(60_000, step=2_000)
    elif how == "viewer":
        bench.server.role = Role.VIEWER
        bench.tell(events.RightsChanged())
        bench.pass_ms(1_000)
    other = {"another version": ((node, bytes(16)),), "another node": ((bytes(16), rev),)}
    bench.tell(events.Wanted(wanted.space, other.get(how, wanted.versions)))
    bench.pass_ms(10_000, step=1_000)
    assert not bench.asked(ask.Offer)
