"""Sizes, durations and moments as people write and read them; a zone is handed in, no clock is read.

Sizes are powers of 1,024 with their own units (IEC 80000-13), so that 1 GiB in a setting is 1.0 GiB on screen. Moments
travel as RFC 3339 in UTC and are shown in the person's zone.
"""

import datetime
import re
import unicodedata

from govsync.model.languages import Language
from govsync.text.catalog import Text, counted, said, spoken

_SIZES = ("KiB", "MiB", "GiB", "TiB", "PiB")
_POINT = {Language.SERBIAN: ",", Language.SERBIAN_LATIN: ","}
_PARTS: tuple[tuple[Text, int], ...] = (
    ("{count} d", 86_400),
    ("{count} h", 3_600),
    ("{count} min", 60),
    ("{count} s", 1),
)
_DURATION = re.compile(r"(\d{1,9})\s*(s|m|h|d)?", re.ASCII)
_SECONDS = {None: 60, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_MONTHS: tuple[Text, ...] = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of writing, and with it what a name seems to be (UTS 55)."""

_UNPORTABLE = frozenset('/\\:*?"<>|')
"""Signs that Windows takes in no name."""


def size(size_bytes: int) -> str:
    """Answers a size in the unit that leaves one to four digits before the point."""
    if size_bytes < 1024:
        return counted("{count} byte", "{count} bytes", size_bytes)
    value, unit = size_bytes / 1024, 0
    while value >= 1023.95 and unit < len(_SIZES) - 1:
        value /= 1024
        unit += 1
    number = f"{value:.1f}".replace(".", _POINT.get(spoken(), "."))
    return f"{number} {_SIZES[unit]}"


def duration(seconds: int) -> str:
    """Answers a duration in its two largest units, rounded down: 7,500 is "2 h 5 min"."""
    parts, rest = [], max(0, seconds)
    for unit, length in _PARTS:
        count, rest = divmod(rest, length)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [said(unit, count=count) for count, unit in parts[first : first + 2] if count]
    return " ".join(shown) or said(_PARTS[-1][0], count=0)


def seconds(text: str) -> int:
    """Reads a duration: a number with s, m, h, d, or nothing for minutes; raises ValueError."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return int(found[1]) * _SECONDS[found[2]]


def moment(text: str, zone: datetime.tzinfo | None) -> datetime.datetime:
    """Reads a moment (RFC 3339); one without a zone is meant in `zone` (None: the machine's). Raises ValueError."""
    found = datetime.datetime.fromisoformat(text)
    if found.tzinfo is not None:
        return found
    return found.replace(tzinfo=zone) if zone is not None else found.astimezone()


def shown_moment(text: str, zone: datetime.tzinfo | None) -> str:
    """Answers a moment (RFC 3339) as it is read on a clock of the zone (None: the machine's), to the second."""
    return moment(text, zone).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def near_moment(text: str, now: datetime.datetime) -> str:
    """Answers a moment (RFC 3339) as people speak of it at `now`, in the zone of that: "14:02", "yesterday 09:12", then with
    the day, and with the year where it is another one."""
    found = moment(text, now.tzinfo).astimezone(now.tzinfo)
    days = (now.date() - found.date()).days
    clock = found.strftime("%H:%M")
    if days == 0:
        return clock
    if days == 1:
        return said("yesterday {clock}", clock=clock)
    if found.year == now.year:
        return said(
            "{day} {month}, {clock}", day=found.day, month=said(_MONTHS[found.month - 1]), clock=clock
        )
    return _day(found)


def shown_day(text: str, zone: datetime.tzinfo | None) -> str:
    """Answers the day of a moment (RFC 3339) in a zone (None: the machine's), as the language writes it."""
    return _day(moment(text, zone).astimezone(zone))


def _day(found: datetime.datetime) -> str:
    return said("{date:%Y-%m-%d}", date=found)


def shown_name(text: str) -> str:
    r"""Answers a text of strangers (a file's or a person's name) as it may be shown: without line breaks, commands to a
    terminal, or signs that turn the direction of writing; each stands there as its number, such as \x1b."""
    return "".join(letter if _harmless(letter) else _numbered(letter) for letter in text)


def portable_name(name: str) -> str:
    """Answers a name of a file or folder as every system can make it, and none takes it for a path or something else than it
    seems to be: signs that one of them refuses, or that nobody sees, become `_`."""
    kept = "".join("_" if letter in _UNPORTABLE or not _harmless(letter) else letter for letter in name)
    return kept.rstrip(". ") or "_"


def _harmless(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") and letter not in _TURNING


def _numbered(letter: str) -> str:
    return f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\u{ord(letter):04x}"


def width(text: str) -> int:
    """Answers how many columns of a terminal a text fills: Hangul and its like two each, combining marks none (UAX 11)."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    # Vowels and final consonants of decomposed Hangul join the letter before.
    if "\u1160" <= letter <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
