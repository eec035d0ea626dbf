"""Verifies everything that is stored: chunks against their hashes, manifests against their revisions, chains against their
journals. What it finds it lists; repairing asks a damaged content back from desks and never destroys anything.
"""

import msgspec
from sqlalchemy import select, update

from govsync.model.problems import Failure
from govsync.server import chain, contents, directory
from govsync.server.context import Server
from govsync.server.db import tables

_TOGETHER = 64


class Damage(msgspec.Struct, frozen=True):
    """One thing that is wrong: what, where, and what to do about it."""

    what: str
    where: str
    advice: str


def check(server: Server, repair: bool = False) -> list[Damage]:
    """Answers all damage; with `repair`, revisions of which a content is lost are marked so, and desks that hold it send
    it again."""
    with server.database.begin(write=False) as tx:
        spaces = [row.id for row in tx.execute(select(tables.space.c.id).order_by(tables.space.c.id))]
    found: list[Damage] = []
    for space in spaces:
        bad = _bad_chunks(server, space)
        found.extend(
            Damage("chunk", f"{space.hex()} {digest.hex()}", "it is asked back from desks: --repair")
            for digest in bad
        )
        found.extend(_bad_revisions(server, space, bad))
        found.extend(_bad_chain(server, space))
        if repair and bad:
            _forget(server, space, bad)
    found.extend(_bad_chain(server, directory.SYS))
    return found


def _bad_chunks(server: Server, space: bytes) -> set[bytes]:
    bad: set[bytes] = set()
    c = tables.chunk.c
    after = b""
    while True:
        with server.database.begin(write=False) as tx:
            query = select(c.hash).where(c.space == space, c.hash > after).order_by(c.hash).limit(_TOGETHER)
            hashes = [row.hash for row in tx.execute(query)]
            for digest in hashes:
                try:
                    for _ in contents.read_chunks(server, tx, space, [digest]):
                        pass
                except Failure:
                    bad.add(digest)
        if not hashes:
            return bad
        after = hashes[-1]


def _bad_revisions(server: Server, space: bytes, bad: set[bytes]) -> list[Damage]:
    found: list[Damage] = []
    r, c = tables.revision.c, tables.chunk.c
    with server.database.begin(write=False) as tx:
        have = {row.hash for row in tx.execute(select(c.hash).where(c.space == space))} - bad
        for row in tx.execute(select(tables.revision).where(r.space == space).order_by(r.id)):
            try:
                manifest = contents.manifest_of(server, tx, space, row)
            except Failure:
                found.append(
                    Damage("manifest", row.id.hex(), "its content is asked back from desks: --repair")
                )
                continue
            if manifest.content_hash != row.hash or manifest.size_bytes != row.size:
                found.append(Damage("manifest", row.id.hex(), "restore the database from its copy"))
            elif any(chunk.hash not in have for chunk in manifest.chunks):
                found.append(
                    Damage("revision", row.id.hex(), "its content is asked back from desks: --repair")
                )
    return found


def _bad_chain(server: Server, stream: bytes) -> list[Damage]:
    value = chain.START
    expected = 0
    with server.database.begin(write=False) as tx:
        j = tables.journal.c
        for row in tx.execute(select(tables.journal).where(j.stream == stream).order_by(j.seq)):
            expected += 1
            value = chain.link(value, row.seq, row.op_key, row.body)
            if row.seq != expected or value != row.chain:
                return [Damage("journal", f"{stream.hex()} {row.seq}", "restore the database from its copy")]
    return []


def _forget(server: Server, space: bytes, bad: set[bytes]) -> None:
    """Marks revisions whose content is lost, and drops the rows of the damaged chunks, so that they count as missing and
    are taken in again when a desk sends them. No byte is removed."""
    r, c = tables.revision.c, tables.chunk.c
    with server.database.begin() as tx:
        lost = []
        for row in tx.execute(select(tables.revision).where(r.space == space)):
            try:
                manifest = contents.manifest_of(server, tx, space, row)
            except Failure:
                lost.append(row.id)
                continue
            if any(chunk.hash in bad for chunk in manifest.chunks):
                lost.append(row.id)
        for rev in lost:
            tx.execute(update(tables.revision).where(r.id == rev).values(state="lost"))
        for digest in sorted(bad):
            tx.execute(tables.chunk.delete().where(c.space == space, c.hash == digest))
