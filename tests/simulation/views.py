"""What lies where, as people and auditors see it: a desk's folder, a person's tree on the server, all contents."""

from collections.abc import Collection, Iterable
from functools import lru_cache

from sqlalchemy import select

from govsync.content.chunks import cut, reading
from govsync.content.manifests import manifest_of
from govsync.local.ignore import fixed_reason
from govsync.local.steps import STATE
from govsync.model.nodes import Kind
from govsync.protocol.session import Role, SpaceState
from govsync.server import access
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.store import activity
from govsync.store.database import Store
from govsync.system.fs import Shape
from tests.simulation.hints import visible
from tests.simulation.medium import Medium

Fact = tuple[str, bytes, bool]
"""Kind, content hash, executable bit."""
Tree = dict[str, Fact]
_FOLDER: Fact = ("folder", b"", False)


SAID = ("conflict_copy", "renamed_aside", "second_version")


def said_of(store: Store) -> int:
    """Counts the second names that a desk says it has given."""
    return sum(kind in SAID for _, _, kind, *_ in activity.latest(store, 100_000))


@lru_cache(maxsize=4_096)
def hash_of(content: bytes) -> bytes:
    """Answers the hash by which the server names a content."""
    return manifest_of(piece for _, piece in cut(reading(content), len(content))).content_hash


def desk_tree(medium: Medium, root: tuple[str, ...]) -> Tree:
    """Answers what a person sees in the folder, but for what is never synced."""
    found: Tree = {}
    for path, inode in visible(medium, root):
        name = "/".join(path)
        if inode.shape is Shape.FOLDER:
            found[name] = _FOLDER
        elif inode.shape is Shape.FILE and fixed_reason(path[-1]) is None:
            found[name] = ("file", hash_of(inode.data), inode.exec)
    return found


def husks(medium: Medium, root: tuple[str, ...], there: Tree) -> list[str]:
    """Lists the folders that the server does not have and that stay on the disk for what is never synced alone (R12)."""
    seen = list(visible(medium, root))
    folders = [path for path, inode in seen if inode.shape is Shape.FOLDER and "/".join(path) not in there]
    found: list[str] = []
    for folder in folders:
        below = [(path, inode) for path, inode in seen if path[: len(folder)] == folder]
        files = [path for path, inode in below if inode.shape is not Shape.FOLDER]
        if files and all(fixed_reason(path[-1]) is not None for path in files):
            found.append("/".join(folder))
    return found


def server_tree(server: Server, user: bytes, but: Collection[bytes] = ()) -> Tree:
    """Answers a person's own space with everything that hangs in it, as far as that person may see it, without these nodes
    and what is below them."""
    return _server_tree(server, user, but)[0]


def closed_folders(server: Server, user: bytes) -> list[str]:
    """Lists where spaces hang that a person may only put things into."""
    return _server_tree(server, user, ())[1]


def is_in(path: str, folders: Iterable[str]) -> bool:
    """Says whether something lies in one of these folders."""
    return any(path.startswith(f"{folder}/") for folder in folders)


def _server_tree(server: Server, user: bytes, but: Collection[bytes]) -> tuple[Tree, list[str]]:
    with server.database.begin(write=False) as tx:
        n = tables.node.c
        rows = tx.execute(select(tables.node).where(n.deleted_seq.is_(None))).all()
        s = tables.space.c
        roots = {row.id: row.root for row in tx.execute(select(s.id, s.root))}
        mine = access.memberships(tx, user)
        own = tx.execute(select(s.root).where(s.owner == user, s.kind == "personal")).scalar_one()
    children: dict[bytes, list[object]] = {}
    for row in rows:
        children.setdefault(row.parent, []).append(row)
    adds_only = {space for space, role in mine.items() if role == (SpaceState.MEMBER, Role.UPLOADER)}
    found: Tree = {}
    closed: list[str] = []
    pending = [(own, "")]
    while pending:
        parent, path = pending.pop()
        for row in children.get(parent, []):
            if row.id in but:
                continue
            name = f"{path}/{row.name}".lstrip("/")
            if row.kind == Kind.FILE:
                found[name] = ("file", bytes(row.hash), bool(row.exec))
                continue
            found[name] = _FOLDER
            if row.target_space in adds_only:
                closed.append(name)
                continue
            pending.append((roots[row.target_space] if row.kind == Kind.MOUNT else row.id, name))
    return found, closed


def server_contents(server: Server) -> set[tuple[bytes, bytes]]:
    """Answers all revisions that the server has, current and older: in which space, and the hash."""
    r = tables.revision.c
    with server.database.begin(write=False) as tx:
        return {(row.space, bytes(row.hash)) for row in tx.execute(select(r.space, r.hash))}


def contents_of(medium: Medium, hidden: bool = True) -> set[bytes]:
    """Answers all contents on a disk, with or without those in GovSync's hidden folder."""
    return {
        inode.data
        for path, inode in medium.walk(medium.top)
        if inode.shape is Shape.FILE and (hidden or STATE not in path)
    }
