"""The repository holds files alone: a link of somebody's machine would take the place of what lies there on another's."""

import subprocess

from tests.project.sources import ROOT


def test_what_git_keeps_are_files_and_programs_never_links():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--stage"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    entries = [line.split(maxsplit=3) for line in listed.stdout.split("\0") if line]
    assert len(entries) > 500
    assert [path for mode, _, _, path in entries if mode not in ("100644", "100755")] == []
