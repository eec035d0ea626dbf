"""Each error of the operating system has one meaning, and what is not known to be missing is never said to be gone."""

import errno

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.failures import attempt, failure_of

FS_CODES = {
    Code.GONE, Code.EXISTS, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY, Code.NO_ACCESS, Code.READ_ONLY, Code.DISK_FULL,
    Code.BUSY, Code.NAME_TOO_LONG, Code.TOO_LARGE_HERE, Code.UNREADABLE,
}  # fmt: skip


def test_every_error_becomes_one_of_the_codes_of_the_primitives_and_keeps_its_name():
    for number, name in errno.errorcode.items():
        failure = failure_of(OSError(number, "text"), "look")
        assert failure.code in FS_CODES, name
        assert failure.facts == {"what": "look", "errno": name}


def test_only_what_is_not_there_is_gone():
    gone = [
        name
        for number, name in errno.errorcode.items()
        if failure_of(OSError(number, ""), "").code is Code.GONE
    ]
    assert gone == ["ENOENT"]


@pytest.mark.parametrize("number", [32, 33])
def test_what_windows_says_of_a_file_that_somebody_has_open_is_no_refusal(number):
    """Python calls it EACCES."""
    error = PermissionError(errno.EACCES, "in use")
    error.winerror = number
    assert failure_of(error, "open").code is Code.BUSY
    error.winerror = 5
    assert failure_of(error, "open").code is Code.NO_ACCESS


def test_an_error_without_number_is_a_failure_too():
    assert failure_of(OSError("strange"), "look").code is Code.UNREADABLE


@pytest.mark.parametrize(
    ("error", "code"),
    [(FileExistsError(errno.EEXIST, ""), Code.EXISTS), (OSError(errno.EDQUOT, ""), Code.DISK_FULL)],
)
def test_an_attempt_turns_errors_into_failures_and_keeps_their_cause(error, code):
    with pytest.raises(Failure) as raised, attempt("try"):
        raise error
    assert raised.value.code is code
    assert raised.value.__cause__ is error


def test_an_attempt_touches_nothing_else():
    with pytest.raises(ValueError, match="ours"), attempt("try"):
        raise ValueError("ours")
