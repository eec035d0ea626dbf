"""The manual page has every command and option, and nothing in it is taken for an instruction by mistake."""

import gzip
import re
import shutil
import subprocess

import pytest

from govsync.cli.main import _WHERE
from packages import manual

PAGE = manual.page("govsync", 1_790_000_000, "1.2.3")
KNOWN = {".TH", ".SH", ".TP", ".B", ".I", ".RS", ".RE"}


def test_every_command_is_in_it():
    found = set(re.findall(r"^\.B govsync ([a-z\\-]+)", PAGE, re.M))
    assert {name.replace("-", r"\-") for name in _WHERE} == found


def test_options_exit_codes_and_the_version_are_in_it():
    assert r"\fB\-\-timeout FLOAT" in PAGE
    assert ".B 64\nwrong usage" in PAGE
    assert PAGE.startswith('.TH GOVSYNC 1 "2026-09-21" "GovSync 1.2.3"')


def test_only_known_instructions_are_given():
    assert {line.split()[0] for line in PAGE.splitlines() if line.startswith((".", "'"))} <= KNOWN


def test_a_text_is_no_instruction():
    assert manual._plain(".B x") == r"\&.B x"
    assert manual._plain(r"a\b-c") == r"a\eb\-c"


def test_it_is_packed_the_same_each_time():
    assert manual.packed(PAGE) == manual.packed(PAGE)
    assert gzip.decompress(manual.packed(PAGE)).decode() == PAGE


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not here")
def test_groff_has_nothing_to_warn_of():
    done = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z"],
        input=PAGE.encode(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
