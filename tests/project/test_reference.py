"""The reference pages say what the code says: each is derived, and committed as derived."""

import pytest

from docs.generate import PAGES, REFERENCE


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_up_to_date(name):
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run `make generate`"


def test_no_reference_page_is_left_over():
    assert {page.name for page in REFERENCE.iterdir()} == set(PAGES)
