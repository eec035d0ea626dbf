"""The window never tells anybody to type a command, and asks every question in words."""

import pytest

from govsync.model.activity import HoldRow
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem
from govsync.text.sentences import _HOLDS, action
from govsync.text.window import _QUESTIONS, advice, question, told


@pytest.mark.parametrize("code", Code, ids=str)
def test_no_advice_of_the_window_names_a_command(code):
    said = advice(code, action(Problem(code)))
    assert "govsync " not in said
    assert "GOVSYNC_" not in said
    assert said


def test_nor_does_what_is_said_where_more_is_known():
    assert told(Failure(Code.NOT_FOUND, folder="/home/kim/GovSync")) == (
        "It lies outside the synced folder, which is /home/kim/GovSync. Name something in that folder."
    )


def test_every_kind_of_question_has_its_two_answers():
    assert set(_QUESTIONS) == set(_HOLDS)


@pytest.mark.parametrize("kind", [*_QUESTIONS, "of a later version"])
@pytest.mark.parametrize("count", [1, 412])
def test_a_question_is_asked_in_words_and_the_answers_differ(kind, count):
    found = question(HoldRow(id="1", kind=kind, count=count, paths=(), since=""))
    assert all((found.happened, found.asks, found.safe, found.keep, found.go))
    assert found.keep != found.go
    assert "{" not in found.happened
    assert "approve" not in found.happened
    assert "reject" not in found.happened


def test_a_failure_is_told_with_what_to_do_here():
    assert told(Failure(Code.SIGNED_OUT)) == "This device is not signed in. Sign in."
    assert (
        told(Failure(Code.SETTING_BAD, name="a", value="b")) == "b is no value for a. Choose another value."
    )
