"""What is asked of the server beside the engine reaches the disk at once, and what lies there is no version of is left alone."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from govsync.agent import files
from govsync.content.manifests import manifest_of
from govsync.engine.events import HeadTold
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.operations import Delete
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import CommitAnswer, Done, Refused

SPACE, NODE, REVISION = b"s" * 16, b"n" * 16, b"r" * 16
ROW = SimpleNamespace(id=SPACE, epoch=1)
OPERATION = Delete(key=b"k" * 16, node=NODE, place=NODE, rev=REVISION)
"""Any operation."""


def asked(monkeypatch, ask, *outcomes):
    """Answers what the engine is told when the server answers so."""
    told = []
    answers = [CommitAnswer(outcomes=(each,), head=number) for number, each in enumerate(outcomes, 7)]
    agent = SimpleNamespace(
        store=None,
        ids=SimpleNamespace(new=lambda: b"k" * 16),
        clock=SimpleNamespace(now=lambda: None),
        engine=SimpleNamespace(handle=lambda event, _: told.append(event)),
        remote=SimpleNamespace(commit=lambda *_: answers.pop(0)),
    )
    monkeypatch.setattr(files.spaces, "get", lambda *_: ROW)
    monkeypatch.setattr(files.local_tree, "node", lambda *_: SimpleNamespace(node_id=b"t" * 16))
    ask(agent, lambda _, work: work())
    return told


DONE = Done(seq=7)


def test_a_change_that_the_server_was_asked_for_is_read_at_once(monkeypatch):
    """The server tells of it to all devices but the one that asked."""
    node = SimpleNamespace(space=SPACE)
    told = asked(monkeypatch, lambda agent, here: files._commit(agent, here, node, OPERATION), DONE)
    assert told == [HeadTold(SPACE, 7)]


def test_what_comes_back_from_the_trash_is_read_at_once(monkeypatch):
    state = SimpleNamespace(node=NODE, parent=None, name="a", mode=0)
    row = SimpleNamespace(id=SPACE, epoch=1, root_lid=1)
    taken = Refused(code=Code.NAME_TAKEN)
    told = asked(monkeypatch, lambda agent, here: files._revive(agent, here, row, state), taken, DONE)
    assert told[-1] == HeadTold(SPACE, 8)


def test_a_refusal_is_said(monkeypatch):
    node = SimpleNamespace(space=SPACE)
    with pytest.raises(Failure) as failed:
        asked(
            monkeypatch,
            lambda agent, here: files._commit(agent, here, node, OPERATION),
            Refused(code=Code.NO_RIGHT),
        )
    assert failed.value.code is Code.NO_RIGHT


def test_what_is_left_out_of_this_desk_is_no_difference_and_what_is_missing_else_is(monkeypatch):
    states = {
        node: NodeState(node=node, kind=Kind.FILE, parent=b"r" * 16, name=name, place=b"p", seq=1)
        for node, name in ((b"o" * 16, "left out"), (b"m" * 16, "missing"))
    }
    monkeypatch.setattr(files.kept_twice, "on_disk", lambda *_: {})
    monkeypatch.setattr(files.left_out, "without", lambda *_: {b"o" * 16})
    agent = SimpleNamespace(store=None, identity=SimpleNamespace(folder="/f"))
    found = list(files._compare(agent, lambda _, work: work(), ROW, states))
    assert [(row.path, row.difference) for row in found] == [("missing", "only on the server")]


def test_a_file_whose_content_is_no_version_is_not_asked_about(tmp_path):
    file = tmp_path / "a"
    files._require_sent(file, [])  # Nothing is there that could be lost.
    file.write_bytes(b"unsent")
    sent = SimpleNamespace(hash=files._hash(file))
    files._require_sent(file, [sent])
    file.write_bytes(b"edited since")
    with pytest.raises(Failure) as refused:
        files._require_sent(file, [sent])
    assert refused.value.code is Code.NOT_SENT


@pytest.mark.parametrize(("came", "left"), [(b"words", b"words"), (b"other", None)])
def test_a_version_that_is_written_into_a_file_is_verified_first(tmp_path, came, left):
    target = tmp_path / "copy"
    agent = SimpleNamespace(
        remote=SimpleNamespace(manifest=lambda *_: manifest_of([b"words"])),
        calls=SimpleNamespace(fetch=lambda *_: [came]),
    )
    refused = pytest.raises(Failure) if left is None else nullcontext()
    with refused:
        files._write(agent, SPACE, REVISION, target)
    assert (target.read_bytes() if target.exists() else None) == left


def test_a_path_elsewhere_is_told_from_one_at_which_nothing_is():
    agent = SimpleNamespace(identity=SimpleNamespace(folder="/home/kim/GovSync"))
    assert files.parts_of(agent, Path("/home/kim/GovSync")) == ()
    assert files.parts_of(agent, Path("/home/kim/GovSync/Plans/a")) == ("Plans", "a")
    for elsewhere in ("/home/kim", "/home/kim/GovSync 2/a", "/elsewhere"):
        with pytest.raises(Failure) as failed:
            files.parts_of(agent, Path(elsewhere))
        assert failed.value.code is Code.NOT_FOUND
        assert failed.value.facts == {"path": elsewhere, "folder": "/home/kim/GovSync"}
