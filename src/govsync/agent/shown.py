"""How the files are that somebody looks at: what a file manager shows beside their names."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.agent.files import Here
from govsync.model.activity import PathRow, PathState
from govsync.protocol.session import SpaceKind
from govsync.store import paths, spaces
from govsync.store.standing import Standing

if TYPE_CHECKING:
    from govsync.agent.main import Agent

Seen = tuple[int, int]
"""Size and time of a file."""


def shown(agent: "Agent", look: Here, asked: Sequence[str]) -> list[PathRow]:
    """Says of each path how it is; what was saved a moment ago, and not looked at yet, is on its way."""
    found = look(agent, lambda: _known(agent, asked))
    return [row if seen is None or _unchanged(row.path, seen) else _changed(row) for row, seen in found]


def _known(agent: "Agent", asked: Sequence[str]) -> list[tuple[PathRow, Seen | None]]:
    standing = Standing(agent.store)
    every = spaces.all_spaces(agent.store)
    shared = {row.mount_lid for row in every if row.kind is SpaceKind.SHARED}
    sound = agent.engine.observing.ever_scanned and agent.engine.root_problem is None
    folder = Path(agent.identity.folder)
    found: list[tuple[PathRow, Seen | None]] = []
    for path in asked:
        lid = None
        if Path(path).is_relative_to(folder):
            lid = paths.find(agent.store, Path(path).relative_to(folder).parts)
        if lid is None or not agent.engine.signed_in:
            found.append((PathRow(path=path, state="none", shared=False), None))
            continue
        state = _state(standing, {lid, paths.inner(agent.store, lid)}, sound)
        found.append((PathRow(path=path, state=state, shared=lid in shared), standing.seen(lid)))
    return found


def _state(standing: Standing, lids: set[int], sound: bool) -> PathState:
    """Answers how a node is, or a mount and the root of its space together."""
    if any(standing.waits(lid) for lid in lids):
        return "problem"
    return "in_sync" if sound and all(standing.settled(lid) for lid in lids) else "syncing"


def _unchanged(path: str, seen: Seen) -> bool:
    try:
        stat = Path(path).lstat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == seen


def _changed(row: PathRow) -> PathRow:
    return row if row.state == "problem" else PathRow(path=row.path, state="syncing", shared=row.shared)
