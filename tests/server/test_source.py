"""A content that moves from space to space takes no byte along, and tells nobody what he may not read (R24, R37, I8)."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, update

from govsync.content.hashes import chunk_hash
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.session import Role
from govsync.server import contents
from govsync.server.brought import Brought
from govsync.server.check import check
from govsync.server.db import tables
from tests.server.desk import LARGE, Desk, give_role, noise, rows
from tests.server.office import Office


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


@pytest.fixture
def team(anna: Desk) -> Desk:
    return Desk(anna.office, space="Planning", caller=anna.caller)


def taking(desk: Desk, state: NodeState, space: bytes, content: bytes, **more: Any) -> ask.Put:
    """Makes a new file of what is another space's version."""
    return desk.put("taken", content, source=(space, state.rev), **more)


def held(office: Office, space: bytes) -> set[Any]:
    return {row["hash"] for row in rows(office, tables.chunk) if row["space"] == space}


@pytest.mark.parametrize("content", [b"small", LARGE])
@pytest.mark.parametrize("with_manifest", [True, False])
def test_what_one_reads_elsewhere_is_put_without_its_bytes(
    office: Office, anna: Desk, team: Desk, content: bytes, with_manifest: bool
) -> None:
    state = anna.save("mine", content)
    anna.save("private", b"private")
    more = {} if with_manifest else {"manifest": None}
    [taken] = team.do(taking(team, state, anna.space, content, **more))
    boris = Desk(office, "boris", "Planning")
    assert boris.fetch(taken.rev) == [content]
    assert held(office, team.space) == {chunk_hash(content)}
    assert check(office.server) == []


def test_what_has_a_large_manifest_is_put_without_its_bytes(office: Office, anna: Desk, team: Desk) -> None:
    office.server = msgspec.structs.replace(
        office.server, limits=msgspec.structs.replace(office.server.limits, manifest_inline_bytes=300)
    )
    many = tuple(noise(40, seed) for seed in range(20))
    put = anna.put("many", *many)
    assert put.manifest is not None
    stored = msgspec.structs.replace(put, manifest=None, manifest_chunks=(chunk_hash(put.manifest),))
    anna.send(*many, put.manifest)
    [state] = anna.do(stored)
    again = msgspec.structs.replace(
        stored, key=team.key(), node=team.key(), parent=team.root, source=(anna.space, state.rev)
    )
    [taken] = team.do(again)
    assert team.fetch(taken.rev, 0, 20) == list(many)
    assert held(office, team.space) == {chunk_hash(each) for each in (*many, put.manifest)}
    assert check(office.server) == []


def change(office: Office, statement: Any) -> None:
    with office.server.database.begin() as tx:
        tx.execute(statement)


@pytest.mark.parametrize(
    "why", ["another's", "an uploader's", "ended", "other content", "unknown", "purged", "lost"]
)
def test_a_source_that_is_none_is_as_if_it_was_not_named(
    office: Office, anna: Desk, team: Desk, why: str
) -> None:
    """Each of the bytes must be sent then, and the answer is the same to the letter."""
    source, state = anna, anna.save("mine", LARGE)
    r, m = tables.revision.c, tables.member.c
    if why in ("another's", "an uploader's", "ended"):
        source = Desk(office, "clara")
        state = source.save("hers", LARGE)
        if why != "another's":
            give_role(
                office, source.space, office.anna, Role.UPLOADER if why == "an uploader's" else Role.EDITOR
            )
        if why == "ended":
            change(
                office,
                update(tables.member)
                .where(m.principal == office.anna, m.space == source.space)
                .values(ended_ms=1),
            )
    elif why == "other content":
        state = anna.save("other", b"other")
    elif why == "unknown":
        state = msgspec.structs.replace(state, rev=anna.key())
    else:
        value = contents.PURGED if why == "purged" else contents.LOST
        change(office, update(tables.revision).where(r.id == state.rev).values(state=value))
    plain = team.put("taken", LARGE)
    named = msgspec.structs.replace(plain, source=(source.space, state.rev))
    assert team.lacks(named) == team.lacks(plain) == (chunk_hash(LARGE),)
    assert held(office, team.space) == set()
    team.send(LARGE)
    [taken] = team.do(named)
    assert team.fetch(taken.rev) == [LARGE]


def test_a_source_says_nothing_of_chunks_that_it_does_not_name(
    office: Office, anna: Desk, team: Desk
) -> None:
    """A manifest of one's own that names another's chunks beside those of the source is not believed."""
    clara = Desk(office, "clara")
    clara.save("hers", LARGE)
    state = anna.save("mine", b"mine")
    assert team.lacks(taking(team, state, anna.space, LARGE)) == (chunk_hash(LARGE),)


def test_what_is_removed_from_the_source_just_then_is_asked_for_again(
    office: Office, anna: Desk, team: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection there does not wait for a commit here: it may come between the look and the copy."""
    state = anna.save("mine", LARGE)
    put = taking(team, state, anna.space, LARGE)
    look = Brought._look_up_there

    def and_remove(brought: Brought, space: bytes, hashes: Any) -> None:
        look(brought, space, hashes)
        if hashes:
            brought._tx.execute(delete(tables.chunk).where(tables.chunk.c.space == space))

    with monkeypatch.context() as patched:
        patched.setattr(Brought, "_look_up_there", and_remove)
        with pytest.raises(Failure) as caught:
            team.commit(put)
    assert caught.value.code is Code.BUSY_RETRY
    assert [entry.op for entry in team.journal().entries] == []
    [taken] = team.do(put)
    assert team.fetch(taken.rev) == [LARGE]
