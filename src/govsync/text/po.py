"""Translations as the standard library's gettext has them, made in memory from `locale/*.po`: nothing is compiled beforehand,
so none can be missing, or older than the texts that it was made from.

Of the form (gettext manual, "PO files") our files use comments, entries with and without a plural, and texts over several
lines. An entry that is marked fuzzy is none.
"""

import re
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from struct import pack

import msgspec

from govsync.model.documents import from_json
from govsync.model.languages import Language
from govsync.text.latin import latin

LOCALE = Path(__file__).parent / "locale"
_FILES = {Language.KOREAN: "ko.po", Language.SERBIAN: "sr.po", Language.SERBIAN_LATIN: "sr.po"}
_FUZZY = re.compile(r"^#,.*\bfuzzy\b", re.MULTILINE)
_MAGIC = 0x950412DE


class Entry(msgspec.Struct, frozen=True):
    """One text: what the sources say, for a count `many` as well, and the forms of its translation."""

    one: str
    many: str
    forms: tuple[str, ...]


def entries(text: str) -> Iterator[Entry]:
    """Reads the entries of a file, the first of which (of no text) is its head."""
    for block in re.split(r"\n\s*\n", text.strip()):
        parts: dict[str, str] = {}
        part = ""
        for line in block.splitlines():
            keyword, quote, text = line.partition('"')
            if quote and not keyword.startswith("#"):
                part = keyword.strip() or part
                parts[part] = parts.get(part, "") + _unquoted(text)
        if parts and not _FUZZY.search(block):
            forms = tuple(parts[name] for name in sorted(parts) if name.startswith("msgstr"))
            yield Entry(parts["msgid"], parts.get("msgid_plural", ""), forms)


def _unquoted(text: str) -> str:
    """Reads what stands between quotation marks, the first of which is gone."""
    return text[:-1] if "\\" not in text else from_json(f'"{text}'.encode(), str)


def compiled(found: list[Entry]) -> bytes:
    """Answers entries in the form that gettext reads (gettext manual, "MO files")."""
    rows = sorted(
        (each.one + ("\0" + each.many if each.many else ""), "\0".join(each.forms))
        for each in found
        if all(each.forms)
    )
    texts = [text.encode() for column in zip(*rows, strict=True) for text in column]
    start = 28 + 8 * len(texts)
    table, places = [], start
    for text in texts:
        table += [len(text), places]
        places += len(text) + 1
    head = pack("<7I", _MAGIC, 0, len(rows), 28, 28 + 8 * len(rows), 0, start)
    return head + pack(f"<{len(table)}I", *table) + b"".join(text + b"\0" for text in texts)


@cache
def translations(language: Language) -> GNUTranslations:
    """Answers the translations into a language other than that of the sources."""
    found = list(entries((LOCALE / _FILES[language]).read_text(encoding="utf-8")))
    if language is Language.SERBIAN_LATIN:
        found = [each if not each.one else _in_latin(each) for each in found]
    return GNUTranslations(BytesIO(compiled(found)))


def _in_latin(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, forms=tuple(latin(form) for form in entry.forms))
