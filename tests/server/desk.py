"""A desk as the server meets it: makes operations and chunks, and asks the server's functions directly."""

import random

from sqlalchemy import select, update

from govsync.content.chunks import SCHEME
from govsync.content.compress import compress
from govsync.content.hashes import chunk_hash
from govsync.content.manifests import Manifest, encode, manifest_of
from govsync.model import operations as ask
from govsync.protocol.changes import Cursor, NodeState
from govsync.protocol.commits import ChunkHead, Commit, Done, Lacking, Outcome, Refused, Want
from govsync.protocol.session import Role
from govsync.server import changes, commits, contents, reading
from govsync.server.chunk import Chunk
from govsync.server.context import Caller
from govsync.server.db import tables
from tests.server.office import Office

KIB = 1024
LARGE = bytes(range(256)) * 400
"""A content above what travels inside a commit; it is one chunk."""


def noise(size_bytes: int, seed: int = 0) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size_bytes)


def manifest(*chunks: bytes) -> Manifest:
    return manifest_of(chunks)


class Desk:
    """One person's device, and one space that it works in (by default the person's own)."""

    def __init__(
        self, office: Office, login: str = "anna", space: str | None = None, caller: Caller | None = None
    ) -> None:
        self.office = office
        self.caller = caller or office.caller(login)
        info = office.spaces(self.caller)[space or login.title()]
        self.space, self.root, self.epoch = info.id, info.root, info.epoch

    def key(self) -> bytes:
        return self.office.ids.new()

    # Operations

    def mkdir(self, name: str, parent: bytes | None = None, **more: object) -> ask.Mkdir:
        fields = {"key": self.key(), "node": self.key(), "parent": parent or self.root, "name": name}
        return ask.Mkdir(**(fields | more))  # type: ignore[arg-type]

    def put(self, name: str | None, *chunks: bytes, **more: object) -> ask.Put:
        """Makes a new file, or with `node` and `base_rev` (and no name) an edit."""
        made = manifest(*chunks)
        fields: dict[str, object] = {
            "key": self.key(), "node": self.key(), "hash": made.content_hash, "size_bytes": made.size_bytes,
            "scheme": SCHEME, "manifest": encode(made),
        }  # fmt: skip
        if name is not None:
            fields |= {"name": name, "parent": self.root}
        return ask.Put(**(fields | more))  # type: ignore[arg-type]

    def edit(self, state: NodeState, *chunks: bytes, **more: object) -> ask.Put:
        return self.put(None, *chunks, **({"node": state.node, "base_rev": state.rev} | more))

    def move(self, state: NodeState, name: str, parent: bytes | None = None, **more: object) -> ask.Move:
        fields = {
            "key": self.key(), "node": state.node, "place": state.place, "parent": parent or self.root, "name": name,
        }  # fmt: skip
        return ask.Move(**(fields | more))  # type: ignore[arg-type]

    def delete(self, state: NodeState, seen: int | None = None, **more: object) -> ask.Delete:
        fields = {"key": self.key(), "node": state.node, "place": state.place, "rev": state.rev, "seen": seen}
        return ask.Delete(**(fields | more))  # type: ignore[arg-type]

    def revive(self, state: NodeState, name: str, parent: bytes | None = None) -> ask.Revive:
        return ask.Revive(key=self.key(), node=state.node, parent=parent or self.root, name=name)

    # Calls

    def commit(
        self, *operations: ask.AnyOperation, inline: tuple[bytes, ...] = (), space: bytes | None = None
    ) -> tuple[Outcome, ...]:
        request = Commit(epoch=self.epoch, operations=operations)
        chunks = [Chunk(data) for data in inline]
        answer = commits.commit(self.office.server, self.caller, space or self.space, request, chunks)
        return answer.outcomes

    def do(self, *operations: ask.AnyOperation, inline: tuple[bytes, ...] = ()) -> list[NodeState]:
        """Commits what must succeed; answers the states after it."""
        found = []
        for outcome in self.commit(*operations, inline=inline):
            assert isinstance(outcome, Done), outcome
            assert outcome.state is not None
            found.append(outcome.state)
        return found

    def save(self, name: str, content: bytes, parent: bytes | None = None) -> NodeState:
        """Makes a file, sending what is missing."""
        self.send(content)
        return self.do(self.put(name, content, parent=parent or self.root))[0]

    def send(self, *chunks: bytes, space: bytes | None = None) -> tuple[bool, ...]:
        sent = []
        for data in chunks:
            encoded = compress(data)
            sent.append((ChunkHead(chunk_hash(data), len(data), encoded.encoding), bytes(encoded.data)))
        return contents.chunks(self.office.server, self.caller, space or self.space, sent).stored

    def fetch(self, rev: bytes | None, start: int = 0, end: int = 1) -> list[bytes]:
        assert rev is not None
        found = reading.fetch(self.office.server, self.caller, self.space, [Want(rev, start, end)])
        return [chunk.plain for chunk in found]

    def journal(self, cursor: Cursor | None = None) -> changes.Changes:
        return changes.changes(self.office.server, self.caller, self.space, cursor)[0]

    def refused(self, *operations: ask.AnyOperation, inline: tuple[bytes, ...] = ()) -> Refused:
        """Commits one operation that must be refused; answers how."""
        [outcome] = self.commit(*operations, inline=inline)
        assert isinstance(outcome, Refused), outcome
        return outcome

    def lacks(self, *operations: ask.AnyOperation) -> tuple[bytes, ...]:
        """Commits one operation whose content must be found missing; answers the missing chunks."""
        [outcome] = self.commit(*operations)
        assert isinstance(outcome, Lacking), outcome
        return outcome.hashes


def give_role(office: Office, space: bytes, user: bytes, role: Role) -> None:
    """Makes a person a member of a space."""
    with office.server.database.begin() as tx:
        m = tables.member
        row = {"space": space, "kind": "user", "principal": user, "role": role, "ended_ms": None}
        known = tx.execute(select(m.c.role).where(m.c.space == space, m.c.principal == user)).first()
        if known is None:
            tx.execute(m.insert(), [row])
        else:
            tx.execute(update(m).where(m.c.space == space, m.c.principal == user).values(role=role))


def rows(office: Office, table: object) -> list[dict[str, object]]:
    """Answers all rows of a table."""
    with office.server.database.begin(write=False) as tx:
        return [dict(row) for row in tx.execute(select(table)).mappings()]  # type: ignore[call-overload]


def set_space(office: Office, space: bytes, **values: object) -> None:
    """Changes columns of a space."""
    with office.server.database.begin() as tx:
        tx.execute(update(tables.space).where(tables.space.c.id == space).values(**values))
