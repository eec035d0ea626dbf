"""What is sent through a link: cut as every desk cuts it, visible only when it is whole, under a free name, and without a word
of what is there."""

import tracemalloc
from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import func, select

from govsync.content.chunks import cut, reading
from govsync.content.manifests import manifest_of
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Commit, Done
from govsync.protocol.limits import MIB
from govsync.protocol.session import Role
from govsync.server import accounts, collect, commits, links, versions
from govsync.server.check import check
from govsync.server.db import tables
from govsync.server.links import Opened
from govsync.server.web import uploads
from govsync.server.web.uploads import WINDOW_BYTES, Sending
from tests.server.desk import Desk, give_role, noise, rows, set_space
from tests.server.office import Office
from tests.server.test_links import code_of, make, opened
from tests.server.web.visitor import BOUNDARY, form


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


@pytest.fixture
def folder(anna: Desk) -> NodeState:
    [state] = anna.do(anna.mkdir("Bids"))
    return state


def dropbox(office: Office, desk: Desk, folder: NodeState) -> Opened:
    return opened(office, make(desk, folder.node, role=Role.UPLOADER))


def begin(office: Office, link: Opened) -> Sending:
    return Sending(office.server, link, BOUNDARY.encode())


def send(office: Office, link: Opened, *files: tuple[str, bytes], at_once: int = 100_000) -> Sending:
    """Sends files in pieces."""
    sending = begin(office, link)
    body = form(*files)
    for start in range(0, len(body), at_once):
        sending.take(body[start : start + at_once])
    sending.end()
    return sending


def there(desk: Desk, folder: NodeState) -> dict[str, NodeState]:
    """What lies in the folder, as its people see it."""
    now: dict[bytes, NodeState] = {entry.state.node: entry.state for entry in desk.journal().entries}
    return {state.name: state for state in now.values() if state.parent == folder.node and not state.dead}


def content(desk: Desk, state: NodeState) -> bytes:
    return b"".join(desk.fetch(state.rev, 0, 1 << 20))


def test_what_is_sent_is_there_as_it_was(office: Office, anna: Desk, folder: NodeState):
    large = noise(5_000_000, 3)
    sending = send(
        office, dropbox(office, anna, folder), ("입찰.pdf", large), ("empty", b""), ("note.txt", b"hello")
    )
    assert sending.received == 3
    found = there(anna, folder)
    assert {name: content(anna, state) for name, state in found.items()} == {
        "입찰.pdf": large,
        "empty": b"",
        "note.txt": b"hello",
    }
    assert check(office.server) == []


@pytest.mark.parametrize(
    "size", [1, 131_072, 131_073, WINDOW_BYTES - 1, WINDOW_BYTES, WINDOW_BYTES + 1, 11_000_000]
)
@pytest.mark.parametrize("kind", ["noise", "zeros"])
def test_a_file_is_cut_as_every_desk_cuts_it(
    office: Office, anna: Desk, folder: NodeState, size: int, kind: str
):
    data = noise(size, size) if kind == "noise" else bytes(size)
    send(office, dropbox(office, anna, folder), ("a", data), at_once=700_001)
    whole = manifest_of(bytes(chunk) for _, chunk in cut(reading(data), len(data)))
    [state] = there(anna, folder).values()
    assert (state.hash, state.size_bytes) == (whole.content_hash, size)


def test_a_file_of_very_many_pieces_has_a_manifest_of_its_own(
    office: Office, anna: Desk, folder: NodeState, monkeypatch: pytest.MonkeyPatch
):
    limits_ = msgspec.structs.replace(office.server.limits, manifest_inline_bytes=100)
    office.server = msgspec.structs.replace(office.server, limits=limits_)
    large = noise(5_000_000, 4)
    send(office, dropbox(office, anna, folder), ("a", large))
    assert content(anna, there(anna, folder)["a"]) == large
    assert check(office.server) == []


def test_a_name_that_is_taken_is_kept_by_who_has_it(office: Office, anna: Desk, folder: NodeState):
    mine = anna.save("a.txt", b"mine", folder.node)
    anna.do(anna.mkdir("b.txt", folder.node))
    sending = send(
        office,
        dropbox(office, anna, folder),
        ("a.txt", b"theirs"),
        ("A.TXT", b"other"),
        ("b.txt", b"1"),
        ("a.txt", b"mine"),
    )
    assert sending.received == 4
    found = there(anna, folder)
    assert found["a.txt"].rev == mine.rev
    assert {name: content(anna, state) for name, state in found.items() if state.rev} == {
        "a.txt": b"mine", "a (2).txt": b"theirs", "A (3).TXT": b"other", "b (2).txt": b"1", "a (4).txt": b"mine",
    }  # fmt: skip


def test_who_sends_learns_nothing_of_what_is_there(office: Office, anna: Desk, folder: NodeState):
    """Whether a name, or a content, is there already: the answer is the same."""
    link = dropbox(office, anna, folder)
    anna.save("a.txt", b"secret", folder.node)
    answers = [
        send(office, link, (name, data))
        for name, data in (("a.txt", b"secret"), ("new", b"secret"), ("new", b"x"))
    ]
    for answer in answers:
        assert (answer.received, len(answer.answer.outcomes if answer.answer else ())) == (1, 1)
    assert link.maker.adds_only


def test_who_asks_again_through_a_link_is_not_shown_what_others_have_made_of_it(
    office: Office, anna: Desk, folder: NodeState
):
    """Whatever the maker of the link may read."""
    link = dropbox(office, anna, folder)
    request = Commit(epoch=anna.epoch, operations=(anna.put("bid", parent=folder.node),))
    [made] = commits.commit(office.server, link.maker, anna.space, request, ()).outcomes
    assert isinstance(made, Done)
    assert made.state is not None
    anna.do(anna.move(made.state, "a name of theirs"))
    [again] = commits.commit(office.server, link.maker, anna.space, request, ()).outcomes
    assert isinstance(again, Done)
    assert again.state is None


def test_it_is_said_that_it_came_by_a_link(office: Office, anna: Desk, folder: NodeState):
    link = dropbox(office, anna, folder)
    send(office, link, ("a", b"1"))
    [state] = there(anna, folder).values()
    [version] = versions.revisions(office.server, anna.caller, anna.space, state.node, None).revisions
    assert (version.user_name, version.device_name) == ("Anna", links.DEVICE)
    assert link.maker.device != anna.caller.device


def test_the_device_of_a_link_can_sign_in_nowhere(office: Office, anna: Desk, folder: NodeState):
    link = dropbox(office, anna, folder)
    with office.server.database.begin(write=False) as tx, pytest.raises(Failure) as caught:
        accounts._active(tx, link.maker.user, link.maker.device)
    assert caught.value.code is Code.SIGNED_OUT


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\kim\\Bid.pdf", "Bid.pdf"), ("/home/kim/Bid.pdf", "Bid.pdf"), ("../../etc/passwd", "passwd"),
        ("  Bid.pdf ", "Bid.pdf"), ("gpj.\u202eexe", "gpj.exe"), ("a\r\nb", "ab"), ("cafe\u0301", "caf\u00e9"),
    ],
)  # fmt: skip
def test_a_name_is_what_remains_of_what_a_browser_says(
    office: Office, anna: Desk, folder: NodeState, sent: str, kept: str
):
    send(office, dropbox(office, anna, folder), (sent, b"1"))
    assert list(there(anna, folder)) == [kept]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (".govsync", Code.NAME_RESERVED), ("x" * 256, Code.NAME_TOO_LONG), ("..", Code.NAME_ILLEGAL), ("a/", Code.NAME_ILLEGAL),
        ("\u202e", Code.NAME_ILLEGAL),
    ],
)  # fmt: skip
def test_a_name_that_may_not_be_is_refused_and_those_before_it_stay(
    office: Office, anna: Desk, folder: NodeState, name: str, code: Code
):
    sending = begin(office, dropbox(office, anna, folder))
    assert code_of(lambda: sending.take(form(("good", b"1"), (name, b"2"), ("never", b"3")))) is code
    assert sending.received == 1
    assert list(there(anna, folder)) == ["good"]


def test_no_file_chosen_is_no_file(office: Office, anna: Desk, folder: NodeState):
    assert send(office, dropbox(office, anna, folder), ("", b"")).received == 0
    assert there(anna, folder) == {}


def unfinished(size: int) -> Iterator[bytes]:
    """A form whose last file never ends."""
    body = form(("first", b"1"), ("second", noise(size, 9)))
    yield body[: -len(BOUNDARY) - 8]


def test_a_file_that_does_not_come_to_its_end_is_nowhere(office: Office, anna: Desk, folder: NodeState):
    link = dropbox(office, anna, folder)
    sending = begin(office, link)
    for piece in unfinished(3 * WINDOW_BYTES):
        sending.take(piece)
    assert code_of(sending.end) is Code.TIMED_OUT
    assert list(there(anna, folder)) == ["first"]
    # What came of it is nobody's: a desk may not even refer to it.
    with office.server.database.begin(write=False) as tx:
        c = tables.chunk.c
        unused = tx.execute(select(func.count()).where(c.device == link.maker.device)).scalar_one()
    assert unused > 0
    assert check(office.server) == []


def test_a_sending_stops_when_the_link_does(office: Office, anna: Desk, folder: NodeState):
    made = make(anna, folder.node, role=Role.UPLOADER)
    link = opened(office, made)
    body = form(("a", noise(3 * WINDOW_BYTES, 1)))
    sending = begin(office, link)
    sending.take(body[: 2 * WINDOW_BYTES])
    links.end(office.server, anna.caller, made.link)
    assert code_of(lambda: sending.take(body[2 * WINDOW_BYTES :])) is Code.NOT_FOUND
    assert there(anna, folder) == {}


def test_a_small_file_is_not_taken_once_the_link_has_ended(office: Office, anna: Desk, folder: NodeState):
    made = make(anna, folder.node, role=Role.UPLOADER)
    sending = begin(office, opened(office, made))
    links.end(office.server, anna.caller, made.link)
    assert code_of(lambda: sending.take(form(("empty", b"")))) is Code.NOT_FOUND
    assert there(anna, folder) == {}


def test_a_maker_who_may_not_add_any_more_lets_nobody_add(office: Office):
    team, clara = Desk(office, "boris", "Planning"), Desk(office, "clara")
    give_role(office, team.space, office.clara, Role.EDITOR)
    clara.space, clara.root, clara.epoch = team.space, team.root, team.epoch
    [folder] = team.do(team.mkdir("Bids"))
    sending = begin(office, dropbox(office, clara, folder))
    give_role(office, team.space, office.clara, Role.VIEWER)
    assert code_of(lambda: sending.take(form(("a", b"1")))) is Code.NOT_FOUND


def test_a_full_space_takes_nothing_in(office: Office, anna: Desk, folder: NodeState):
    set_space(office, anna.space, quota=10)
    sending = begin(office, dropbox(office, anna, folder))
    assert code_of(lambda: sending.take(form(("a", b"x" * 11)))) is Code.QUOTA
    assert there(anna, folder) == {}


def test_so_many_files_come_at_a_time(
    office: Office, anna: Desk, folder: NodeState, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    sending = begin(office, dropbox(office, anna, folder))
    assert code_of(lambda: sending.take(form(("a", b"1"), ("b", b"2"), ("c", b"3")))) is Code.TOO_LARGE
    assert set(there(anna, folder)) == {"a", "b"}


def test_two_who_send_the_same_at_once_both_arrive(office: Office, anna: Desk, folder: NodeState):
    link, other = dropbox(office, anna, folder), dropbox(office, anna, folder)
    data = noise(3 * WINDOW_BYTES, 2)
    body = form(("a", data))
    sendings = [begin(office, each) for each in (link, link, other)]
    for sending in sendings:
        sending.take(body[:-10])
    # A desk of Anna's has sent it too, and used it before.
    anna.save("own", b"1", folder.node)
    for sending in sendings:
        sending.take(body[-10:])
    assert [sending.received for sending in sendings] == [1, 1, 1]
    assert {content(anna, state) for name, state in there(anna, folder).items() if name != "own"} == {data}


def test_a_large_file_is_taken_in_bounded_memory(office: Office, anna: Desk, folder: NodeState):
    sending = begin(office, dropbox(office, anna, folder))
    head, tail = form(("a", b"\0")).split(b"\0")
    piece = noise(MIB, 1)
    tracemalloc.start()
    try:
        sending.take(head)
        for _ in range(120):
            sending.take(piece)
        sending.take(tail)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert there(anna, folder)["a"].size_bytes == 120 * MIB
    assert peak < uploads.MEMORY_BYTES + 4 * MIB


def test_a_sending_that_was_cut_off_leaves_what_is_collected(office: Office, anna: Desk, folder: NodeState):
    sending = begin(office, dropbox(office, anna, folder))
    sending.take(form(("a", noise(3 * WINDOW_BYTES, 5)))[: 2 * WINDOW_BYTES])
    assert rows(office, tables.chunk)
    for _ in range(4):
        office.clock.now_ms += 40 * 3_600_000
        collect.collect(office.server)
    assert rows(office, tables.chunk) == []
