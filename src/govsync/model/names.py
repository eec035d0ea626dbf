"""Names: what the server allows, when two are the same, and how new ones are made (R8, R22).

A name is NFC text. Two names are the same in a folder when their keys are equal; the server's key decides, since
Unicode tables differ between Python versions, and the client's is a forecast. Limits: 255 UTF-16 units on the server,
255 bytes on most Linux disks.
"""

import re
import unicodedata

from govsync.model.codes import Code
from govsync.model.problems import Failure

MAX_UNITS = 255
MAX_DISK_BYTES = 255
MAX_DEVICE_CHARACTERS = 24
IGNORE_FILE = ".govsyncignore"
RESERVED_PREFIX = ".govsync"
_CONFLICTS = re.compile(
    r"(.+?)(?: \(conflict, [^()]*, [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}\.[0-9]{2}\)(?: [0-9]+)?(?: \([0-9]{1,4}\))*)+",
    re.DOTALL,
)
"""A stem, and all the marks of a second version behind it, with what counts them."""
_KEPT = " (your copy, not uploaded)"
_KEPTS = re.compile(rf"(.+?)(?:{re.escape(_KEPT)}(?: [0-9]+)?)+", re.DOTALL)
"""A stem, and all the marks behind it of what a person may not upload."""
_NOT_ON_WINDOWS = re.compile(r'[\\:*?"<>|\x01-\x1f]')
_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL
)
"""Names that Windows' programs take for a device, whatever extension they have."""
_COUNTED = re.compile(r"(|.*\S) \(([1-9][0-9]{0,2})\)", re.DOTALL)
"""A stem and its counter: at most three digits, so that the year in `Plan (2024)` is none."""


def key(name: str) -> str:
    """Answers what is compared when names are compared: NFC of the case folding of the NFC form (Unicode 3.13, D145)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def nfc(name: str) -> str:
    """Answers the composed form, in which names travel and are kept."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def check(name: str) -> None:
    """Accepts a name that may travel; raises Failure(name_not_text, name_illegal, name_reserved or name_too_long)."""
    try:
        units = len(name) if name.isascii() else len(name.encode("utf-16-le")) // 2
    except UnicodeEncodeError as error:
        raise Failure(Code.NAME_NOT_TEXT, name=ascii(name)) from error
    if name in ("", ".", "..") or "/" in name or "\0" in name or nfc(name) != name:
        raise Failure(Code.NAME_ILLEGAL, name=name)
    if key(name).startswith(RESERVED_PREFIX) and name != IGNORE_FILE:
        raise Failure(Code.NAME_RESERVED, name=name)
    if units > MAX_UNITS:
        raise Failure(Code.NAME_TOO_LONG, name=name)


def split(name: str) -> tuple[str, str]:
    """Splits a name into stem and extension; a leading dot belongs to the stem, an extension has at most 16 characters and
    no bracket: that is the end of something in brackets, in which there may be a dot, as in the time of a second version."""
    dot = name.rfind(".")
    if dot <= 0 or len(name) - dot > 17 or name[:dot].strip(".") == "" or ")" in name[dot:]:
        return name, ""
    return name[:dot], name[dot:]


def _shorten(stem: str, room_bytes: int) -> str:
    """Cuts a stem to at most `room_bytes` of UTF-8 without cutting a character."""
    return stem.encode()[: max(room_bytes, 0)].decode(errors="ignore").rstrip()


def _compose(stem: str, suffix: str, extension: str) -> str:
    room = MAX_DISK_BYTES - len(suffix.encode()) - len(extension.encode())
    return nfc(_shorten(stem, room) + suffix + extension)


def clean_device(device: str) -> str:
    """Makes a device's name fit for use inside a file name: no separators or controls, at most 24 characters."""
    kept = "".join(c for c in nfc(device) if c.isprintable() and c not in '/\\:*?"<>|()')
    return kept.strip()[:MAX_DEVICE_CHARACTERS].strip() or "device"


def conflict_name(name: str, device: str, when: str, turn: int = 1) -> str:
    """Makes the name under which a second version is kept beside the first (R22).

    `when` is local time as "2026-11-24 14.02" (no colon: Windows refuses it); `turn` counts from 1 where the name is
    taken. A conflict name of a conflict name replaces the old suffix, so names never grow.
    """
    stem, extension = split(name)
    stem = strip_conflict(stem)
    counter = "" if turn == 1 else f" {turn}"
    return _compose(stem, f" (conflict, {clean_device(device)}, {when}){counter}", extension)


def strip_conflict(stem: str) -> str:
    """Takes existing conflict suffixes off a stem."""
    found = _CONFLICTS.fullmatch(stem)
    return stem if found is None else found[1]


def kept_copy(name: str, turn: int) -> str:
    """Makes the name under which stays what somebody saved who may only read: `NAME (your copy, not uploaded)`, and from the
    second `turn` on with a counter. Marks that the name has already are replaced, so names never grow."""
    stem, extension = split(name)
    found = _KEPTS.fullmatch(stem)
    counter = "" if turn == 1 else f" {turn}"
    return _compose(stem if found is None else found[1], _KEPT + counter, extension)


def second_name(name: str, turn: int) -> str:
    """Makes `NAME (2)`, `NAME (3)` … for things that come under a taken name without being a conflict (R25); `turn` counts
    from 2. Where the taken name is a `NAME (2)` itself its counter goes on, so names never grow."""
    stem, extension = split(name)
    count = turn
    if found := _COUNTED.fullmatch(stem):
        stem, count = found[1], int(found[2]) + turn - 1
    return _compose(stem, f" ({count})", extension)


def as_of(name: str, when: str, turn: int, unfinished: bool = False) -> str:
    """Makes the name of what is brought back as it was at a moment: `NAME (as of 2026-11-28 14.00)`, and from the second
    `turn` on with a counter; what is not whole yet says so."""
    suffix = f" (as of {when}, unfinished)" if unfinished else f" (as of {when})"
    counter = "" if turn == 1 else f" {turn}"
    return _compose(name, suffix + counter, "")


def kept_name(tag: str, name: str) -> str:
    """Makes the name under which a file lies in a hidden folder of ours: a tag that is its own, `~`, and as much of the
    name that it had as a disk holds. Only where the database is lost is it ever read (`name_kept`)."""
    stem, extension = split(name.encode(errors="replace").decode())
    room = MAX_DISK_BYTES - len(tag) - 1 - len(extension.encode())
    return f"{tag}~{_shorten(stem, room)}{extension}"


def name_kept(kept: str) -> str:
    """Answers the name that a file had before it came into a hidden folder, as far as it was kept."""
    return kept.partition("~")[2] or kept


def disk_name(name: str, node_id: bytes) -> str:
    """Answers the name to use on a disk that holds 255 bytes: the name itself where it fits, else a shortened stem,
    `~`, and 8 hexadecimal digits of the node id (R8). The store keeps the mapping; it is never decoded."""
    if len(name.encode()) <= MAX_DISK_BYTES:
        return name
    stem, extension = split(name)
    return _compose(stem, f"~{node_id[-4:].hex()}", extension)


def on_windows(name: str, node_id: bytes) -> str:
    """As `disk_name`, on a disk that holds 255 UTF-16 units and programs of Windows: with `_` for what is none of their
    letters, and none at whose end they cut or that is a device's. What may be no name anywhere stays what it is."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return name
    if not (_NOT_ON_WINDOWS.search(name) or name.endswith((".", " ")) or _DEVICES.fullmatch(name)):
        return name
    stem, extension = split(_NOT_ON_WINDOWS.sub("_", name).rstrip(". "))
    return _compose(stem, f"~{node_id[-4:].hex()}", extension)
