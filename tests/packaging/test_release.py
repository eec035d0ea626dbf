"""A package's version is that of its commit: higher for each later one, below that of the release to come."""

import itertools
import shutil
import subprocess
import sys

import pytest

from packages import release
from tests.packaging.conftest import RELEASE, commit, git


def test_a_commit_on_the_way_to_a_release_counts_the_commits(repository):
    found = release.of(repository)
    assert found.debian == f"0.1.0~dev1+g{git(repository, 'rev-parse', 'HEAD')[:10]}"
    assert found.python == found.debian.replace("~", ".")
    assert found.epoch == int(git(repository, "show", "--no-patch", "--format=%ct"))


def test_a_tag_makes_a_release(repository):
    git(repository, "tag", "v0.1.0")
    assert (release.of(repository).debian, release.of(repository).python) == ("0.1.0", "0.1.0")


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="only Debian orders versions of Debian")
def test_each_later_commit_is_an_upgrade_and_the_release_is_one_too(repository):
    versions = [release.of(repository).debian]
    for _ in range(10):
        commit(repository)
        versions.append(release.of(repository).debian)
    git(repository, "tag", "v0.1.0")
    versions.append(release.of(repository).debian)
    for earlier, later in itertools.pairwise(versions):
        subprocess.run(["dpkg", "--compare-versions", earlier, "lt", later], check=True)


def test_a_tag_of_another_version_than_the_sources_say_is_refused(repository):
    git(repository, "tag", "v0.2.0")
    with pytest.raises(release.Refused, match=r"v0\.2\.0"):
        release.of(repository)


def test_a_clone_that_lacks_history_is_refused_since_it_would_count_wrongly(repository, tmp_path):
    commit(repository)
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")
    with pytest.raises(release.Refused, match="history"):
        release.of(tmp_path / "shallow")


def test_what_is_packed_is_what_is_committed_and_says_its_version(repository, tmp_path):
    found = release.of(repository)
    (repository / "src" / "govsync" / "new.py").write_text("not committed")
    (repository / "pyproject.toml").write_text("spoiled")
    release.export(repository, found, tmp_path / "sources")
    assert not (tmp_path / "sources" / "src" / "govsync" / "new.py").exists()
    said = subprocess.run(
        [sys.executable, "-c", "import govsync; print(govsync.__version__)"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "sources" / "src")}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout.strip() == found.python
    assert f'version = "{found.python}"' in (tmp_path / "sources" / "pyproject.toml").read_text()


def test_sources_that_say_their_version_otherwise_are_refused(repository, tmp_path):
    (repository / "src" / "govsync" / "__init__.py").write_text('__version__ = "0.0.9"\n')
    commit(repository)
    with pytest.raises(release.Refused, match="__version__"):
        release.export(repository, release.of(repository), tmp_path / "sources")


def test_windows_orders_versions_by_three_numbers_of_which_the_last_counts_commits():
    assert RELEASE.windows == "0.1.12"
    assert RELEASE._replace(released=True, base="2.3.4", commits=13).windows == "2.3.13"
    for base, commits in (("0.256.0", 1), ("256.0.0", 1), ("0.1.0", 65_536)):
        with pytest.raises(release.Refused, match="Windows Installer"):
            _ = RELEASE._replace(base=base, commits=commits).windows
