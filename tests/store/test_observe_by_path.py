"""On a disk whose numbers do not last everything is known by its path, and what moved by its content (R1, R2.2, R2.4)."""

import msgspec
import pytest

from govsync.model.nodes import Presence
from govsync.store import observe
from govsync.store.observe import Entry, Observed
from tests.store.desk import StoredDesk, file, folder

WORDS = b"12345"


@pytest.fixture
def desk() -> StoredDesk:
    return StoredDesk()


def look(desk: StoredDesk, *entries: Entry) -> Observed:
    return observe.observe(desk.store, desk.ids, desk.root, entries, True, desk.now_ms, identity=False)


def renumbered(entry: Entry, ino: int) -> Entry:
    return (entry[0], msgspec.structs.replace(entry[1], ino=ino), *entry[2:])


def test_a_number_that_changed_with_the_mount_is_no_edit(desk: StoredDesk) -> None:
    look(desk, file("a", 11))
    lid = desk.at("a")
    assert desk.read(lid, WORDS)
    found = look(desk, file("a", 99))
    assert (found.to_read, found.changed) == ([], False)
    assert desk.store.value("SELECT ino FROM node WHERE lid = ?", (lid,)) == 99


def test_an_edit_is_still_seen(desk: StoredDesk) -> None:
    look(desk, file("a", 11))
    assert desk.read(desk.at("a"), WORDS)
    assert look(desk, file("a", 99, at=2)).to_read == [desk.at("a")]


def test_a_file_with_another_s_number_is_not_taken_for_it(desk: StoredDesk) -> None:
    look(desk, file("a", 11), file("b", 12, size=7))
    for name, words in (("a", WORDS), ("b", b"7654321")):
        assert desk.read(desk.at(name), words)
    a = desk.at("a")
    # `a` is gone, and a new file has its number, size and time.
    look(desk, file("b", 12, size=7), file("c", 11))
    assert desk.store.value("SELECT waits_for FROM node WHERE lid = ?", (desk.at("c"),)) is None
    assert desk.presence(a) is Presence.GAP


def test_a_move_is_known_by_the_content(desk: StoredDesk) -> None:
    look(desk, file("a", 11))
    a = desk.at("a")
    assert desk.read(a, WORDS)
    look(desk, file("z", 44))
    assert desk.read(desk.at("z"), WORDS)
    assert desk.close()
    assert desk.at("z") == a


def test_a_folder_keeps_its_node_by_its_path_alone(desk: StoredDesk) -> None:
    look(desk, folder("d", 20), folder("e", 21))
    d, e = desk.at("d"), desk.at("e")
    look(desk, renumbered(folder("d", 20), 21), renumbered(folder("e", 21), 20))
    assert (desk.at("d"), desk.at("e")) == (d, e)
