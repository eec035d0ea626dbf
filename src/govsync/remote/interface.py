"""What the client asks of a server: `Remote` in contents, `Calls` in requests.

The engine's jobs know only `Remote`: contents go up from `Source`s and come down into `Sink`s. `remote.chunked` builds
a `Remote` on `Calls`, one method a route, which has two implementations: `remote.http`, and the simulation's, which
calls the server's functions in-process. A server of another family would implement `Remote` itself.

Every method may block, may be called from several threads at once, and raises `Failure`: the server's own codes, or
`offline` (no answer, or not for certain), `not_our_server` (an answer that is not GovSync's: it means nothing, R29),
`certificate`, `proxy`, `signed_out`. After `offline` nothing is known about the effect of a `commit`: it is repeated
with the same keys (R32).
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from govsync.content.manifests import Manifest
from govsync.model.operations import AnyOperation
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes, NodeState, Revisions, Trash
from govsync.protocol.commits import ChunksAnswer, CommitAnswer, Missing, MissingAnswer, Want
from govsync.protocol.session import Heads, Me, SpaceInfo, Spaces
from govsync.protocol.sharing import Directory, Members, SetMember, Share

Passed = Callable[[int, int], object]
"""Hears how many more bytes of which source the server holds."""


def unseen(_: int, __: int) -> None:
    """Nobody looks on."""


class Source(Protocol):
    """A content on this desk that can be read again, chunk by chunk."""

    @property
    def manifest(self) -> Manifest:
        """Says what the content is made of."""

    def chunk(self, index: int) -> bytes | memoryview:
        """Reads one chunk as it is now, which may no longer be what the manifest says: whoever takes it verifies it.

        Raises Failure(changed) when there is not so much any more."""


class Sink(Protocol):
    """A place where a download is assembled; it verifies every chunk that it is given (I3)."""

    def have(self, chunk_hash: bytes) -> bytes | memoryview | None:
        """Answers a chunk's bytes where this desk already holds them, else None."""

    def write(self, data: bytes | memoryview) -> None:
        """Takes the next chunk in order; raises Failure(chunk_bad) when it is not the expected one."""

    def resume_at(self) -> int:
        """Answers the index of the first chunk that is still wanted (I12)."""


class Download(Protocol):
    """One revision to be fetched."""

    @property
    def rev(self) -> bytes: ...

    @property
    def hash(self) -> bytes: ...

    @property
    def size_bytes(self) -> int: ...

    def open(self, manifest: Manifest) -> Sink:
        """Begins (or goes on) to assemble the revision; called once its manifest is known and verified."""


class Remote(Protocol):
    """The server as the engine's jobs know it."""

    def me(self) -> Me: ...

    def spaces(self, have: Sequence[bytes]) -> Spaces: ...

    def heads(self) -> Heads: ...

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        """Reads a page of the journal after `cursor` (None: from its start) and the small contents that came with it,
        by revision."""

    def nodes(self, space: bytes, after: bytes | None) -> Nodes:
        """Reads a page of the snapshot."""

    def known(self, space: bytes, question: Known) -> KnownAnswer: ...

    def upload(
        self, space: bytes, sources: Sequence[Source], growth_bytes: int, passed: Passed = unseen
    ) -> int | None:
        """Makes the chunks of these contents durable on the server, sending only what it lacks; answers the quota left.

        `growth_bytes` says how much longer they are than what they take the place of. Raises Failure(quota) before any
        byte moves where that cannot fit, Failure(changed, index=...) when a source
        changed under the reading. `passed` hears, in the caller's thread, what the server holds by now."""

    def commit(
        self,
        space: bytes,
        epoch: bytes,
        operations: Sequence[AnyOperation],
        inline: Sequence[bytes],
        after: Cursor | None = None,
    ) -> CommitAnswer:
        """Asks for operations in order; `inline` are small chunks (plain bytes) that travel with them, `after` says how far
        the journal was read."""

    def download(self, space: bytes, wants: Sequence[Download]) -> None:
        """Fetches the revisions into their sinks, many small ones together, large ones in bounded memory."""

    def manifest(self, space: bytes, rev: bytes) -> Manifest: ...

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions: ...

    def trash(self, space: bytes, before: int | None) -> Trash: ...

    def share(self, space: bytes, request: Share) -> SpaceInfo:
        """Makes a folder of a space a space of its own, and answers it; asked again with the same ids it is done once."""

    def members(self, space: bytes, after: str | None) -> Members:
        """Reads a page of a space's members."""

    def set_member(self, space: bytes, change: SetMember) -> None: ...

    def leave(self, space: bytes) -> None:
        """Ends this person's own membership."""

    def directory(self, text: str) -> Directory:
        """Finds people, groups and divisions with whom this person could share."""


class Calls(Protocol):
    """The server's routes that move chunks, one method a row of `protocol.routes`; the rest is as in `Remote`."""

    def me(self) -> Me: ...

    def spaces(self, have: Sequence[bytes]) -> Spaces: ...

    def heads(self) -> Heads: ...

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]: ...

    def nodes(self, space: bytes, after: bytes | None) -> Nodes: ...

    def known(self, space: bytes, question: Known) -> KnownAnswer: ...

    def missing(self, space: bytes, question: Missing) -> MissingAnswer: ...

    def chunks(self, space: bytes, chunks: Iterable[tuple[bytes, bytes | memoryview]]) -> ChunksAnswer:
        """Sends (hash, plain bytes) pairs in one request; the caller keeps to the limits."""

    def commit(
        self,
        space: bytes,
        epoch: bytes,
        operations: Sequence[AnyOperation],
        inline: Sequence[bytes],
        after: Cursor | None = None,
    ) -> CommitAnswer: ...

    def fetch(self, space: bytes, wants: Sequence[Want]) -> Generator[bytes | memoryview, None, None]:
        """Yields the asked chunks' plain bytes in order; the caller verifies their hashes."""

    def manifest(self, space: bytes, rev: bytes) -> Manifest: ...

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions: ...

    def trash(self, space: bytes, before: int | None) -> Trash: ...

    def share(self, space: bytes, request: Share) -> SpaceInfo: ...

    def members(self, space: bytes, after: str | None) -> Members: ...

    def set_member(self, space: bytes, change: SetMember) -> None: ...

    def leave(self, space: bytes) -> None: ...

    def directory(self, text: str) -> Directory: ...


def every_node(remote: Remote | Calls, space: bytes) -> Iterator[NodeState]:
    """Reads the whole snapshot of a space, page by page."""
    after: bytes | None = None
    while True:
        page = remote.nodes(space, after)
        yield from page.nodes
        after = page.after
        if after is None:
            return
