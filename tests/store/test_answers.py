"""The answers of a commit taken in together settle what they settle one by one."""

import msgspec
import pytest

from govsync.model import operations as ask
from govsync.model.nodes import Kind, Place
from govsync.model.trees import settled
from govsync.protocol.changes import Cursor, NodeState
from govsync.protocol.commits import CommitAnswer, Done
from govsync.store import answers, dirty, local_tree, lost, meta, spaces, trees
from govsync.store.database import Row
from govsync.store.lost import Lost
from govsync.store.ops import OpRow
from govsync.store.spaces import SpaceRow
from tests.store.desk import EPOCH, ROOT_ID, SPACE, StoredDesk, content, dirty_lids

Answer = tuple[OpRow, Done]
KEY = b"K" * 12
COLLEAGUES = b"c" * 16


def made(
    desk: StoredDesk, lid: int, folder: bytes = ROOT_ID, merged: bytes | None = None, **since: object
) -> Answer:
    """The answer to the making of what lies there; `since`: what has become of it on the server."""
    node = desk.node(lid)
    assert node.local is not None
    key, name, held = KEY + lid.to_bytes(4, "big"), node.local.place.name, node.local.hash
    operation: ask.Mkdir | ask.Put
    if node.local.kind is Kind.FOLDER:
        operation = ask.Mkdir(key=key, node=node.node_id, parent=folder, name=name)
    else:
        assert held is not None
        operation = ask.Put(
            key=key, node=node.node_id, parent=folder, name=name, hash=held, size_bytes=5, scheme="s"
        )
    state = desk.state(
        node.node_id, name, folder, kind=node.local.kind, place=key, rev=key if held else None, hash=held,
        size_bytes=5, mtime_ns=7,
    )  # fmt: skip
    state = msgspec.structs.replace(state, **since)
    return OpRow(operation=operation, lid=lid, space=SPACE, covers=(lid,)), Done(
        seq=state.seq, state=state, merged=merged
    )


def commit(desk: StoredDesk) -> list[Answer]:
    """A commit in which everything happens that may."""
    folder = desk.show("folder", kind=Kind.FOLDER)
    inside = desk.show("inside", folder)
    lids = [
        desk.show(name) for name in ("plain", "saved again", "moved", "edited", "told", "given back", "dead")
    ]
    plain, again, moved, edited, told, given, dead = lids
    twin = desk.show("twin", kind=Kind.FOLDER)
    in_twin = desk.show("in twin", twin)
    awaiting = desk.synced("awaiting")
    desk.store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (plain, awaiting))
    lost.keep(
        desk.store,
        Lost(
            lid=given, place=Place(desk.root, "given back"), place_key=b"p" * 16, epoch=EPOCH, seq=1, rev=b"r" * 16,
            hash=b"h" * 32, over=None, moved=False, offered=False,
        ),
    )  # fmt: skip
    answered = [
        made(desk, folder),
        made(desk, inside, desk.node(folder).node_id),
        made(desk, plain),
        made(desk, again),
        made(desk, moved, name="moved by a colleague", place=COLLEAGUES),
        made(desk, edited, rev=COLLEAGUES, hash=content(b"theirs").content_hash),
        made(desk, told),
        made(desk, given),
        made(desk, dead, dead=True),
        made(desk, twin, merged=b"w" * 16, node=b"w" * 16),
        made(desk, in_twin, desk.node(twin).node_id, parent=b"w" * 16),
    ]
    since = desk.node(again)
    assert since.local is not None
    seen = local_tree.disk(desk.store, again)
    assert seen is not None
    newer = msgspec.structs.replace(since.local, hash=content(b"newer").content_hash)
    local_tree.set_local(desk.store, again, newer, seen)
    desk.tell(desk.state(desk.node(told).node_id, "told", rev=COLLEAGUES, hash=content(b"x").content_hash))
    desk.store.run("DELETE FROM dirty")
    return answered


def rows(desk: StoredDesk) -> list[Row]:
    return desk.store.all("SELECT * FROM node ORDER BY lid")


def test_together_they_settle_what_they_settle_one_by_one(desk: StoredDesk) -> None:
    one_by_one = StoredDesk()
    for row, outcome in commit(one_by_one):
        answers.acknowledge(one_by_one.store, row, outcome)
    local_tree.settle(one_by_one.store, trees.settled(one_by_one.store, dirty_lids(one_by_one)))
    answers.take_in(desk.store, commit(desk))
    assert rows(desk) == rows(one_by_one)
    assert lost.get(desk.store, desk.at("given back")) == lost.get(one_by_one.store, desk.at("given back"))
    left = [lid for lid in dirty_lids(one_by_one) if not settled(one_by_one.node(lid))]
    assert {lid for lid in dirty_lids(desk) if not settled(desk.node(lid))} == set(left)


def test_what_is_settled_is_not_left_to_be_decided_about(desk: StoredDesk) -> None:
    answered = commit(desk)
    dirty.add(desk.store, [row.lid for row, _ in answered])
    answers.take_in(desk.store, answered)
    for name in ("folder", "plain"):
        assert settled(desk.node(desk.at(name)))
        assert desk.at(name) not in dirty_lids(desk)
    assert desk.at("saved again") in dirty_lids(desk)


@pytest.mark.parametrize(
    "since",
    [
        {"name": "other"}, {"parent": COLLEAGUES}, {"place": COLLEAGUES}, {"rev": COLLEAGUES}, {"dead": True},
        {"hash": b"h" * 32}, {"exec": True},
    ],
)  # fmt: skip
def test_what_something_has_become_of_since_is_taken_in_by_itself(
    desk: StoredDesk, monkeypatch: pytest.MonkeyPatch, since: dict[str, object]
) -> None:
    alone: list[NodeState | None] = []
    monkeypatch.setattr(answers, "acknowledge", lambda _, __, outcome: alone.append(outcome.state))
    lid = desk.show("f")
    row, outcome = made(desk, lid, **since)
    answers.take_in(desk.store, [(row, outcome)])
    assert alone == [outcome.state]


# How far the journal goes (docs/decisions/0013)


def followed(
    desk: StoredDesk, done: list[Answer], head: int, epoch: bytes = EPOCH, at_ms: int = 5
) -> SpaceRow:
    answer = CommitAnswer(outcomes=tuple(each for _, each in done), head=head, chain=b"h" * 8, at_ms=at_ms)
    answers.follow(desk.store, SPACE, epoch, answer, done)
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    return row


def two(desk: StoredDesk) -> list[Answer]:
    return [made(desk, desk.show("a")), made(desk, desk.show("b"))]


def test_what_only_this_commit_wrote_needs_no_reading(desk: StoredDesk) -> None:
    row = followed(desk, two(desk), head=2)
    assert (row.cursor, row.told) == (Cursor(EPOCH, 2, b"h" * 8), None)
    assert meta.last_change_ms(desk.store) == 5


def test_what_somebody_wrote_in_between_is_read(desk: StoredDesk) -> None:
    before = spaces.get(desk.store, SPACE)
    assert before is not None
    desk.seq += 1
    row = followed(desk, two(desk), head=3)
    assert (row.cursor, row.told) == (before.cursor, Cursor(EPOCH, 3, b"h" * 8))


def test_what_somebody_wrote_behind_is_read(desk: StoredDesk) -> None:
    assert followed(desk, two(desk), head=3).told is not None


@pytest.mark.parametrize(
    "since",
    [{"place": COLLEAGUES, "rev": COLLEAGUES}, {"seq": 9}],
    ids=["it was there already", "it has changed since"],
)
def test_an_effect_that_was_anothers_is_read(desk: StoredDesk, since: dict[str, object]) -> None:
    (row, outcome), second = two(desk)
    assert outcome.state is not None
    changed = msgspec.structs.replace(outcome, state=msgspec.structs.replace(outcome.state, **since))
    assert followed(desk, [(row, changed), second], head=2).told is not None


def test_an_answer_whose_state_is_hidden_is_read(desk: StoredDesk) -> None:
    (row, outcome), second = two(desk)
    hidden = msgspec.structs.replace(outcome, state=None)
    assert followed(desk, [(row, hidden), second], head=2).told is not None


def test_behind_an_earlier_answer_that_was_not_found_yet_all_is_read(desk: StoredDesk) -> None:
    done = two(desk)
    spaces.told(desk.store, SPACE, Cursor(EPOCH, 1, b"x" * 8))
    row = followed(desk, done, head=2)
    assert row.cursor is not None
    assert row.cursor.seq == 0


def test_an_answer_that_reading_has_overtaken_does_not_lead_back(desk: StoredDesk) -> None:
    done = two(desk)
    spaces.set_cursor(desk.store, SPACE, Cursor(EPOCH, 3, b"x" * 8))
    row = followed(desk, done, head=2)
    assert (row.cursor, row.told) == (Cursor(EPOCH, 3, b"x" * 8), None)


def test_another_life_of_the_server_is_read(desk: StoredDesk) -> None:
    row = followed(desk, two(desk), head=2, epoch=b"f" * 16)
    assert row.cursor is not None
    assert row.cursor.seq == 0


def test_an_answer_that_does_not_say_when_is_read(desk: StoredDesk) -> None:
    assert followed(desk, two(desk), head=2, at_ms=0).told is not None
