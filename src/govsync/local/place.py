"""Changes of the disk, one step at a time, none of which destroys anything (R10-R16).

Each step checks what it expects at the very moment of the change, and looks at what came of it. There is no call here
that replaces a file or deletes one: names are given to free places, exchanged, or moved into the trash. Neighbours:
`staging` prepares what is installed, `recover` judges steps that a crash cut off, `trash` keeps what was displaced.
Refuses to know the trees, the store, and why a step is wanted.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from govsync.local.folders import OpenFolders, require_plain
from govsync.local.ignore import is_litter
from govsync.local.root import Root, proven
from govsync.local.steps import (
    PARKING,
    STAGING,
    TRASH,
    AnyStep,
    At,
    BringBack,
    Exchange,
    InstallNew,
    MakeFolder,
    Move,
    Remove,
    RemoveFolder,
    Result,
    SetExec,
    Signature,
    StepOutcome,
    signature_of,
)
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem
from govsync.system.fs import File, FileSystem, Folder, Shape, Stat

_LOOK_AGAIN = (Code.GONE, Code.EXISTS, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY)
"""Refusals that only say that the disk is not as the step expected."""


class Halfway(Failure):
    """Says that the disk failed between a change and the look at it, so what the step did is not known here."""


def carry_out(fs: FileSystem, expected: Root, steps: Sequence[AnyStep]) -> tuple[StepOutcome, ...]:
    """Does the steps in order and answers one outcome each; a step that cannot be done stops no other (I10).

    What the outcomes say is on the disk, past a power cut, when this returns (R16). Raises Failure where the root is
    not proven (nothing was done), or where the flush failed: then the intents stay, and `recover` knows.
    """
    with OpenFolders(fs, proven(fs, expected)) as folders:
        placer = _Placer(fs, folders)
        outcomes = []
        for step in steps:
            outcomes.append(placer.attempt(step))
            folders.make_room()
        folders.flush()
        return tuple(outcomes)


def problem_of(failure: Failure) -> Problem:
    """Turns a failure about one item into the value that is shown for it."""
    return Problem(failure.code, {name: str(fact) for name, fact in failure.facts.items()})


class _Placer:
    """The steps over one batch's open folders."""

    def __init__(self, fs: FileSystem, folders: OpenFolders) -> None:
        self._fs = fs
        self._folders = folders
        self._exchanges = True
        """Whether the disk can exchange names, as far as it has been tried in this batch."""

    def attempt(self, step: AnyStep) -> StepOutcome:
        try:
            return self._do(step)
        except Halfway as failure:
            return _outcome(step, Result.HALFWAY, problem=problem_of(failure))
        except Failure as failure:
            if failure.code in _LOOK_AGAIN:
                return _outcome(step, Result.CHANGED, problem=self._why(step, failure))
            result = Result.BUSY if failure.code is Code.BUSY else Result.FAILED
            return _outcome(step, result, problem=problem_of(failure))

    def _why(self, step: AnyStep, failure: Failure) -> Problem:
        """Says what stands where something new was to come, so that a person can be told if it stays."""
        if failure.code is Code.EXISTS and isinstance(step, MakeFolder | InstallNew):
            with suppress(Failure):
                found = self._fs.stat(self._at(step.at), step.at.name)
                if found is not None and found.shape in (Shape.LINK, Shape.OTHER):
                    return Problem(Code.LINK_IN_THE_WAY)
        return problem_of(failure)

    def _do(self, step: AnyStep) -> StepOutcome:
        match step:
            case MakeFolder():
                return self._make_folder(step)
            case InstallNew():
                return self._install(step)
            case Exchange():
                return self._exchange(step)
            case Move():
                return self._move(step)
            case Remove():
                return self._remove(step)
            case RemoveFolder():
                return self._remove_folder(step)
            case SetExec():
                return self._set_exec(step)
            case BringBack():
                return self._bring_back(step)

    def _make_folder(self, step: MakeFolder) -> StepOutcome:
        fs, name = self._fs, step.at.name
        parent = self._at(step.at)
        fs.make_folder(parent, name)
        self._folders.touch(parent)
        with _past_the_change():
            placed = fs.stat(parent, name)
            return _outcome(step, Result.DONE, placed=placed, birth_ns=fs.birth_ns(parent, name))

    def _install(self, step: InstallNew) -> StepOutcome:
        fs = self._fs
        parent, staging = self._at(step.at), self._folders.hidden(STAGING)
        staged = self._staged(staging, step)
        birth_ns = fs.birth_ns(staging, step.staged)
        fs.rename(staging, step.staged, parent, step.at.name)
        self._folders.touch(parent, staging)
        with _past_the_change():
            placed = _ours(staged, fs.stat(parent, step.at.name))
        return _outcome(step, Result.DONE, placed=placed, birth_ns=birth_ns)

    def _exchange(self, step: Exchange) -> StepOutcome:
        """Exchanges under a lease (R11).

        The staged file first gets its future name in the trash and is exchanged from there: so what a person wrote
        lies, at every moment and after every crash, under its own name or under the step's trash name. Staging holds
        nothing that is not ours.
        """
        fs, name = self._fs, step.at.name
        parent, staging, trash = self._at(step.at), self._folders.hidden(STAGING), self._folders.hidden(TRASH)
        with fs.open_file(parent, name) as file:
            held = self._lease(file, parent, name)
            try:
                if Signature.of(file.stat()) != step.expected:
                    return _outcome(step, Result.CHANGED)
                staged = self._dress(file, staging, step)
                birth_ns = fs.birth_ns(staging, step.staged)
                self._folders.touch(parent, staging, trash)
                undone = self._swap(step, file, held, parent, staging, trash)
                if undone is not None:
                    return undone
                with _past_the_change():
                    placed = _ours(staged, fs.stat(parent, name))
                    displaced = fs.stat(trash, step.trash)
            finally:
                with _past_the_change():
                    fs.release(file)
        return _outcome(
            step,
            Result.DONE,
            placed=placed,
            birth_ns=birth_ns,
            displaced=signature_of(displaced),
            linked=displaced is not None and displaced.links > 1,
        )

    def _swap(
        self, step: Exchange, file: File, held: bool, parent: Folder, staging: Folder, trash: Folder
    ) -> StepOutcome | None:
        """Exchanges the staged file for the one at the name, or, where the disk cannot, gives it way; answers why it was
        undone, or None when it is done."""
        fs = self._fs
        if not self._exchanges:
            return self._give_way(step, file, held, parent, staging, trash)
        fs.rename(staging, step.staged, trash, step.trash)
        try:
            self._exchanges = fs.exchange(trash, step.trash, parent, step.at.name)
        except Failure:
            with _past_the_change():
                fs.rename(trash, step.trash, staging, step.staged)
            raise
        with _past_the_change():
            if not self._exchanges:
                fs.rename(trash, step.trash, staging, step.staged)
                return self._give_way(step, file, held, parent, staging, trash)
            doubt = self._doubt(file, held, trash, step)
            return None if doubt is None else self._give_back(step, doubt, parent, staging, trash)

    def _give_way(
        self, step: Exchange, file: File, held: bool, parent: Folder, staging: Folder, trash: Folder
    ) -> StepOutcome | None:
        """Replaces by two renames, for disks that cannot exchange (R15).

        For a moment there is nothing at the name. Neither rename replaces anything: who fills the name in that moment
        keeps it, with a version made from the old one, and the staged file stays where it was. The old version is in
        the trash then and is not taken for a second one, since it is just what was expected.
        """
        fs, name = self._fs, step.at.name
        fs.rename(parent, name, trash, step.trash)
        with _past_the_change():
            doubt = self._doubt(file, held, trash, step)
            if doubt is not None:
                return self._restored(step, doubt, trash, step.trash, parent, name)
            try:
                fs.rename(staging, step.staged, parent, name)
            except Failure as failure:
                undone = self._restored(step, Result.CHANGED, trash, step.trash, parent, name)
                if undone.displaced is not None or failure.code in _LOOK_AGAIN:
                    return undone
                return _outcome(step, Result.FAILED, problem=problem_of(failure))
        return None

    def _doubt(self, file: File, held: bool, trash: Folder, step: Exchange | Remove) -> Result | None:
        """Looks at what came out: None when it is the file that was expected, unwritten, and nobody wants to write it.

        The lease is asked last. Who opened the file before that is seen here; who found it by its old name but opens it
        only later writes into the trash, where the look after 60 s and the one before purging find it (F4, R17).
        """
        out, ours = self._fs.stat(trash, step.trash), file.stat()
        if out is None or out.ino != ours.ino or not Signature.of(ours).like(step.expected):
            return Result.CHANGED
        if held and not self._fs.lease_unbroken(file):
            return Result.BUSY
        return None

    def _give_back(
        self, step: Exchange, doubt: Result, parent: Folder, staging: Folder, trash: Folder
    ) -> StepOutcome:
        """Undoes an exchange: what came out of it gets its name again.

        Where the name was emptied meanwhile it is given by a rename. Where a third writer filled it, his file comes out
        instead of ours and stays in the trash as a second version.
        """
        fs, name = self._fs, step.at.name
        try:
            fs.exchange(trash, step.trash, parent, name)
        except Failure as failure:
            if failure.code is not Code.GONE:
                raise
            return self._restored(step, doubt, trash, step.trash, parent, name)
        out = fs.stat(trash, step.trash)
        if out is not None and out.ino != step.staged_ino:
            return _outcome(step, Result.CHANGED, displaced=Signature.of(out))
        fs.rename(trash, step.trash, staging, step.staged)
        return _outcome(step, doubt)

    def _remove(self, step: Remove) -> StepOutcome:
        fs, name = self._fs, step.at.name
        parent, trash = self._at(step.at), self._folders.hidden(TRASH)
        with fs.open_file(parent, name) as file:
            held = self._lease(file, parent, name)
            try:
                if Signature.of(file.stat()) != step.expected:
                    return _outcome(step, Result.CHANGED)
                fs.rename(parent, name, trash, step.trash)
                self._folders.touch(parent, trash)
                with _past_the_change():
                    doubt = self._doubt(file, held, trash, step)
                    if doubt is not None:
                        return self._restored(step, doubt, trash, step.trash, parent, name)
                    displaced = fs.stat(trash, step.trash)
            finally:
                with _past_the_change():
                    fs.release(file)
        return _outcome(step, Result.DONE, displaced=signature_of(displaced))

    def _move(self, step: Move) -> StepOutcome:
        """Renames, and undoes it where another thing had taken the name between the look and the rename."""
        fs = self._fs
        source = self._parking(step.source) if step.source_parked else self._at(step.source)
        target = self._parking(step.target) if step.target_parked else self._at(step.target)
        before = fs.stat(source, step.source.name)
        if before is None or before.ino != step.ino:
            return _outcome(step, Result.CHANGED)
        birth_ns = fs.birth_ns(source, step.source.name)
        if (step.source, step.source_parked) == (step.target, step.target_parked):
            # Two names that the disk cannot hold look alike on it (R8): only what the name stands for is another.
            return _outcome(step, Result.DONE, placed=before, birth_ns=birth_ns, before=Signature.of(before))
        fs.rename(source, step.source.name, target, step.target.name)
        self._folders.touch(source, target)
        self._folders.forget((*step.source.path, step.source.name))
        with _past_the_change():
            placed = fs.stat(target, step.target.name)
            if placed is not None and placed.ino != step.ino:
                return self._restored(
                    step, Result.CHANGED, target, step.target.name, source, step.source.name
                )
        return _outcome(step, Result.DONE, placed=placed, birth_ns=birth_ns, before=Signature.of(before))

    def _restored(
        self, step: AnyStep, result: Result, source: Folder, name: str, target: Folder, target_name: str
    ) -> StepOutcome:
        """Gives a file that we took its name again or, where that is taken by now, says that it is a second version."""
        try:
            self._fs.rename(source, name, target, target_name)
        except Failure as failure:
            if failure.code not in (Code.EXISTS, Code.GONE):
                raise
            left = self._fs.stat(source, name)
            return _outcome(step, Result.CHANGED, displaced=signature_of(left))
        return _outcome(step, result)

    def _remove_folder(self, step: RemoveFolder) -> StepOutcome:
        """Removes a folder that holds litter at most; the litter goes to the trash, in a folder of its own (R12)."""
        fs, name = self._fs, step.at.name
        parent, trash = self._at(step.at), self._folders.hidden(TRASH)
        path = (*step.at.path, name)
        folder = self._folders.at(path)
        listing = fs.list(folder)
        named = fs.stat(parent, name)
        if named is None or not named.ino == listing.folder.ino == step.ino:
            return _outcome(step, Result.CHANGED)
        if not listing.complete:
            raise Failure(Code.UNREADABLE, what="folder")
        if not all(
            entry.stat.shape is Shape.FILE and is_litter(entry.name, entry.stat.size_bytes)
            for entry in listing.entries
        ):
            return _outcome(step, Result.KEPT)
        if listing.entries:
            fs.make_folder(trash, step.trash)
            bin_ = self._folders.hidden(TRASH, step.trash)
            self._folders.touch(folder, trash, bin_)
            for entry in listing.entries:
                fs.rename(folder, entry.name, bin_, entry.name)
        try:
            fs.remove_folder(parent, name)
        except Failure as failure:
            if failure.code is Code.EXISTS:
                return _outcome(step, Result.KEPT)
            raise
        self._folders.touch(parent)
        self._folders.forget(path)
        return _outcome(step, Result.DONE)

    def _set_exec(self, step: SetExec) -> StepOutcome:
        fs, name = self._fs, step.at.name
        parent = self._at(step.at)
        before = fs.stat(parent, name)
        if before is None or before.shape is not Shape.FILE or Signature.of(before) != step.expected:
            return _outcome(step, Result.CHANGED)
        fs.set_exec(parent, name, step.exec)
        self._folders.touch(parent)
        with _past_the_change():
            placed = fs.stat(parent, name)
        if placed is None or not Signature.of(placed).like(step.expected):
            return _outcome(step, Result.CHANGED)
        return _outcome(step, Result.DONE, placed=placed, before=Signature.of(before))

    def _bring_back(self, step: BringBack) -> StepOutcome:
        fs = self._fs
        parent, trash = self._at(step.at), self._folders.hidden(TRASH)
        before = fs.stat(trash, step.trash)
        if before is None or (before.ino != step.ino and fs.trust().identity):
            return _outcome(step, Result.CHANGED)
        fs.rename(trash, step.trash, parent, step.at.name)
        self._folders.touch(parent, trash)
        with _past_the_change():
            placed = fs.stat(parent, step.at.name)
        return _outcome(step, Result.DONE, placed=placed, before=Signature.of(before))

    def _at(self, at: At) -> Folder:
        require_plain(at.name)
        return self._folders.at(at.path)

    def _parking(self, at: At) -> Folder:
        require_plain(at.name)
        return self._folders.hidden(PARKING)

    def _lease(self, file: File, parent: Folder, name: str) -> bool:
        """Takes the lease and says whether there is one; raises Failure(busy) when somebody writes.

        Without a lease where none can be had (a network disk, another's file), which is weak mode: what was displaced
        is compared after the exchange and looked at again later.
        """
        if self._fs.leases() and self._fs.lease(file):
            return True
        if self._fs.written_by_somebody(parent, name) is None:
            return False
        raise Failure(Code.BUSY, name=name)

    def _staged(self, staging: Folder, step: InstallNew | Exchange) -> Stat:
        staged = self._fs.stat(staging, step.staged)
        if staged is None or staged.ino != step.staged_ino:
            raise Failure(Code.GONE, name=step.staged)
        return staged

    def _dress(self, file: File, staging: Folder, step: Exchange) -> Stat:
        """Gives the staged file the attributes of the one that it replaces (R9), all but the executable bit, which
        belongs to the version."""
        staged = self._staged(staging, step)
        self._fs.copy_attributes(file, staging, step.staged)
        dressed = self._staged(staging, step)
        if dressed.exec != staged.exec:
            self._fs.set_exec(staging, step.staged, staged.exec)
            dressed = self._staged(staging, step)
        return dressed


@contextmanager
def _past_the_change() -> Iterator[None]:
    """Marks failures after which it is not known here what the step has done."""
    try:
        yield
    except Failure as failure:
        raise Halfway(failure.code, **failure.facts) from failure


def _ours(staged: Stat, seen: Stat | None) -> Stat:
    """Answers a look at a placed file that is surely a look at the staged content.

    The rename moved the ctime of the staged file and nothing else. If anything else differs a person has written,
    replaced or taken away the file since, and the look from before is the one that belongs to the content.
    """
    return seen if seen is not None and Signature.of(seen).like(Signature.of(staged)) else staged


def _outcome(
    step: AnyStep,
    result: Result,
    *,
    placed: Stat | None = None,
    birth_ns: int | None = None,
    before: Signature | None = None,
    displaced: Signature | None = None,
    linked: bool = False,
    problem: Problem | None = None,
) -> StepOutcome:
    return StepOutcome(
        intent=step.intent,
        lid=step.lid,
        result=result,
        placed=placed,
        birth_ns=birth_ns,
        before=before,
        displaced=displaced,
        linked=linked,
        problem=problem,
    )
