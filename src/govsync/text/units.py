"""Sizes, durations and moments as people write and read them; a zone is handed in, no clock is read.

Sizes are powers of 1,024 with their own units (IEC 80000-13), so that 1 GiB in a setting is 1.0 GiB on screen. Moments
travel as RFC 3339 in UTC and are shown in the person's zone.
"""

import datetime
import re
import unicodedata

_SIZES = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_PARTS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_DURATION = re.compile(r"(\d{1,9})\s*(s|m|h|d)?", re.ASCII)
_SECONDS = {None: 60, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of writing, and with it what a name seems to be (UTS 55)."""


def size(size_bytes: int) -> str:
    """Answers a size in the unit that leaves one to four digits before the point."""
    value, unit = float(size_bytes), 0
    while value >= 1023.95 and unit < len(_SIZES) - 1:
        value /= 1024
        unit += 1
    return f"{size_bytes} {_SIZES[0]}" if unit == 0 else f"{value:.1f} {_SIZES[unit]}"


def duration(seconds: int) -> str:
    """Answers a duration in its two largest units, rounded down: 7,500 is "2 h 5 min"."""
    parts, rest = [], max(0, seconds)
    for unit, length in _PARTS:
        count, rest = divmod(rest, length)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(shown) or "0 s"


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


def shown_name(text: str) -> str:
    r"""Answers a text of strangers (a file's or a person's name) as it may be shown: without line breaks, commands to a
    terminal, or signs that turn the direction of writing; each stands there as its number, such as \x1b."""
    return "".join(letter if _harmless(letter) else _numbered(letter) for letter in text)


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
