"""Serbian in Latin letters, computed from Cyrillic: each letter has one or two of the other alphabet, without exception.

The reverse has exceptions (`nj` is two letters in "injekcija"), so texts are written in Cyrillic alone.
"""

import re

_CYRILLIC = "абвгдђежзијклљмнњопрстћуфхцчџш"
_LATIN = ("a", "b", "v", "g", "d", "đ", "e", "ž", "z", "i", "j", "k", "l", "lj", "m", "n", "nj", "o", "p", "r", "s", "t", "ć",
          "u", "f", "h", "c", "č", "dž", "š")  # fmt: skip
_GREAT = _CYRILLIC.upper()
_TABLE = str.maketrans(
    dict(zip(_CYRILLIC, _LATIN, strict=True))
    | {great: each.capitalize() for great, each in zip(_GREAT, _LATIN, strict=True)}
)
_OF_CAPITALS = re.compile(f"[ЉЊЏ](?=[{_GREAT}])|(?<=[{_GREAT}])[ЉЊЏ](?!\\w)")
"""In a word of capitals Љ is LJ, not Lj."""


def latin(text: str) -> str:
    """Answers a Serbian text in Latin letters; what is not Cyrillic stays."""
    return _OF_CAPITALS.sub(lambda found: found[0].translate(_TABLE).upper(), text).translate(_TABLE)
