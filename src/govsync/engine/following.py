"""Follows the server: which spaces there are, how far each journal has been read, and whether nothing newer exists.

An event of the server's stream only says that something newer may exist; what counts is the cursor, which moves over
what was read, or was told whole by an answer (R32, R33). A digest of all heads, told every 20 s, proves that nothing was
missed (R41, R42). Where the server's history is another one than the desk remembers, the whole snapshot is read and the
two are united (R34).
"""

from collections.abc import Sequence, Set

import msgspec

from govsync.engine.desk import Desk
from govsync.engine.jobs import (
    Answered,
    AnyJob,
    Ask,
    AskHeads,
    AskSpaces,
    HeadsTold,
    Pull,
    Pulled,
    Snapshot,
    SnapshotRead,
    SpacesTold,
)
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.protocol.changes import Changes, Cursor, Known
from govsync.protocol.digest import heads_digest
from govsync.protocol.session import Head, Role, SpaceInfo, SpaceKind, SpaceState
from govsync.store import (
    activity,
    dirty,
    intents,
    kept,
    meta,
    mounts,
    ops,
    problems,
    protection,
    remote_tree,
    sharing,
    spaces,
    union,
    uploads,
)  # fmt: skip
from govsync.store.spaces import SpaceRow

BEAT_LASTS_MS = 45_000
"""How long a digest proves that nothing was missed (R41)."""
RETRY_MS = 1_000
RETRY_MOST_MS = 60_000
HEADS_EVERY_MS = 200
_HEADS = b"heads"
_REREAD = (Code.CURSOR_GONE, Code.EPOCH_CHANGED, Code.HISTORY_DIFFERS)


class Following:
    """Owns what the desk knows of the server's state."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._heads: dict[bytes, int] = {}
        self._rereading: dict[bytes, union.Reading] = desk.rereading
        self._doubted: set[bytes] = set()
        """Spaces whose head is not what their cursor says: only reading shows whether their history is another."""
        self._awaited: dict[bytes, SpaceInfo] = {}
        """Spaces that are not taken up yet, because the journal in which their folder was shared was not read so far, or
        what was left of an earlier membership is still on its way off the desk."""
        self._spaces_due = True
        self._heads_due = False
        self.heads_asked = 0
        """The number of the last question for all heads that was answered (R43)."""
        self._not_before: dict[bytes, int] = {}
        self._attempts = 0
        self.online = False
        self.digest: int | None = None
        self.beat_ms = -BEAT_LASTS_MS
        self.beat_wall_ms = 0

    # What is told

    def beat(self, digest: int) -> None:
        """Takes in the server's digest; one that differs from ours says that heads must be asked for (R42).

        One that is ours says that the server has no mount of a space of which it has told us none, though it makes one when
        it is asked for the spaces: a restore has taken it back between its making and our reading. The first one after a
        silence tells nothing of what was said meanwhile about who may do what, so that is asked for."""
        self._spaces_due |= not self.online
        self.online = True
        self._attempts = 0
        self._not_before.clear()
        self.digest, self.beat_ms = digest, self._desk.now.steady_ms
        self.beat_wall_ms = self._desk.now.wall_ms
        if digest != self._own_digest():
            self._heads_due = True
        else:
            self._miss_mounts()

    def head_told(self, space: bytes, seq: int) -> None:
        """Takes in that a space has reached a sequence."""
        self._heads[space] = max(self._heads.get(space, 0), seq)

    def rights_changed(self) -> None:
        """Takes in that the list of spaces is another now."""
        self._spaces_due = True

    def stream_lost(self) -> None:
        """Takes in that nothing is heard of the server any more."""
        self.online = False
        self.digest = None

    def begin(self) -> None:
        """Begins anew after a sign-in or a start."""
        self._spaces_due = True
        self._heads_due = True
        self._join()

    def _join(self) -> None:
        """Has every space united, if what this desk remembers is another device's memory: that of the home that it was
        copied from, whose folder need not hold what this one does (R49, R51); or a memory of another time (R29)."""
        store, device = self._desk.store, self._desk.who.device
        joined = meta.joined_as(store)
        if joined == device:
            return
        rows = [row for row in spaces.all_spaces(store) if row.readable and row.cursor is not None]
        if joined is None or not rows:
            with store.transaction():
                meta.set_joined_as(store, device)
        else:
            self._rereading.update((row.id, union.Reading(unite=True)) for row in rows)

    # What is asked

    def jobs(self, full: bool, looked: bool) -> list[AnyJob]:
        """Says what to ask the server now; `full`: the journal is not read on until what it brought is placed; `looked`:
        the folder was looked through since the start."""
        if not self.online:
            return []
        jobs: list[AnyJob] = []
        if not all(map(self._waits, self._awaited.values())):
            self._spaces_due = True
        rows = spaces.all_spaces(self._desk.store)
        # Before the question for the spaces counts as asked: what is read anew has to wait for its answer.
        reading = [
            job for row in rows if row.readable and not full and (job := self._read(row, looked)) is not None
        ]
        if self._spaces_due and not self._desk.running(AskSpaces) and self._may(b""):
            self._spaces_due = False
            jobs.append(AskSpaces(number=self._desk.number(), have=tuple(row.id for row in rows)))
        if self._wants_heads(rows, reading) and not self._desk.running(AskHeads) and self._may(b""):
            self._heads_due = False
            jobs.append(AskHeads(number=self._desk.number()))
        return [*jobs, *reading]

    def _wants_heads(self, rows: Sequence[SpaceRow], reading: Sequence[AnyJob]) -> bool:
        """Says whether to ask for all heads: when told to, and when everything that was told of has been read and the
        last digest is older than that, so that "in sync" need not wait for the next beat (R41)."""
        if self._heads_due:
            return True
        busy = reading or any(self._reading(row.id) for row in rows)
        differs = self.digest is not None and self.digest != self._own_digest()
        return differs and not busy and not self._asking_spaces() and self._may(_HEADS)

    def _asking_spaces(self) -> bool:
        """Says whether the list of spaces may be another than the desk knows."""
        return self._spaces_due or bool(self._desk.running(AskSpaces))

    def _may(self, space: bytes) -> bool:
        return self._not_before.get(space, 0) <= self._desk.now.steady_ms

    def _read(self, row: SpaceRow, looked: bool) -> AnyJob | None:
        if not self._may(row.id) or self._reading(row.id):
            return None
        reread = self._rereading.get(row.id)
        if reread is not None:
            return self._reread(row, reread, looked)
        if row.cursor is None or self._heads.get(row.id, 0) > row.cursor.seq or row.id in self._doubted:
            # A hint is used up by the question that it leads to: one from before a restore would be asked about for ever.
            self._heads.pop(row.id, None)
            return Pull(number=self._desk.number(), space=row.id, cursor=row.cursor, told=row.told)
        if row.told is not None:
            # Beyond what an answer told of only the server can say whether the journal still goes through it.
            behind = row.told.seq > row.cursor.seq
            cursor = row.cursor if behind else row.told
            return Pull(number=self._desk.number(), space=row.id, cursor=cursor, told=row.told)
        return None

    def _reread(self, row: SpaceRow, reread: union.Reading, looked: bool) -> AnyJob | None:
        """Says what to ask next of a space that is read anew; mounts that a server lost it makes again when it is asked
        for the spaces, so that comes first.

        What the server has and the disk lacks comes back by uniting (R34). So it waits until the disk was looked at: what is
        only found to be missing after it would be a deletion."""
        if self._asking_spaces():
            return None
        if reread.complete:
            if not looked or self._under_way(row.id):
                return None
            assert reread.cursor is not None
            keys = tuple(union.questions(self._desk.store, row.id, reread))
            question = Known(keys=keys, until=reread.cursor.seq)
            return Ask(number=self._desk.number(), space=row.id, question=question)
        if reread.to_look_through is not None:
            return Pull(number=self._desk.number(), space=row.id, cursor=reread.to_look_through, told=None)
        return Snapshot(number=self._desk.number(), space=row.id, after=reread.after)

    def _under_way(self, space: bytes) -> bool:
        """Says whether a step on the disk or an operation has no outcome yet; it will end in an agreement with the life
        before, or in one that the snapshot does not show."""
        return intents.any_in(self._desk.store, space) or ops.any_sent(self._desk.store, space)

    def _reading(self, space: bytes) -> bool:
        return any(
            isinstance(job, Pull | Snapshot | Ask) and job.space == space
            for job in self._desk.under_way.values()
        )

    # What is answered

    def spaces_told(self, result: SpacesTold) -> None:
        """Takes in the list of spaces (R38); a space that is missing from it means nothing (R29)."""
        told = result.spaces.spaces
        unknown = [info.id for info in told if info.state is SpaceState.UNKNOWN]
        reborn = any(info.state is SpaceState.MEMBER and self._is_reborn(info) for info in told)
        self._awaited.clear()
        with self._desk.store.transaction():
            first = {info.id: self._as_reached(info) for info in told}
            for info in sorted(first.values(), key=lambda info: info.state is not SpaceState.MEMBER):
                self._space(info, unknown, reborn)
            self._awaited.update(
                (info.id, info) for info in told if info != first[info.id] and self._waits(info)
            )
            mounts.choose_all(self._desk.store)
        self._desk.facts_changed()

    def _is_reborn(self, info: SpaceInfo) -> bool:
        """Says whether a space lives in another life of the server than the one that was read last."""
        row = spaces.get(self._desk.store, info.id)
        return row is not None and row.cursor is not None and row.epoch != info.epoch

    def _space(self, info: SpaceInfo, unknown: Sequence[bytes], reborn: bool) -> None:
        store = self._desk.store
        row = spaces.get(store, info.id)
        if info.state is SpaceState.MEMBER:
            before = spaces.same(store, info, unknown) if row is None else None
            if before is not None and (before.role is Role.UPLOADER) is (info.role is Role.UPLOADER):
                # An emptied server: its people and divisions were made again, and desks give back what they hold (R35).
                spaces.rehome(store, before.id, info)
                mounts.choose(store, info.id)
                problems.clear(store, [before.root_lid], (Code.SPACE_FROZEN,))
                self._rereading.pop(before.id, None)
                self._read_again(info.id)
                if info.role is Role.UPLOADER:
                    spaces.set_epoch(store, info.id, info.epoch)
            elif self._waits(info):
                self._awaited[info.id] = info
            elif row is None:
                uploads.part(store, info.id, [info.root])
                sharing.part_roots(store, info.id, {info.root})
                spaces.begin(store, info)
                mounts.choose(store, info.id)
                activity.note(store, self._desk.now.wall_ms, "space_added", info.name)
            else:
                if row.role is not info.role:
                    activity.note(store, self._desk.now.wall_ms, "role_changed", row.name, detail=info.role)
                if row.role is Role.UPLOADER and row.epoch != info.epoch:
                    uploads.send_again(store, info.id)
                    spaces.set_epoch(store, info.id, info.epoch)
                spaces.update(store, info)
                sharing.root_again(store, info.id, info.root)
                problems.clear(store, [row.root_lid], (Code.SPACE_FROZEN,))
                self._follow_role(row)
        elif row is not None and row.state is not info.state and row.state is not SpaceState.REVOKED:
            # Everything stays as it is on this disk; nothing more is sent or fetched. Only who was a member a moment ago,
            # in this life of the server, is taken at the word that it has ended (R38, `leaving`).
            shared = row.kind is not SpaceKind.PERSONAL
            believed = shared and row.state is SpaceState.MEMBER and not reborn
            frozen = info.state is SpaceState.REVOKED and not believed
            spaces.freeze(store, info.id, SpaceState.UNKNOWN if frozen else info.state)
            if frozen or info.state is not SpaceState.REVOKED:
                problems.raise_for(store, row.root_lid, Problem(Code.SPACE_FROZEN), self._desk.now.wall_ms)
            self._rereading.pop(info.id, None)
            activity.note(store, self._desk.now.wall_ms, f"space_{info.state}", row.name)

    def _as_reached(self, info: SpaceInfo) -> SpaceInfo:
        """Takes a space of which this person may see nothing any more for one that is not reached, until all that was read of
        it is gone from this desk; then it begins anew, as a folder to put into (docs/decisions/0026)."""
        row = spaces.get(self._desk.store, info.id)
        sees = row is not None and row.role is not Role.UPLOADER
        unreadable = info.state is SpaceState.MEMBER and info.role is Role.UPLOADER
        return msgspec.structs.replace(info, state=SpaceState.REVOKED) if sees and unreadable else info

    def _waits(self, info: SpaceInfo) -> bool:
        """Says whether a space cannot be taken up yet. What is being let go is gone from what this desk remembers: whoever
        is a member again before that has ended would be shown what is left of it for the whole (R38)."""
        row = spaces.get(self._desk.store, info.id)
        return sharing.waits(self._desk.store, info) if row is None else row.state is SpaceState.REVOKED

    def _follow_role(self, before: SpaceRow) -> None:
        """Lets go what was refused in another role, and what was kept here for it (R38)."""
        store, row = self._desk.store, spaces.get(self._desk.store, before.id)
        if row is None or (row.role, row.state) == (before.role, before.state):
            return
        dirty.hurry(store, row.id)
        protection.follow(store, row.id)
        if row.adds:
            for lid in kept.release(store, row.id):
                activity.here(store, lid, "offered", self._desk.now.wall_ms)

    def heads_told(self, job: AskHeads, result: HeadsTold) -> None:
        """Takes in the heads of all spaces; one that the desk does not know asks for the list of spaces, and so does one that
        it believes to read and that has none: what became of it only the list says (R29, R38)."""
        self.heads_asked = job.number
        self._not_before[_HEADS] = self._desk.now.steady_ms + HEADS_EVERY_MS
        rows = spaces.all_spaces(self._desk.store)
        known = {row.id: row.cursor for row in rows}
        told = {head.space for head in result.heads.heads}
        self._spaces_due |= any(
            row.readable and row.cursor is not None and row.id not in told for row in rows
        )
        for head in result.heads.heads:
            self.head_told(head.space, head.seq)
            if head.space not in known:
                self._spaces_due |= head.space not in self._awaited
                continue
            cursor = known[head.space]
            if cursor is not None and head.seq <= cursor.seq and head.chain != cursor.chain:
                self._doubted.add(head.space)
        self.digest = result.heads.digest
        self.beat_ms, self.beat_wall_ms = self._desk.now.steady_ms, self._desk.now.wall_ms

    def pulled(self, job: Pull, result: Pulled) -> list[int]:
        """Takes in a page of a journal; the cursor moves in the same transaction as the facts. Answers the folders to look
        at, since something in them is another space's now."""
        store = self._desk.store
        self._attempts = 0
        self._doubted.discard(job.space)
        reread = self._rereading.get(job.space)
        if reread is not None and job.cursor is not None and job.cursor == reread.to_look_through:
            reread.look_through(result.changes)
            return self._read_anew(job.space, reread)
        with store.transaction():
            row = spaces.get(store, job.space)
            if row is not None and job.cursor is not None and job.cursor == row.told:
                spaces.found(store, job.space)
            if row is None or row.cursor != job.cursor or row.adds_only:
                # Read from a place that is no longer ours: an answer went on from it, or a reread has begun.
                self.head_told(job.space, result.changes.head)
                return []
            if row.cursor is None and row.epoch != result.changes.cursor.epoch:
                uploads.send_again(store, job.space)
            look = remote_tree.apply(store, job.space, result.changes.entries, self._desk.who.device)
            spaces.set_cursor(store, job.space, result.changes.cursor)
            if row.told is not None and job.told is not None and _denies(result.changes, job.told):
                self.reread(job.space)
        if row.kind is SpaceKind.PERSONAL and result.changes.cursor.seq == result.changes.head:
            self._miss_mounts()
        # In which role a folder that was shared is reached, and how much may be in it, the list of spaces tells.
        self._spaces_due |= any(entry.state.root is not None for entry in result.changes.entries)
        self.head_told(job.space, result.changes.head)
        self._desk.news()
        return look

    def snapshot_read(self, job: Snapshot, result: SnapshotRead) -> list[int]:
        """Takes in a page of a snapshot that is being read from its beginning; answers as `pulled`."""
        reread = self._rereading.get(job.space)
        if reread is None or reread.after != job.after:
            return []
        if reread.cursor is not None and reread.cursor.epoch != result.page.cursor.epoch:
            self._rereading[job.space] = union.Reading(unite=True)  # Yet another life has begun meanwhile.
            return []
        reread.add(result.page)
        return self._read_anew(job.space, reread)

    def _read_anew(self, space: bytes, reread: union.Reading) -> list[int]:
        """Concludes what can be concluded from a snapshot, once it is complete; answers as `pulled`."""
        store = self._desk.store
        row = spaces.get(store, space)
        if row is None or not reread.complete:
            return []
        unites = reread.unites(row)
        with store.transaction():
            look = union.settle(store, row.id, reread)
            if not unites:
                # The same life of the same database: what the complete snapshot lacks is deleted (R33).
                union.replace(store, row.id, reread)
        if not unites:
            del self._rereading[row.id]
        for space in [space for space in self._rereading if spaces.get(store, space) is None]:
            del self._rereading[space]  # It is a folder of this one again.
        self._spaces_due |= any(state.root is not None for state in reread.states.values())
        self._desk.facts_changed()
        return look

    def answered(self, job: Ask, result: Answered) -> None:
        """Ends a reread by uniting what the desk remembers with what the server has now (R34)."""
        reread = self._rereading.get(job.space)
        if reread is None or not reread.complete or self._under_way(job.space):
            return
        del self._rereading[job.space]
        known = dict(zip(job.question.keys, result.answer.keys, strict=True))
        with self._desk.store.transaction():
            union.unite(self._desk.store, job.space, reread, known)
            row = spaces.get(self._desk.store, job.space)
            activity.note(self._desk.store, self._desk.now.wall_ms, "united", row.name if row else "")
            if not self._rereading:
                meta.set_joined_as(self._desk.store, self._desk.who.device)
        self._miss_mounts()
        self._desk.facts_changed()

    def _miss_mounts(self) -> None:
        """The server makes mounts when it is asked for the spaces; a restore may have taken them back since it was."""
        self._spaces_due |= spaces.any_unmounted(self._desk.store)

    def failed(self, job: AnyJob, code: Code) -> None:
        """Learns that a question has no answer; a history that differs is read anew, anything else is asked again."""
        space = job.space if isinstance(job, Pull | Snapshot | Ask) else b""
        if isinstance(job, Pull) and code in _REREAD:
            row = spaces.get(self._desk.store, space)
            self._doubted.discard(space)
            # Sequences of another history mean nothing here.
            self._heads.pop(space, None)
            if row is not None and row.readable:  # Else it is on its way off this desk, or frozen.
                self._rereading[space] = union.Reading(unite=code is not Code.CURSOR_GONE)
                self._spaces_due = True
            return
        if isinstance(job, Snapshot | Ask) and space in self._rereading:
            self._rereading[space] = union.Reading(unite=self._rereading[space].unite)
        if isinstance(job, Pull):
            self._doubted.add(space)
        self._spaces_due |= isinstance(job, AskSpaces) or code is Code.NOT_FOUND
        self._heads_due |= isinstance(job, AskHeads)
        self._attempts += 1
        wait_ms = min(RETRY_MS * 2 ** min(self._attempts, 10), RETRY_MOST_MS)
        self._not_before[space] = self._desk.now.steady_ms + int(wait_ms * (0.5 + self._desk.ids.jitter()))

    # What follows

    def reread(self, space: bytes) -> None:
        """Reads a space anew and unites it, because a commit was answered with another epoch (R34); one that may not be read
        any more is not waited for."""
        with self._desk.store.transaction():
            self._read_again(space)
        self._spaces_due = True

    def _read_again(self, space: bytes) -> None:
        """Has a space united with what this desk remembers of it; of one into which this person may only put files, nothing is
        read, and everything is sent again."""
        row = spaces.get(self._desk.store, space)
        if row is not None and row.role is Role.UPLOADER:
            uploads.send_again(self._desk.store, space)
            spaces.found(self._desk.store, space)
            self._desk.facts_changed()
        elif row is not None and row.readable:
            self._rereading.setdefault(space, union.Reading(unite=True))

    def up_to_date(self, but: Set[bytes] = frozenset()) -> bool:
        """Says whether every space is read to the head of a digest that is not too old (R41), `but` for some: whether all
        others are read to the heads that were told last."""
        recent = self._desk.now.steady_ms - self.beat_ms <= BEAT_LASTS_MS
        readable = [row for row in spaces.all_spaces(self._desk.store) if row.readable and row.id not in but]
        # A space that was never read counts nothing in the digest, as one that had nothing in it when that was taken.
        read = all(
            row.cursor is not None
            and row.told is None
            and row.id not in self._doubted
            and self._heads.get(row.id, 0) <= row.cursor.seq
            for row in readable
        )
        return (
            self.online and recent and not self._asking_spaces() and not self._heads_due
            and self._rereading.keys() <= but and read
            and (bool(but) or self.digest == self._own_digest())
        )  # fmt: skip

    def wakes(self) -> list[int]:
        """Answers when something may be tried again, in steady milliseconds."""
        return list(self._not_before.values())

    def _own_digest(self) -> int:
        rows = [row for row in spaces.all_spaces(self._desk.store) if row.readable]
        return heads_digest(
            [Head(row.id, row.cursor.seq, row.cursor.chain) for row in rows if row.cursor is not None]
        )


def _denies(page: Changes, told: Cursor) -> bool:
    """Says whether the journal is known not to go through a head that an answer to a commit told of: it ends before it,
    or is another there. The server was put back from a copy between the answer and the reading."""
    at = page.cursor
    return page.head < told.seq or (at.seq == told.seq and at.chain != told.chain)
