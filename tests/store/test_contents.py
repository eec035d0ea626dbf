"""What was read of files is recorded together, each content with the signature with which it was read (R4)."""

import msgspec

from govsync.model.nodes import Presence
from govsync.store import contents, local_tree
from govsync.store.contents import Held
from tests.store.desk import StoredDesk, content, dirty_lids, file


def found(desk: StoredDesk, *names: str) -> list[int]:
    desk.look(desk.root, *(file(name, ino, birth=40 + ino) for ino, name in enumerate(names, 1)))
    desk.store.run("DELETE FROM dirty")
    return [desk.at(name) for name in names]


def held(desk: StoredDesk, lid: int, words: bytes, **seen: object) -> Held:
    disk = local_tree.disk(desk.store, lid)
    assert disk is not None
    return Held(lid, msgspec.structs.replace(disk, **seen), content(words), exec=True)


def test_each_content_is_recorded_with_its_own_signature_and_is_to_be_decided_about(desk: StoredDesk) -> None:
    a, b = found(desk, "a", "b")
    signature = {"size_bytes": 1, "mtime_ns": 70, "ctime_ns": 71, "racy": True}
    both = [held(desk, a, b"1", **signature), held(desk, b, b"2")]
    assert contents.record(desk.store, both) == {a, b}
    for lid, words in ((a, b"1"), (b, b"2")):
        local = desk.node(lid).local
        assert local is not None
        assert (local.hash, local.exec, local.presence) == (content(words).content_hash, True, Presence.HERE)
    disk = local_tree.disk(desk.store, a)
    assert disk is not None
    assert (disk.size_bytes, disk.mtime_ns, disk.ctime_ns, disk.racy) == (1, 70, 71, True)
    assert dirty_lids(desk) == [a, b]


def test_of_a_file_that_was_exchanged_meanwhile_nothing_is_recorded(desk: StoredDesk) -> None:
    a, b = found(desk, "a", "b")
    late = held(desk, a, b"old")
    desk.look(desk.root, file("a", 9), file("b", 2))
    assert contents.record(desk.store, [late, held(desk, b, b"2")]) == {b}
    local = desk.node(a).local
    assert local is not None
    assert local.hash is None


def test_a_reading_that_does_not_know_the_birth_leaves_it_as_it_was_seen(desk: StoredDesk) -> None:
    (a,) = found(desk, "a")
    contents.record(desk.store, [held(desk, a, b"1", birth_ns=None)])
    disk = local_tree.disk(desk.store, a)
    assert disk is not None
    assert disk.birth_ns == 41


def test_nothing_is_decided_about_a_file_that_waits_for_the_end_of_a_gap(desk: StoredDesk) -> None:
    a, b = found(desk, "a", "b")
    desk.store.run("UPDATE node SET waits_for = ? WHERE lid = ?", (b, a))
    assert contents.record(desk.store, [held(desk, a, b"1")]) == {a}
    assert dirty_lids(desk) == []
