"""The languages in which GovSync speaks to people, named as the web does (BCP 47)."""

from enum import StrEnum


class Language(StrEnum):
    """One of them; the sources are written in the first."""

    ENGLISH = "en"
    KOREAN = "ko"
    SERBIAN = "sr-Cyrl"
    SERBIAN_LATIN = "sr-Latn"
