"""The one way from a text in the sources to a person: a translation is looked up here, before the facts are filled in.

The sources are in English, and so is everything until somebody asks for another language: what an agent or a server says to a
program is never translated. `locale/*.po` has the translations; docs/languages.md says how one is made.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from govsync.model.languages import Language

if TYPE_CHECKING:
    from gettext import NullTranslations

Text: TypeAlias = str
"""What is said to people. In a table whose type names it, every text is one: that is how translators are found work."""


class Counted(NamedTuple):
    """A text for one, and for any other number: {count} stands for it."""

    one: Text
    many: Text


_spoken: ContextVar[Language] = ContextVar("spoken", default=Language.ENGLISH)


def spoken() -> Language:
    """Answers the language that is spoken here."""
    return _spoken.get()


def speak(language: Language) -> None:
    """Has everything that follows said in a language; in this thread alone."""
    _spoken.set(language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Has what is said meanwhile said in a language."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def said(text: Text, facts: Mapping[str, object] | None = None, /, **more: object) -> str:
    """Answers a text of the sources as it is said to a person, with its facts in place of what stands in braces."""
    return translated(text).format_map(_Facts({**(facts or {}), **more}))


def counted(one: Text, many: Text, count: int, /, **facts: object) -> str:
    """Answers the text for so many: {count} stands for the number."""
    if spoken() is Language.ENGLISH:
        text = one if count == 1 else many
    else:
        text = _translations().ngettext(one, many, count)
    return text.format_map(_Facts({**facts, "count": count}))


def said_of(text: Counted | Text, count: int) -> str:
    """Answers a text for so many, or one that is the same for any number."""
    return counted(*text, count) if isinstance(text, Counted) else said(text)


def translated(text: Text) -> str:
    """Answers a text in the language that is spoken, its facts still in braces."""
    return text if spoken() is Language.ENGLISH or not text else _translations().gettext(text)


def _translations() -> "NullTranslations":
    from govsync.text.po import translations  # Whoever speaks English need not wait for it.

    return translations(spoken())
