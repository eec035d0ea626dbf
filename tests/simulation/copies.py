"""Copies of a desk's folder and home, as people and backup tools make them, and what putting them back leaves."""

import shutil

import msgspec

from govsync.system.fs import Shape
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.medium import Inode, Medium

_PARTS = ("", "-wal", "-shm")


class Copied(msgspec.Struct, frozen=True):
    """One thing of a copied folder, with everything in it. Only what keeps whole volumes keeps numbers and births, too."""

    name: str
    shape: Shape
    data: bytes
    target: tuple[str, ...]
    exec: bool
    mtime_ns: int
    author: str
    number: int
    birth_ns: int
    inside: tuple["Copied", ...]


def copied(inode: Inode, name: str = "") -> Copied:
    """Copies what lies there."""
    inside = tuple(copied(found, inner) for inner, found in sorted(inode.entries.items()))
    return Copied(
        name,
        inode.shape,
        inode.data,
        inode.target,
        inode.exec,
        inode.mtime_ns,
        inode.author,
        inode.number,
        inode.birth_ns,
        inside,
    )


def copy_folder(desk: SimDesk) -> Copied:
    """Copies a desk's folder, our hidden one included."""
    return copied(desk.medium.resolve(ROOT))


def put_folder_back(desk: SimDesk, copy: Copied) -> None:
    """Puts a copy in the place of a desk's folder, which goes afterwards: everything has another number and birth."""
    medium, top = desk.medium, desk.medium.top
    made = medium.make(top, "put back", Shape.FOLDER, copy.author)
    _fill(medium, made, copy)
    old = ROOT[0]
    medium.rename(top, old, top, "gone", replace=False)
    medium.rename(top, "put back", top, old, replace=False)
    _remove(medium, top, "gone")
    medium.flush_all()


def put_volume_back(desk: SimDesk, copy: Copied, births: bool = True) -> None:
    """Puts a desk's folder back with the numbers that everything had, as a snapshot of a volume does, and the `births`; a
    new disk may by chance give the same numbers, but not the births."""
    put_folder_back(desk, copy)
    _number(desk.medium.resolve(ROOT), copy, births)


def _number(inode: Inode, copy: Copied, births: bool) -> None:
    inode.number = copy.number
    if births:
        inode.birth_ns = copy.birth_ns
    for each in copy.inside:
        _number(inode.entries[each.name], each, births)


def _fill(medium: Medium, folder: Inode, copy: Copied) -> None:
    for each in copy.inside:
        inode = medium.make(folder, each.name, each.shape, each.author)
        inode.target = each.target
        if each.shape is Shape.FOLDER:
            _fill(medium, inode, each)
        elif each.shape is Shape.FILE:
            medium.set_data(inode, each.data, each.author)
            medium.set_exec(inode, each.exec)
        medium.set_times(inode, each.mtime_ns)


def _remove(medium: Medium, folder: Inode, name: str) -> None:
    inode = folder.entries[name]
    for inner in sorted(inode.entries):
        _remove(medium, inode, inner)
    if inode.shape is Shape.FOLDER:
        medium.remove_folder(folder, name)
    else:
        medium.unlink(folder, name)


def copy_home(desk: SimDesk) -> None:
    """Copies what a desk that does not run remembers."""
    for part in _PARTS:
        path = desk.store_path.with_name(desk.store_path.name + part)
        kept = path.with_name(f"copy of {path.name}")
        kept.unlink(missing_ok=True)
        if path.exists():
            shutil.copy(path, kept)
    desk.copied = True


def put_home_back(desk: SimDesk) -> None:
    """Gives a desk that does not run its last copied memory."""
    for part in _PARTS:
        path = desk.store_path.with_name(desk.store_path.name + part)
        kept = path.with_name(f"copy of {path.name}")
        path.unlink(missing_ok=True)
        if kept.exists():
            shutil.copy(kept, path)
