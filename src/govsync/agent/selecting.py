"""Commands about what lies on this desk, and what on the server alone (R26). What the server has is listed as this desk has
read of it; nothing is asked there."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.agent.files import Here, parts_of
from govsync.model.activity import FolderRow
from govsync.model.codes import Code
from govsync.model.merge import alive
from govsync.model.problems import Failure
from govsync.store import left_out, local_tree, paths

if TYPE_CHECKING:
    from govsync.agent.main import Agent


def exclude(agent: "Agent", here: Here, path: Path) -> None:
    """Has what lies at a path only on the server: it goes from this desk once the server has it."""
    _choose(agent, here, path, lambda lid: agent.engine.selecting.leave_out(lid))


def include(agent: "Agent", here: Here, path: Path) -> None:
    """Has what the server has at a path on this desk, too."""
    _choose(agent, here, path, lambda lid: agent.engine.selecting.take_in(lid))


def _choose(agent: "Agent", here: Here, path: Path, choose: Callable[[int], None]) -> None:
    def chosen() -> None:
        agent.engine.desk.now = agent.clock.now()
        choose(_find(agent, path))

    here(agent, chosen)


def folders(agent: "Agent", here: Here, path: Path) -> list[FolderRow]:
    """Lists the folders that the server has in a folder, with what is in each."""

    def read() -> list[FolderRow]:
        parts = parts_of(agent, path)
        lid = left_out.find(agent.store, parts)
        if lid is None:
            raise Failure(Code.NOT_FOUND, path=str(path))
        above = "/".join(parts)
        return [
            FolderRow(
                path=f"{above}/{row.name}" if above else row.name, size=row.size_bytes, here=row.here, folders=row.folders
            )
            for row in left_out.folders(agent.store, lid)
        ]  # fmt: skip

    return here(agent, read)


def _find(agent: "Agent", path: Path) -> int:
    """Finds what a person means: what lies there on the disk, if the server has it by any name, else what the server has
    there. Raises Failure(not_found, not_sent, folder_itself)."""
    parts = parts_of(agent, path)
    if not parts:
        raise Failure(Code.FOLDER_ITSELF)
    shown = paths.find(agent.store, parts)
    node = None if shown is None else local_tree.find_node(agent.store, shown)
    if node is not None and alive(node):
        return node.lid
    lid = left_out.find(agent.store, parts)
    if lid is None:
        raise Failure(Code.NOT_FOUND if node is None else Code.NOT_SENT, path=str(path))
    return lid
