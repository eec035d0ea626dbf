"""A shell that completes our command runs the command itself, and so offers what there is."""

import shutil
import subprocess
import sys

import pytest

from packages import completion


@pytest.fixture
def put(tmp_path):
    completion.put(tmp_path, "govsync")
    return tmp_path


def test_each_shell_has_its_file_where_it_looks(put):
    files = sorted(str(file.relative_to(put)) for file in put.rglob("*") if file.is_file())
    assert files == [
        "usr/share/bash-completion/completions/govsync",
        "usr/share/fish/vendor_completions.d/govsync.fish",
        "usr/share/zsh/vendor-completions/_govsync",
    ]
    for file in files:
        assert "_GOVSYNC_COMPLETE" in (put / file).read_text()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_bash_offers_the_commands_and_their_options(put):
    command = put / "govsync"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m govsync.cli.main "$@"\n')
    command.chmod(0o755)
    script = (
        f"source {put}/usr/share/bash-completion/completions/govsync\n"
        f'COMP_WORDS=(govsync sta); COMP_CWORD=1; _govsync_completion {command}; echo "${{COMPREPLY[@]}}"\n'
        f'COMP_WORDS=(govsync wait --t); COMP_CWORD=2; COMPREPLY=(); _govsync_completion {command}; echo "${{COMPREPLY[@]}}"\n'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["start status", "--timeout"]
