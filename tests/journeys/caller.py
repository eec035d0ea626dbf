"""A program that speaks the protocol itself, and so does what no Linux desk can do."""

import time
from collections.abc import Sequence

from govsync.content.chunks import SCHEME, cut, reading
from govsync.content.manifests import encode, manifest_of
from govsync.model import operations as ask
from govsync.protocol.commits import Done, Outcome
from govsync.protocol.limits import DEFAULT
from govsync.protocol.session import DeviceInfo, SpaceInfo, SpaceKind
from govsync.remote.chunked import ChunkedRemote
from govsync.remote.http import HttpCalls
from govsync.remote.rate import Rate
from tests.journeys.site import PASSWORD

DEVICE = b"\xdd" * 16


class Caller:
    """A device of one person, without a disk; keeps its refresh token in memory (`session.Credentials`)."""

    def __init__(self, port: int, login: str = "anna") -> None:
        self._refresh: str | None = None
        self._turn = 0
        free = Rate(0, lambda: 0.0, lambda _: None)
        self.calls = HttpCalls(f"http://127.0.0.1:{port}", DEVICE, self, "caller", time.sleep, (free, free))
        info = DeviceInfo(id=DEVICE, name="a program", machine="m" * 64)
        self._refresh = self.calls.sign_in(login, PASSWORD, info).refresh
        self.remote = ChunkedRemote(self.calls, DEFAULT)

    def load(self) -> str | None:
        """As `Credentials.load`."""
        return self._refresh

    def store(self, refresh: str) -> None:
        """As `Credentials.store`."""
        self._refresh = refresh

    def key(self) -> bytes:
        """Answers a new key."""
        self._turn += 1
        return b"\x01\x9d" + b"caller" + self._turn.to_bytes(8)

    def personal(self) -> SpaceInfo:
        """Answers the personal space."""
        return next(each for each in self.remote.spaces([]).spaces if each.kind is SpaceKind.PERSONAL)

    def put(self, parent: bytes, name: str, data: bytes) -> ask.Put:
        """Makes the operation by which a small file comes to be."""
        manifest = manifest_of(piece for _, piece in cut(reading(data), len(data)))
        return ask.Put(
            key=self.key(), node=self.key(), hash=manifest.content_hash, size_bytes=len(data), scheme=SCHEME, parent=parent,
            name=name, manifest=encode(manifest),
        )  # fmt: skip

    def commit(self, operations: Sequence[ask.AnyOperation], inline: Sequence[bytes] = ()) -> list[Outcome]:
        """Asks for operations in the personal space."""
        space = self.personal()
        return list(self.remote.commit(space.id, space.epoch, operations, inline).outcomes)

    def save(self, *files: tuple[bytes, str, bytes]) -> None:
        """Makes files, each by its folder, name and content; all must be accepted."""
        puts = [self.put(*file) for file in files]
        outcomes = self.commit(puts, [data for _, _, data in files])
        assert all(isinstance(each, Done) for each in outcomes), outcomes

    def folders(self, *names: str) -> list[bytes]:
        """Makes folders, each inside the one before, and answers them."""
        parent, made, operations = self.personal().root, [], []
        for name in names:
            folder = self.key()
            operations.append(ask.Mkdir(key=self.key(), node=folder, parent=parent, name=name))
            made.append(folder)
            parent = folder
        outcomes = self.commit(operations)
        assert all(isinstance(each, Done) for each in outcomes), outcomes
        return made
