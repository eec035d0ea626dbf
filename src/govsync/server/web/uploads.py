"""What visitors send through a link: cut into chunks while it comes, stored as they are cut, and visible only as a whole.

Nothing of what is there is told or touched: each file comes under its name or the next free one (`judge_upload`, R37). A
file that does not come to its end leaves chunks that nothing names, and that are collected (R36).
"""

from govsync.content.chunks import MAX_BYTES, SCHEME, cut, reading
from govsync.content.compress import compress
from govsync.content.hashes import chunk_hash
from govsync.content.manifests import ChunkRef, Manifest, encode, manifest_pieces
from govsync.model import names
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import ChunkHead, Commit, CommitAnswer, Done, Refused
from govsync.server import commits, contents, links
from govsync.server.context import Server
from govsync.server.links import Opened
from govsync.server.web.forms import FileBegins, FileData, FileEnds, Form

WINDOW_BYTES = 2 * MAX_BYTES
"""What is held of a file until it is cut: the longest chunk, and what it takes to know where one ends."""
MEMORY_BYTES = 4 * WINDOW_BYTES
"""What one sending takes at most: the window, as it comes and as it is cut, and its chunks, plain and packed."""
TRIES = 5
MOST_FILES = 1_000
"""So many files in one sending."""


class Sending:
    """The files of one form, on their way in.

    `received` counts those that are there; `answer` is that of the last commit. What goes wrong with a file is raised as a
    Failure, with its `name`: those before it stay."""

    def __init__(self, server: Server, link: Opened, boundary: bytes) -> None:
        self._server, self._link = server, link
        self._form = Form(boundary)
        self._file: _File | None = None
        self.received = 0
        self.name = ""
        self.answer: CommitAnswer | None = None

    def take(self, data: bytes) -> None:
        """Takes the next bytes of the form."""
        for event in self._form.feed(data):
            match event:
                case FileBegins(name=name):
                    self.name = shortened(name)
                    # A form in which no file was chosen has one without a name.
                    self._file = self._begun() if name else None
                case FileData(data=piece) if self._file is not None:
                    self._file.add(piece)
                case FileEnds() if self._file is not None:
                    self.answer = self._file.commit()
                    self._file = None
                    self.received += 1

    def end(self) -> None:
        """Says that nothing more comes; raises Failure(timed_out) where the form is not whole."""
        if not self._form.ended:
            raise Failure(Code.TIMED_OUT)

    def _begun(self) -> "_File":
        if self.received == MOST_FILES:
            raise Failure(Code.TOO_LARGE, limit=MOST_FILES)
        names.check(self.name)
        return _File(self._server, self._link, self.name)


class _File:
    """One file on its way in."""

    def __init__(self, server: Server, link: Opened, name: str) -> None:
        self._server, self._link, self._name = server, link, name
        self._held = bytearray()
        self._chunks: list[ChunkRef] = []

    def add(self, data: bytes) -> None:
        """Takes some more bytes."""
        self._held += data
        if len(self._held) >= WINDOW_BYTES:
            self._cut(ended=False)

    def _cut(self, ended: bool) -> None:
        """Cuts what is here into chunks and stores them. Where a chunk ends depends on no more than `MAX_BYTES` from its
        beginning on (`content.chunks`): one that has them, or what the file ends with, is cut as in the whole file."""
        window, self._held = memoryview(self._held), bytearray()
        found: list[bytes] = []
        used = 0
        for offset, chunk in cut(reading(window), len(window)):
            if not ended and len(window) - offset < MAX_BYTES:
                break
            found.append(bytes(chunk))
            used = offset + len(chunk)
        self._held += window[used:]
        self._chunks += self._store(found)

    def _store(self, chunks: list[bytes]) -> list[ChunkRef]:
        """Makes chunks durable on the link's own device: nobody else may refer to them, until a revision does."""
        if not chunks:
            return []
        links.require_still(self._server, self._link)
        packed = [(chunk_hash(chunk), len(chunk), compress(chunk)) for chunk in chunks]
        sent = [(ChunkHead(digest, size, encoded.encoding), encoded.data) for digest, size, encoded in packed]
        contents.chunks(self._server, self._link.maker, self._link.space, sent)
        return [ChunkRef(digest, size) for digest, size, _ in packed]

    def commit(self) -> CommitAnswer:
        """Makes the file visible, whole; raises Failure with what keeps it back."""
        self._cut(ended=True)
        links.require_still(self._server, self._link)
        manifest = Manifest(SCHEME, sum(chunk.size_bytes for chunk in self._chunks), tuple(self._chunks))
        encoded = encode(manifest)
        inline = len(encoded) <= self._server.limits.manifest_inline_bytes
        holding_it = () if inline else self._store(list(manifest_pieces(encoded)))
        put = ask.Put(
            key=self._server.ids.new(), node=self._server.ids.new(), parent=self._link.node.id, name=self._name,
            hash=manifest.content_hash, size_bytes=manifest.size_bytes, scheme=SCHEME,
            mtime_ns=self._server.clock.time_ms() * 1_000_000, manifest=encoded if inline else None,
            manifest_chunks=tuple(chunk.hash for chunk in holding_it),
        )  # fmt: skip
        return self._committed(put)

    def _committed(self, put: ask.Put) -> CommitAnswer:
        """Commits what is stored. A chunk that somebody else has sent meanwhile, too, is that device's until it is used: this
        one has shown the bytes as well, and takes it back."""
        server, maker, space = self._server, self._link.maker, self._link.space
        request = Commit(epoch=self._link.epoch, operations=(put,))
        for _ in range(TRIES):
            answer = commits.commit(server, maker, space, request, ())
            [outcome] = answer.outcomes
            if isinstance(outcome, Done):
                return answer
            if isinstance(outcome, Refused):
                raise Failure(outcome.code)
            contents.claim(server, maker, space, outcome.hashes)
        raise Failure(Code.BUSY_RETRY)


def shortened(name: str) -> str:
    """Answers the name of a file that a browser sends, as it may stand in a folder: some tell the whole path, and signs that
    nobody sees are nobody's."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return names.nfc("".join(sign for sign in last if sign.isprintable())).strip()
