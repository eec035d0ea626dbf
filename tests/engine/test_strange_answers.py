"""A server that answers in the right shape and says something else in it, anywhere: the engine goes on, and no byte of this
desk is lost.

What has not the right shape is refused where it is read (`remote.http`); here it is what is left."""

from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from govsync.engine.desk import Rules
from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.model.problems import MALFORMED, Failure
from govsync.protocol.changes import Changes, KnownAnswer, Nodes
from govsync.protocol.commits import CommitAnswer
from govsync.protocol.limits import DEFAULT
from govsync.protocol.session import Heads, Spaces
from govsync.remote.chunked import ChunkedRemote
from tests.engine.bench import Bench
from tests.foreign import PACKED_JUNK, changed

KINDS: dict[str, Any] = {
    "spaces": Spaces, "heads": Heads, "changes": Changes, "nodes": Nodes, "known": KnownAnswer, "commit": CommitAnswer,
}  # fmt: skip


class Contents(ChunkedRemote):
    """The desk's side of the calls, but for contents, which the bench's server moves as a whole."""

    def __init__(self, strange: "Strange") -> None:
        super().__init__(strange, DEFAULT)  # type: ignore[arg-type]
        self.upload = strange.upload  # type: ignore[method-assign]
        self.download = strange.download  # type: ignore[method-assign]


class Strange:
    """A server of which some answers are others on their way."""

    def __init__(self, server: Any, data: st.DataObject) -> None:
        self._server, self._data = server, data

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._server, name)
        if name not in KINDS:
            return asked
        return lambda *given, **more: self._changed(name, asked(*given, **more))

    def _changed(self, name: str, answer: Any) -> Any:
        if not self._data.draw(st.booleans(), f"is the answer to {name} changed?"):
            return answer
        if name == "changes":
            return self._other(answer[0], Changes), answer[1]
        return self._other(answer, KINDS[name])

    def download(self, space: bytes, wants: Any) -> None:
        try:
            self._server.download(space, wants)
        except KeyError as error:
            raise Failure(Code.NOT_FOUND) from error  # A revision that it has only named.

    def _other(self, message: Any, kind: Any) -> Any:
        document = msgspec.msgpack.decode(msgspec.msgpack.encode(message))
        other = self._data.draw(changed(document, PACKED_JUNK), kind.__name__)
        try:
            return from_packed(msgspec.msgpack.encode(other), kind)
        except (*MALFORMED, OverflowError, UnicodeEncodeError) as error:
            raise Failure(Code.NOT_OUR_SERVER) from error


def everywhere(folder: Path) -> set[bytes]:
    """Answers the contents of all files under the folder and beside it, the hidden ones too."""
    return {file.read_bytes() for file in folder.parent.rglob("*") if file.is_file()}


@settings(max_examples=settings.default.max_examples // 4)  # Each is a desk of its own.
@given(data=st.data())
def test_an_answer_that_says_something_else_ends_nothing_and_loses_nothing(tmp_path_factory, data) -> None:
    folder = tmp_path_factory.mktemp("desk") / "folder"
    bench = Bench(folder, Rules(minimum_free_bytes=0))
    bench.write("mine.txt", b"mine")
    theirs = bench.server.has("theirs.txt", b"theirs")
    bench.settle()
    bench.tools = msgspec.structs.replace(bench.tools, remote=Contents(Strange(bench.server, data)))
    for turn in range(4):
        bench.write(f"new {turn}.txt", b"new %d" % turn)
        bench.write("mine.txt", b"mine %d" % turn)
        theirs = bench.server.has("theirs.txt", b"theirs %d" % turn, theirs.node)
        bench.steady_ms += 1_000
        bench.beat()
        bench.work()
    kept = everywhere(folder) | set(bench.server.chunks.values())
    assert kept >= {b"mine 3", *(b"new %d" % turn for turn in range(4))}
    assert {each.name for each in folder.parent.iterdir()} <= {"folder", "GovSync Rescued"}
    bench.store.close()
