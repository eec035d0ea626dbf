"""What pages have people type can be typed: every command parses, every setting exists, every policy is understood."""

import re
import tomllib

import pytest

from govsync.settings.merge import merge, read
from govsync.settings.schema import SETTINGS
from tests.project.sources import ROOT, committed_files
from tests.project.typed import complaint, lines, mentions

PAGES = sorted(
    file
    for file in committed_files()
    if file.suffix == ".md"
    and not {"decisions", "reference"} & set(file.parts)
    and file.name != "CHANGELOG.md"
)
KEYS = {setting.key for setting in SETTINGS}
GROUPS = sorted({key.split(".")[0] for key in KEYS})
KEY = re.compile(rf"`((?:{'|'.join(GROUPS)})\.[a-z_]+)`")
POLICY = re.compile(r"^```toml\n(.*?)^```", re.M | re.S)


@pytest.fixture(autouse=True)
def an_endpoint_is_known(tmp_path, monkeypatch):
    """Where pages leave the address out, a policy names it."""
    monkeypatch.setenv("GOVSYNC_HOME", str(tmp_path))
    (tmp_path / "settings.toml").write_text('[endpoint]\nurl = "https://drive.example.gov"\n')


def named(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_of_a_page_can_be_typed(page):
    assert {line: found for line in lines(page) if (found := complaint(line))} == {}
    assert {line: found for line in mentions(page) if (found := complaint(line, whole=False))} == {}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_setting_that_a_page_names_exists(page):
    assert set(KEY.findall(page.read_text(encoding="utf-8"))) - KEYS == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_policy_in_a_page_is_understood(page):
    for text in POLICY.findall(page.read_text(encoding="utf-8")):
        tomllib.loads(text)
        texts, wrong = read(text)
        _, bad = merge([("policy", texts)])
        assert (wrong, bad) == ([], [])


def test_there_are_commands_settings_and_policies_to_be_tried():
    assert sum(len(list(lines(page))) for page in PAGES) > 100
    assert sum(len(mentions(page)) for page in PAGES) > 50
    assert sum(len(KEY.findall(page.read_text(encoding="utf-8"))) for page in PAGES) > 3
    assert any(POLICY.findall(page.read_text(encoding="utf-8")) for page in PAGES)


def test_a_command_without_its_arguments_is_a_mention():
    assert complaint("govsync share add")
    assert not complaint("govsync share add", whole=False)
    assert complaint("govsync share ad", whole=False)
    assert complaint("govsync pause --for", whole=False)


@pytest.mark.parametrize(
    "line",
    [
        "govsync paws",
        "govsync pause --for 2h",
        "govsync share add Plans --with boris",
        "govsync share add Plans --with boris --role owner",
        "govsync admin user enable anna",
        "govsync link remove",
    ],
)
def test_a_command_that_is_none_is_found(line):
    assert complaint(line)


def test_a_command_is_found_wherever_it_stands(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "`govsync one` and\n```\nsudo -u govsync-server govsync-server two\necho y | govsync three  # why\n# govsync four\n```\n"
    )
    assert list(lines(page)) == ["govsync-server two", "govsync three  # why"]
    assert mentions(page) == ["govsync one"]


def test_what_stands_in_another_language_is_no_command(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```toml\n[a]\n```\n`govsync one`\n```\ngovsync two\n```\n```ini\ngovsync three\n```\n")
    assert list(lines(page)) == ["govsync two"]
    assert mentions(page) == ["govsync one"]
