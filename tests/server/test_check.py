"""Each kind of damage that can be planted is found, named and outlived: a check that does not repair changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from govsync.server import directory, packs
from govsync.server.check import check
from govsync.server.db import tables
from tests.server.desk import LARGE, Desk, rows
from tests.server.office import Office

Plant = Callable[[Office, Path], None]


def execute(office: Office, statement: Any) -> None:
    with office.server.database.begin() as tx:
        tx.execute(statement)


def pack_files(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file() and len(path.name) == 32]


def change_pack(how: Callable[[Path, bytes], object]) -> Plant:
    def plant(_office: Office, store: Path) -> None:
        for path in pack_files(store):
            how(path, path.read_bytes())

    return plant


def flip(path: Path, content: bytes) -> None:
    path.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])


def change_row(statement: Any) -> Plant:
    return lambda office, _store: execute(office, statement)


s, n, r, c, j = (
    each.c for each in (tables.space, tables.node, tables.revision, tables.chunk, tables.journal)
)
SMALL_FILE = select(n.id).where(n.name == "small.txt").scalar_subquery()
NEWEST = select(func.max(j.seq)).where(j.stream == directory.SYS).scalar_subquery()
DAMAGE: dict[str, tuple[Plant, set[str]]] = {
    "a flipped bit in a pack": (change_pack(flip), {"chunk", "revision"}),
    "a pack that is gone": (change_pack(lambda path, _: path.unlink()), {"chunk", "revision"}),
    "a pack that is cut": (change_pack(lambda path, data: path.write_bytes(data[:40])), {"chunk", "revision"}),
    "a pack that is empty": (change_pack(lambda path, _: path.write_bytes(b"")), {"chunk", "revision"}),
    "a small content of other bytes": (
        change_row(update(tables.chunk).where(c.data.is_not(None)).values(data=b"?")), {"chunk", "revision"},
    ),
    "a content without a row": (change_row(delete(tables.chunk)), {"revision"}),
    "a pack without a row": (change_row(delete(tables.pack)), {"pack"}),
    "another's manifest": (change_row(update(tables.revision).values(size=r.size + 1)), {"manifest", "node"}),
    "a version that says another content": (change_row(update(tables.revision).values(hash=bytes(32))), {"manifest", "node"}),
    "a file in nothing": (change_row(update(tables.node).where(n.name == "large.bin").values(parent=bytes(16))), {"place"}),
    "a file in what was deleted": (change_row(update(tables.node).where(n.name == "reports").values(deleted_seq=1)), {"place"}),
    "a file in a file": (change_row(update(tables.node).where(n.name == "large.bin").values(parent=SMALL_FILE)), {"place"}),
    "a mount that shows something else": (change_row(update(tables.node).where(n.kind == "mount").values(root=bytes(16))), {"place"}),
    "no manifest": (change_row(update(tables.revision).values(manifest=b"?")), {"manifest"}),
    "a file without its version": (change_row(delete(tables.revision)), {"node"}),
    "a version without its file": (
        change_row(delete(tables.node).where(n.rev.is_not(None))), {"revision", "sum"},
    ),
    "another entry in a journal": (change_row(update(tables.journal).where(j.seq == 2).values(body=b"?")), {"journal"}),
    "an entry that says another chain": (
        change_row(update(tables.journal).where(j.seq == 2).values(chain=bytes(32))), {"journal"},
    ),
    "an entry that is gone": (change_row(delete(tables.journal).where(j.seq == 1)), {"journal"}),
    "another entry in the directory's journal": (
        change_row(update(tables.journal).where(j.stream == directory.SYS, j.seq == 2).values(body=b"?")), {"journal"},
    ),
    "a directory's journal without its end": (
        change_row(delete(tables.journal).where(j.stream == directory.SYS, j.seq == NEWEST)), {"journal"},
    ),
    "a head that is ahead": (change_row(update(tables.space).values(head=s.head + 1)), {"journal"}),
    "another chain": (change_row(update(tables.space).values(chain=bytes(32))), {"journal"}),
    "a wrong sum": (change_row(update(tables.space).values(bytes=s.bytes + 1)), {"sum"}),
}  # fmt: skip


def everything(office: Office, store: Path) -> list[object]:
    stored = [(path, path.read_bytes()) for path in sorted(pack_files(store))]
    return [stored, *(rows(office, table) for table in tables.metadata.sorted_tables)]


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found_and_left_as_it_is(office: Office, tmp_path: Path, kind: str):
    desk = Desk(office)
    desk.save("small.txt", b"small")
    folder = desk.do(desk.mkdir("reports"))[0]
    desk.save("large.bin", LARGE, folder.node)
    assert check(office.server) == []
    plant, expected = DAMAGE[kind]
    plant(office, tmp_path / "store")
    before = everything(office, tmp_path / "store")
    found = check(office.server)
    assert {each.what for each in found} == expected
    assert all(each.advice for each in found)
    assert everything(office, tmp_path / "store") == before
    check(office.server, repair=True)
    assert [path for path, _ in before[0]] == sorted(pack_files(tmp_path / "store")), "nothing is destroyed"  # type: ignore[attr-defined]


def test_what_is_damaged_is_named_as_people_know_it(office: Office, tmp_path: Path):
    desk = Desk(office)
    folder = desk.do(desk.mkdir("reports"))[0]
    old = desk.save("large.bin", LARGE, folder.node)
    desk.send(LARGE + b"2")
    desk.do(desk.edit(old, LARGE + b"2"))
    for path in pack_files(tmp_path / "store"):
        path.unlink()
    where = [each.where for each in check(office.server) if each.what == "revision"]
    assert len(where) == 2
    assert where[0].startswith("Anna/reports/large.bin, older version of 2026-")
    assert where[1].startswith("Anna/reports/large.bin, current version of 2026-")
    assert old.rev is not None
    assert where[0].endswith(old.rev.hex())


def test_a_wrong_sum_is_counted_again(office: Office, tmp_path: Path):
    desk = Desk(office)
    desk.save("small.txt", b"small")
    execute(office, update(tables.space).where(s.id == desk.space).values(bytes=7))
    assert [each.what for each in check(office.server, repair=True)] == ["sum"]
    assert check(office.server) == []
    assert packs.fold(office.server) == 0


def test_what_can_be_read_again_counts_as_whole_again(office: Office, tmp_path: Path):
    """A pack was put back from a copy."""
    desk = Desk(office)
    state = desk.save("large.bin", LARGE)
    [pack] = pack_files(tmp_path / "store")
    content = pack.read_bytes()
    pack.unlink()
    check(office.server, repair=True)
    assert [row["lost"] for row in rows(office, tables.chunk)] == [True]
    pack.write_bytes(content)
    check(office.server, repair=True)
    assert [row["lost"] for row in rows(office, tables.chunk)] == [False]
    assert check(office.server) == []
    assert desk.fetch(state.rev) == [LARGE]
