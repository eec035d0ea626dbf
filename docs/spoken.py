"""The pages for staff, one folder a language: Serbian is written in Cyrillic, and computed in Latin letters (decision 0042)."""

import re
from pathlib import Path

from govsync.model.languages import Language
from govsync.text.latin import latin

STAFF = Path(__file__).parent / "staff"
_PICTURE = re.compile(r"\]\(\.\./\.\./pictures/en/([\w-]+)\.png\)")
WRITTEN = (Language.ENGLISH, Language.KOREAN, Language.SERBIAN)


def folder(language: Language) -> Path:
    """Answers where the pages of a language lie."""
    return STAFF / language


def names() -> tuple[str, ...]:
    """Answers the names of the pages, which each language has."""
    return tuple(sorted(page.name for page in folder(Language.ENGLISH).glob("*.md")))


def pictures() -> tuple[str, ...]:
    """Answers which pictures of the window the pages show, each in every language."""
    english = [page.read_text(encoding="utf-8") for page in folder(Language.ENGLISH).glob("*.md")]
    return tuple(sorted({name for text in english for name in _PICTURE.findall(text)}))


def language_of(page: str) -> Language | None:
    """Answers the language of a page, named as Sphinx does (`staff/ko/icon`); None where it is no page for staff."""
    parts = page.split("/")
    if len(parts) != 3 or parts[0] != STAFF.name:
        return None
    return Language(parts[1])


def in_latin(page: Path) -> str:
    """Renders a page in Cyrillic in Latin letters, with the pictures of these."""
    text = page.read_text(encoding="utf-8")
    return latin(text).replace(f"/{Language.SERBIAN}/", f"/{Language.SERBIAN_LATIN}/")
