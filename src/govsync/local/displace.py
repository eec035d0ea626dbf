"""A person's file taken out of its place, by another or for good, and given back wherever there is a doubt (R11, R12, R15).

What was there goes into the trash under the step's own name; what came out is looked at, under a lease where there is
one, before anything is said to be done. Beside `place`, whose other steps take no content from its name.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from govsync.local.folders import OpenFolders
from govsync.local.steps import (
    STAGING,
    TRASH,
    AnyStep,
    Exchange,
    InstallNew,
    Remove,
    Result,
    Signature,
    StepOutcome,
    signature_of,
)
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem, problem_of
from govsync.system.fs import File, FileSystem, Folder, Stat

LOOK_AGAIN = (Code.GONE, Code.EXISTS, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY)
"""Refusals that only say that the disk is not as the step expected."""


class Halfway(Failure):
    """Says that the disk failed between a change and the look at it, so what the step did is not known here."""


@contextmanager
def past_the_change() -> Iterator[None]:
    """Marks failures after which it is not known here what the step has done."""
    try:
        yield
    except Failure as failure:
        raise Halfway(failure.code, **failure.facts) from failure


def ours(staged: Stat, seen: Stat | None) -> Stat:
    """Answers a look at a placed file that is surely a look at the staged content.

    The rename moved the ctime of the staged file and nothing else. If anything else differs a person has written,
    replaced or taken away the file since, and the look from before is the one that belongs to the content.
    """
    return seen if seen is not None and Signature.of(seen).like(Signature.of(staged)) else staged


def outcome(
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
    """Answers how a step ended."""
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


def staged_stat(fs: FileSystem, staging: Folder, step: InstallNew | Exchange) -> Stat:
    """Looks at what is to be placed; raises Failure(gone) where it is not there any more."""
    staged = fs.stat(staging, step.staged)
    if staged is None or staged.ino != step.staged_ino:
        raise Failure(Code.GONE, name=step.staged)
    return staged


def restored(
    fs: FileSystem, step: AnyStep, result: Result, source: Folder, name: str, target: Folder, target_name: str
) -> StepOutcome:
    """Gives a file that we took its name again or, where that is taken by now, says that it is a second version."""
    try:
        fs.rename(source, name, target, target_name)
    except Failure as failure:
        if failure.code not in (Code.EXISTS, Code.GONE):
            raise
        left = fs.stat(source, name)
        return outcome(step, Result.CHANGED, displaced=signature_of(left))
    return outcome(step, result)


class Displacer:
    """Exchanges and removals over one batch's open folders."""

    def __init__(self, fs: FileSystem, folders: OpenFolders) -> None:
        self._fs = fs
        self._folders = folders
        self._exchanges = True
        """Whether the disk can exchange names, as far as it has been tried in this batch."""

    def exchange(self, step: Exchange) -> StepOutcome:
        """Exchanges under a lease (R11).

        The staged file first gets its future name in the trash and is exchanged from there: so what a person wrote
        lies, at every moment and after every crash, under its own name or under the step's trash name. Staging holds
        nothing that is not ours.
        """
        fs, name = self._fs, step.at.name
        parent, staging, trash = (
            self._folders.parent(step.at),
            self._folders.hidden(STAGING),
            self._folders.hidden(TRASH),
        )
        with fs.open_file(parent, name) as file:
            held = self._lease(file, parent, name)
            try:
                if Signature.of(file.stat()) != step.expected:
                    return outcome(step, Result.CHANGED)
                staged = self._dress(file, staging, step)
                birth_ns = fs.birth_ns(staging, step.staged, staged.ino)
                self._folders.touch(parent, staging, trash)
                undone = self._swap(step, file, held, parent, staging, trash)
                if undone is not None:
                    return undone
                with past_the_change():
                    placed = ours(staged, fs.stat(parent, name))
                    displaced = fs.stat(trash, step.trash)
            finally:
                with past_the_change():
                    fs.release(file)
        return outcome(
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
            with past_the_change():
                fs.rename(trash, step.trash, staging, step.staged)
            raise
        with past_the_change():
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
        with past_the_change():
            doubt = self._doubt(file, held, trash, step)
            if doubt is not None:
                return restored(self._fs, step, doubt, trash, step.trash, parent, name)
            try:
                fs.rename(staging, step.staged, parent, name)
            except Failure as failure:
                undone = restored(self._fs, step, Result.CHANGED, trash, step.trash, parent, name)
                if undone.displaced is not None or failure.code in LOOK_AGAIN:
                    return undone
                return outcome(step, Result.FAILED, problem=problem_of(failure))
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
            return restored(self._fs, step, doubt, trash, step.trash, parent, name)
        out = fs.stat(trash, step.trash)
        if out is not None and out.ino != step.staged_ino:
            return outcome(step, Result.CHANGED, displaced=Signature.of(out))
        fs.rename(trash, step.trash, staging, step.staged)
        return outcome(step, doubt)

    def remove(self, step: Remove) -> StepOutcome:
        fs, name = self._fs, step.at.name
        parent, trash = self._folders.parent(step.at), self._folders.hidden(TRASH)
        with fs.open_file(parent, name) as file:
            held = self._lease(file, parent, name)
            try:
                if Signature.of(file.stat()) != step.expected:
                    return outcome(step, Result.CHANGED)
                fs.rename(parent, name, trash, step.trash)
                self._folders.touch(parent, trash)
                with past_the_change():
                    doubt = self._doubt(file, held, trash, step)
                    if doubt is not None:
                        return restored(self._fs, step, doubt, trash, step.trash, parent, name)
                    displaced = fs.stat(trash, step.trash)
            finally:
                with past_the_change():
                    fs.release(file)
        return outcome(step, Result.DONE, displaced=signature_of(displaced))

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

    def _dress(self, file: File, staging: Folder, step: Exchange) -> Stat:
        """Gives the staged file the attributes of the one that it replaces (R9), all but the executable bit, which
        belongs to the version; and who may write it follows from how it was staged, not from how this desk had shut the
        old one (R38)."""
        staged = staged_stat(self._fs, staging, step)
        self._fs.copy_attributes(file, staging, step.staged)
        dressed = staged_stat(self._fs, staging, step)
        if staged.exec is not None and dressed.exec != staged.exec:
            self._fs.set_exec(staging, step.staged, staged.exec)
            dressed = staged_stat(self._fs, staging, step)
        if dressed.shut != staged.shut or (dressed.write and not staged.write):
            self._fs.set_write(staging, step.staged, staged.write)
            dressed = staged_stat(self._fs, staging, step)
        return dressed
