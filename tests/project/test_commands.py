"""What README and CONTRIBUTING tell a newcomer to type exists, and CI types it too."""

import re

from tests.project.sources import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
TYPED = re.compile(r"`make ([a-z-]+)|^\s*make ([a-z-]+)", re.M)


def typed(name: str) -> set[str]:
    return {first or second for first, second in TYPED.findall((ROOT / name).read_text(encoding="utf-8"))}


def test_every_make_target_that_a_page_names_exists():
    pages = [
        "README.md",
        "CONTRIBUTING.md",
        *(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/**/*.md")),
    ]
    for page in pages:
        assert typed(page) - TARGETS == set(), page


def test_make_without_a_target_explains_every_target():
    explained = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M))
    assert explained == TARGETS


def test_the_readme_shows_how_to_see_it_and_how_to_test_it():
    assert {"demo", "test"} <= typed("README.md")


def test_ci_types_the_test_command_of_the_readme():
    run = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"^phase test make test\b", run, re.M)
