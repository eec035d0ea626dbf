"""Brings a person's known folders (documents, desktop, pictures) into the synced one, and back (docs/decisions/0045).

At a start, and once on each later day, when the desk is at rest: then what the server has is here. What is to be done is noted
in the home before anything moves, and each step finds out what is done already, so a crash anywhere is gone on from at the next
start. First the system is told the new place, so that nothing more is saved at the old one, then the content follows
(`local.gathering`), and where the old place is empty a stand-in leads from it to the new one. Back it is copied: on the other
desks, and in the synced folder, nothing goes.

It works in a thread of its own; to the engine it is a person who moves files. Neighbour: `known_rules` decides.
"""

import datetime
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from govsync.agent.known_rules import (
    NAMES,
    Book,
    Row,
    Wait,
    Waiting,
    fits,
    to_bring,
    to_return,
)
from govsync.agent.neighbours import other_program, require_apart
from govsync.local import mounts
from govsync.local.gathering import Gathered, How, Stopped, gather, weigh
from govsync.local.meeting import index
from govsync.local.root import Root, proven
from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.names import key
from govsync.model.problems import MALFORMED, Failure
from govsync.store import left_out
from govsync.store.database import Store
from govsync.store.left_out import LeftOut
from govsync.system import known
from govsync.system.disk import DiskFileSystem
from govsync.system.durable import replace_file
from govsync.system.fs import Shape
from govsync.system.places import Places

LOCK_LASTS_NS = 12 * 3600 * 1_000_000_000

_log = logging.getLogger(__name__)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of the desk: its folder, what the settings ask for, and which kinds have in the synced folder the name
    of something that is left out of this desk."""

    folder: Path
    root: Root
    device: str
    wanted: tuple[str, ...]
    daily_bytes: int
    booted_ns: int
    left_out: frozenset[str]


class _Waits(Exception):
    """Says why one folder waits; the others go on."""

    def __init__(self, why: Wait, what: object = "") -> None:
        super().__init__(why)
        self.waiting = Waiting(why, str(what))


def noted(places: Places) -> Book:
    """Answers what was done with the folders. Without a note that can be read nothing was: a folder that the system looks for in
    the synced one stays there, and is never taken back by itself."""
    try:
        return from_json(_file(places).read_bytes(), Book)
    except FileNotFoundError:
        return Book()
    except MALFORMED:
        _log.warning("what was done with the known folders cannot be read")
        return Book()


def let_go(places: Places) -> None:
    """Has the system look at the old places again, each a folder with what had stayed there, since the synced folder is about to
    be emptied; the caller sees to it that no agent runs. Raises Failure."""
    book = noted(places)
    for kind, row in book.rows.items():
        was, now = Path(row.was), Path(row.now)
        known.take_stand_in(was, now)
        if known.where(kind) == now:
            known.point(kind, was)
    if book.rows:
        replace_file(_file(places), msgspec.json.encode(msgspec.structs.replace(book, rows={})))


class KnownFolders:
    """The moving thread of one desk. `tell` notes an activity, from any thread; `now` is the local time."""

    def __init__(
        self, places: Places, tell: Callable[[str, str], None], now: Callable[[], datetime.datetime]
    ) -> None:
        self._places, self._tell, self._now = places, tell, now
        self._book = noted(places)
        self._looked_on: datetime.date | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def due(self, wanted: Sequence[str]) -> bool:
        """Says whether there may be something to do; asked in every turn of the desk."""
        if not wanted and not self._book.rows:
            return False
        busy = self._thread is not None and self._thread.is_alive()
        return not busy and self._looked_on != self._now().date()

    def begin(self, desk: Desk) -> None:
        """Begins to do it; the desk is at rest."""
        self._looked_on = self._now().date()
        self._thread = threading.Thread(target=self.settle, args=(desk,), name="known", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends; what is under way goes on after the next start."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def settle(self, desk: Desk) -> None:
        """Does all that is to be done now; what cannot be is noted, and stops nothing else."""
        work = [(kind, self._bring) for kind in to_bring(desk.wanted)]
        work += [(kind, self._return) for kind in to_return(desk.wanted, self._book.rows)]
        for kind in self._book.waits.keys() - {kind for kind, _ in work}:
            self._note(self._book.waiting(kind, None))
        try:
            for kind, do in work:
                self._one(kind, do, desk)
        except Stopped:
            _log.info("the known folders wait for the next start")
        except Failure as failure:  # It could not be noted: there is no disk, which others say.
            _log.warning("the known folders: %s", failure.code)

    def _one(self, kind: str, do: Callable[[str, Desk], None], desk: Desk) -> None:
        try:
            do(kind, desk)
        except _Waits as waits:
            waiting = waits.waiting
        except Failure as failure:
            waiting = Waiting(failure.code)
        else:
            return
        _log.info("%s waits: %s %s", kind, waiting.why, waiting.what)
        self._note(self._book.waiting(kind, waiting))

    def _note(self, book: Book) -> None:
        """Keeps the book, durable on return."""
        if book != self._book:
            replace_file(_file(self._places), msgspec.json.encode(book))
            self._book = book

    # ---- into the synced folder ----

    def _bring(self, kind: str, desk: Desk) -> None:
        row = self._book.rows.get(kind) or self._begun(kind, desk)
        if row is None:
            return
        was, now = Path(row.was), Path(row.now)
        place = known.where(kind)
        if now.parent != desk.folder or place not in (was, now, Path.home()):
            raise _Waits(Wait.ELSEWHERE, place)
        fs = DiskFileSystem(desk.folder)
        with proven(fs, desk.root) as top:
            if fs.stat(top, now.name) is None:
                fs.make_folder(top, now.name)
                fs.flush_folders([top])
            if place != now:
                known.point(kind, now)
            left = Gathered()
            if was.is_dir() and not was.is_symlink():
                source = DiskFileSystem(was)
                with source.root() as from_, fs.open_folder(top, now.name) as to:
                    left = gather(source, from_, fs, to, (now.name,), self._how(row, desk, copy=False))
        if not left.left:
            known.leave_stand_in(was, now)
        first = left.left_first[0] if left.left_first else None
        here = msgspec.structs.replace(
            row, stage="here", left=left.left, left_path=first.path if first else "", left_code=first.code if first else "",
        )  # fmt: skip
        self._note(self._book.with_row(kind, here))
        if row.stage != "here":
            self._tell("known_brought", now.name)

    def _begun(self, kind: str, desk: Desk) -> Row | None:
        """Notes that a folder is to be brought in, and answers its row; None where the system has it there. Raises _Waits."""
        place = known.where(kind)
        if place is None:
            raise _Waits(Wait.NONE)
        now = desk.folder / self._name(kind, desk)
        if place == now:
            return None
        if known.is_stand_in(place, now):  # It is here, and the book was lost.
            known.point(kind, now)
            return None
        if kind in desk.left_out or (key(now.name),) in _of_others(desk):
            raise _Waits(Wait.OTHERS, now)
        self._require_free(place)
        size_bytes = self._weighed(place, desk.folder)
        today = self._now()
        if not fits(size_bytes, self._book, today.date().isoformat(), desk.daily_bytes):
            raise _Waits(Wait.DAILY)
        row = Row(was=str(place), now=str(now), began=f"{today:%Y-%m-%d %H.%M}", stage="coming")
        self._note(self._book.with_row(kind, row).spent(today.date().isoformat(), size_bytes))
        return row

    def _name(self, kind: str, desk: Desk) -> str:
        fs = DiskFileSystem(desk.folder)
        with proven(fs, desk.root) as top:
            found = index(fs.list(top).entries).get(key(NAMES[kind]))
        if found is not None and found.stat.shape is not Shape.FOLDER:
            raise _Waits(Wait.TAKEN, found.name)
        return NAMES[kind] if found is None else found.name

    def _require_free(self, place: Path) -> None:
        """Accepts a place that is this folder's alone. Raises _Waits."""
        if place.is_symlink():
            raise _Waits(Wait.LINK, place)
        if Path.home().resolve().is_relative_to(place.resolve()):
            raise _Waits(Wait.AROUND, place)
        try:
            require_apart(place, self._places.home)
        except Failure as failure:
            if failure.code is not Code.FOLDER_UNFIT:
                raise
            raise _Waits(Wait.AROUND, place) from failure
        other = other_program(place)
        if other is not None:
            raise _Waits(Wait.PROGRAM, other[0])

    @staticmethod
    def _weighed(place: Path, folder: Path) -> int:
        """Answers how many bytes a folder holds; raises _Waits where they have to be copied, and do not fit."""
        if not place.is_dir():
            return 0
        source, target = DiskFileSystem(place), DiskFileSystem(folder)
        with source.root() as from_, target.root() as to:
            size_bytes = weigh(source, from_)
            one_disk = source.identity(from_).dev == target.identity(to).dev
        if not one_disk and target.free_bytes() < size_bytes:
            raise _Waits(Wait.ROOM, folder)
        return size_bytes

    # ---- and back ----

    def _return(self, kind: str, desk: Desk) -> None:
        row = msgspec.structs.replace(self._book.rows[kind], stage="going")
        was, now = Path(row.was), Path(row.now)
        self._note(self._book.with_row(kind, row))
        known.take_stand_in(was, now)
        if was.is_symlink() or not was.is_dir():
            raise _Waits(Wait.LINK, was)
        self._copied(row, desk)
        if known.where(kind) in (now, Path.home()):
            known.point(kind, was)
        self._copied(row, desk)  # What was saved until then.
        self._note(self._book.with_row(kind, None))
        self._tell("known_returned", now.name)

    def _copied(self, row: Row, desk: Desk) -> None:
        """Copies to the old place what is in the new one; raises _Waits while something is open in a program."""
        was, now = Path(row.was), Path(row.now)
        if now.is_symlink() or not now.is_dir():
            return  # The person has taken it away.
        source, target = DiskFileSystem(now), DiskFileSystem(was)
        with source.root() as from_, target.root() as to:
            copied = gather(source, from_, target, to, (now.name,), self._how(row, desk, copy=True))
        if copied.waits is not None:
            raise _Waits(Wait.OPEN, copied.waits.path)

    # ---- both ----

    def _how(self, row: Row, desk: Desk, copy: bool) -> How:
        oldest_ns = max(desk.booted_ns, int(self._now().timestamp() * 1e9) - LOCK_LASTS_NS)
        return How(
            copy=copy, device=desk.device, when=row.began, oldest_ns=oldest_ns, barred=_of_others(desk), stopped=self._stopped.is_set,
        )  # fmt: skip


def _of_others(desk: Desk) -> frozenset[tuple[str, ...]]:
    """Answers where in the synced folder other spaces hang: what is put there is shared with others."""
    return frozenset(tuple(map(key, mark.path)) for mark in mounts.read(DiskFileSystem(desk.folder)))


def left_out_here(store: Store) -> frozenset[str]:
    """Answers the kinds whose name in the synced folder is that of what is left out of this desk."""
    left = LeftOut(store)
    found = {kind: left_out.find(store, (name,)) for kind, name in NAMES.items()}
    return frozenset(kind for kind, lid in found.items() if lid is not None and lid in left)


def _file(places: Places) -> Path:
    return places.home / "known.json"
