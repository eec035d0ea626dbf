"""What was put where its person may only add: under which key it is told, and what an answer is about (R37)."""

from govsync.content.chunks import SCHEME
from govsync.model import operations as ask
from govsync.protocol.session import Role
from govsync.store import local_tree, spaces, uploads
from govsync.store.ops import OpRow
from tests.store.desk import ROOT_ID, SPACE, TEAM, StoredDesk, content, info

NODE, OTHER = b"n" * 16, b"o" * 16
HELD, EDITED = content(b"words").content_hash, content(b"other words").content_hash


def put(desk: StoredDesk, lid: int) -> OpRow:
    operation = ask.Put(
        key=uploads.key(NODE, HELD),
        node=NODE,
        parent=ROOT_ID,
        name="a",
        hash=HELD,
        size_bytes=5,
        scheme=SCHEME,
    )
    return OpRow(operation=operation, lid=lid, space=SPACE, covers=(lid,))


def test_the_same_is_told_under_the_same_key_and_nothing_else_is() -> None:
    """A server that knew an edit by the key of what was sent before would say that it has it."""
    assert uploads.key(NODE, HELD) == uploads.key(NODE, HELD)
    assert (
        len(
            {
                uploads.key(NODE, HELD),
                uploads.key(NODE, EDITED),
                uploads.key(OTHER, HELD),
                uploads.key(NODE, None),
            }
        )
        == 4
    )


def test_an_answer_is_about_the_file_that_was_sent_and_not_about_the_one_that_it_has_become(
    desk: StoredDesk,
) -> None:
    lid = desk.show("a", words=b"words", node_id=NODE)
    uploads.renew(desk.store, lid, OTHER)
    uploads.sent(desk.store, [put(desk, lid)])
    assert desk.node(lid).remote is None, "it is still to be sent"
    uploads.renew(desk.store, lid, NODE)
    uploads.sent(desk.store, [put(desk, lid)])
    assert desk.node(lid).remote is not None


def test_only_what_was_put_where_nothing_is_read_makes_way_for_what_another_space_tells(
    desk: StoredDesk,
) -> None:
    lid = desk.show("a", words=b"words", node_id=NODE)
    assert uploads.part(desk.store, TEAM, [NODE]) == [], "this one is told of by its own journal"
    spaces.update(desk.store, info(role=Role.UPLOADER))
    assert uploads.part(desk.store, SPACE, [NODE]) == []
    assert uploads.part(desk.store, TEAM, [NODE, OTHER, ROOT_ID]) == [NODE], "a root is what it is"
    assert local_tree.by_id(desk.store, NODE) is None
    assert desk.node(lid).local is not None
