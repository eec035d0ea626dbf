"""Which language a person wants: by the names that systems, settings and browsers have for it."""

import re
from collections.abc import Mapping

from govsync.model.languages import Language

NAMES = {
    Language.ENGLISH: "English",
    Language.KOREAN: "한국어",
    Language.SERBIAN: "Српски",
    Language.SERBIAN_LATIN: "Srpski",
}
"""What each language calls itself."""

OWN = "GOVSYNC_LANGUAGE"
"""The variable that says it for GovSync alone."""

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_PARTS = re.compile(r"[-_.@]")


def named(tag: str) -> Language | None:
    """Reads the name of a language as the web writes it (`sr-Latn-RS`) or a system does (`sr_RS.UTF-8@latin`)."""
    first, *rest = _PARTS.split(tag.strip().lower())
    if first == "sr":
        return Language.SERBIAN_LATIN if {"latn", "latin"} & set(rest) else Language.SERBIAN
    return {"en": Language.ENGLISH, "ko": Language.KOREAN}.get(first)


def of_system(environment: Mapping[str, str]) -> Language | None:
    """Answers the language that a system's environment asks for, None where it asks for none of ours.

    As gettext does it: LANGUAGE lists several, unless the locale is C, by which scripts ask for what never changes.
    """
    if environment.get(OWN):
        return named(environment[OWN])
    locale = next((environment[name] for name in _LOCALE if environment.get(name)), "")
    if locale in ("C", "POSIX"):
        return Language.ENGLISH
    wishes = [*environment.get("LANGUAGE", "").split(":"), locale]
    return next((found for found in map(named, wishes) if found is not None), None)


def of_browser(accept: str) -> Language:
    """Answers the language that Accept-Language wishes most (RFC 9110, section 12.5.4); English for any other."""
    best, found = 0.0, Language.ENGLISH
    for wish in accept.split(","):
        tag, _, quality = wish.partition(";")
        language, weight = named(tag), _quality(quality)
        if language is not None and weight > best:
            best, found = weight, language
    return found


def _quality(text: str) -> float:
    """Reads a weight; what is none counts as no wish at all."""
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
