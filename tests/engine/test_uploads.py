"""Files are sent together, and one that finds no room in its space keeps back no other (I10, R39)."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from govsync.content.chunks import cut, reading
from govsync.content.manifests import manifest_of
from govsync.engine import jobs, work
from govsync.engine.passing import Passing
from govsync.engine.work import Tools
from govsync.local.ignore import Ignore
from govsync.local.root import adopt
from govsync.local.steps import At
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.remote.interface import Passed, Source
from govsync.system.disk import DiskFileSystem


class Server:
    """Takes what fits into its quota altogether, and refuses all of it otherwise."""

    def __init__(self, quota_bytes: int, code: Code = Code.QUOTA) -> None:
        self.left, self.code = quota_bytes, code
        self.taken: list[int] = []
        self.passing = Passing()
        self.seen: list[dict[int, int]] = []

    def upload(self, space: bytes, sources: Sequence[Source], growth_bytes: int, passed: Passed) -> None:
        for number, source in enumerate(sources[:2]):
            passed(number, source.manifest.size_bytes)
        self.seen.append(self.passing.now())
        if growth_bytes > self.left:
            raise Failure(self.code, left=self.left)
        self.taken = [source.manifest.size_bytes for source in sources]


def upload(path: Path, server: Server, *sizes: int, before: Sequence[int] = ()) -> jobs.Uploaded:
    """Uploads files of these sizes; `before` says how long each was."""
    path.mkdir()
    fs = DiskFileSystem(path)
    tools = Tools(
        fs=fs, remote=server, root=adopt(fs, b"r" * 16, b"d" * 16), ignore=lambda: Ignore.of_setting(()),  # type: ignore[arg-type]
        clock_ns=lambda: 0, rescued=lambda: fs, passing=server.passing,
    )  # fmt: skip
    files = []
    for lid, size in enumerate(sizes):
        data = bytes([lid]) * size
        (path / str(lid)).write_bytes(data)
        manifest = manifest_of(piece for _, piece in cut(reading(data), size))
        growth = max(0, size - (before[lid] if before else 0))
        files.append(jobs.ToUpload(lid=lid, at=At((), str(lid)), manifest=manifest, growth_bytes=growth))
    done = work.run(jobs.Upload(number=1, space=b"s" * 16, files=tuple(files)), tools)
    assert isinstance(done, jobs.Uploaded)
    return done


def test_what_finds_no_room_is_left_out_the_largest_first_and_the_others_go(tmp_path):
    server = Server(100)
    done = upload(tmp_path / "folder", server, 40, 500, 30, 90)
    assert done.done == (0, 2)
    assert [(lid, problem.code) for lid, problem in done.failed] == [(1, Code.QUOTA), (3, Code.QUOTA)]
    assert server.taken == [40, 30]


def test_an_edit_that_makes_no_file_longer_needs_no_room(tmp_path):
    server = Server(0)
    done = upload(tmp_path / "folder", server, 400, 900, 100, before=(900, 900, 90))
    assert done.done == (0, 1)
    assert [(lid, problem.code) for lid, problem in done.failed] == [(2, Code.QUOTA)]


def test_while_files_are_sent_it_can_be_seen_how_much_of_each_has_passed(tmp_path):
    server = Server(100)
    upload(tmp_path / "folder", server, 40, 500, 30)
    assert server.seen == [{0: 40, 1: 500, 2: 0}, {0: 40, 2: 30, 1: 500}], (
        "begun anew without what finds no room"
    )
    assert server.passing.now() == {}


def test_of_what_failed_nothing_is_seen_any_more(tmp_path):
    server = Server(0, Code.OFFLINE)
    with pytest.raises(Failure):
        upload(tmp_path / "folder", server, 40)
    assert server.seen == [{0: 40}]
    assert server.passing.now() == {}


def test_what_describes_a_file_is_no_part_of_what_has_passed(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "LIMITS", msgspec.structs.replace(work.LIMITS, manifest_inline_bytes=1))
    server = Server(100)
    upload(tmp_path / "folder", server, 40)
    assert len(server.taken) == 2
    assert server.seen == [{0: 40}]


def test_a_refusal_that_says_nothing_about_room_is_one_of_all(tmp_path):
    with pytest.raises(Failure) as caught:
        upload(tmp_path / "folder", Server(0, Code.OFFLINE), 40)
    assert caught.value.code is Code.OFFLINE
