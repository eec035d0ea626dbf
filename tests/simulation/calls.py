"""The server's functions called in-process, as the client's `Calls`: no sockets, no threads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from govsync.content.compress import compress
from govsync.content.manifests import Manifest
from govsync.model.operations import AnyOperation
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes, Revisions, Trash
from govsync.protocol.commits import (
    ChunkHead,
    ChunksAnswer,
    Commit,
    CommitAnswer,
    Missing,
    MissingAnswer,
    Want,
)
from govsync.protocol.session import Heads, Me, Spaces, SpacesAsked
from govsync.server import changes, commits, contents, reading, spaces
from govsync.server.context import Caller, Server


class DirectCalls:
    """One desk's calls; `before` and `after` surround each and may raise, so that a request or an answer is lost."""

    def __init__(self, server: Server, caller: Caller) -> None:
        self._server, self._caller = server, caller

    def before(self, name: str) -> None:
        """Called before a request reaches the server."""

    def after(self, name: str) -> None:
        """Called before an answer reaches the desk."""

    def me(self) -> Me:
        return spaces.me(self._server, self._caller, "0")

    def spaces(self, have: Sequence[bytes]) -> Spaces:
        self.before("spaces")
        answer = spaces.spaces(self._server, self._caller, SpacesAsked(have=tuple(have)))
        self.after("spaces")
        return answer

    def heads(self) -> Heads:
        self.before("heads")
        answer = spaces.heads(self._server, self._caller)
        self.after("heads")
        return answer

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        self.before("changes")
        answer = changes.changes(self._server, self._caller, space, cursor)
        self.after("changes")
        return answer

    def nodes(self, space: bytes, after: bytes | None) -> Nodes:
        self.before("nodes")
        answer = changes.nodes(self._server, self._caller, space, after)
        self.after("nodes")
        return answer

    def known(self, space: bytes, question: Known) -> KnownAnswer:
        self.before("known")
        answer = changes.known(self._server, self._caller, space, question)
        self.after("known")
        return answer

    def missing(self, space: bytes, question: Missing) -> MissingAnswer:
        self.before("missing")
        answer = contents.missing(self._server, self._caller, space, question)
        self.after("missing")
        return answer

    def chunks(self, space: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> ChunksAnswer:
        self.before("chunks")
        sent = []
        for digest, data in chunks:
            encoded = compress(data)
            sent.append((ChunkHead(digest, len(data), encoded.encoding), bytes(encoded.data)))
        answer = contents.chunks(self._server, self._caller, space, sent)
        self.after("chunks")
        return answer

    def commit(
        self,
        space: bytes,
        epoch: bytes,
        operations: Sequence[AnyOperation],
        inline: Sequence[bytes],
        after: Cursor | None = None,
    ) -> CommitAnswer:
        self.before("commit")
        request = Commit(epoch=epoch, operations=tuple(operations), after=after)
        answer = commits.commit(self._server, self._caller, space, request, inline)
        self.after("commit")
        return answer

    def fetch(self, space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        self.before("fetch")
        answer = reading.fetch(self._server, self._caller, space, wants)
        self.after("fetch")
        return iter(answer)

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        self.before("manifest")
        answer = reading.manifest(self._server, self._caller, space, rev)
        self.after("manifest")
        return answer

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions:
        raise NotImplementedError

    def trash(self, space: bytes, before: int | None) -> Trash:
        raise NotImplementedError
