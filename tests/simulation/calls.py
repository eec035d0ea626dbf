"""The server's functions called in-process, as the client's `Calls`: no sockets, no threads, and an unreliable line.

The line is asked before a request leaves and before an answer arrives; it may raise (the request, or the answer after
its effect, is lost), let others go first, or deliver a request twice, as networks and proxies do.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from govsync.content.compress import compress
from govsync.content.manifests import Manifest
from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.operations import AnyOperation
from govsync.model.problems import Failure
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes
from govsync.protocol.commits import (
    ChunkHead,
    ChunksAnswer,
    Commit,
    CommitAnswer,
    Missing,
    MissingAnswer,
    Want,
)
from govsync.protocol.session import Heads, Me, SpaceInfo, Spaces, SpacesAsked
from govsync.protocol.sharing import Directory, Members, SetMember, Share
from govsync.server import changes, commits, contents, members, reading, search, sharing, spaces
from govsync.server.chunk import Chunk
from govsync.server.context import Caller, Server

Answer = TypeVar("Answer")


class ServerDied(BaseException):
    """The server's process ended while it worked on this request."""


class Line(Protocol):
    """What lies between a desk and the server."""

    def request(self, name: str) -> bool:
        """A request leaves; says whether it arrives twice. Raises Failure when it does not arrive."""

    def answer(self, name: str) -> None:
        """An answer is on its way; raises Failure when it does not arrive."""


class DirectCalls:
    """One desk's calls (`remote.interface.Calls`, but for what people ask: versions and trash)."""

    def __init__(self, server: Server, caller: Caller, line: Line) -> None:
        self._server, self._caller, self._line = server, caller, line

    def _call(self, name: str, work: Callable[[], Answer]) -> Answer:
        again = self._line.request(name)
        try:
            found = work()
            if again:
                found = work()
        except ServerDied:
            raise Failure(Code.OFFLINE) from None
        self._line.answer(name)
        return found

    def me(self) -> Me:
        return self._call("me", lambda: spaces.me(self._server, self._caller, "0"))

    def spaces(self, have: Sequence[bytes]) -> Spaces:
        asked = SpacesAsked(have=tuple(have))
        return self._call("spaces", lambda: spaces.spaces(self._server, self._caller, asked))

    def heads(self) -> Heads:
        return self._call("heads", lambda: spaces.heads(self._server, self._caller))

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        page, inline = self._call(
            "changes", lambda: changes.changes(self._server, self._caller, space, cursor)
        )
        return page, {rev: chunk.plain for rev, chunk in inline.items()}

    def nodes(self, space: bytes, after: bytes | None) -> Nodes:
        return self._call("nodes", lambda: changes.nodes(self._server, self._caller, space, after))

    def known(self, space: bytes, question: Known) -> KnownAnswer:
        return self._call("known", lambda: changes.known(self._server, self._caller, space, question))

    def missing(self, space: bytes, question: Missing) -> MissingAnswer:
        return self._call("missing", lambda: contents.missing(self._server, self._caller, space, question))

    def chunks(self, space: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> ChunksAnswer:
        sent = []
        for digest, data in chunks:
            encoded = compress(data)
            sent.append((ChunkHead(digest, len(data), encoded.encoding), bytes(encoded.data)))
        return self._call("chunks", lambda: contents.chunks(self._server, self._caller, space, sent))

    def commit(
        self,
        space: bytes,
        epoch: bytes,
        operations: Sequence[AnyOperation],
        inline: Sequence[bytes],
        after: Cursor | None = None,
    ) -> CommitAnswer:
        request = Commit(epoch=epoch, operations=tuple(operations), after=after)
        small = [Chunk(data) for data in inline]
        return self._call("commit", lambda: commits.commit(self._server, self._caller, space, request, small))

    def fetch(self, space: bytes, wants: Sequence[Want]) -> Iterator[bytes]:
        pieces = self._call("fetch", lambda: reading.fetch(self._server, self._caller, space, wants))
        yield from (chunk.plain for chunk in pieces)

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        return self._call("manifest", lambda: reading.manifest(self._server, self._caller, space, rev))

    def share(self, space: bytes, request: Share) -> SpaceInfo:
        return self._call("share", lambda: sharing.share(self._server, self._caller, space, request)[0])

    def members(self, space: bytes, after: str | None) -> Members:
        last = None if after is None else ids.from_text(after)
        return self._call("members", lambda: members.members(self._server, self._caller, space, last))

    def set_member(self, space: bytes, change: SetMember) -> None:
        self._call("set_member", lambda: members.set_member(self._server, self._caller, space, change))

    def leave(self, space: bytes) -> None:
        self._call("leave", lambda: members.leave(self._server, self._caller, space))

    def directory(self, text: str) -> Directory:
        return self._call("directory", lambda: search.search(self._server, self._caller, text))
