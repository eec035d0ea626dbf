"""A folder as it was at an earlier moment, brought back beside what there is now: nothing is written over, no byte travels.

The server tells what had happened in the space; the tree of that moment is made here (`model.earlier`), and asked for anew
by ordinary operations in which each file takes its content from a revision that the server has. Until all of it is there the
new folder is called unfinished, so that a copy that was cut off is never taken for a whole one.
"""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.agent import sharing
from govsync.agent.files import Here, commit, parts_of
from govsync.content.chunks import SCHEME
from govsync.control.messages import RestoreFolder
from govsync.model import names
from govsync.model import operations as ask
from govsync.model.activity import FolderBack
from govsync.model.codes import Code
from govsync.model.earlier import Earlier
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Done, Outcome, Refused
from govsync.store import local_tree, paths, spaces, trees

if TYPE_CHECKING:
    from govsync.agent.main import Agent

AT_ONCE = 200
"""Operations of one commit: each may name a content of many pieces."""
MOST_NAMES = 1_000
MOST_PATHS = 100
_STOPS = (Code.QUOTA, Code.NO_RIGHT, Code.NODE_IN_SPACE)
"""What keeps back all that is still to come, too."""


def restore(agent: "Agent", here: Here, asked: RestoreFolder) -> FolderBack:
    """Brings a folder back as it was, as a new folder beside it or at a path where nothing is.

    Raises Failure(not_found, not_then, no_right, quota, name_taken, bad_request).
    """
    at = _moment(agent, asked.at)
    path = Path(asked.path)
    space, folder = sharing.target(agent, here, path)
    tree = _told(agent, space, int(at.timestamp() * 1000))
    found = list(tree.below(folder))
    itself = tree.get(folder)
    if itself is not None and itself.kind is Kind.FILE:
        raise Failure(Code.NOT_FOUND, path=str(path))
    if itself is None and not found:
        raise Failure(Code.NOT_THEN, path=str(path))
    when = f"{at:%Y-%m-%d %H.%M}"
    name = Path(asked.to).name if asked.to else None
    bringing = _Bringing(agent, here, _place(agent, path, asked.to), name or path.name, when)
    bringing.begin()
    left = [*bringing.bring(space, folder, found), *_mounts(agent, here, path)]
    left = list(dict.fromkeys(left))
    final = bringing.end(name)
    return FolderBack(
        path=str(bringing.parent / final), count=bringing.count, left=len(left), left_paths=tuple(left[:MOST_PATHS])
    )  # fmt: skip


def _moment(agent: "Agent", text: str) -> datetime.datetime:
    """Reads a moment (RFC 3339) that has been; raises Failure(bad_request)."""
    try:
        found = datetime.datetime.fromisoformat(text)
        passed = found.timestamp() * 1000 <= agent.clock.time_ms()
    except (ValueError, OverflowError) as error:
        raise Failure(Code.BAD_REQUEST, what=text) from error
    if not passed or found.timestamp() < 0:
        raise Failure(Code.BAD_REQUEST, what=text)
    return found


def _place(agent: "Agent", path: Path, to: str | None) -> Path:
    """Answers the folder into which it is brought, and in the synced folder's own case that one itself."""
    if to is not None:
        if Path(to).exists() or Path(to).is_symlink():
            raise Failure(Code.NAME_TAKEN, path=to)
        return Path(to).parent
    return path if path == Path(agent.identity.folder) else path.parent


def _told(agent: "Agent", space: bytes, at_ms: int) -> Earlier[NodeState]:
    tree: Earlier[NodeState] = Earlier()
    after = 0
    while True:
        page = agent.calls.earlier(space, at_ms, after)
        tree.tell(page.states)
        if page.after is None:
            return tree
        if page.after <= after:  # It would be told for ever.
            raise Failure(Code.NOT_OUR_SERVER, what="earlier")
        after = page.after


def _mounts(agent: "Agent", here: Here, path: Path) -> list[str]:
    """Names the shared folders in a folder: they are spaces of their own, and are brought back each by itself."""
    folder = parts_of(agent, path)

    def find() -> list[str]:
        store = agent.store
        lid = paths.find(store, folder) if folder else spaces.personal_root(store)
        if lid is None:
            return []
        nodes = trees.read_many(store, local_tree.below(store, paths.inner(store, lid)))
        mounts = [lid for lid, node in nodes.items() if node.remote and node.remote.kind is Kind.MOUNT]
        shown = paths.disk_paths(store, mounts)
        return ["/".join(shown[lid][len(folder) :]) for lid in mounts if lid in shown]

    return here(agent, find)


class _Bringing:
    """One folder on its way back."""

    def __init__(self, agent: "Agent", here: Here, parent: Path, name: str, when: str) -> None:
        self._agent, self._here = agent, here
        self._name, self._when = names.nfc(name), when
        self.parent = parent
        self._space, self._above = sharing.target(agent, here, parent)
        self._new: dict[bytes, bytes] = {}
        """The new folder of each that was."""
        self._top: ask.Mkdir
        self.count = 0

    def begin(self) -> None:
        """Makes the new folder, by a name that says that it is not whole yet."""
        new = self._agent.ids.new
        for turn in range(1, MOST_NAMES):
            name = names.as_of(self._name, self._when, turn, unfinished=True)
            self._top = ask.Mkdir(key=new(), node=new(), parent=self._above, name=name)
            [outcome] = self._commit([self._top])
            if isinstance(outcome, Done) and outcome.merged is None:
                return
            if isinstance(outcome, Refused) and outcome.code is not Code.NAME_TAKEN:
                raise Failure(outcome.code)
        raise Failure(Code.NAME_TAKEN, name=self._name)

    def bring(self, space: bytes, folder: bytes, found: Sequence[tuple[str, NodeState]]) -> Iterator[str]:
        """Brings all that hung below a folder; yields the paths of what cannot be had any more."""
        self._new[folder] = self._top.node
        wanted = [(path, operation) for path, state in found if (operation := self._anew(space, state))]
        yield from (path for path, state in found if state.kind is Kind.MOUNT)
        while wanted:
            now, wanted = wanted[:AT_ONCE], wanted[AT_ONCE:]
            outcomes = self._commit([operation for _, operation in now])
            again = []
            for (path, operation), outcome in zip(now, outcomes, strict=True):
                if isinstance(outcome, Done):
                    self.count += isinstance(operation, ask.Put)
                    continue
                code = outcome.code if isinstance(outcome, Refused) else Code.CHUNK_LOST
                if code in _STOPS:
                    raise Failure(code)
                if code is Code.BUSY_RETRY and len(now) > 1:
                    again.append((path, operation))
                else:
                    yield path
            wanted = again + wanted

    def _anew(self, space: bytes, state: NodeState) -> ask.AnyOperation | None:
        """Answers what makes a node that was anew; its folder comes before it."""
        new = self._agent.ids.new
        parent = self._new[state.parent or b""]
        if state.kind is Kind.FOLDER:
            self._new[state.node] = new()
            return ask.Mkdir(key=new(), node=self._new[state.node], parent=parent, name=state.name)
        if state.kind is Kind.MOUNT or state.rev is None or state.hash is None:
            return None
        return ask.Put(
            key=new(), node=new(), parent=parent, name=state.name, hash=state.hash, size_bytes=state.size_bytes,
            scheme=SCHEME, mtime_ns=state.mtime_ns, exec=state.exec, source=(space, state.rev),
        )  # fmt: skip

    def end(self, name: str | None) -> str:
        """Gives the folder its name, now that it is whole; answers that."""
        for turn in range(1, MOST_NAMES):
            final = names.nfc(name) if name else names.as_of(self._name, self._when, turn)
            move = ask.Move(
                key=self._agent.ids.new(), node=self._top.node, place=self._top.key, parent=self._above, name=final
            )  # fmt: skip
            [outcome] = self._commit([move])
            if isinstance(outcome, Done):
                return final
            code = outcome.code if isinstance(outcome, Refused) else Code.CHUNK_LOST
            if code is not Code.NAME_TAKEN or name:
                raise Failure(code)
        raise Failure(Code.NAME_TAKEN, name=self._name)

    def _commit(self, operations: Sequence[ask.AnyOperation]) -> Sequence[Outcome]:
        row = self._here(self._agent, lambda: spaces.get(self._agent.store, self._space))
        assert row is not None, "the folder lies in it"
        return commit(self._agent, self._here, row, operations)
