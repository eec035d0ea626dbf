"""An office that is served, and what a visitor without an account may find in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from govsync.protocol.changes import NodeState
from govsync.protocol.limits import MIB
from govsync.server.bounds import Bounds
from govsync.server.db.connect import Database
from tests.server.desk import Desk, noise
from tests.server.office import Office
from tests.server.serving import serving
from tests.server.test_links import make
from tests.server.web.visitor import Visitor

DATA = noise(5_000_000, 11)


class Town:
    """A served office; Anna's desk, with a folder of plans and a report in it; links of hers."""

    def __init__(self, office: Office, address: str) -> None:
        self.office, self.address = office, address
        self.anna = Desk(office)
        [self.folder] = self.anna.do(self.anna.mkdir("Plans"))
        self.file = self.save("Report.pdf", DATA, self.folder)

    def save(self, name: str, content: bytes, folder: NodeState) -> NodeState:
        """Makes a file of any size."""
        pieces = [content[start : start + MIB] for start in range(0, len(content), MIB)]
        self.anna.send(*pieces)
        [state] = self.anna.do(self.anna.put(name, *pieces, parent=folder.node))
        return state

    def link(self, to: NodeState | None = None, **more: object) -> str:
        """Makes a link; answers its path."""
        return "/l/" + make(self.anna, (to or self.file).node, **more).token

    def visitor(self, address: str = "192.0.2.77", accept: str = "en") -> Visitor:
        return Visitor(self.address, address, accept)

    def now(self) -> list[NodeState]:
        """What lies in Anna's space."""
        now = {entry.state.node: entry.state for entry in self.anna.journal().entries}
        return [state for state in now.values() if not state.dead]

    def names(self) -> set[str]:
        """What lies in the folder of plans, as its people see it."""
        return {state.name for state in self.now() if state.parent == self.folder.node}


@contextmanager
def founded(base: Path, bounds: Bounds | None = None) -> Iterator[Town]:
    """Founds a town below a folder; a proxy tells where its visitors come from."""
    database = Database(f"sqlite:///{base / 'server.db'}")
    office = Office(database, base / "store")
    if bounds is not None:
        office.server = msgspec.structs.replace(office.server, bounds=bounds)
    with serving(office.server, proxies=["127.0.0.1"]) as address:
        yield Town(office, address)
    database.close()
