"""An engine on a bench: a real folder, a store in memory, a server of a few lines, and time that the test moves.

Jobs are handed to the test, which carries them out, keeps them under way, or answers them itself. The server here knows
no rules of its own; a test tells it how to answer (`judge`) or which request to fail.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from govsync.content import manifests
from govsync.content.hashes import chunk_hash
from govsync.content.manifests import Manifest, manifest_of
from govsync.engine import events, jobs
from govsync.engine.desk import Rules, Who
from govsync.engine.loop import Engine
from govsync.engine.now import Now
from govsync.engine.report import Facts, report
from govsync.engine.work import Tools, run
from govsync.local.ignore import Ignore
from govsync.local.root import adopt
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.model.status import RateNow, Status
from govsync.protocol.changes import (
    Changes,
    Cursor,
    Entry,
    Known,
    KnownAnswer,
    Nodes,
    NodeState,
    Revisions,
    Trash,
)
from govsync.protocol.commits import CommitAnswer, Done, Lacking, Outcome
from govsync.protocol.digest import heads_digest
from govsync.protocol.session import Head, Heads, Me, Role, SpaceInfo, SpaceKind, Spaces, SpaceState
from govsync.remote.interface import Download, Passed, Source, unseen
from govsync.store.database import IN_MEMORY, Store
from govsync.system.disk import DiskFileSystem
from tests.store.desk import CountedIds

SPACE, ROOT, EPOCH = b"s" * 16, b"R" * 16, b"e" * 16
DEVICE, COLLEAGUE = b"d" * 16, b"c" * 16
CHAIN = b"h" * 8
WALL_MS = 1_795_000_000_000
LARGE = 70_000
"""More bytes than travel inside a commit."""


class SmallServer:
    """One space, which accepts whatever `judge` does not refuse (`remote.interface.Remote`)."""

    def __init__(self) -> None:
        self.states: dict[bytes, NodeState] = {}
        self.journal: list[Entry] = []
        self.forgotten: set[bytes | None] = set()
        """Keys of what was lost in a restore, and of which nobody has told again."""
        self.chunks: dict[bytes, bytes] = {}
        self.manifests: dict[bytes, Manifest] = {}
        self.asked: list[ask.AnyOperation] = []
        """Every operation of every commit that arrived, in order."""
        self.commits = 0
        """How many commits arrived, refused ones too."""
        self.uploads = 0
        self.role = Role.MANAGER
        self.state = SpaceState.MEMBER
        self.space = SPACE
        self.quota_left: int | None = None
        self.judge: Callable[[ask.AnyOperation], Outcome | None] = lambda _: None
        self.fails: dict[str, Code] = {}
        """Requests that fail before they have an effect, by method."""
        self.loses: dict[str, Code] = {}
        """Requests whose answer is lost."""
        self._done: dict[bytes, Done] = {}

    def begin_anew(self) -> None:
        """Loses everything, and makes the space again for the same person."""
        self.space = b"S" + self.space[1:]
        for each in (self.states, self.journal, self.chunks, self.manifests, self._done):
            each.clear()

    # What a colleague does

    def tell(self, state: NodeState, key: bytes, device: bytes = COLLEAGUE) -> NodeState:
        seq = len(self.journal) + 1
        state = msgspec.structs.replace(state, seq=seq)
        self.states[state.node] = state
        self.journal.append(
            Entry(seq=seq, op="put", key=key, state=state, user=b"u" * 16, device=device, at_ms=WALL_MS)
        )
        return state

    def has(self, name: str, words: bytes, node: bytes | None = None, parent: bytes = ROOT) -> NodeState:
        """A colleague saves a file, a new one or the next version of a node."""
        manifest = manifest_of([words])
        self.chunks[manifest.chunks[0].hash] = words
        rev = b"V" * 8 + (len(self.journal) + 1).to_bytes(8, "big")
        self.manifests[rev] = manifest
        known = self.states.get(node) if node is not None else None
        return self.tell(
            NodeState(
                node=node or b"N" + rev[1:], kind=Kind.FILE, parent=parent, name=name, seq=0, rev=rev,
                place=known.place if known is not None else b"P" + rev[1:], hash=manifest.content_hash,
                size_bytes=len(words),
            ),
            rev,
        )  # fmt: skip

    def alive(self) -> dict[str, NodeState]:
        return {state.name: state for state in self.states.values() if not state.dead}

    # Remote

    def _asked(self, name: str, space: bytes | None = None) -> None:
        if name in self.fails:
            raise Failure(self.fails[name])
        if space not in (None, self.space):
            raise Failure(Code.NOT_FOUND)

    def _answered(self, name: str) -> None:
        if name in self.loses:
            raise Failure(self.loses[name])

    def me(self) -> Me:
        raise NotImplementedError

    def spaces(self, have: Sequence[bytes]) -> Spaces:
        self._asked("spaces")
        info = SpaceInfo(
            id=self.space, state=self.state, kind=SpaceKind.PERSONAL, name="Anna", role=self.role, root=ROOT,
            epoch=EPOCH,
        )  # fmt: skip
        gone = [
            msgspec.structs.replace(info, id=each, state=SpaceState.UNKNOWN)
            for each in have
            if each != self.space
        ]
        return Spaces(spaces=(info, *gone))

    def heads(self) -> Heads:
        self._asked("heads")
        heads = (Head(self.space, len(self.journal), CHAIN),) if self.state is SpaceState.MEMBER else ()
        return Heads(epoch=EPOCH, heads=heads, digest=heads_digest(heads))

    def changes(self, space: bytes, cursor: Cursor | None) -> tuple[Changes, Mapping[bytes, bytes]]:
        self._asked("changes", space)
        entries = tuple(self.journal[cursor.seq if cursor is not None else 0 :])
        head = len(self.journal)
        return Changes(entries=entries, cursor=Cursor(EPOCH, head, CHAIN), head=head), {}

    def nodes(self, space: bytes, after: bytes | None) -> Nodes:
        self._asked("nodes", space)
        alive = tuple(state for state in self.states.values() if not state.dead)
        return Nodes(nodes=alive, cursor=Cursor(EPOCH, len(self.journal), CHAIN))

    def known(self, space: bytes, question: Known) -> KnownAnswer:
        self._asked("known", space)
        had = {(entry.state.name, entry.state.hash) for entry in self.journal}
        told = {key for each in self.journal[: question.until] for key in (each.state.rev, each.state.place)}
        keys = told - self.forgotten
        return KnownAnswer(
            keys=tuple(each in keys for each in question.keys),
            contents=tuple(each in had for each in question.contents),
        )

    def upload(
        self, space: bytes, sources: Sequence[Source], growth_bytes: int, passed: Passed = unseen
    ) -> int | None:
        self._asked("upload", space)
        if self.quota_left is not None and growth_bytes > self.quota_left:
            raise Failure(Code.QUOTA)
        self.uploads += 1
        for number, source in enumerate(sources):
            for index, chunk in enumerate(source.manifest.chunks):
                try:
                    self.chunks[chunk.hash] = bytes(source.chunk(index))
                    passed(number, chunk.size_bytes)
                except Failure as failure:
                    raise Failure(failure.code, **{**failure.facts, "index": number}) from failure
        return None

    def commit(
        self,
        space: bytes,
        epoch: bytes,
        operations: Sequence[ask.AnyOperation],
        inline: Sequence[bytes],
        after: Cursor | None = None,
    ) -> CommitAnswer:
        self.commits += 1
        self._asked("commit", space)
        self.asked.extend(operations)
        self.chunks.update((chunk_hash(data), data) for data in inline)
        outcomes = tuple(self._outcome(operation) for operation in operations)
        self._answered("commit")
        return CommitAnswer(outcomes=outcomes, head=len(self.journal), chain=CHAIN, at_ms=WALL_MS)

    def download(self, space: bytes, wants: Sequence[Download]) -> None:
        self._asked("download", space)
        for want in wants:
            sink = want.open(self.manifests[want.rev])
            for chunk in self.manifests[want.rev].chunks[sink.resume_at() :]:
                sink.write(self.chunks[chunk.hash])

    def manifest(self, space: bytes, rev: bytes) -> Manifest:
        return self.manifests[rev]

    def revisions(self, space: bytes, node: bytes, before: int | None) -> Revisions:
        raise NotImplementedError

    def trash(self, space: bytes, before: int | None) -> Trash:
        raise NotImplementedError

    def _outcome(self, operation: ask.AnyOperation) -> Outcome:
        if operation.key in self._done:
            return self._done[operation.key]
        outcome = self.judge(operation) or self._effect(operation)
        if isinstance(outcome, Done):
            self._done[operation.key] = outcome
        return outcome

    def _effect(self, operation: ask.AnyOperation) -> Outcome:
        if isinstance(operation, ask.Put):
            assert operation.manifest is not None
            manifest = manifests.decode(operation.manifest)
            lacking = tuple(chunk.hash for chunk in manifest.chunks if chunk.hash not in self.chunks)
            if lacking:
                return Lacking(hashes=lacking)
            self.manifests[operation.key] = manifest
        state = self.tell(self._changed(operation), operation.key, DEVICE)
        return Done(seq=state.seq, state=state)

    def _changed(self, operation: ask.AnyOperation) -> NodeState:
        known, key = self.states.get(operation.node), operation.key
        if isinstance(operation, ask.Mkdir):
            return NodeState(
                node=operation.node,
                kind=Kind.FOLDER,
                parent=operation.parent,
                name=operation.name,
                place=key,
                seq=0,
            )
        if isinstance(operation, ask.Put):
            facts = {
                "rev": key,
                "hash": operation.hash,
                "size_bytes": operation.size_bytes,
                "exec": operation.exec,
            }
            if operation.parent is not None and operation.name is not None:
                known = NodeState(
                    node=operation.node,
                    kind=Kind.FILE,
                    parent=operation.parent,
                    name=operation.name,
                    place=key,
                    seq=0,
                )
        elif isinstance(operation, ask.Move | ask.Revive):
            facts = {"parent": operation.parent, "name": operation.name, "place": key, "dead": False}
        elif isinstance(operation, ask.Delete):
            facts = {"dead": True}
        else:
            assert isinstance(operation, ask.Attr)
            facts = {"exec": operation.exec}
        assert known is not None
        return msgspec.structs.replace(known, **facts)


class Bench:
    """One engine, its folder and its server."""

    def __init__(self, folder: Path, rules: Rules, store: Store | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.rescued = folder.with_name("GovSync Rescued")
        self.server = SmallServer()
        self.steady_ms = 1_000
        self.wall_ms = WALL_MS
        self.sleeping_ms = 0
        self.rules = rules
        self.ids = CountedIds()
        self.store = store or Store.open(IN_MEMORY)
        fs = DiskFileSystem(folder)
        root = adopt(fs, b"i" * 16, DEVICE)
        self.tools = Tools(
            fs=fs,
            remote=self.server,  # type: ignore[arg-type]
            root=root,
            ignore=Ignore,
            rescued=lambda: DiskFileSystem.made(self.rescued),
            clock_ns=lambda: (
                time.time_ns() + 1_000_000_000
            ),  # as if every file had been saved a second ago (R4)
        )
        self.waiting: list[jobs.AnyJob] = []
        self._done: list[jobs.AnyJob] = []
        self.begin()

    def begin(self) -> None:
        """Starts the engine, anew as after a crash when there was one: what it knows is in its store."""
        self.waiting = []
        self.engine = Engine(self.store, self.ids, Who(device=DEVICE, device_name="PC"), self.rules)
        self.tell(events.SessionBegun())
        self.tell(events.Watching(healthy=True))

    def forget(self) -> None:
        """Loses the database, and starts the engine over a new one."""
        self.store.close()
        self.store = Store.open(IN_MEMORY)
        self.begin()

    # Time and events

    def now(self) -> Now:
        return Now(self.wall_ms + self.steady_ms, self.steady_ms)

    def tell(self, event: events.AnyEvent) -> None:
        self.engine.handle(event, self.now())

    def beat(self) -> None:
        self.tell(events.Beat(self.server.heads().digest))

    def hint(self, *path: str) -> None:
        self.tell(events.Hint(path[:-1], path[-1]))

    # Jobs

    def start(self) -> list[jobs.AnyJob]:
        """Takes the jobs that the engine starts now, and leaves them waiting."""
        new = self.engine.start(self.now())
        self.waiting.extend(new)
        return new

    def carry_out(self, job: jobs.AnyJob) -> None:
        """Does a job that waits, and delivers what came of it."""
        self.waiting.remove(job)
        self._done.append(job)
        try:
            done: events.AnyEvent = events.JobDone(job, run(job, self.tools))
        except Failure as failure:
            done = events.JobFailed(
                job, failure.code, {key: str(fact) for key, fact in failure.facts.items()}
            )
        self.tell(done)

    def answer(self, job: jobs.AnyJob, result: jobs.Result) -> None:
        """Delivers a result that the test made up."""
        self.waiting.remove(job)
        self.tell(events.JobDone(job, result))

    def work(self, *but: type[jobs.Job]) -> None:
        """Carries out everything that can be done now, but for jobs of these kinds, which stay under way."""
        for _ in range(500):
            self.start()
            able = [job for job in self.waiting if not isinstance(job, but)]
            if not able:
                return
            self.carry_out(able[0])
        raise AssertionError(f"no end of work: {self.waiting}")

    def pass_ms(self, ms: int, *but: type[jobs.Job], step: int = 500) -> None:
        """Lets time pass, with a beat and all work at each step."""
        for _ in range(max(1, ms // step)):
            self.steady_ms += step
            if "heads" not in self.server.fails:
                self.beat()
            self.work(*but)

    def settle(self) -> None:
        """Begins, or goes on, until a person would be told that all is in sync."""
        for _ in range(60):
            self.beat()
            self.work()
            if self.report().state == "in_sync":
                return
            self.steady_ms += 500
        raise AssertionError(f"not in sync: {self.report()}")

    def done(self, kind: type[jobs.Job]) -> int:
        """Counts the jobs of a kind that were carried out."""
        return sum(isinstance(job, kind) for job in self._done)

    def under_way(self, *kinds: type[jobs.Job]) -> list[jobs.AnyJob]:
        return [job for job in self.engine.desk.under_way.values() if isinstance(job, kinds)]

    # What is seen

    def report(self) -> Status:
        facts = Facts(
            folder="F", endpoint="E", account="A", device="PC", version="0", rate=RateNow(),
            passed=self.tools.passing.now(),
        )  # fmt: skip
        return report(self.engine, facts)

    def write(self, name: str, words: bytes = b"words") -> None:
        (self.folder / name).write_bytes(words)
        self.hint(*Path(name).parts)

    def delete(self, *names: str) -> None:
        for name in names:
            (self.folder / name).unlink()
            self.hint(name)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != ".govsync")

    def lid(self, name: str) -> int:
        found = self.store.value("SELECT lid FROM node WHERE coalesce(l_name, r_name) = ?", (name,))
        assert found is not None
        return int(found)

    def presence(self, name: str) -> str:
        found = self.store.value("SELECT presence FROM node WHERE lid = ?", (self.lid(name),))
        return str(found)

    def asked(self, kind: type[ask.Operation]) -> list[ask.AnyOperation]:
        return [operation for operation in self.server.asked if isinstance(operation, kind)]
