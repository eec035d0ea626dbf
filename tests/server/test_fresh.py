"""What was saved a moment ago is given out from memory: only that, only so much of it, and only where it is durable."""

import msgspec
import pytest

from govsync.content.compress import Encoded, Encoding
from govsync.content.hashes import chunk_hash
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import changes, reading
from govsync.server.chunk import Chunk
from govsync.server.fresh import Fresh
from tests.server.desk import Desk
from tests.server.office import Office

ONE, TWO = b"1" * 16, b"2" * 16


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def kept(office: Office, space: bytes, *contents: bytes) -> list[bytes]:
    found = office.server.fresh.found(space, [chunk_hash(each) for each in contents])
    assert all(chunk_hash(chunk.plain) == digest for digest, chunk in found.items())
    return [chunk.plain for chunk in found.values()]


def test_what_was_saved_comes_with_the_journal_without_being_read_back(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    [state, again] = desk.do(desk.put("a", b"1"), desk.put("b", b"22"), inline=(b"1", b"22"))
    reader = Desk(office).caller

    def read_again(*_asked: object) -> dict[bytes, Chunk]:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_read_run", read_again)
        found = changes.changes(office.server, reader, desk.space, None)[1]
    assert {rev: chunk.plain for rev, chunk in found.items()} == {state.rev: b"1", again.rev: b"22"}


def test_what_is_not_fresh_any_more_comes_beside_what_is(office: Office, desk: Desk) -> None:
    old = desk.do(desk.put("a", b"1"), inline=(b"1",))
    office.server = msgspec.structs.replace(office.server, fresh=Fresh())
    new = desk.do(desk.put("b", b"22"), inline=(b"22",))
    page, found = changes.changes(office.server, Desk(office).caller, desk.space, None)
    assert page.inline == tuple(state.rev for state in old + new)
    assert [chunk.plain for chunk in found.values()] == [b"1", b"22"]


def test_only_what_a_version_names_is_kept_and_only_for_its_space(office: Office, desk: Desk) -> None:
    desk.do(desk.put("a", b"1"), inline=(b"1", b"that nobody needs"))
    desk.refused(desk.put("a", b"22"), inline=(b"22",))
    everything = (b"1", b"that nobody needs", b"22")
    assert kept(office, desk.space, *everything) == [b"1"]
    assert kept(office, ONE, *everything) == []


def test_what_did_not_become_durable_is_not_kept(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_connection: object) -> None:
        raise Failure(Code.STORE_UNAVAILABLE)

    with monkeypatch.context() as patch:
        patch.setattr(office.server.database.engine.dialect, "do_commit", away)
        with pytest.raises(Failure):
            desk.commit(desk.put("a", b"1"), inline=(b"1",))
    assert kept(office, desk.space, b"1") == []


def test_so_much_is_kept_and_what_came_first_goes_first() -> None:
    fresh = Fresh(most_bytes=10)
    packed = Encoded(Encoding.ZSTD, b"zz")
    fresh.keep(ONE, {b"a": Chunk(b"aaa"), b"b": Chunk(b"bb", packed)})
    fresh.keep(TWO, {b"a": Chunk(b"AAA")})
    assert fresh.found(ONE, [b"a", b"b", b"c"]) == {b"a": Chunk(b"aaa"), b"b": Chunk(b"bb", packed)}
    # What comes again takes its place anew.
    fresh.keep(ONE, {b"a": Chunk(b"aaa")})
    fresh.keep(ONE, {b"c": Chunk(b"cc")})
    assert fresh.found(ONE, [b"a", b"b", b"c"]) == {b"a": Chunk(b"aaa"), b"c": Chunk(b"cc")}
    assert fresh.found(TWO, [b"a"]) == {b"a": Chunk(b"AAA")}
    fresh.keep(TWO, {b"d": Chunk(b"d" * 11)})
    assert fresh.found(TWO, [b"a", b"d"]) == fresh.found(ONE, [b"a", b"c"]) == {}
