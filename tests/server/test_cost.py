"""What is asked of a space costs its own size, whatever the space holds: counted in the steps that SQLite takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import event

from govsync.content.hashes import chunk_hash
from govsync.protocol.changes import Known, NodeState
from govsync.protocol.commits import Missing, Want
from govsync.protocol.limits import DEFAULT
from govsync.server import changes, contents, reading
from govsync.server.fresh import Fresh
from tests.server.desk import Desk
from tests.server.office import Office

ASKED = 300
"""So many at once that SQLite takes another index for the cheaper one, unless the question leaves it none."""
MORE = 10 * ASKED
PAYLOAD = 50
"""SQLite tells of every so many steps."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'server.db'}"


class Steps:
    """Counts what SQLite does for a piece of work."""

    def __init__(self, office: Office) -> None:
        self._count = 0
        event.listen(office.server.database.engine, "checkout", self._watch)

    def of(self, work: Callable[[], object]) -> int:
        before = self._count
        work()
        return self._count - before

    def _watch(self, connection: Any, _record: object, _proxy: object) -> None:
        connection.set_progress_handler(self._step, PAYLOAD)

    def _step(self) -> None:
        self._count += 1


def content(number: int) -> bytes:
    return number.to_bytes(4, "big")


def save(desk: Desk, first: int, count: int, parent: bytes) -> list[NodeState]:
    files = [content(number) for number in range(first, first + count)]
    puts = [desk.put(f"file {data.hex()}", data, parent=parent) for data in files]
    return desk.do(*puts, inline=tuple(files))


def test_questions_about_a_few_things_do_not_go_through_the_whole_space(office: Office) -> None:
    steps, desk = Steps(office), Desk(office)
    # Nothing is fresh where nobody saves.
    server = msgspec.structs.replace(office.server, fresh=Fresh())
    reader, space = Desk(office).caller, desk.space
    [folder] = desk.do(desk.mkdir("few"))
    begun = desk.journal().cursor
    few = save(desk, 0, ASKED, folder.node)
    upto = desk.journal().cursor
    wants = [Want(state.rev, 0, 1) for state in few if state.rev is not None]
    hashes = tuple(chunk_hash(content(number)) for number in range(ASKED))
    named = tuple((state.name, state.hash) for state in few if state.hash is not None)

    def page() -> None:
        found, inline = changes.changes(server, reader, space, begun)
        assert found.entries[0].seq == begun.seq + 1
        assert len(inline) >= ASKED

    questions: dict[str, Callable[[], object]] = {
        "changes": page,
        "fetch": lambda: reading.fetch(server, reader, space, wants),
        "missing": lambda: contents.missing(server, reader, space, Missing(hashes=hashes)),
        "known contents": lambda: changes.known(server, reader, space, Known(contents=named, until=upto.seq)),
    }

    saved = [ASKED]

    def commit() -> None:
        save(desk, saved[0], ASKED, folder.node)
        saved[0] += ASKED

    for _ in range(DEFAULT.page // ASKED):
        commit()
    before = {name: steps.of(ask) for name, ask in questions.items()} | {"commit": steps.of(commit)}
    for _ in range(MORE // ASKED):
        commit()
    after = {name: steps.of(ask) for name, ask in questions.items()} | {"commit": steps.of(commit)}
    assert all(before.values())
    assert {
        name: round(count / before[name], 1) for name, count in after.items() if count > before[name] * 1.2
    } == {}
