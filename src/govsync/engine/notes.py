"""What an intent remembers beside its step: which facts of the trees become true when the step is done (R16)."""

from enum import StrEnum

import msgspec

from govsync.engine.desk import Desk
from govsync.local.steps import AnyStep
from govsync.model.documents import from_packed
from govsync.model.nodes import Place
from govsync.store import intents
from govsync.store.intents import Intent


class Act(StrEnum):
    """Says what a change of the disk means for the trees."""

    MAKE = "make"
    FETCH = "fetch"
    REPLACE = "replace"
    RELOCATE = "relocate"
    PARK = "park"
    ASIDE = "aside"
    KEEP_BOTH = "keep_both"
    KEEP_BESIDE = "keep_beside"
    """The same for who may only read: what is kept beside stays on this desk."""
    REMOVE = "remove"
    SET_EXEC = "set_exec"
    SET_WRITE = "set_write"
    BRING_BACK = "bring_back"


COPIES = (Act.KEEP_BOTH, Act.KEEP_BESIDE)
"""Those by which what lies on the disk becomes a node of its own."""


class Note(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The facts; `place_key`, `rev`, `hash`, `exec` are the server's as they were known when the step was taken up."""

    act: Act
    place: Place | None = None
    disk_name: str = ""
    place_key: bytes | None = None
    rev: bytes | None = None
    hash: bytes | None = None
    exec: bool = False
    new_node: bytes | None = None
    undoes: bool = False
    """Whether it undoes what was moved or deleted by who may only read."""


class NewIntent(msgspec.Struct, frozen=True):
    """A step that is to be carried out, with its note."""

    step: AnyStep
    note: Note


def record(desk: Desk, new: list[NewIntent]) -> tuple[AnyStep, ...]:
    """Makes intents durable and answers their steps, each with its number."""
    rows = [
        Intent(each.step.lid, msgspec.msgpack.encode(each.step), msgspec.msgpack.encode(each.note))
        for each in new
    ]
    with desk.store.transaction():
        numbers = intents.record(desk.store, rows)
    return tuple(
        msgspec.structs.replace(each.step, intent=number) for each, number in zip(new, numbers, strict=True)
    )


def step_of(row: Intent) -> AnyStep:
    """Reads the step of an intent."""
    step: AnyStep = from_packed(row.step, AnyStep)
    return msgspec.structs.replace(step, intent=row.id)


def note_of(row: Intent) -> Note:
    """Reads the note of an intent."""
    return from_packed(row.note, Note)
