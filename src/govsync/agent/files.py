"""Commands about files: their versions, the trash, what was kept twice, and whether everything is really the same.

Whatever changes a file here does it as a person would: the content is written beside and takes the name, and the desk
finds it like any other edit. So nothing of this can lose anything that a person's program could not.
"""

import datetime
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from govsync.content.chunks import cut
from govsync.content.manifests import manifest_of
from govsync.engine.report import moment
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind, Node
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState, RevisionInfo
from govsync.protocol.commits import Done, Want
from govsync.store import conflicts as kept_twice
from govsync.store import local_tree, paths, spaces, trees

if TYPE_CHECKING:
    from govsync.agent.main import Agent

T = TypeVar("T")
FETCH_CHUNKS = 8


class Here(Protocol):
    """Runs something on the control thread."""

    def __call__(self, agent: "Agent", work: Callable[[], T]) -> T: ...


def _node(agent: "Agent", here: Here, path: Path) -> Node:
    """Finds the node at a path on the disk; raises Failure(not_found)."""
    folder = Path(agent.identity.folder)
    try:
        parts = path.relative_to(folder).parts
    except ValueError as error:
        raise Failure(Code.NOT_FOUND, path=str(path)) from error

    def find() -> Node:
        lid = paths.find(agent.store, parts)
        node = local_tree.find_node(agent.store, lid) if lid is not None else None
        if node is None or node.remote is None:
            raise Failure(Code.NOT_FOUND, path=str(path))
        return node

    return here(agent, find)


def _revisions(agent: "Agent", node: Node) -> list[RevisionInfo]:
    found: list[RevisionInfo] = []
    before: int | None = None
    while True:
        page = agent.remote.revisions(node.space, node.node_id, before)
        found.extend(page.revisions)
        before = page.before
        if before is None:
            return found


def versions(agent: "Agent", here: Here, path: Path) -> list[dict[str, Any]]:
    """Lists the versions of a file, newest first."""
    return [
        {
            "revision": each.rev.hex(), "at": moment(each.at_ms), "user": each.user_name, "device": each.device_name,
            "size": each.size_bytes, "hash": each.hash.hex(), "current": each.current,
        }
        for each in _revisions(agent, _node(agent, here, path))
    ]  # fmt: skip


def restore(agent: "Agent", here: Here, path: Path, revision: str, to: str | None) -> str:
    """Brings a version back, as a new version, or into another file; answers where it is."""
    node = _node(agent, here, path)
    try:
        rev = bytes.fromhex(revision)
    except ValueError as error:
        raise Failure(Code.NOT_FOUND, revision=revision) from error
    if all(each.rev != rev for each in _revisions(agent, node)):
        raise Failure(Code.NOT_FOUND, revision=revision)
    target = Path(to) if to else path
    _write(agent, node.space, rev, target)
    return str(target)


def _write(agent: "Agent", space: bytes, rev: bytes, target: Path) -> None:
    """Writes a revision, verified, beside a file and gives it the name at once."""
    manifest = agent.remote.manifest(space, rev)
    target.parent.mkdir(parents=True, exist_ok=True)
    fd, beside = tempfile.mkstemp(dir=target.parent, prefix="~govsync-", suffix=".tmp")
    try:
        with os.fdopen(fd, "wb") as file:
            for start in range(0, len(manifest.chunks), FETCH_CHUNKS):
                end = min(start + FETCH_CHUNKS, len(manifest.chunks))
                data = list(agent.calls.fetch(space, [Want(rev, start, end)]))
                for chunk, piece in zip(manifest.chunks[start:end], data, strict=True):
                    if manifest_of([piece]).chunks[0] != chunk:
                        raise Failure(Code.CHUNK_BAD)
                    file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            Path(beside).chmod(target.stat().st_mode & 0o7777)
        else:
            Path(beside).chmod(0o644)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _spaces(agent: "Agent", here: Here) -> list[spaces.SpaceRow]:
    return here(agent, lambda: [row for row in spaces.all_spaces(agent.store) if row.readable])


def trash(agent: "Agent", here: Here) -> list[dict[str, Any]]:
    """Lists what was deleted and can come back."""
    found: list[dict[str, Any]] = []
    for row in _spaces(agent, here):
        before: int | None = None
        while True:
            page = agent.remote.trash(row.id, before)
            found.extend(
                {
                    "id": item.state.node.hex(), "path": item.path, "deleted": moment(item.deleted_ms),
                    "user": item.user_name, "device": item.device_name, "size": item.state.size_bytes,
                }
                for item in page.items
            )  # fmt: skip
            before = page.before
            if before is None:
                break
    return found


def trash_restore(agent: "Agent", here: Here, ids: list[str]) -> int:
    """Brings deleted things back where they were, or to the top of their space where their folder is gone."""
    wanted = {bytes.fromhex(each) for each in ids}
    count = 0
    for row in _spaces(agent, here):
        states: dict[bytes, NodeState] = {}
        before: int | None = None
        while True:
            page = agent.remote.trash(row.id, before)
            states.update((item.state.node, item.state) for item in page.items if item.state.node in wanted)
            before = page.before
            if before is None:
                break
        for state in states.values():
            count += _revive(agent, here, row, state)
    if count < len(wanted):
        raise Failure(Code.NOT_FOUND)
    return count


def _revive(agent: "Agent", here: Here, row: spaces.SpaceRow, state: NodeState) -> int:
    root = here(agent, lambda: local_tree.node(agent.store, row.root_lid).node_id)
    for parent in (state.parent or root, root):
        op = ask.Revive(key=agent.ids.new(), node=state.node, parent=parent, name=state.name)
        outcome = agent.remote.commit(row.id, row.epoch, [op], []).outcomes[0]
        if isinstance(outcome, Done):
            return 1
    raise Failure(Code.NAME_TAKEN, name=state.name)


def rewind(agent: "Agent", here: Here, path: Path, to: str) -> int:
    """Takes every file of a folder back to what it was at a moment, as new versions; answers how many."""
    try:
        until_ms = int(datetime.datetime.fromisoformat(to).timestamp() * 1000)
    except ValueError as error:
        raise Failure(Code.BAD_REQUEST, what=to) from error
    top = _node(agent, here, path)

    def below() -> list[tuple[Node, tuple[str, ...]]]:
        lids = local_tree.below(agent.store, paths.inner(agent.store, top.lid))
        nodes = trees.read_many(agent.store, lids)
        found = ((node, paths.disk_path(agent.store, lid)) for lid, node in nodes.items())
        return [
            (node, at)
            for node, at in found
            if at is not None and node.remote and node.remote.kind is Kind.FILE
        ]

    count = 0
    for node, at in here(agent, below):
        known = _revisions(agent, node)
        then = next((each for each in known if each.at_ms <= until_ms), None)
        if then is not None and not then.current:
            _write(agent, node.space, then.rev, Path(agent.identity.folder, *at))
            count += 1
    return count


def verify(agent: "Agent", here: Here) -> list[dict[str, str]]:
    """Reads every file and compares it with the server by content; answers the differences."""
    different: list[dict[str, str]] = []
    for row in _spaces(agent, here):
        states: dict[bytes, NodeState] = {}
        after: bytes | None = None
        while True:
            page = agent.remote.nodes(row.id, after)
            states.update((state.node, state) for state in page.nodes)
            after = page.after
            if after is None:
                break
        different.extend(_compare(agent, here, row, states))
    return different


def _compare(
    agent: "Agent", here: Here, row: spaces.SpaceRow, states: dict[bytes, NodeState]
) -> list[dict[str, str]]:
    on_disk = here(agent, lambda: kept_twice.on_disk(agent.store, row.id))
    found: list[dict[str, str]] = []
    for node_id, state in states.items():
        at = on_disk.pop(node_id, None)
        if at is None:
            found.append({"path": state.name, "difference": "only on the server"})
        elif state.kind is Kind.FILE and _hash(Path(agent.identity.folder, *at)) != state.hash:
            found.append({"path": "/".join(at), "difference": "content"})
    found.extend(
        {"path": "/".join(at), "difference": "only here"} for at in on_disk.values() if at is not None
    )
    return found


def _hash(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            fd = file.fileno()
            size = os.fstat(fd).st_size

            def read(offset: int, target: memoryview) -> int:
                done = 0
                while done < len(target) and (count := os.preadv(fd, [target[done:]], offset + done)):
                    done += count
                return done

            return manifest_of(piece for _, piece in cut(read, size)).content_hash
    except FileNotFoundError:
        return None


def conflicts(agent: "Agent", here: Here) -> list[dict[str, Any]]:
    """Lists files that were kept beside another, until a person decides."""

    def read() -> list[dict[str, Any]]:
        store = agent.store
        return [
            {
                "id": str(row.copy),
                "path": paths.shown(store, row.original),
                "copy": paths.shown(store, row.copy),
                "user": "",
                "device": _device_in(paths.shown(store, row.copy)),
                "at": moment(row.mtime_ns // 1_000_000),
            }
            for row in kept_twice.listed(store)
        ]

    return here(agent, read)


def _device_in(name: str) -> str:
    _, _, rest = name.rpartition("(conflict, ")
    return rest.partition(",")[0]


def resolve(agent: "Agent", here: Here, number: int, keep: str) -> None:
    """Settles a conflict: `mine` is the kept copy, `theirs` the file with the name; both stay with `both`."""

    def read() -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        original = kept_twice.original(agent.store, number)
        if original is None:
            raise Failure(Code.NOT_FOUND)
        return paths.disk_path(agent.store, number), paths.disk_path(agent.store, original)

    copy, original = here(agent, read)
    folder = Path(agent.identity.folder)
    if copy is None or (original is None and keep == "mine"):
        raise Failure(Code.NOT_FOUND)
    if keep == "mine" and original is not None:
        folder.joinpath(*copy).replace(folder.joinpath(*original))
    elif keep == "theirs":
        folder.joinpath(*copy).unlink()

    def settle() -> None:
        with agent.store.transaction():
            kept_twice.settle(agent.store, number)

    here(agent, settle)
