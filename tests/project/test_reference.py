"""What is derived says what the code and the pages say: each is committed as it is derived."""

import pytest

from docs import generate, spoken
from docs.generate import DERIVED
from govsync.model.languages import Language
from tests.project.sources import ROOT

FOUND = generate.derived()


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_derived_is_up_to_date(path):
    assert path.read_text(encoding="utf-8") == FOUND[path], "run `make generate`"


@pytest.mark.parametrize("folder", DERIVED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_derived_is_left_over(folder):
    assert set(folder.iterdir()) == {path for path in FOUND if path.parent == folder}


def test_what_is_derived_no_more_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "DERIVED", (tmp_path,))
    monkeypatch.setattr(generate, "derived", lambda: {tmp_path / "new.md": "new"})
    monkeypatch.setattr(generate.evidence, "PAGE", tmp_path / "evidence.md")
    monkeypatch.setattr(generate.evidence, "page", lambda: "counted")
    (tmp_path / "old.md").write_text("old")
    generate.main()
    assert {path.name for path in tmp_path.iterdir()} == {"new.md", "evidence.md"}


def test_a_page_in_latin_letters_says_what_the_other_says(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Љубав и Њена\n![Прозор](../../pictures/sr-Cyrl/sharing.png) `govsync status`", encoding="utf-8"
    )
    assert spoken.in_latin(page) == (
        "# Ljubav i Njena\n![Prozor](../../pictures/sr-Latn/sharing.png) `govsync status`"
    )


def test_a_page_is_known_by_its_language():
    assert spoken.language_of("staff/sr-Latn/icon") is Language.SERBIAN_LATIN
    assert spoken.language_of("staff/index") is None
    assert spoken.language_of("it/index") is None
