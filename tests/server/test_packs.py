"""Small contents find their packs, and stay as quick and as safe to read there as they were in the database."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from govsync.content.hashes import chunk_hash
from govsync.content.packs import FRAME_BYTES
from govsync.model.codes import Code
from govsync.model.operations import Put
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Want
from govsync.server import changes, collect, contents, packs, reading, upkeep
from govsync.server.blobs.interface import Blobs, Stored
from govsync.server.check import check
from govsync.server.db import tables
from govsync.server.db.connect import Database
from govsync.server.fresh import Fresh
from tests.server.desk import KIB, Desk, noise, rows
from tests.server.office import Office

TOGETHER = 50
"""So few at a time that they wait for others in the database."""
TEXT = b"The same words again and again. "


class Watched:
    """A store that notes what is asked of it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.reads: list[int] = []

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        self._blobs.put_new(key, pieces)

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        self.reads.append(size_bytes)
        return self._blobs.get_range(key, offset, size_bytes)

    def size(self, key: str) -> int | None:
        return self._blobs.size(key)

    def delete(self, key: str) -> None:
        self._blobs.delete(key)

    def list(self) -> Iterator[Stored]:
        return self._blobs.list()

    def identity(self) -> str | None:
        return self._blobs.identity()

    def establish(self, identity: str) -> None:
        self._blobs.establish(identity)


@pytest.fixture
def watched(office: Office) -> Watched:
    blobs = Watched(office.server.blobs)
    office.server = msgspec.structs.replace(office.server, blobs=blobs)
    return blobs


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def save(desk: Desk, count: int, size_bytes: int, text: bool = False) -> dict[bytes, bytes]:
    """Saves small files, as a desk does; answers their contents by revision."""
    files = [
        (TEXT + b"%08d" % number).ljust(size_bytes, b".") if text else noise(size_bytes, number)
        for number in range(count)
    ]
    states: list[NodeState] = []
    for start in range(0, count, TOGETHER):
        part = files[start : start + TOGETHER]
        puts = (desk.put(f"{start + number}", data) for number, data in enumerate(part))
        states += desk.do(*puts, inline=tuple(part))
    return {state.rev: data for state, data in zip(states, files, strict=True) if state.rev is not None}


def fetch(desk: Desk, revs: Iterable[bytes]) -> list[bytes]:
    wants = [Want(rev, 0, 1) for rev in revs]
    found = reading.fetch(desk.office.server, desk.caller, desk.space, wants)
    return [chunk.plain for chunk in found]


def inline(desk: Desk) -> dict[bytes, bytes]:
    """Answers the small contents that come with the journal to another desk of the same person, from a server that has just
    been started."""
    other = Desk(desk.office)
    server = msgspec.structs.replace(desk.office.server, fresh=Fresh())
    found = changes.changes(server, other.caller, desk.space, None)[1]
    return {rev: chunk.plain for rev, chunk in found.items()}


def chunks(office: Office) -> list[dict[str, Any]]:
    return rows(office, tables.chunk)


def objects(office: Office) -> list[Stored]:
    return list(office.server.blobs.list())


def let_wait(office: Office) -> None:
    office.clock.now_ms += packs.WAIT_MS


# When


def test_a_few_small_contents_wait_for_others_but_not_for_long(office: Office, desk: Desk) -> None:
    saved = save(desk, 3, 100)
    assert packs.fold(office.server) == 0
    office.clock.now_ms += packs.WAIT_MS - 1
    assert packs.fold(office.server) == 0
    office.clock.now_ms += 1
    assert packs.fold(office.server) == 3
    assert packs.fold(office.server) == 0
    assert len(objects(office)) == 1
    assert {row["data"] for row in chunks(office)} == {None}
    assert fetch(desk, saved) == list(saved.values())
    assert check(office.server) == []


def test_enough_for_a_pack_does_not_wait(office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "TARGET_BYTES", 40 * KIB)
    save(desk, 90, KIB)
    # Two full packs; what is left waits.
    assert packs.fold(office.server) == 80
    assert sum(row["data"] is not None for row in chunks(office)) == 10


def test_very_many_tiny_contents_are_enough_too(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "MOST_CHUNKS", 50)
    save(desk, 60, 30)
    assert packs.fold(office.server) == 50


def test_folding_ends_between_two_packs_when_it_is_asked_to(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "TARGET_BYTES", 10 * KIB)
    save(desk, 30, KIB)
    asked = iter([True, False])
    assert packs.fold(office.server, lambda: next(asked)) == 10
    assert check(office.server) == []


# Many at once


MANY = {b"%d" % number: noise(4 * KIB, number) for number in range(contents.PACK_FROM_BYTES // (4 * KIB))}


def put_many(desk: Desk) -> list[Put]:
    return [desk.put(name.decode(), data) for name, data in MANY.items()]


def test_many_that_come_together_find_their_pack_at_once_and_in_their_order(
    office: Office, watched: Watched, desk: Desk
) -> None:
    states = desk.do(*put_many(desk), inline=(*MANY.values(), b"that nobody needs"))
    [pack] = objects(office)
    assert {(row["pack"].hex(), row["data"], row["device"]) for row in chunks(office)} == {
        (pack.key, None, None)
    }
    lying = sorted(chunks(office), key=lambda row: row["frame_offset"])
    assert [row["hash"] for row in lying] == [chunk_hash(data) for data in MANY.values()]
    assert inline(desk) == dict(zip((state.rev for state in states), MANY.values(), strict=True))
    assert len(watched.reads) == contents.PACK_FROM_BYTES // reading.SPAN_BYTES + 1
    let_wait(office)
    assert packs.fold(office.server) == 0
    assert check(office.server) == []


def test_one_less_waits_for_others_in_the_database(office: Office, desk: Desk) -> None:
    desk.do(*put_many(desk)[1:], inline=tuple(MANY.values())[1:])
    assert not objects(office)
    assert {row["pack"] for row in chunks(office)} == {None}


def test_what_a_space_has_already_is_not_put_into_another_pack(office: Office, desk: Desk) -> None:
    desk.do(*put_many(desk), inline=tuple(MANY.values()))
    [pack] = objects(office)
    again = (desk.put("again " + name.decode(), data) for name, data in MANY.items())
    desk.do(*again, inline=tuple(MANY.values()))
    assert objects(office) == [pack]


def test_many_have_no_effect_while_their_pack_cannot_be_stored(
    office: Office, watched: Watched, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = put_many(desk)
    before = desk.journal()

    def away(_key: str, _pieces: object) -> None:
        raise Failure(Code.STORE_UNAVAILABLE)

    with monkeypatch.context() as patch:
        patch.setattr(watched, "put_new", away)
        with pytest.raises(Failure) as failed:
            desk.commit(*operations, inline=tuple(MANY.values()))
    assert failed.value.code is Code.STORE_UNAVAILABLE
    assert desk.journal() == before
    assert not chunks(office)
    desk.do(*operations, inline=tuple(MANY.values()))
    assert list(inline(desk).values()) == list(MANY.values())


# Reading what was folded


@pytest.mark.parametrize("text", [True, False])
def test_many_small_files_are_read_by_few_requests_in_any_order(
    office: Office, watched: Watched, desk: Desk, text: bool
) -> None:
    """Also of contents that do not compress, each of which is a frame of its own."""
    saved = save(desk, 500, 4 * KIB, text)
    let_wait(office)
    packs.fold(office.server)
    watched.reads.clear()
    backwards = list(reversed(saved))
    assert fetch(desk, backwards) == [saved[rev] for rev in backwards]
    most = 500 * 4 * KIB // reading.SPAN_BYTES + 1
    assert len(watched.reads) <= most
    assert max(watched.reads) <= reading.SPAN_BYTES
    watched.reads.clear()
    assert inline(desk) == saved
    assert len(watched.reads) <= most


def test_one_small_file_costs_no_more_than_its_frame(office: Office, watched: Watched, desk: Desk) -> None:
    saved = save(desk, 300, 4 * KIB, text=True)
    let_wait(office)
    packs.fold(office.server)
    assert max(row["offset_bytes"] + row["size"] for row in chunks(office)) <= FRAME_BYTES
    watched.reads.clear()
    rev = next(iter(saved))
    assert fetch(desk, [rev]) == [saved[rev]]
    assert len(watched.reads) == 1
    assert watched.reads[0] < FRAME_BYTES


def test_what_was_saved_together_lies_together(office: Office, watched: Watched, desk: Desk) -> None:
    first = save(desk, 100, 4 * KIB)
    office.clock.now_ms += 1_000
    desk.do(*(desk.put(f"later {n}", noise(4 * KIB, 1000 + n)) for n in range(100)),
            inline=tuple(noise(4 * KIB, 1000 + n) for n in range(100)))  # fmt: skip
    let_wait(office)
    packs.fold(office.server)
    watched.reads.clear()
    assert fetch(desk, first) == list(first.values())
    assert sum(watched.reads) == 100 * 4 * KIB


@pytest.mark.parametrize("how", ["damaged", "cut off"])
def test_a_damaged_content_takes_no_other_with_it(
    office: Office, desk: Desk, tmp_path: Path, how: str
) -> None:
    saved = save(desk, 10, 4 * KIB)
    let_wait(office)
    packs.fold(office.server)
    [pack] = tmp_path.joinpath("store").glob("??/????????????????????????????????")
    bad = max(chunks(office), key=lambda row: row["frame_offset"])
    data = bytearray(pack.read_bytes())
    if how == "damaged":
        data[bad["frame_offset"]] ^= 1
    else:
        del data[bad["frame_offset"] + 5 :]
    pack.write_bytes(data)
    [lost] = [rev for rev, content in saved.items() if chunk_hash(content) == bad["hash"]]
    whole = {rev: content for rev, content in saved.items() if rev != lost}
    assert inline(desk) == whole
    with pytest.raises(Failure) as failed:
        fetch(desk, saved)
    assert failed.value.code is Code.CHUNK_LOST
    assert fetch(desk, whole) == list(whole.values())
    # Whoever still holds it brings it again.
    assert {row["hash"] for row in chunks(office) if row["lost"]} == {bad["hash"]}
    desk.send(saved[lost])
    assert fetch(desk, saved) == list(saved.values())


# Beside others


def test_a_content_that_went_while_it_was_folded_is_not_brought_back(
    office: Office, watched: Watched, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.send(b"unused")
    saved = save(desk, 2, 100)
    put_new = watched.put_new

    def put_late(key: str, pieces: Iterable[bytes | memoryview]) -> None:
        put_new(key, pieces)
        with office.server.database.begin() as tx:
            tx.execute(delete(tables.chunk).where(tables.chunk.c.hash == chunk_hash(b"unused")))

    monkeypatch.setattr(watched, "put_new", put_late)
    let_wait(office)
    assert packs.fold(office.server) == 2
    assert {row["hash"] for row in chunks(office)} == {chunk_hash(data) for data in saved.values()}


def test_a_pack_of_which_little_is_needed_is_written_anew(office: Office, desk: Desk) -> None:
    saved = save(desk, 100, 4 * KIB)
    let_wait(office)
    packs.fold(office.server)
    [old] = objects(office)
    keep = dict(list(saved.items())[::4])
    needed = {chunk_hash(content) for content in keep.values()}
    with office.server.database.begin() as tx:
        tx.execute(delete(tables.chunk).where(tables.chunk.c.hash.not_in(needed)))
    later_ms = office.clock.now_ms + 1
    assert packs.repack(office.server, later_ms - packs.WAIT_MS) == 0
    assert packs.repack(office.server, later_ms) == 1
    assert fetch(desk, keep) == list(keep.values())
    assert packs.repack(office.server, later_ms) == 0
    [new] = [each for each in objects(office) if each.key != old.key]
    assert new.size_bytes < old.size_bytes / 3
    assert {row["pack"].hex() for row in chunks(office)} == {new.key}


def test_a_pack_of_very_small_contents_that_are_all_needed_is_left_alone(office: Office, desk: Desk) -> None:
    """Most of it is its index: it takes 49 bytes a content."""
    save(desk, 300, 2)
    let_wait(office)
    packs.fold(office.server)
    assert packs.repack(office.server, office.clock.now_ms + 1) == 0


# By itself


@pytest.fixture
def replica(office: Office, url: str) -> Iterator[Office]:
    """Another replica over the same database; SQLite has one process, in which others are threads."""
    other = object.__new__(Office)
    other.__dict__ = dict(office.__dict__)
    if office.server.database.is_sqlite:
        yield other
        return
    database = Database(url)
    other.server = msgspec.structs.replace(office.server, database=database)
    yield other
    database.close()


def test_of_two_replicas_one_does_the_work(
    office: Office, watched: Watched, replica: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = save(desk, 5, 100)
    let_wait(office)
    put_new = watched.put_new

    def put_beside_another(key: str, pieces: Iterable[bytes | memoryview]) -> None:
        upkeep.turn(replica.server)
        put_new(key, pieces)

    monkeypatch.setattr(watched, "put_new", put_beside_another)
    upkeep.turn(office.server)
    assert len(objects(office)) == 1
    # And the other can, as soon as the first has ended.
    desk.save("more", b"more")
    let_wait(office)
    upkeep.turn(replica.server)
    assert len(objects(office)) == 2
    assert fetch(desk, saved) == list(saved.values())


def test_a_replica_that_fails_leaves_the_work_to_another(
    office: Office, watched: Watched, replica: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(desk, 5, 100)
    let_wait(office)

    def away(_key: str, _pieces: object) -> None:
        raise Failure(Code.STORE_UNAVAILABLE)

    with monkeypatch.context() as patch:
        patch.setattr(watched, "put_new", away)
        with pytest.raises(Failure):
            upkeep.turn(office.server)
    upkeep.turn(replica.server)
    assert len(objects(office)) == 1


def test_what_nothing_needs_is_collected_once_an_hour_by_whichever_replica(
    office: Office, replica: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    real = collect.collect

    def noted(server: Any, going: Any) -> collect.Collected:
        ran.append(office.clock.now_ms)
        return real(server, going)

    monkeypatch.setattr(collect, "collect", noted)
    start_ms = office.clock.now_ms
    for minutes in range(0, 150, 10):
        office.clock.now_ms = start_ms + minutes * 60_000
        upkeep.turn(office.server)
        upkeep.turn(replica.server)
    assert [(at - start_ms) // 60_000 for at in ran] == [0, 60, 120]


def test_the_thread_goes_on_after_a_turn_that_failed_and_ends_when_it_is_asked_to(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    turns = iter([Failure(Code.STORE_UNAVAILABLE), ZeroDivisionError(), None])
    third = threading.Event()

    def turn(_server: object, going: Any) -> None:
        assert going()
        error = next(turns, None)
        if error is not None:
            raise error
        third.set()

    monkeypatch.setattr(upkeep, "turn", turn)
    thread = upkeep.Upkeep(office.server, turn_s=0.001)
    thread.start()
    assert third.wait(30)
    thread.stop()
    thread.join(30)
    assert not thread.is_alive()
