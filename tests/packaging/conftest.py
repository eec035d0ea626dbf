"""What tests of packages share: small repositories, and the version that their packages have."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from packages.release import Release

RELEASE = Release(base="0.1.0", commits=12, commit="abcdef0123456789", epoch=1_790_000_000, released=False)

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, which has what a version is put into."""
    root = tmp_path / "repository"
    (root / "src" / "govsync").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[project]\nname = "govsync"\nversion = "0.1.0"\n')
    (root / "src" / "govsync" / "__init__.py").write_text('__version__ = "0.1.0"\n')
    git(root, "init", "--quiet")
    commit(root)
    return root


def git(root: Path, *arguments: str) -> str:
    """Runs git, as nobody in particular."""
    who = [
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "protocol.file.allow=always",
    ]
    done = subprocess.run(
        ["git", "-C", str(root), *who, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(root: Path) -> None:
    """Commits all that there is."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "A change")
