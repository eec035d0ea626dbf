"""What is lost here is noted as soon as anybody knows, asked back from those who may have it, and whole when it is here again."""

from pathlib import Path

import msgspec
import pytest

from govsync.content.chunks import SCHEME
from govsync.content.hashes import chunk_hash
from govsync.content.manifests import encode
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Done
from govsync.protocol.events import Wanted
from govsync.server import packs, reading, wanted
from govsync.server.check import check
from tests.server.desk import LARGE, Desk, manifest, noise
from tests.server.office import Office


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def destroy_packs(tmp_path: Path) -> None:
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file() and len(path.name) == 32:
            path.write_bytes(bytes(path.stat().st_size))


def asked_back(office: Office, desk: Desk, after: bytes = b"") -> list[Wanted]:
    return wanted.still(office.server, [desk.space], {desk.space: after})


def told(desk: Desk, *states: NodeState) -> list[Wanted]:
    return [Wanted(space=desk.space, versions=tuple((state.node, state.rev or b"") for state in states))]


def offer(desk: Desk, state: NodeState, content: bytes) -> ask.Offer:
    made = manifest(content)
    assert state.rev is not None
    assert state.parent is not None
    return ask.Offer(
        key=desk.key(), node=state.node, node_kind=state.kind, parent=state.parent, name=state.name, place_key=state.place,
        origin_epoch=desk.epoch, origin_seq=state.seq, rev=state.rev, hash=made.content_hash, size_bytes=made.size_bytes,
        scheme=SCHEME, manifest=encode(made),
    )  # fmt: skip


def lost(desk: Desk, state: NodeState) -> None:
    with pytest.raises(Failure) as failed:
        desk.fetch(state.rev)
    assert failed.value.code is Code.CHUNK_LOST


def test_what_somebody_could_not_have_is_asked_back_and_whole_once_it_is_sent_again(
    office: Office, desk: Desk, tmp_path: Path
):
    state = desk.save("a", LARGE)
    assert asked_back(office, desk) == []
    destroy_packs(tmp_path)
    lost(desk, state)
    assert asked_back(office, desk) == told(desk, state)
    # It counts as not there: whoever brings it has to send it.
    assert desk.lacks(offer(desk, state, LARGE))
    desk.send(LARGE)
    head = desk.journal().cursor.seq
    [outcome] = desk.commit(offer(desk, state, LARGE))
    assert isinstance(outcome, Done)
    assert desk.journal().cursor.seq == head, "nothing has changed for anybody"
    assert asked_back(office, desk) == []
    assert desk.fetch(state.rev) == [LARGE]
    assert check(office.server) == []


def test_a_check_asks_back_only_when_it_is_to_repair(office: Office, desk: Desk, tmp_path: Path):
    state = desk.save("a", LARGE)
    destroy_packs(tmp_path)
    assert check(office.server)
    assert asked_back(office, desk) == []
    assert check(office.server, repair=True)
    assert asked_back(office, desk) == told(desk, state)


def test_what_came_back_by_another_way_is_asked_for_no_more(office: Office, desk: Desk, tmp_path: Path):
    first, second = desk.save("a", LARGE), desk.save("b", LARGE)
    destroy_packs(tmp_path)
    check(office.server, repair=True)
    assert asked_back(office, desk) == told(desk, first, second)
    desk.send(LARGE)
    assert asked_back(office, desk) == []
    assert check(office.server) == []


def test_only_what_is_current_can_be_asked_for_and_all_of_it_has_its_turn(
    office: Office, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wanted, "AT_ONCE", 1)
    old = desk.save("a", noise(100_000, 1))
    desk.send(noise(100_000, 2))
    [new] = desk.do(desk.edit(old, noise(100_000, 2)))
    other = desk.save("b", noise(100_000, 3))
    desk.do(desk.delete(desk.save("c", noise(100_000, 4))))
    destroy_packs(tmp_path)
    check(office.server, repair=True)
    assert asked_back(office, desk) == told(desk, new)
    assert asked_back(office, desk, after=new.rev or b"") == told(desk, other)
    assert asked_back(office, desk, after=other.rev or b"") == told(desk, new), "from the beginning again"


def test_a_large_manifest_that_is_lost_is_asked_back_too(office: Office, desk: Desk, tmp_path: Path):
    put = desk.put("a", LARGE)
    assert put.manifest is not None
    desk.send(LARGE, put.manifest)
    stored = msgspec.structs.replace(put, manifest=None, manifest_chunks=(chunk_hash(put.manifest),))
    [state] = desk.do(stored)
    assert state.rev is not None
    office.clock.now_ms += packs.WAIT_MS
    packs.fold(office.server)
    destroy_packs(tmp_path)
    with pytest.raises(Failure):
        reading.manifest(office.server, desk.caller, desk.space, state.rev)
    assert asked_back(office, desk) == told(desk, state)
