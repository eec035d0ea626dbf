"""The twenty days on which people lost most to programs of this kind, as public reports tell; `pytest.mark.day` says who plays which.

docs/reliability.md shows them with the tests that play them; `make generate` derives the table, tests/project checks it.
"""

from typing import NamedTuple


class Day(NamedTuple):
    """What happens on a day, what must be so afterwards, and what it waits for where it cannot be played in full yet."""

    happens: str
    holds: str
    waits_for: str = ""


DAYS = {
    "T1": Day(
        "The server is sick: 404, 500, empty lists, half answers, its disks gone",
        "No file goes from any desk; afterwards what was edited meanwhile arrives, and nothing else",
    ),
    "T2": Day(
        "The server burns: an old copy is put back, or it begins with nothing",
        "Desks delete nothing and give back what is missing; the newest bytes are current; no copies of what nobody edited",
    ),
    "T3": Day(
        "A desk is out of its time: its home, its folder or both are an old copy, lost, cloned or garbage",
        "Nothing is deleted for others; all that changed meanwhile arrives; equal bytes make no copies",
    ),
    "T4": Day(
        "The folder is not there: renamed away, empty, another one, unreadable, late",
        "Others keep everything; the desk asks or says so; when it is back, all goes on without a click",
    ),
    "T5": Day(
        "What cannot be written: a file too large for the disk, a full disk, a file in the place of a folder",
        "It stays everywhere else and is listed here; it arrives once it can be written",
    ),
    "T6": Day(
        "The power goes: what was just downloaded is empty, short or full of zeros",
        "None of it becomes a version; it is fetched again",
    ),
    "T7": Day(
        "Cut wires and spoilt bits while files move, one of them still growing; processes are killed",
        "Each version is a whole content; no temporary name is seen anywhere",
    ),
    "T8": Day(
        "Two desks save the same file many times a minute; a file becomes a folder under an edit",
        "Every finished text is current, a version or a second copy",
    ),
    "T9": Day(
        "A download or a change is refused, and the desk starts again and again",
        "An older content never goes over a newer one; what was refused is not replayed later",
    ),
    "T10": Day(
        "A folder is renamed and moved while it is uploaded, and edited offline elsewhere",
        "One folder with all its names, and a copy for each true conflict",
    ),
    "T11": Day(
        "Names from a Mac, decomposed", "No second file, no deletion, and each disk keeps its own spelling"
    ),
    "T12": Day(
        "A name changes in case alone, or has a twin that differs in case",
        "A rename keeps edits and versions; of twins each has a name and a life of its own",
    ),
    "T13": Day(
        "Somebody without the right edits, moves and deletes, or loses the right while unsent work is there",
        "Others see no change; every byte that was written is kept in a named place",
    ),
    "T14": Day(
        "One folder is reached in two ways, and moved between spaces",
        "Nothing that exists on the server is deleted from a desk",
    ),
    "T15": Day(
        "A folder is deleted that holds ignored and unsent files, and a link to the outside",
        "Ignored, unsent and outside stay; nothing is deleted for others by ignoring it",
    ),
    "T16": Day(
        "A laptop comes back after a year, with edits of files that were deleted meanwhile, and a wrong clock",
        "What was edited lives, what was deleted stays deleted, what was moved has moved; no question",
    ),
    "T17": Day(
        "One file is saved again and again, by every way in which programs save",
        "No conflict with oneself; the last text is everywhere",
    ),
    "T18": Day(
        "Times are shifted, rounded, zeroed; clocks are wrong; an edit keeps its time",
        "Nothing is sent for a time alone, and an edit is found without one",
    ),
    "T19": Day(
        "Many kinds of items that cannot be synced lie among many that can",
        "The good ones sync; each of the others is listed, also after a restart, and ends with its cause",
    ),
    "T20": Day(
        "Monday morning: a line that swallows everything, a desk that slept, a server that was started anew",
        "Everything goes on by itself, without a sign-in or a restart",
    ),
}
