"""Changes of the disk, one step at a time, none of which destroys anything (R10-R16).

Each step checks what it expects at the very moment of the change, and looks at what came of it. There is no call here
that replaces a file or deletes one: names are given to free places, exchanged, or moved into the trash. Neighbours:
`displace` takes a file out of its place, `staging` prepares what is installed, `recover` judges steps that a crash cut
off, `trash` keeps what was displaced.
Refuses to know the trees, the store, and why a step is wanted.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from govsync.local.displace import (
    LOOK_AGAIN,
    Displacer,
    Halfway,
    ours,
    outcome,
    past_the_change,
    restored,
    staged_stat,
)
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
    SetWrite,
    Signature,
    StepOutcome,
)
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem, problem_of
from govsync.system.fs import FileSystem, Folder, Shape


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


class _Placer:
    """The steps over one batch's open folders."""

    def __init__(self, fs: FileSystem, folders: OpenFolders) -> None:
        self._fs = fs
        self._folders = folders
        self._displacer = Displacer(fs, folders)

    def attempt(self, step: AnyStep) -> StepOutcome:
        try:
            return self._do(step)
        except Halfway as failure:
            return outcome(step, Result.HALFWAY, problem=problem_of(failure))
        except Failure as failure:
            if failure.code in LOOK_AGAIN:
                return outcome(step, Result.CHANGED, problem=self._why(step, failure))
            result = Result.BUSY if failure.code is Code.BUSY else Result.FAILED
            return outcome(step, result, problem=problem_of(failure))

    def _why(self, step: AnyStep, failure: Failure) -> Problem:
        """Says what stands where something new was to come, so that a person can be told if it stays."""
        if failure.code is Code.EXISTS and isinstance(step, MakeFolder | InstallNew):
            with suppress(Failure):
                found = self._fs.stat(self._folders.parent(step.at), step.at.name)
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
                return self._displacer.exchange(step)
            case Move():
                return self._move(step)
            case Remove():
                return self._displacer.remove(step)
            case RemoveFolder():
                return self._remove_folder(step)
            case SetExec():
                return self._set_mode(step, lambda parent, name: self._fs.set_exec(parent, name, step.exec))
            case SetWrite():
                return self._set_mode(step, lambda parent, name: self._fs.set_write(parent, name, step.write))
            case BringBack():
                return self._bring_back(step)

    def _make_folder(self, step: MakeFolder) -> StepOutcome:
        fs, name = self._fs, step.at.name
        parent = self._folders.parent(step.at)
        fs.make_folder(parent, name)
        self._folders.touch(parent)
        with past_the_change():
            placed = fs.stat(parent, name)
            birth_ns = fs.birth_ns(parent, name, placed.ino) if placed is not None else None
            return outcome(step, Result.DONE, placed=placed, birth_ns=birth_ns)

    def _install(self, step: InstallNew) -> StepOutcome:
        fs = self._fs
        parent, staging = self._folders.parent(step.at), self._folders.hidden(STAGING)
        staged = staged_stat(self._fs, staging, step)
        birth_ns = fs.birth_ns(staging, step.staged, staged.ino)
        fs.rename(staging, step.staged, parent, step.at.name)
        self._folders.touch(parent, staging)
        with past_the_change():
            placed = ours(staged, fs.stat(parent, step.at.name))
        return outcome(step, Result.DONE, placed=placed, birth_ns=birth_ns)

    def _move(self, step: Move) -> StepOutcome:
        """Renames, and undoes it where another thing had taken the name between the look and the rename."""
        fs = self._fs
        source = self._parking(step.source) if step.source_parked else self._folders.parent(step.source)
        target = self._parking(step.target) if step.target_parked else self._folders.parent(step.target)
        before = fs.stat(source, step.source.name)
        if before is None or before.ino != step.ino:
            return outcome(step, Result.CHANGED)
        birth_ns = fs.birth_ns(source, step.source.name, step.ino)
        if (step.source, step.source_parked) == (step.target, step.target_parked):
            # Two names that the disk cannot hold look alike on it (R8): only what the name stands for is another.
            return outcome(step, Result.DONE, placed=before, birth_ns=birth_ns, before=Signature.of(before))
        fs.rename(source, step.source.name, target, step.target.name)
        self._folders.touch(source, target)
        self._folders.forget((*step.source.path, step.source.name))
        with past_the_change():
            placed = fs.stat(target, step.target.name)
            if placed is not None and placed.ino != step.ino:
                return restored(fs, step, Result.CHANGED, target, step.target.name, source, step.source.name)
        return outcome(step, Result.DONE, placed=placed, birth_ns=birth_ns, before=Signature.of(before))

    def _remove_folder(self, step: RemoveFolder) -> StepOutcome:
        """Removes a folder that holds litter at most; the litter goes to the trash, in a folder of its own (R12)."""
        fs, name = self._fs, step.at.name
        parent, trash = self._folders.parent(step.at), self._folders.hidden(TRASH)
        path = (*step.at.path, name)
        folder = self._folders.at(path)
        listing = fs.list(folder)
        named = fs.stat(parent, name)
        if named is None or not named.ino == listing.folder.ino == step.ino:
            return outcome(step, Result.CHANGED)
        if not listing.complete:
            raise Failure(Code.UNREADABLE, what="folder")
        if not all(
            entry.stat.shape is Shape.FILE and is_litter(entry.name, entry.stat.size_bytes)
            for entry in listing.entries
        ):
            return outcome(step, Result.KEPT)
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
                return outcome(step, Result.KEPT)
            raise
        self._folders.touch(parent)
        self._folders.forget(path)
        return outcome(step, Result.DONE)

    def _set_mode(self, step: SetExec | SetWrite, change: Callable[[Folder, str], None]) -> StepOutcome:
        fs, name = self._fs, step.at.name
        parent = self._folders.parent(step.at)
        before = fs.stat(parent, name)
        if before is None or before.shape is not Shape.FILE or Signature.of(before) != step.expected:
            return outcome(step, Result.CHANGED)
        change(parent, name)
        self._folders.touch(parent)
        with past_the_change():
            placed = fs.stat(parent, name)
        if placed is None or not Signature.of(placed).like(step.expected):
            return outcome(step, Result.CHANGED)
        return outcome(step, Result.DONE, placed=placed, before=Signature.of(before))

    def _bring_back(self, step: BringBack) -> StepOutcome:
        fs = self._fs
        parent, trash = self._folders.parent(step.at), self._folders.hidden(TRASH)
        before = fs.stat(trash, step.trash)
        if before is None or (before.ino != step.ino and fs.trust().identity):
            return outcome(step, Result.CHANGED)
        fs.rename(trash, step.trash, parent, step.at.name)
        self._folders.touch(parent, trash)
        with past_the_change():
            placed = fs.stat(parent, step.at.name)
        return outcome(step, Result.DONE, placed=placed, before=Signature.of(before))

    def _parking(self, at: At) -> Folder:
        require_plain(at.name)
        return self._folders.hidden(PARKING)
