"""Commands about files: their versions, the trash, what was kept twice, and whether everything is really the same.

Whatever changes a file asks the server to, as a colleague's desk would: what comes of it reaches this disk like any other
change, with everything that protects a save made at the same moment (R11, R12). Nothing here writes over or removes a
file, and a file whose content is not among the versions on the server is not even asked about.
"""

import datetime
import io
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from govsync.content.chunks import SCHEME, cut
from govsync.content.manifests import manifest_of
from govsync.engine import events
from govsync.engine.report import moment
from govsync.model import operations as ask
from govsync.model.activity import ConflictRow, DifferenceRow, TrashRow, VersionRow
from govsync.model.codes import Code
from govsync.model.nodes import Kind, Node
from govsync.model.problems import Failure, Problem
from govsync.protocol.changes import NodeState, RevisionInfo, Trashed
from govsync.protocol.commits import Done, Outcome, Refused, Want
from govsync.protocol.limits import DEFAULT
from govsync.remote.interface import every_node
from govsync.store import conflicts as kept_twice
from govsync.store import left_out, local_tree, paths, problems, spaces, trees
from govsync.system.durable import new_file

if TYPE_CHECKING:
    from govsync.agent.main import Agent

_log = logging.getLogger(__name__)
T = TypeVar("T")
FETCH_CHUNKS = 8
PLACED_S = 30.0
LASTING_S = 3.0
"""For how long the same must have kept something back before a person is told: a program may be saving."""
STEP_S = 0.02


class Here(Protocol):
    """Runs something on the control thread."""

    def __call__(self, agent: "Agent", work: Callable[[], T]) -> T: ...


def parts_of(agent: "Agent", path: Path) -> tuple[str, ...]:
    """Answers the names from the synced folder down to a path; raises Failure(not_found) for one that is elsewhere, with the
    folder as a fact."""
    folder = agent.identity.folder
    try:
        return path.relative_to(folder).parts
    except ValueError as error:
        raise Failure(Code.NOT_FOUND, path=str(path), folder=folder) from error


def _node(agent: "Agent", here: Here, path: Path) -> Node:
    """Finds the node at a path on the disk; raises Failure(not_found)."""
    parts = parts_of(agent, path)

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


def versions(agent: "Agent", here: Here, path: Path) -> list[VersionRow]:
    """Lists the versions of a file, newest first."""
    return [
        VersionRow(
            revision=each.rev.hex(), at=moment(each.at_ms), user=each.user_name, device=each.device_name,
            size=each.size_bytes, hash=each.hash.hex(), current=each.current,
        )
        for each in _revisions(agent, _node(agent, here, path))
    ]  # fmt: skip


def restore(agent: "Agent", here: Here, path: Path, revision: str, to: str | None) -> str:
    """Brings a version back, as a new version, or into another file, which must be new; answers where it is."""
    node = _node(agent, here, path)
    known = _revisions(agent, node)
    wanted = next((each for each in known if each.rev.hex() == revision), None)
    if wanted is None:
        raise Failure(Code.NOT_FOUND, revision=revision)
    if to:
        _write(agent, node.space, wanted.rev, Path(to))
        return to
    _require_sent(path, known)
    _bring(agent, here, node, wanted)
    _until_here(agent, here, node, wanted.hash)
    return str(path)


def _bring(agent: "Agent", here: Here, node: Node, wanted: RevisionInfo) -> None:
    """Makes a version of a file, or of another one in its space, its newest; raises Failure with what the server says."""
    assert node.remote is not None
    put = ask.Put(
        key=agent.ids.new(), node=node.node_id, hash=wanted.hash, size_bytes=wanted.size_bytes, scheme=SCHEME,
        base_rev=node.remote.rev, mtime_ns=wanted.mtime_ns, exec=node.remote.exec, source=(node.space, wanted.rev),
    )  # fmt: skip
    _commit(agent, here, node, put)


def _commit(agent: "Agent", here: Here, node: Node, operation: ask.AnyOperation) -> None:
    row = here(agent, lambda: spaces.get(agent.store, node.space))
    assert row is not None, "a node lies in a space"
    [outcome] = commit(agent, here, row, [operation])
    if not isinstance(outcome, Done):
        raise Failure(outcome.code if isinstance(outcome, Refused) else Code.CHUNK_LOST)


def commit(
    agent: "Agent", here: Here, row: spaces.SpaceRow, operations: Sequence[ask.AnyOperation]
) -> Sequence[Outcome]:
    """Has the server do something beside the engine, which it then reads of in the journal: the server tells each head to
    all devices but the one that asked."""
    answer = agent.remote.commit(row.id, row.epoch, operations, [])
    told = events.HeadTold(row.id, answer.head)
    here(agent, lambda: agent.engine.handle(told, agent.clock.now()))
    return answer.outcomes


def _until_here(agent: "Agent", here: Here, node: Node, content_hash: bytes | None) -> None:
    """Waits until the disk shows what the server was asked for (None: nothing); raises Failure with what keeps it back, or
    timed_out. The server has it in any case, and it comes here when it can."""

    def look() -> tuple[bytes | None, Problem | None]:
        found = local_tree.find_node(agent.store, node.lid)
        local = None if found is None else found.local
        return local.hash if local is not None and local.here else None, problems.of(agent.store, node.lid)

    end = time.monotonic() + PLACED_S
    kept_back: tuple[Problem | None, float] = (None, 0.0)
    while time.monotonic() < end:
        shown, problem = here(agent, look)
        if shown == content_hash:
            return
        if problem != kept_back[0]:
            kept_back = (problem, time.monotonic())
        elif problem is not None and time.monotonic() - kept_back[1] > LASTING_S:
            raise Failure(problem.code, **problem.facts)
        time.sleep(STEP_S)
    raise Failure(Code.TIMED_OUT)


def _require_sent(path: Path, known: Sequence[RevisionInfo]) -> None:
    """Raises Failure(not_sent) unless the content at a path, if there is one, is one of the versions on the server."""
    found = _hash(path)
    if found is not None and all(each.hash != found for each in known):
        raise Failure(Code.NOT_SENT, path=str(path))


def _write(agent: "Agent", space: bytes, rev: bytes, target: Path) -> None:
    """Writes a revision, verified, into a new file; raises Failure(name_taken) where something is there already."""
    manifest = agent.remote.manifest(space, rev)
    try:
        with new_file(target) as file:
            for start in range(0, len(manifest.chunks), FETCH_CHUNKS):
                end = min(start + FETCH_CHUNKS, len(manifest.chunks))
                data = list(agent.calls.fetch(space, [Want(rev, start, end)]))
                for chunk, piece in zip(manifest.chunks[start:end], data, strict=True):
                    if manifest_of([piece]).chunks[0] != chunk:
                        raise Failure(Code.CHUNK_BAD)
                    file.write(piece)
    except Failure as failure:
        if failure.code is Code.EXISTS:
            raise Failure(Code.NAME_TAKEN, path=str(target)) from failure
        raise


def _spaces(agent: "Agent", here: Here) -> list[spaces.SpaceRow]:
    return here(agent, lambda: [row for row in spaces.all_spaces(agent.store) if row.readable])


def _in_trash(agent: "Agent", space: bytes) -> Iterator[Trashed]:
    before: int | None = None
    while True:
        page = agent.remote.trash(space, before)
        yield from page.items
        before = page.before
        if before is None:
            return


def trash(agent: "Agent", here: Here) -> list[TrashRow]:
    """Lists what was deleted and can come back."""
    return [
        TrashRow(
            id=item.state.node.hex(), path=item.path, deleted=moment(item.deleted_ms), user=item.user_name,
            device=item.device_name, size=item.state.size_bytes,
        )
        for row in _spaces(agent, here)
        for item in _in_trash(agent, row.id)
    ]  # fmt: skip


def trash_restore(agent: "Agent", here: Here, ids: Sequence[str]) -> None:
    """Brings deleted things back where they were, or to the top of their space where their folder is gone.

    Raises Failure(not_found) before anything is done where one of them is not in the trash.
    """
    found = {
        item.state.node.hex(): (row, item.state)
        for row in _spaces(agent, here)
        for item in _in_trash(agent, row.id)
    }
    wanted = dict.fromkeys(ids)
    missing = [each for each in wanted if each not in found]
    if missing:
        raise Failure(Code.NOT_FOUND, id=missing[0])
    for each in wanted:
        _revive(agent, here, *found[each])


def _revive(agent: "Agent", here: Here, row: spaces.SpaceRow, state: NodeState) -> None:
    root = here(agent, lambda: local_tree.node(agent.store, row.root_lid).node_id)
    for parent in (state.parent or root, root):
        op = ask.Revive(key=agent.ids.new(), node=state.node, parent=parent, name=state.name)
        if isinstance(commit(agent, here, row, [op])[0], Done):
            return
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
    kept_back: list[Failure] = []
    for node, at in here(agent, below):
        known = _revisions(agent, node)
        then = next((each for each in known if each.at_ms <= until_ms), None)
        target = Path(agent.identity.folder, *at)
        if then is not None and _hash(target) != then.hash:
            _require_sent(target, known)
            _bring(agent, here, node, then)
            try:
                _until_here(agent, here, node, then.hash)
                count += 1
            except Failure as failure:  # It comes when it can, and keeps back no other (I10).
                kept_back.append(failure)
    if kept_back:
        raise kept_back[0]
    return count


def verify(agent: "Agent", here: Here) -> list[DifferenceRow]:
    """Reads every file and compares it with the server by content; answers the differences."""
    different: list[DifferenceRow] = []
    for row in _spaces(agent, here):
        states = {state.node: state for state in every_node(agent.remote, row.id)}
        different.extend(_compare(agent, here, row, states))
    return different


def _compare(
    agent: "Agent", here: Here, row: spaces.SpaceRow, states: dict[bytes, NodeState]
) -> Iterator[DifferenceRow]:
    on_disk = here(agent, lambda: kept_twice.on_disk(agent.store, row.id))
    not_wanted = here(agent, lambda: left_out.without(agent.store, row.id))
    for node_id, state in states.items():
        at = on_disk.pop(node_id, None)
        if at is None and node_id in not_wanted:
            continue
        if at is None:
            yield DifferenceRow(path=_path_of(state, states), difference="only on the server")
        elif state.kind is Kind.FILE:
            difference = _difference(Path(agent.identity.folder, *at), state)
            if difference is not None:
                yield DifferenceRow(path="/".join(at), difference=difference)
    for at in on_disk.values():
        if at is not None:
            yield DifferenceRow(path="/".join(at), difference="only here")


def _path_of(state: NodeState, states: Mapping[bytes, NodeState]) -> str:
    names: list[str] = []
    above: NodeState | None = state
    while above is not None and len(names) <= DEFAULT.depth:
        names.insert(0, above.name)
        above = states.get(above.parent) if above.parent is not None else None
    return "/".join(name for name in names if name)


def _difference(path: Path, state: NodeState) -> str | None:
    try:
        return None if _hash(path) == state.hash else "content"
    except OSError:
        return "cannot be read"


def _hash(path: Path) -> bytes | None:
    """Answers the content hash of a file, None where there is none; raises OSError."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)

            def read(offset: int, target: memoryview) -> int:
                file.seek(offset)
                return file.readinto(target)

            return manifest_of(piece for _, piece in cut(read, size)).content_hash
    except FileNotFoundError:
        return None


def conflicts(agent: "Agent", here: Here) -> list[ConflictRow]:
    """Lists files that were kept beside another, until a person decides; with who saved the copy, and when."""

    def read() -> list[tuple[ConflictRow, Node]]:
        store = agent.store
        return [(_conflict(agent, row), local_tree.node(store, row.copy)) for row in kept_twice.listed(store)]

    return [_saved_by(agent, row, node) for row, node in here(agent, read)]


def _conflict(agent: "Agent", row: kept_twice.ConflictRow) -> ConflictRow:
    """Tells of a copy what this desk knows: until the server has it, it is this person's."""
    identity = agent.identity
    return ConflictRow(
        id=str(row.copy), path=paths.shown(agent.store, row.original), copy=paths.shown(agent.store, row.copy),
        user=identity.user_name or identity.login, device=identity.name, at=moment(row.mtime_ns // 1_000_000),
    )  # fmt: skip


def _saved_by(agent: "Agent", row: ConflictRow, node: Node) -> ConflictRow:
    """Adds what the server knows of a copy; one that it does not have, or cannot be asked about, stays as it is."""
    if node.remote is None or node.remote.rev is None:
        return row
    try:
        saved = agent.remote.revisions(node.space, node.node_id, None).revisions[0]
    except Failure as failure:
        _log.info("who saved a copy could not be asked: %s", failure.code)
        return row
    return msgspec.structs.replace(
        row, user=saved.user_name, device=saved.device_name, at=moment(saved.at_ms)
    )


def resolve(agent: "Agent", here: Here, id: str, keep: str) -> None:
    """Settles a conflict: `mine` is the kept copy, `theirs` the file with the name; both stay with `both`.

    What is given up stays among the versions of the file, or in the trash of the server.
    """

    def read() -> tuple[Node, Node]:
        store = agent.store
        row = next((each for each in kept_twice.listed(store) if str(each.copy) == id), None)
        if row is None:
            raise Failure(Code.NOT_FOUND, id=id)
        return local_tree.node(store, row.copy), local_tree.node(store, row.original)

    copy, original = here(agent, read)
    if keep != "both":
        if copy.remote is None or copy.remote.rev is None or original.remote is None:
            raise Failure(Code.NOT_SENT, path=str(_path(agent, here, copy)))
        versions_of_copy = _revisions(agent, copy)
        _require_sent(_path(agent, here, copy), versions_of_copy)
        if keep == "mine":
            _require_sent(_path(agent, here, original), _revisions(agent, original))
            _bring(agent, here, original, versions_of_copy[0])
            _until_here(agent, here, original, versions_of_copy[0].hash)
        delete = ask.Delete(
            key=agent.ids.new(), node=copy.node_id, place=copy.remote.place_key, rev=copy.remote.rev
        )
        _commit(agent, here, copy, delete)
        _until_here(agent, here, copy, None)

    def settle() -> None:
        with agent.store.transaction():
            kept_twice.settle(agent.store, copy.lid)

    here(agent, settle)


def _path(agent: "Agent", here: Here, node: Node) -> Path:
    """Answers where a node lies on the disk; raises Failure(not_found)."""
    at = here(agent, lambda: paths.disk_path(agent.store, node.lid))
    if at is None:
        raise Failure(Code.NOT_FOUND)
    return Path(agent.identity.folder, *at)
