"""What the commands about links ask the agent, and what they make of its answer."""

import json

import pytest

from govsync.control.messages import AddLink, ListLinks, RemoveLink
from govsync.model.activity import LinkAdded, LinkRow
from govsync.model.codes import Code
from govsync.model.problems import Failure

AT = "2026-11-24T14:00:00.000Z"
ADDED = LinkAdded(id="0a", url="https://drive.example.gov/l/AAAAAAAAAAAAAAAAAAAAAA", expires=AT)
ROW = LinkRow(
    id="0a", path="Plans/Bids", role="uploader", at=AT, expires="2026-12-01T14:00:00.000Z", user="Kim", device="desk-7",
    password=True, downloads_left=None,
)  # fmt: skip


def test_the_address_of_a_new_link_is_the_first_line(govsync, agent, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = agent(lambda _: ADDED).asked
    done = govsync("link", "add", "Report.pdf")
    assert done.code == 0
    assert done.out.splitlines()[0] == ADDED.url
    assert "2026-11-24 14:00:00" in done.out
    assert "govsync link remove 0a" in done.out
    assert asked == [AddLink(path=str(tmp_path / "Report.pdf"), seconds=7 * 86_400)]


def test_what_bounds_a_link_is_said(govsync, agent):
    asked = agent(lambda _: ADDED).asked
    options = ("--expires", "12h", "--downloads", "3", "--password-stdin")
    assert govsync("link", "add", "/f/a", *options, stdin="geheim\n").code == 0
    assert govsync("link", "add", "/f/b", "--role", "uploader").code == 0
    assert asked == [
        AddLink(path="/f/a", seconds=43_200, password="geheim", downloads=3),
        AddLink(path="/f/b", seconds=7 * 86_400, role="uploader"),
    ]


def test_that_an_organisation_lets_nobody_have_links_is_said(govsync, agent):
    def refuse(_):
        raise Failure(Code.LINK_OUTSIDE)

    agent(refuse)
    done = govsync("link", "add", "/f/a")
    assert (done.code, done.out) == (1, "")
    assert "lets nobody have links" in done.err
    assert "Share the folder with people" in done.err


def test_links_are_listed_and_ended(govsync, agent):
    asked = agent(lambda request: [ROW] if isinstance(request, ListLinks) else None).asked
    assert govsync("link", "list").out == "0a  2026-12-01 14:00:00  uploader    Kim  Plans/Bids\n"
    found = json.loads(govsync("link", "list", "--json").out)
    assert set(found[0]) == {
        "id", "path", "role", "at", "expires", "user", "device", "password", "downloads_left",
    }  # fmt: skip
    assert govsync("link", "remove", "0a") == (0, "", "")
    assert asked[-1] == RemoveLink(id="0a")


def test_no_links_are_said(govsync, agent):
    agent(lambda _: [])
    assert govsync("link", "list").out == "There are no links.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        "add", "add a --expires soon", "add a --expires 2y", "add a --expires 900d", "add a --expires 0s", "add a --role editor",
        "add a --downloads 0", "add a --downloads 2 --role uploader", "add a --password-stdin", "remove",
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_64(govsync, arguments):
    assert govsync("link", *arguments.split()).code == 64
