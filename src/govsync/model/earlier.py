"""A tree as it was at an earlier moment: what is told of its nodes, change by change, laid over each other (R20, R33)."""

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from govsync.model.nodes import Kind


class Told(Protocol):
    """A node as it was after a change."""

    @property
    def node(self) -> bytes: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def parent(self) -> bytes | None: ...

    @property
    def name(self) -> str: ...

    @property
    def dead(self) -> bool: ...


T = TypeVar("T", bound=Told)


class Earlier(Generic[T]):
    """A tree that is made by telling it what happened, in order."""

    def __init__(self) -> None:
        self._alive: dict[bytes, T] = {}
        self._inside: dict[bytes, dict[bytes, None]] = {}

    def tell(self, states: Iterable[T]) -> None:
        """Takes what happened next. That a folder was deleted is told once, and means all that was in it then."""
        for state in states:
            before = self._alive.pop(state.node, None)
            if before is not None and before.parent is not None:
                self._inside[before.parent].pop(state.node, None)
            if state.dead:
                self._bury(state.node)
                continue
            self._alive[state.node] = state
            if state.parent is not None:
                self._inside.setdefault(state.parent, {})[state.node] = None

    def _bury(self, node: bytes) -> None:
        folders = [node]
        while folders:
            for below in self._inside.pop(folders.pop(), {}):
                del self._alive[below]
                folders.append(below)

    def get(self, node: bytes) -> T | None:
        """Answers a node that was there, or None."""
        return self._alive.get(node)

    def below(self, folder: bytes) -> Iterator[tuple[str, T]]:
        """Yields what hung below a folder, with its path from there, each folder before what is in it."""
        above = [("", folder)]
        while above:
            path, parent = above.pop()
            for node in self._inside.get(parent, {}):
                state = self._alive[node]
                yield path + state.name, state
                if state.kind is Kind.FOLDER:
                    above.append((f"{path}{state.name}/", node))
