"""Files that go at a sign-out: only what is safely on the server, whatever happens in between (I1, docs/decisions/0033)."""

import os
from pathlib import Path

import msgspec
import pytest

from govsync.agent import home, removal
from govsync.content.manifests import manifest_of
from govsync.local.steps import STATE
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import Cursor, KnownAnswer, Nodes, NodeState
from govsync.protocol.commits import MissingAnswer
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, Spaces, SpaceState
from govsync.system.disk import DiskFileSystem
from govsync.system.places import places as places_of

DEVICE = bytes(range(16))
SENT = {"a.txt": b"one", "deep/b.txt": b"two" * 40_000, "deep/deeper/c.txt": b"", "Team/t.txt": b"team"}
UNSENT = {"new.txt": b"new", "deep/edited.txt": b"edited", "Team/own.txt": b"own"}
CHANGES = ("rename", "unlink", "remove_folder", "exchange", "create", "make_folder")


class Killed(BaseException):
    """The process is no more."""


class Disk(DiskFileSystem):
    """Ends the process before its nth change, or lets a program act then."""

    changes = 0
    at = 0
    act = None

    @classmethod
    def begin(cls, at: int, act=None) -> None:
        cls.changes, cls.at, cls.act = 0, at, act


def _counted(name: str):
    whole = getattr(DiskFileSystem, name)

    def call(self, *arguments, **more):
        Disk.changes += 1
        if Disk.changes == Disk.at:
            if Disk.act is None:
                raise Killed
            Disk.act()
        return whole(self, *arguments, **more)

    return call


for _name in CHANGES:
    setattr(Disk, _name, _counted(_name))


class Calls:
    """A server that has what was sent, in a person's own space and in a team's."""

    def __init__(self) -> None:
        self.states: dict[bytes, list[NodeState]] = {b"own": [], b"team": []}
        self.role = Role.EDITOR
        self.lost: set[bytes] = set()
        self.had: set[bytes] = set()
        self.fails = False
        ids: dict[tuple[str, ...], bytes] = {(): b"root-own"}
        for number, (path, content) in enumerate({**SENT, "deep/edited.txt": b"before"}.items()):
            *folders, name = path.split("/")
            for depth in range(1, len(folders) + 1):
                at = tuple(folders[:depth])
                if at not in ids:
                    mount = at == ("Team",)
                    ids[at] = b"root-team" if mount else "/".join(at).encode()
                    kind = Kind.MOUNT if mount else Kind.FOLDER
                    self._add(b"own", at, ids, kind, root=b"root-team" if mount else None)
            space = b"team" if folders[:1] == ["Team"] else b"own"
            digest = manifest_of([content] if content else []).content_hash
            self._add(
                space, (*folders, name), ids | {(*folders, name): bytes([number])}, Kind.FILE, hash=digest
            )

    def _add(self, space, at, ids, kind, **more) -> None:
        node = b"mount" if kind is Kind.MOUNT else ids[at]
        state = NodeState(node=node, kind=kind, parent=ids[at[:-1]], name=at[-1], place=b"", seq=1, **more)
        self.states[space].append(state)

    def spaces(self, _):
        return Spaces(spaces=(
            SpaceInfo(id=b"own", state=SpaceState.MEMBER, root=b"root-own", role=Role.MANAGER),
            SpaceInfo(id=b"team", state=SpaceState.MEMBER, kind=SpaceKind.TEAM, root=b"root-team", role=self.role),
            SpaceInfo(id=b"gone", state=SpaceState.REVOKED),
        ))  # fmt: skip

    def nodes(self, space, after):
        every = self.states[space]
        half = len(every) // 2
        cursor = Cursor(b"", 0, b"")
        if after is None and half:
            return Nodes(nodes=tuple(every[:half]), cursor=cursor, after=b"half")
        return Nodes(nodes=tuple(every[half:]), cursor=cursor)

    def missing(self, space, question):
        if self.fails:
            raise Failure(Code.OFFLINE)
        return MissingAnswer(missing=tuple(digest in self.lost for digest in question.hashes))

    def known(self, space, question):
        return KnownAnswer(contents=tuple(digest in self.had for _, digest in question.contents))


class Stage:
    def __init__(self, base: Path) -> None:
        base.mkdir(parents=True)
        self.places = places_of({"GOVSYNC_HOME": str(base / "home"), "GOVSYNC_CREDENTIALS": "file"})
        self.folder = base / "GovSync"
        identity = home.Identity(device=DEVICE.hex(), name="desk", machine=home.machine_id(), login="anna")
        home.choose_folder(self.places, identity, self.folder, b"r" * 16)
        for path, content in {**SENT, **UNSENT}.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(content)
            os.utime(self.folder / path, ns=(10**18, 10**18))
        self.calls = Calls()

    @property
    def identity(self) -> home.Identity:
        return home.load(self.places, b"n" * 16)

    def remove(self) -> removal.Removed:
        return removal.remove_files(self.places, self.identity, self.calls)

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and STATE not in path.parts
        }

    def aside(self) -> set[bytes]:
        return {path.read_bytes() for path in (self.folder / STATE / "trash").rglob("*") if path.is_file()}


@pytest.fixture
def stage(tmp_path, monkeypatch) -> Stage:
    monkeypatch.setattr(removal, "DiskFileSystem", Disk)
    Disk.begin(0)
    return Stage(tmp_path / "one")


def test_what_the_server_has_goes_and_all_else_stays_and_is_named(stage):
    before = stage.identity.root
    removed = stage.remove()
    assert stage.files() == UNSENT
    assert (removed.count, removed.left, set(removed.left_paths)) == (len(SENT), len(UNSENT), set(UNSENT))
    assert stage.aside() == set()
    assert not (stage.folder / "deep" / "deeper").exists()
    assert stage.identity.root != before
    assert removal.roots.found(DiskFileSystem(stage.folder)) == (bytes.fromhex(stage.identity.root), DEVICE)


def test_a_file_stays_if_the_server_has_lost_a_piece_of_it_or_cannot_be_asked_any_more(stage):
    stage.calls.lost = {manifest_of([SENT["a.txt"]]).chunks[0].hash}
    assert stage.remove().count == len(SENT) - 1
    assert stage.files()["a.txt"] == SENT["a.txt"]
    stage.calls.lost, stage.calls.fails = set(), True
    assert stage.remove().count == 0
    assert stage.files()["a.txt"] == SENT["a.txt"]


def test_what_lies_in_a_space_that_one_may_only_send_into_stays(stage):
    stage.calls.role = Role.UPLOADER
    stage.remove()
    assert stage.files().keys() == UNSENT.keys() | {"Team/t.txt"}


def test_a_file_that_is_being_written_stays(stage):
    with (stage.folder / "a.txt").open("r+b") as program:
        removed = stage.remove()
        program.write(b"ONE")
    assert stage.files()["a.txt"] == b"ONE"
    assert "a.txt" in removed.left_paths


def test_a_version_in_the_hidden_trash_goes_if_the_server_has_had_it_and_stays_otherwise(stage):
    hidden = stage.folder / STATE / "trash"
    for name, content in {"1~old.txt": b"old", "2~late.txt": b"late"}.items():
        (hidden / name).write_bytes(content)
    (stage.folder / STATE / "staging" / "half").write_bytes(b"half")
    stage.calls.had = {manifest_of([b"old"]).content_hash}
    assert f"{STATE}/trash/2~late.txt" in stage.remove().left_paths
    assert stage.aside() == {b"late"}
    assert list((stage.folder / STATE / "staging").iterdir()) == []


def test_nothing_is_changed_where_it_is_not_known_what_the_server_has(stage, monkeypatch):
    def fail(*_: object) -> None:
        raise Failure(Code.OFFLINE)

    before = stage.identity
    monkeypatch.setattr(stage.calls, "nodes", fail)
    with pytest.raises(Failure) as refused:
        stage.remove()
    assert refused.value.code is Code.OFFLINE
    assert stage.files() == {**SENT, **UNSENT}
    assert stage.identity == before


def test_another_folder_at_the_path_is_not_touched(stage):
    for path in (stage.folder / STATE).iterdir():
        if path.is_file():
            path.unlink()
    with pytest.raises(Failure) as refused:
        stage.remove()
    assert refused.value.code is Code.FOLDER_REPLACED
    assert stage.files() == {**SENT, **UNSENT}


def steps(stage: Stage) -> int:
    Disk.begin(0)
    stage.remove()
    return Disk.changes


def test_killed_at_any_step_no_unsent_byte_is_lost_and_nothing_looks_deleted(tmp_path, stage):
    """As long as one file is missing the folder is another one than the desk remembers; and it can be asked for again."""
    count = steps(stage)
    assert count > 12
    for at in range(1, count + 1):
        killed = Stage(tmp_path / f"killed-{at}")
        old = killed.identity.root
        Disk.begin(at)
        with pytest.raises(Killed):
            killed.remove()
        files = killed.files()
        assert UNSENT.items() <= files.items(), at
        missing = SENT.keys() - files.keys()
        if missing:
            assert killed.identity.root != old, at
            assert removal.roots.found(DiskFileSystem(killed.folder)) != (bytes.fromhex(old), DEVICE), at
        Disk.begin(0)
        killed.calls.had = {manifest_of([each] if each else []).content_hash for each in SENT.values()}
        killed.remove()
        assert (killed.files(), killed.aside()) == (UNSENT, set()), at


@pytest.mark.parametrize("save", [1, 2])
def test_killed_while_the_folder_becomes_another_one_it_is_known_again(stage, monkeypatch, save):
    """Its marker may be the new one, and the device still know the old one."""
    whole, saves = home.save, [0]

    def ended(places, identity):
        saves[0] += 1
        if saves[0] == save:
            raise Killed
        whole(places, identity)

    monkeypatch.setattr(home, "save", ended)
    with pytest.raises(Killed):
        stage.remove()
    monkeypatch.setattr(home, "save", whole)
    assert stage.files() == {**SENT, **UNSENT}
    known = home.with_root(stage.places, stage.identity)
    assert (known.next_root, known) == ("", stage.identity)
    assert removal.roots.found(DiskFileSystem(stage.folder)) == (bytes.fromhex(known.root), DEVICE)


@pytest.mark.parametrize("away", ["folder", "marker"])
def test_where_the_folder_is_away_it_is_asked_again_which_one_it_is(stage, away):
    asked = msgspec.structs.replace(stage.identity, next_root="ab" * 16)
    gone = stage.folder if away == "folder" else stage.folder / STATE
    gone.rename(stage.folder.with_name("away"))
    assert home.with_root(stage.places, asked) == asked


def test_what_is_saved_at_any_step_stays(tmp_path, stage):
    """A program saves by a rename, as office programs do, before each change of the disk."""
    for at in range(1, steps(stage) + 1):
        busy = Stage(tmp_path / f"busy-{at}")

        def save(folder: Path = busy.folder) -> None:
            (folder / ".a.new").write_bytes(b"saved")
            (folder / ".a.new").rename(folder / "a.txt")

        Disk.begin(at, save)
        busy.remove()
        assert b"saved" in {*busy.files().values(), *busy.aside()}, at
        assert busy.files().get("a.txt") == b"saved", at


def test_what_is_written_into_a_file_on_its_way_out_comes_back(stage, monkeypatch):
    """A program that had opened it in time still writes."""
    purge = removal.trash.purge

    def written(disk, root, held):
        for name in (each.name for each in held if each.name.endswith("~a.txt")):
            (stage.folder / STATE / "trash" / name).write_bytes(b"late")
        return purge(disk, root, held)

    monkeypatch.setattr(removal.trash, "purge", written)
    removed = stage.remove()
    assert stage.files() == {**UNSENT, "a.txt": b"late"}
    assert "a.txt" in removed.left_paths


def test_a_folder_that_another_desk_has_taken_over_is_not_touched(stage):
    removal.roots.adopt(DiskFileSystem(stage.folder), bytes.fromhex(stage.identity.root), b"o" * 16)
    with pytest.raises(Failure) as refused:
        stage.remove()
    assert refused.value.code is Code.FOLDER_REPLACED
    assert stage.files() == {**SENT, **UNSENT}


def test_an_empty_folder_that_the_server_does_not_show_stays(stage):
    (stage.folder / "mine" / "deeper").mkdir(parents=True)
    stage.remove()
    assert (stage.folder / "mine" / "deeper").is_dir()


def test_versions_stay_where_it_is_not_known_whether_the_server_has_had_them(stage, monkeypatch):
    def fail(*_: object) -> None:
        raise Failure(Code.OFFLINE)

    (stage.folder / STATE / "trash" / "1~old.txt").write_bytes(b"old")
    monkeypatch.setattr(stage.calls, "known", fail)
    assert f"{STATE}/trash/1~old.txt" in stage.remove().left_paths
    assert stage.aside() == {b"old"}


def test_what_waits_for_its_name_stays_and_is_named(stage):
    """A change of names was cut off (R14)."""
    (stage.folder / STATE / "parking" / "7~a.txt").write_bytes(b"parked")
    assert f"{STATE}/parking/7~a.txt" in stage.remove().left_paths
    assert (stage.folder / STATE / "parking" / "7~a.txt").read_bytes() == b"parked"


@pytest.mark.parametrize("how", ["refused", "cut off"])
def test_a_folder_that_cannot_be_listed_whole_is_named_and_keeps_nothing_else_back(stage, monkeypatch, how):
    ino = (stage.folder / "deep").stat().st_ino

    def listed(self, folder):
        found = DiskFileSystem.list(self, folder)
        if self.identity(folder).ino != ino:
            return found
        if how == "refused":
            raise Failure(Code.NO_ACCESS)
        return msgspec.structs.replace(found, complete=False)

    monkeypatch.setattr(Disk, "list", listed, raising=False)
    removed = stage.remove()
    assert "deep" in removed.left_paths
    assert not {"a.txt", "Team/t.txt"} & stage.files().keys()
