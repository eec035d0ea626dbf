"""A desk that is ordered to be wiped: it removes what a sign-out would, once, and only if the server it is signed in to has the
order (docs/decisions/0043)."""

from types import SimpleNamespace

import msgspec
import pytest

from govsync.agent import accounts, home, main, orders, removal
from govsync.content.manifests import manifest_of
from govsync.local import root as roots
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem
from govsync.protocol.fleet import Wiped
from govsync.protocol.session import Tokens
from govsync.system.disk import DiskFileSystem
from tests.agent.test_removal import DEVICE, SENT, UNSENT, Disk, Killed, Stage

ORDER = bytes(range(100, 116))


class Calls:
    """A server of which a test says whether an order stands; it has the files that `test_removal` says."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.refuses: dict[str, Code] = {}
        self.told: list[Wiped] = []
        self.files_at_begin: dict[str, bytes] = {}
        self.known_at_begin: home.Ordered | None = None

    def __getattr__(self, name: str):
        return getattr(self._stage.calls, name)

    def begin_wipe(self, order: bytes) -> None:
        assert order == ORDER
        self.files_at_begin, self.known_at_begin = self._stage.files(), self._stage.identity.wipe
        if "begin" in self.refuses:
            raise Failure(self.refuses["begin"])

    def end_wipe(self, order: bytes, result: Wiped) -> None:
        assert order == ORDER
        if "end" in self.refuses:
            raise Failure(self.refuses["end"])
        self.told.append(result)


@pytest.fixture
def stage(tmp_path, monkeypatch) -> Stage:
    monkeypatch.setattr(removal, "DiskFileSystem", Disk)
    Disk.begin(0)
    return Stage(tmp_path / "one")


def obey(stage: Stage, calls: Calls) -> Code | None:
    try:
        accounts.obey(stage.places, stage.identity, calls, ORDER)
    except Failure as failure:
        return failure.code
    return None


def test_what_the_server_has_goes_the_rest_stays_and_only_numbers_are_told(stage):
    calls = Calls(stage)
    assert obey(stage, calls) is None
    assert calls.files_at_begin == {**SENT, **UNSENT}, (
        "nothing goes before the order can no longer be taken back"
    )
    assert calls.known_at_begin == home.Ordered(order=ORDER.hex()), (
        "what the server knows, the desk knows before"
    )
    assert (stage.files(), stage.aside()) == (UNSENT, set())
    assert roots.found(DiskFileSystem(stage.folder)) == (bytes.fromhex(stage.identity.root), DEVICE)
    assert calls.told == [Wiped(removed=len(SENT), kept=len(UNSENT))]
    assert stage.identity.wipe == home.Ordered(order=ORDER.hex(), over=True)
    over = stage.identity.over
    assert (over.wiped, over.removed, over.kept) == (True, len(SENT), len(UNSENT))


def test_what_became_of_the_files_is_known_though_it_ends_as_soon_as_it_was_told(stage):
    """With the session goes the chance to begin anew."""

    class Ending(Calls):
        def end_wipe(self, order: bytes, result: Wiped) -> None:
            raise Killed

    with pytest.raises(Killed):
        obey(stage, Ending(stage))
    assert (stage.identity.over.wiped, stage.identity.over.removed) == (True, len(SENT))


@pytest.mark.parametrize("code", [Code.NOT_FOUND, Code.SIGNED_OUT, Code.OFFLINE])
def test_nothing_goes_where_the_server_does_not_say_that_the_order_stands(stage, code):
    calls = Calls(stage)
    calls.refuses = {"begin": code}
    before = stage.identity
    assert obey(stage, calls) is code
    assert stage.files() == {**SENT, **UNSENT}
    assert msgspec.structs.replace(stage.identity, wipe=None) == before


def test_an_order_that_is_over_is_not_obeyed_again_whoever_repeats_it(stage):
    calls = Calls(stage)
    obey(stage, calls)
    for path, content in SENT.items():
        (stage.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (stage.folder / path).write_bytes(content)
    assert obey(stage, calls) is Code.NOT_FOUND
    assert stage.files() == {**SENT, **UNSENT}
    assert len(calls.told) == 1


def test_a_result_that_could_not_be_told_leaves_the_order_to_be_obeyed_anew(stage):
    calls = Calls(stage)
    calls.refuses = {"end": Code.OFFLINE}
    assert obey(stage, calls) is Code.OFFLINE
    assert stage.identity.wipe == home.Ordered(order=ORDER.hex())
    (stage.folder / "a.txt").write_bytes(SENT["a.txt"])  # What came back meanwhile.
    calls.refuses = {}
    assert obey(stage, calls) is None
    assert (stage.files(), calls.told) == (UNSENT, [Wiped(removed=1, kept=len(UNSENT))])


def test_an_answer_that_was_lost_says_that_the_result_was_heard(stage):
    calls = Calls(stage)
    calls.refuses = {"end": Code.SIGNED_OUT}
    assert obey(stage, calls) is None
    assert stage.identity.wipe == home.Ordered(order=ORDER.hex(), over=True)


def test_killed_at_some_steps_no_unsent_byte_is_lost_and_the_next_try_ends_it(tmp_path, stage):
    """At every step of the removal itself: `test_removal`. What is told of the order is saved by the same replacement of a file."""
    Disk.begin(0)
    obey(stage, Calls(stage))
    for at in range(1, Disk.changes + 1, 5):
        killed = Stage(tmp_path / f"killed-{at}")
        calls = Calls(killed)
        Disk.begin(at)
        with pytest.raises(Killed):
            obey(killed, calls)
        assert UNSENT.items() <= killed.files().items(), at
        assert calls.told == []
        Disk.begin(0)
        killed.calls.had = {manifest_of([each] if each else []).content_hash for each in SENT.values()}
        assert obey(killed, calls) is None
        assert (killed.files(), killed.aside()) == (UNSENT, set()), at
        assert [each.kept for each in calls.told] == [len(UNSENT)]


def test_a_desk_obeys_what_speaks_of_the_life_that_it_has_read_and_is_not_over():
    epochs = {b"now"}
    known = home.Ordered(order=ORDER.hex())
    over = home.Ordered(order=ORDER.hex(), over=True)
    other = home.Ordered(order=bytes(16).hex(), over=True)
    assert orders.due(ORDER, b"now", None, epochs, 0)
    assert orders.due(ORDER, b"now", other, epochs, 0)
    assert not orders.due(ORDER, b"before", None, epochs, 0)
    assert not orders.due(ORDER, b"now", None, set(), 0), "it has read nothing yet"
    assert not orders.due(ORDER, b"now", over, epochs, 1e9)
    assert not orders.due(ORDER, b"now", known, epochs, 1), "it was tried a moment ago"
    assert orders.due(ORDER, b"now", known, epochs, orders.TRIED_AGAIN_S)


def test_a_sign_in_ends_what_was_begun_before(stage, monkeypatch):
    """Whoever has the password may use the desk, whatever a copy of the server's database still orders."""
    home.save(stage.places, msgspec.structs.replace(stage.identity, wipe=home.Ordered(order=ORDER.hex())))
    tokens = Tokens(access="a", refresh="r", expires_s=1, user=b"u", login="anna", name="Anna")
    monkeypatch.setattr(accounts.HttpCalls, "sign_in", lambda *_: tokens)
    accounts.sign_in(stage.places, "http://127.0.0.1:1", "anna", "password")
    assert stage.identity.wipe == home.Ordered(order=ORDER.hex(), over=True)


@pytest.mark.parametrize("lacking", ["nothing", "database", "folder", "proof", "recovery"])
def test_a_desk_ends_to_obey_only_while_its_folder_is_there_and_proven(monkeypatch, lacking):
    trouble = Problem(Code.DISK_FULL) if lacking == "database" else None
    engine = SimpleNamespace(
        root_problem=Problem(Code.FOLDER_MISSING) if lacking == "folder" else None,
        desk=SimpleNamespace(proven_ms=None if lacking == "proof" else 1),
        placing=SimpleNamespace(recovered=lacking != "recovery"),
    )
    ended: list[bool] = []
    agent = SimpleNamespace(
        memory=SimpleNamespace(trouble=trouble), engine=engine, store=None, identity=SimpleNamespace(wipe=None), order=None,
        loop=SimpleNamespace(stop=lambda: ended.append(True)), _began_s=0.0,
    )  # fmt: skip
    monkeypatch.setattr(main.spaces, "all_spaces", lambda _: [SimpleNamespace(epoch=b"now")])
    main.Agent._consider(agent, ORDER, b"now")
    assert (agent.order, ended) == ((ORDER, [True]) if lacking == "nothing" else (None, []))
