"""Bringing a folder back as it was: what is asked of the server, and what is said where it refuses."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from govsync.agent import earlier
from govsync.control.messages import RestoreFolder
from govsync.engine.events import HeadTold
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import Earlier, NodeState
from govsync.protocol.commits import CommitAnswer, Done, Refused

AT = "2026-11-24T14:00:00+01:00"
UNFINISHED, WHOLE = "Plans (as of 2026-11-24 14.00, unfinished)", "Plans (as of 2026-11-24 14.00)"


def state(number: int, name: str, parent: int, kind: Kind = Kind.FILE) -> NodeState:
    file = {"rev": bytes([100 + number]) * 16, "hash": bytes(32)} if kind is Kind.FILE else {}
    return NodeState(
        node=bytes([number]) * 16, kind=kind, parent=bytes([parent]) * 16, name=name, place=b"p", seq=number, **file
    )  # fmt: skip


PLANS = state(1, "Plans", 0, Kind.FOLDER)
TREE = (PLANS, state(2, "deep", 1, Kind.FOLDER), state(3, "a", 2), state(4, "b", 1), state(5, "other", 0))


class Server:
    """Takes operations, and refuses what a test wants."""

    def __init__(self, states=TREE) -> None:
        self.states = states
        self.refuses: dict[str, Code] = {}
        self.merges: set[str] = set()
        self.asked: list[ask.AnyOperation] = []
        self.told: list[object] = []
        self._ids = 0
        self.calls = self.remote = self.ids = self.clock = self.engine = self
        self.identity = SimpleNamespace(folder="/f")
        self.store = None

    def new(self) -> bytes:
        self._ids += 1
        return self._ids.to_bytes(16, "big")

    def now(self) -> None:
        return None

    def handle(self, event, _now) -> None:
        self.told.append(event)

    def time_ms(self) -> int:
        return 1_800_000_000_000

    def earlier(self, space, at_ms, after):
        assert (space, at_ms) == (b"s", 1_795_525_200_000)
        half = (len(self.states) + 1) // 2
        return Earlier(states=self.states[half:]) if after else Earlier(states=self.states[:half], after=half)

    def commit(self, space, epoch, operations, inline):
        self.asked += operations
        return CommitAnswer(outcomes=tuple(self._outcome(each) for each in operations), head=1)

    def _outcome(self, operation):
        if operation.name in self.refuses:
            return Refused(code=self.refuses[operation.name])
        return Done(seq=1, merged=b"m" if operation.name in self.merges else None)

    def names(self) -> list[str]:
        return [each.name for each in self.asked]


@pytest.fixture
def server(monkeypatch) -> Server:
    made = Server()
    monkeypatch.setattr(
        earlier.sharing,
        "target",
        lambda _a, _h, path: (b"s", PLANS.node if path.name == "Plans" else bytes(16)),
    )
    monkeypatch.setattr(earlier, "_mounts", lambda *_: ["shared"])
    monkeypatch.setattr(earlier.spaces, "get", lambda _store, space: SimpleNamespace(id=space, epoch=b"e"))
    return made


def restore(server: Server, to: str | None = None):
    return earlier.restore(server, lambda _, work: work(), RestoreFolder(path="/f/Plans", at=AT, to=to))


def test_all_that_was_in_it_is_asked_for_from_what_the_server_has_and_named_whole_at_the_end(server):
    back = restore(server)
    assert server.names() == [UNFINISHED, "deep", "b", "a", WHOLE]
    top, deep, b, a, whole = server.asked
    assert (a.parent, b.parent, deep.parent) == (deep.node, top.node, top.node)
    assert (a.source, b.source) == ((b"s", bytes([103]) * 16), (b"s", bytes([104]) * 16))
    assert isinstance(whole, ask.Move)
    assert (whole.node, whole.place) == (top.node, top.key)
    assert (back.path, back.count, back.left, back.left_paths) == (f"/f/{WHOLE}", 2, 1, ("shared",))
    assert server.told[-1] == HeadTold(b"s", 1), "the server tells it to all devices but this one"


def test_a_folder_that_was_shared_then_is_named_also_where_this_desk_does_not_show_it_any_more(server):
    server.states = (*TREE, state(6, "shared then", 1, Kind.MOUNT))
    assert restore(server).left_paths == ("shared then", "shared")


def test_what_is_kept_no_longer_is_named_and_the_rest_comes(server):
    server.refuses["a"] = Code.NOT_FOUND
    back = restore(server)
    assert (back.count, back.left_paths) == (1, ("deep/a", "shared"))
    assert server.names()[-1] == WHOLE


@pytest.mark.parametrize("code", [Code.QUOTA, Code.NO_RIGHT])
def test_what_cannot_be_whole_stays_unfinished_and_the_reason_is_told(server, code):
    server.refuses["b"] = code
    with pytest.raises(Failure) as refused:
        restore(server)
    assert refused.value.code is code
    assert WHOLE not in server.names()


def test_nothing_is_put_into_a_folder_that_was_there(server):
    """A folder of the name that is asked for is answered as that one: another name is taken."""
    server.merges = {UNFINISHED}
    server.refuses[WHOLE] = Code.NAME_TAKEN
    back = restore(server)
    assert server.names() == [UNFINISHED, f"{UNFINISHED} 2", "deep", "b", "a", WHOLE, f"{WHOLE} 2"]
    assert server.asked[2].parent == server.asked[1].node
    assert back.path == f"/f/{WHOLE} 2"


def test_a_folder_that_was_not_there_then_and_what_is_no_folder(server):
    server.states = TREE[4:]
    with pytest.raises(Failure) as refused:
        restore(server)
    assert refused.value.code is Code.NOT_THEN
    server.states = (state(1, "Plans", 0),)
    with pytest.raises(Failure) as refused:
        restore(server)
    assert refused.value.code is Code.NOT_FOUND
    assert server.asked == []


@pytest.mark.parametrize("at", ["x", "2090-01-01T00:00:00Z", "1960-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_moment_that_has_not_been_is_none(server, at):
    with pytest.raises(Failure) as refused:
        earlier.restore(server, lambda _, work: work(), RestoreFolder(path="/f/Plans", at=at))
    assert refused.value.code is Code.BAD_REQUEST


def test_a_server_that_tells_the_same_for_ever_is_not_ours(server):
    server.earlier = lambda *_: Earlier(states=(), after=0)
    with pytest.raises(Failure) as refused:
        restore(server)
    assert refused.value.code is Code.NOT_OUR_SERVER


def test_where_something_is_nothing_is_brought(server, tmp_path: Path):
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for to in (tmp_path, tmp_path / "dangling"):
        with pytest.raises(Failure) as refused:
            restore(server, str(to))
        assert refused.value.code is Code.NAME_TAKEN
    assert server.asked == []
