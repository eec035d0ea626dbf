"""Where Windows looks for a person's folders, and a junction that stands in."""

import sys

import pytest

if sys.platform != "win32":
    pytest.skip("there are no known folders here", allow_module_level=True)

from govsync.model.problems import Failure
from govsync.system import known
from govsync.system.windows import known as windows

pytestmark = pytest.mark.windows


@pytest.mark.wine_differs("it lacks SHSetKnownFolderPath")
@pytest.mark.parametrize("kind", ["documents", "desktop", "pictures"])
def test_what_is_pointed_is_what_windows_finds(kind, tmp_path):
    before = known.where(kind)
    assert before is not None
    try:
        known.point(kind, tmp_path)
        assert known.where(kind) == tmp_path
    finally:
        known.point(kind, before)
    assert known.where(kind) == before


def test_where_no_place_can_be_told_there_is_no_such_setting(monkeypatch, tmp_path):
    monkeypatch.setattr(windows, "_set", None)
    assert known.where("documents") is None
    with pytest.raises(Failure):
        known.point("documents", tmp_path)


@pytest.mark.wine_differs("it makes no junctions")
def test_a_junction_stands_in_for_a_folder_that_is_empty(tmp_path):
    old, new = tmp_path / "Documents", tmp_path / "GovSync" / "Documents"
    new.mkdir(parents=True)
    old.mkdir()
    (old / "a.txt").write_text("a")
    assert not known.leave_stand_in(old, new)
    (old / "a.txt").rename(new / "a.txt")
    assert known.leave_stand_in(old, new)
    assert known.is_stand_in(old, new)
    assert (old / "a.txt").read_text() == "a"
    known.take_stand_in(old, new)
    assert (known.is_stand_in(old, new), list(old.iterdir())) == (False, [])
    assert (new / "a.txt").read_text() == "a"
