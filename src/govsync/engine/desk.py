"""What the parts of the engine share: the store, who this desk is, the time of this turn, and what is under way.

The parts do not know each other. They meet in the store (facts, dirty nodes, operations, intents) and in four small
volatile things here: which nodes are occupied by a job, which wait for something to change, which spaces are being read
anew, and small contents that were read a moment ago. All are lost in a crash without harm: work is derived again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from govsync.content.manifests import Manifest
from govsync.engine.jobs import AnyJob, Check, Job, Prove
from govsync.engine.now import Now
from govsync.model.codes import Code
from govsync.model.ids import Ids
from govsync.model.nodes import Kind
from govsync.model.problems import Problem
from govsync.store import dirty, local_tree
from govsync.store.database import Store
from govsync.store.trees import SqlTrees
from govsync.store.union import Reading
from govsync.text.units import size

FRESH_BYTES = 32 * 1024 * 1024
"""How much of just-read small contents is kept in memory until it is sent (I16)."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that the engine follows (see `settings.schema` for their meaning)."""

    hold_deletions: int = 200
    hold_deletions_share: float = 0.5
    hold_rewrites: int = 1_000
    minimum_free_bytes: int = 1 << 30
    largest_file_bytes: int = 0
    blocked_extensions: tuple[str, ...] = ()

    @property
    def keeps_back(self) -> bool:
        """Says whether any file is kept from being sent."""
        return bool(self.largest_file_bytes or self.blocked_extensions)

    def refusal(self, name: str, size_bytes: int = 0) -> Problem | None:
        """Says why a file of this name and size is not to be sent, if it is not."""
        folded = name.casefold()
        for extension in self.blocked_extensions:
            if folded.endswith(f".{extension}"):
                return Problem(Code.EXTENSION_BLOCKED, {"extension": extension})
        if 0 < self.largest_file_bytes < size_bytes:
            return Problem(Code.TOO_LARGE_BY_RULE, {"limit": size(self.largest_file_bytes)})
        return None


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Says which desk this is: its device id, and its name in conflict names and activity."""

    device: bytes
    device_name: str
    user_name: str = ""


class Desk:
    """Holds what the parts share; owned by the control thread."""

    def __init__(self, store: Store, ids: Ids, who: Who, rules: Rules) -> None:
        self.store = store
        self.ids = ids
        self.who = who
        self.rules = rules
        self.now = Now(0, 0)
        self.stale = True
        """Whether a fact has changed since the last plan."""
        self.looked_through = 0
        """Up to which turn the list of dirty nodes was looked through since anything could have let one of them go."""
        self.waiting: set[int] = set()
        """Nodes that the last plan could do nothing about; they are due again when any fact changes."""
        self.kept_back: set[int] = set()
        """Nodes whose step the plan under way must not send yet."""
        self.open_documents: dict[int, frozenset[str]] = {}
        """Names of documents, by folder, beside which a program's lock file lies (R13)."""
        self.rereading: dict[bytes, Reading] = {}
        """Spaces whose history is being read anew: nothing more is planned in them by the old one (R34)."""
        self.under_way: dict[int, AnyJob] = {}
        self.proven_ms: int | None = None
        """When the folder was last proven to be ours; None: a proof is wanted before anything is touched (R10)."""
        self.look_first = True
        """Looks and changes of the disk take turns: see `alone`."""
        self.fresh = Fresh(FRESH_BYTES)
        self._occupied: Counter[int] = Counter()
        self._numbers = 0

    def is_open_document(self, lid: int) -> bool:
        """Says whether a node is a file of which a lock file beside it says that it is open in a program here (R13)."""
        node, seen = local_tree.find_node(self.store, lid), local_tree.disk(self.store, lid)
        if node is None or node.local is None or node.local.kind is not Kind.FILE or seen is None:
            return False
        return seen.name in self.open_documents.get(node.local.place.parent, frozenset())

    def number(self) -> int:
        """Answers the number of a new job."""
        self._numbers += 1
        return self._numbers

    def facts_changed(self) -> None:
        """Makes everything that waited due again."""
        self.stale = True
        self.looked_through = 0
        self.waiting.clear()

    def news(self) -> None:
        """Makes due what is new on the list of dirty nodes. What waited for another fact is looked at again, too; what
        waits for a job or for room goes on waiting, so the list is not looked through from its beginning for it."""
        self.stale = True
        if self.waiting:
            self.facts_changed()

    def wake(self, lids: Iterable[int]) -> None:
        """Makes these nodes due again, and no others: the list is looked through from the first of them."""
        woken = list(lids)
        if not woken:
            return
        self.stale = True
        self.waiting.difference_update(woken)
        first = dirty.first_turn(self.store, woken)
        if first is not None:
            self.looked_through = min(self.looked_through, first - 1)

    def occupy(self, lids: Iterable[int]) -> None:
        """Keeps nodes out of plans while a job works on them."""
        self._occupied.update(lids)

    def release(self, lids: Iterable[int]) -> None:
        """Lets nodes be planned again."""
        for lid in lids:
            self._occupied[lid] -= 1
            if self._occupied[lid] <= 0:
                del self._occupied[lid]

    def occupied(self, lid: int) -> bool:
        """Says whether a job works on the node."""
        return lid in self._occupied

    def running(self, kind: type[Job]) -> int:
        """Counts the jobs of a kind that are under way."""
        return sum(isinstance(job, kind) for job in self.under_way.values())

    def busy(self) -> bool:
        """Says whether anything is under way besides what always is: proofs of the folder, and checks of what seems
        unchanged."""
        return any(not isinstance(job, Prove | Check) for job in self.under_way.values())

    def alone(self, *others: type[Job], started: Iterable[Job] = ()) -> bool:
        """Says whether no job of these kinds is under way.

        A look must never overlap a change of the disk: it would see what was placed before the trees know of it, and
        take our own work for a person's. So each waits for the other's result, and they take turns.
        """
        return not any(isinstance(job, others) for job in (*self.under_way.values(), *started))

    def trees(self, lids: Sequence[int] = ()) -> "DeskTrees":
        """Opens the three trees for one plan, for which these nodes are read at once."""
        return DeskTrees(self, lids)


class DeskTrees:
    """The trees of the store, where nodes that a job works on are busy too, and whole spaces that are read anew
    (`model.trees.Trees`)."""

    def __init__(self, desk: Desk, lids: Sequence[int]) -> None:
        self._desk = desk
        self._sql = SqlTrees(desk.store, desk.now.steady_ms)
        self.due = self._sql.prefetch(lids)
        """Those of the nodes that were asked for that there are."""
        self.node = self._sql.node
        self.local_children = self._sql.local_children
        self.remote_children = self._sql.remote_children
        self.local_at = self._sql.local_at
        self.remote_at = self._sql.remote_at
        self.read_to = self._sql.read_to
        self.read_only = self._sql.read_only
        self.mount_of = self._sql.mount_of
        self.left_out = self._sql.left_out
        self.adds_only = self._sql.adds_only

    def busy(self, lid: int) -> bool:
        """As `Trees.busy`."""
        rereading = bool(self._desk.rereading) and self._sql.node(lid).space in self._desk.rereading
        return rereading or self._desk.occupied(lid) or self._sql.busy(lid)


class Fresh:
    """Small contents by node and what they are made of, the oldest given up first; a lost one is read again."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: dict[int, tuple[Manifest, bytes]] = {}
        self.size_bytes = 0

    @property
    def full(self) -> bool:
        """Says whether reading further ahead of what is being sent would only push out what is not sent yet."""
        return self.size_bytes > self._limit_bytes // 2

    def keep(self, lid: int, manifest: Manifest, data: bytes) -> None:
        """Keeps a content until it is taken."""
        self.take(lid)
        self._kept[lid] = (manifest, data)
        self.size_bytes += len(data)
        while self.size_bytes > self._limit_bytes:
            self.take(next(iter(self._kept)))

    def get(self, lid: int, content_hash: bytes) -> bytes | None:
        """Answers the node's content if it is the one that has this hash."""
        kept = self._kept.get(lid)
        return kept[1] if kept is not None and kept[0].content_hash == content_hash else None

    def manifest(self, lid: int, content_hash: bytes | None) -> Manifest | None:
        """Answers what the node's content is made of, if it is the one that has this hash."""
        kept = self._kept.get(lid)
        return kept[0] if kept is not None and kept[0].content_hash == content_hash else None

    def take(self, lid: int) -> None:
        """Gives a node's content up."""
        kept = self._kept.pop(lid, None)
        if kept is not None:
            self.size_bytes -= len(kept[1])
