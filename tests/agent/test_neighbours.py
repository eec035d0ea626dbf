"""What may not lie in or around the synced folder, and which other programs leave a trace in theirs (R45)."""

import pytest

from govsync.agent.neighbours import other_program, require_apart
from govsync.model.codes import Code
from govsync.model.problems import Failure, problem_of
from govsync.text.sentences import sentence


def synced(folder):
    (folder / ".govsync").mkdir(parents=True)
    (folder / ".govsync" / "root").touch()
    return folder


def refused(folder, home) -> str:
    with pytest.raises(Failure) as caught:
        require_apart(folder, home)
    assert caught.value.code is Code.FOLDER_UNFIT
    return sentence(problem_of(caught.value))


def test_one_synced_folder_lies_in_no_other(tmp_path):
    outer = synced(tmp_path / "outer")
    assert str(outer) in refused(outer / "a" / "b", tmp_path / "home")
    inner = synced(tmp_path / "around" / "a" / "inner")
    assert str(inner) in refused(tmp_path / "around", tmp_path / "home")


def test_a_link_to_a_place_in_a_synced_folder_lies_in_it(tmp_path):
    outer = synced(tmp_path / "outer")
    (outer / "a").mkdir()
    (tmp_path / "link").symlink_to(outer / "a")
    assert str(outer) in refused(tmp_path / "link", tmp_path / "home")


def test_the_folder_and_the_home_lie_apart(tmp_path):
    for folder, home in (("a", "a"), ("a", "a/home"), ("home/a", "home")):
        refused(tmp_path / folder, tmp_path / home)


def test_a_folder_beside_others_or_synced_itself_is_apart(tmp_path):
    synced(tmp_path / "other")
    require_apart(tmp_path / "new", tmp_path / "home")
    require_apart(synced(tmp_path / "own"), tmp_path / "home")


@pytest.mark.parametrize(
    ("program", "trace"),
    [
        ("Syncthing", ".stfolder/"), ("Dropbox", ".dropbox.cache/"), ("Dropbox", ".dropbox"),
        ("Nextcloud", ".sync_0123456789ab.db"), ("Nextcloud", "._sync_0123456789ab.db"), ("Nextcloud", ".nextcloudsync.log"),
    ],
)  # fmt: skip
def test_another_programs_folder_is_known_by_its_traces_also_from_below(tmp_path, program, trace):
    folder = tmp_path / "theirs"
    (folder / "a").mkdir(parents=True)
    (folder / trace).mkdir() if trace.endswith("/") else (folder / trace).touch()
    assert other_program(folder) == other_program(folder / "a") == (program, folder)


def test_one_drive_is_known_by_its_name(tmp_path):
    for name in ("OneDrive", "OneDrive - Ministry"):
        (tmp_path / name / "a").mkdir(parents=True)
        assert other_program(tmp_path / name / "a") == ("OneDrive", tmp_path / name)
    (tmp_path / "OneDrives").mkdir()
    assert other_program(tmp_path / "OneDrives") is None


def test_the_settings_of_another_program_in_a_home_say_nothing_about_the_folders_beside(tmp_path):
    (tmp_path / ".dropbox").mkdir()
    (tmp_path / "GovSync").mkdir()
    assert other_program(tmp_path / "GovSync") is None
