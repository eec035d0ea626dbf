"""The language that a person wants is found under every name that systems and browsers have for it."""

import pytest

from govsync.model.languages import Language
from govsync.text.languages import NAMES, named, of_browser, of_system
from govsync.text.latin import latin


def test_every_language_has_a_name_and_is_found_by_its_tag():
    assert set(NAMES) == set(Language)
    assert [named(each) for each in Language] == list(Language)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("ko_KR.UTF-8", "ko"), ("KO", "ko"), ("en_GB", "en"), ("sr", "sr-Cyrl"), ("sr_RS.UTF-8", "sr-Cyrl"),
        ("sr_RS@latin", "sr-Latn"), ("sr_RS.UTF-8@latin", "sr-Latn"), ("sr-Latn-RS", "sr-Latn"), ("sr-Cyrl-BA", "sr-Cyrl"),
        ("de", None), ("", None), ("C", None), ("korean", None),
    ],
)  # fmt: skip
def test_a_language_is_read_as_systems_and_the_web_write_it(tag: str, language: str | None):
    assert named(tag) == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, None),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "sr_RS"}, "sr-Cyrl"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "sr_RS", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:sr@latin:ko"}, "sr-Latn"),
        ({"LANGUAGE": "ko"}, "ko"),
        ({"LANG": "C", "LANGUAGE": "ko"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "ko"}, "ko"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "fr_FR", "LANGUAGE": "fr"}, None),
        ({"LC_ALL": "", "LANG": "ko"}, "ko"),
        ({"LC_ALL": "C", "GOVSYNC_LANGUAGE": "ko"}, "ko"),
    ],
)
def test_a_system_asks_for_a_language_as_for_gettext(environment, language):
    assert of_system(environment) == language


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"), ("ko", "ko"), ("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("sr", "sr-Cyrl"), ("sr-Latn-RS, en;q=0.5", "sr-Latn"),
        ("de, en;q=0.5, ko;q=0.9", "ko"), ("fr,de", "en"), ("*", "en"), ("ko;q=0, sr;q=0.1", "sr-Cyrl"), ("KO", "ko"),
        ("en;q=1.0,ko;q=1.0", "en"), ("ko;q=x", "en"), ("ko;level=1", "en"), (";;;,,,=", "en"), ("ko;q=nan", "en"),
    ],
)  # fmt: skip
def test_a_browser_s_wish_is_followed(accept: str, language: str):
    assert of_browser(accept) == language


@pytest.mark.parametrize(
    ("cyrillic", "written"),
    [
        ("Датотека чека", "Datoteka čeka"), ("Љубав, њен џеп", "Ljubav, njen džep"), ("ЉУБАВ И ЊЕН ЏЕП", "LJUBAV I NJEN DŽEP"),
        ("ПРИЗНАЊЕ: КОЊ", "PRIZNANJE: KONJ"), ("Ђорђевић Ћирић", "Đorđević Ćirić"), ("Њ", "Nj"), ("{name} са GovSync", "{name} sa GovSync"),
    ],
)  # fmt: skip
def test_serbian_is_written_in_latin_letters_by_rule(cyrillic: str, written: str):
    assert latin(cyrillic) == written
