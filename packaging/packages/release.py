"""Which version a package is, from git: that of a commit, the same whoever builds it, and higher for each later one."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

_SHORT = 10
_MOST = (255, 255, 65_535)
"""What the three numbers of a version of the Windows Installer hold."""


class Refused(Exception):
    """A package cannot be made, and why."""


class Release(NamedTuple):
    """A commit as packages name it; `epoch` is the second of the commit, which all files and dates of a package bear."""

    base: str
    commits: int
    commit: str
    epoch: int
    released: bool

    @property
    def python(self) -> str:
        """The version as Python and `govsync --version` say it."""
        return self.base if self.released else f"{self.base}.dev{self.commits}+g{self.commit[:_SHORT]}"

    @property
    def debian(self) -> str:
        """The version as Debian orders it: what comes before a release is less than the release."""
        return self.base if self.released else f"{self.base}~dev{self.commits}+g{self.commit[:_SHORT]}"

    @property
    def windows(self) -> str:
        """The version as the Windows Installer orders it, by three numbers: the third counts the commits, so that it rises with each.

        Raises Refused where a number is larger than it can be there."""
        first, second, *_ = self.base.split(".")
        numbers = (int(first), int(second), self.commits)
        if any(number > most for number, most in zip(numbers, _MOST, strict=True)):
            raise Refused(f"the Windows Installer knows no version {'.'.join(map(str, numbers))}")
        return ".".join(map(str, numbers))


def of(repository: Path) -> Release:
    """Answers what HEAD is: a release where a tag vX.Y.Z says so, else one on the way to the version of pyproject.toml.

    Raises Refused for a clone that lacks history, which would count wrongly, and for a tag that names another version."""
    if _git(repository, "rev-parse", "--is-shallow-repository") == "true":
        raise Refused("this clone has only a part of the history; `git fetch --unshallow` first")
    project = tomllib.loads(_git(repository, "show", "HEAD:pyproject.toml"))["project"]
    base = str(project["version"])
    tags = [tag for tag in _git(repository, "tag", "--points-at", "HEAD").split() if re.match(r"v\d", tag)]
    if tags and f"v{base}" not in tags:
        raise Refused(f"the tag {tags[0]} names another version than pyproject.toml ({base})")
    return Release(
        base=base,
        commits=int(_git(repository, "rev-list", "--count", "HEAD")),
        commit=_git(repository, "rev-parse", "HEAD"),
        epoch=int(_git(repository, "show", "--no-patch", "--format=%ct", "HEAD")),
        released=bool(tags),
    )


def export(repository: Path, release: Release, into: Path) -> None:
    """Writes the sources of the commit, not those of the working tree, and puts the version into them."""
    archive = subprocess.run(
        ["git", "-C", str(repository), "archive", "--format=tar", release.commit],
        check=True,
        capture_output=True,
    )
    into.mkdir()
    subprocess.run(["tar", "--extract", "--directory", str(into)], input=archive.stdout, check=True)
    stamp(into / "pyproject.toml", "version", release)
    stamp(into / "src" / "govsync" / "__init__.py", "__version__", release)


def stamp(file: Path, name: str, release: Release) -> None:
    """Puts the version into the one line of a file that says the version of the sources."""
    text, line = file.read_text(encoding="utf-8"), f'{name} = "{release.base}"\n'
    if text.count(line) != 1:
        raise Refused(f"{file.name} should say once: {line.strip()}")
    file.write_text(text.replace(line, f'{name} = "{release.python}"\n'), encoding="utf-8")


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
