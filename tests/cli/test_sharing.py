"""What the commands about sharing ask the agent, and what they make of its answer."""

import json

import pytest

from govsync.control.messages import AddShare, LeaveShare, ListShares, RemoveShare
from govsync.model.activity import ShareRow

ROW = ShareRow(
    path="Plans",
    name="Plans",
    with_="boris",
    kind="user",
    role="editor",
    title="Boris",
    detail="Ministry/Team",
    you=False,
)


def test_a_folder_is_shared_where_one_stands(govsync, agent, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = agent(lambda _: None).asked
    assert govsync("share", "add", "Plans", "--with", "group:Auditors", "--role", "viewer") == (0, "", "")
    assert govsync("share", "remove", "Plans", "--with", "group:Auditors") == (0, "", "")
    assert govsync("share", "leave", "Plans") == (0, "", "")
    path = str(tmp_path / "Plans")
    assert asked == [
        AddShare(path=path, who="group:Auditors", role="viewer"),
        RemoveShare(path=path, who="group:Auditors"),
        LeaveShare(path=path),
    ]


def test_with_whom_folders_are_shared_is_listed(govsync, agent):
    asked = agent(lambda _: [ROW]).asked
    assert govsync("share", "list").out == "Plans  boris  editor  Boris  Ministry/Team\n"
    found = json.loads(govsync("share", "list", "/f/Plans", "--json").out)
    assert set(found[0]) == {"path", "name", "with", "kind", "role", "title", "detail", "you"}
    assert asked == [ListShares(), ListShares(path="/f/Plans")]


def test_nothing_shared_is_said(govsync, agent):
    agent(lambda _: [])
    assert govsync("share", "list").out == "Nothing is shared.\n"


@pytest.mark.parametrize(
    "arguments",
    ["add Plans", "add Plans --with boris", "add Plans --with boris --role owner", "remove Plans", "leave"],
)
def test_wrong_usage_ends_with_64(govsync, arguments):
    assert govsync("share", *arguments.split()).code == 64
