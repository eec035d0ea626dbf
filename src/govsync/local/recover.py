"""What became of steps that a crash cut off: asked once after a start, before the first look at the folder (R16).

A step's intent is durable before the step begins, so whatever the disk may show now, it is one of few states, told
apart by inode numbers: of the staged file, of the file that was expected, of the moved one. Without this a half-done
rename of ours would be taken for the person's. Nothing is done anew here, only finished or given back.
"""

from collections.abc import Sequence

from govsync.local.folders import OpenFolders
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
    signature_of,
)
from govsync.model.codes import Code
from govsync.model.problems import Failure, problem_of
from govsync.system.fs import FileSystem, Folder, Shape, Stat


def recover(fs: FileSystem, expected: Root, steps: Sequence[AnyStep]) -> tuple[StepOutcome, ...]:
    """Judges each step whose intent was found in the store: `done`, `changed` (nothing happened: forget it), or
    `halfway` where the disk cannot be looked at (its intent stays).

    In contrast to `carry_out`, `placed` only says which file lies there: people may have been at work since the crash,
    so its content has to be read before it is believed. Raises Failure where the root is not proven.
    """
    with OpenFolders(fs, proven(fs, expected)) as folders:
        judge = _Judge(fs, folders)
        outcomes = []
        for step in steps:
            outcomes.append(judge.attempt(step))
            folders.make_room()
        folders.flush()
        return tuple(outcomes)


class _Judge:
    """The looks and the few finishing renames, over one batch's open folders."""

    def __init__(self, fs: FileSystem, folders: OpenFolders) -> None:
        self._fs = fs
        self._folders = folders

    def attempt(self, step: AnyStep) -> StepOutcome:
        try:
            return self._judge(step)
        except Failure as failure:
            return StepOutcome(
                intent=step.intent, lid=step.lid, result=Result.HALFWAY, problem=problem_of(failure)
            )

    def _judge(self, step: AnyStep) -> StepOutcome:
        match step:
            case MakeFolder():
                stat = self._stat(step.at)
                return self._done(step, step.at, stat if stat and stat.shape is Shape.FOLDER else None)
            case InstallNew():
                return self._done(step, step.at, self._stat(step.at, ino=step.staged_ino))
            case Exchange():
                return self._exchange(step)
            case Move():
                return self._move(step)
            case Remove():
                return self._remove(step)
            case RemoveFolder():
                # Gone, it looks the same whether we removed it or a person moved it: the next look decides.
                return _changed(step)
            case SetExec():
                stat = self._stat(step.at, ino=step.expected.ino)
                return self._done(step, step.at, stat if stat and stat.exec in (None, step.exec) else None)
            case SetWrite():
                stat = self._stat(step.at, ino=step.expected.ino)
                return self._done(step, step.at, stat if stat and stat.shut != step.write else None)
            case BringBack():
                return self._done(step, step.at, self._stat(step.at, ino=step.ino))

    def _done(self, step: AnyStep, at: At, stat: Stat | None, parked: bool = False) -> StepOutcome:
        if stat is None:
            return _changed(step)
        folder = self._folder(at, parked)
        birth_ns = self._fs.birth_ns(folder, at.name, stat.ino) if folder is not None else None
        return StepOutcome(
            intent=step.intent, lid=step.lid, result=Result.DONE, placed=stat, birth_ns=birth_ns
        )

    def _exchange(self, step: Exchange) -> StepOutcome:
        """Tells the states of an exchange apart.

        | in the trash | at the name | what happened |
        |---|---|---|
        | nothing | the staged file | done, and somebody emptied the trash |
        | nothing | else | nothing |
        | the staged file | anything | nothing yet, or undone: back to staging with it |
        | another file, the staged one in staging | nothing | cut off between two renames (R15): it gets its name back |
        | another file, the staged one in staging | else | the same, and a person has filled the name since |
        | another file | the staged file | done; `displaced` must be compared with what was expected |
        | the expected file | else | done, and a person has changed the name since |
        | another file | else | undone past a third writer, whose file this is: a second version |
        """
        trash = self._hidden(TRASH)
        placed = self._stat(step.at, ino=step.staged_ino)
        out = self._fs.stat(trash, step.trash)
        if out is None:
            return self._done(step, step.at, placed)
        if out.ino == step.staged_ino:
            self._fs.rename(trash, step.trash, self._hidden(STAGING), step.staged)
            return _changed(step)
        waiting = self._fs.stat(self._hidden(STAGING), step.staged)
        if placed is None and waiting is not None and waiting.ino == step.staged_ino:
            return self._give_back(step, out, trash, step.trash, step.at)
        if placed is not None or out.ino == step.expected.ino:
            birth_ns = None
            if placed is not None:
                birth_ns = self._fs.birth_ns(self._folders.at(step.at.path), step.at.name, placed.ino)
            return StepOutcome(
                intent=step.intent,
                lid=step.lid,
                result=Result.DONE,
                placed=placed,
                birth_ns=birth_ns,
                displaced=Signature.of(out),
            )
        return _changed(step, out)

    def _remove(self, step: Remove) -> StepOutcome:
        """Looks at what a removal took; what is not the expected version gets its name again, as it would have."""
        trash = self._hidden(TRASH)
        self._folder(step.at)
        out = self._fs.stat(trash, step.trash)
        if out is None:
            return _changed(step)
        if Signature.of(out).like(step.expected):
            return StepOutcome(
                intent=step.intent, lid=step.lid, result=Result.DONE, displaced=Signature.of(out)
            )
        return self._give_back(step, out, trash, step.trash, step.at)

    def _move(self, step: Move) -> StepOutcome:
        stat = self._stat(step.target, parked=step.target_parked)
        if stat is not None and stat.ino == step.ino:
            return self._done(step, step.target, stat, step.target_parked)
        if stat is not None and step.target_parked:
            return self._give_back(step, stat, self._hidden(PARKING), step.target.name, step.source)
        return _changed(step)

    def _give_back(self, step: AnyStep, out: Stat, hidden: Folder, name: str, at: At) -> StepOutcome:
        """Gives a person's file that lies in a hidden folder its name again; where that is taken or its folder gone,
        it is a second version."""
        folder = self._folder(at)
        if folder is None or self._fs.stat(folder, at.name) is not None:
            return _changed(step, out)
        self._fs.rename(hidden, name, folder, at.name)
        return _changed(step)

    def _stat(self, at: At, *, ino: int | None = None, parked: bool = False) -> Stat | None:
        """Looks at a name; None when nothing is there, or not the inode that is asked for."""
        folder = self._folder(at, parked)
        stat = None if folder is None else self._fs.stat(folder, at.name)
        return stat if stat is not None and ino in (None, stat.ino) else None

    # Whatever folder a step is about is flushed before anything is said of it, though nothing is changed there: what a
    # process did that was killed may be seen by all and be on no disk yet. A power cut that undid it after it was told as
    # done would look like a person's deletion, or give an old version out for a new one.

    def _hidden(self, name: str) -> Folder:
        folder = self._folders.hidden(name)
        self._folders.touch(folder)
        return folder

    def _folder(self, at: At, parked: bool = False) -> Folder | None:
        if parked:
            return self._hidden(PARKING)
        try:
            folder = self._folders.at(at.path)
            self._folders.touch(folder)
            return folder
        except Failure as failure:
            if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY):
                return None
            raise


def _changed(step: AnyStep, second_version: Stat | None = None) -> StepOutcome:
    return StepOutcome(
        intent=step.intent, lid=step.lid, result=Result.CHANGED, displaced=signature_of(second_version)
    )
