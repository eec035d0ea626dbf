"""Where log lines go, and what they never hold."""

import logging

import pytest

from govsync.agent import log


@pytest.fixture(autouse=True)
def _as_before():
    top = logging.getLogger()
    handlers, level = top.handlers[:], top.level
    yield
    for handler in top.handlers:
        handler.close()
    top.handlers[:], top.level = handlers, level


def test_a_bug_is_told_with_its_place_and_without_the_file_that_it_met(tmp_path):
    log.set_up(tmp_path / "logs")
    try:
        (tmp_path / "Dismissal of Kim.docx").read_bytes()
    except FileNotFoundError:
        logging.getLogger("govsync.test").exception("a job ended by a bug")
    text = (tmp_path / "logs" / "agent.log").read_text()
    assert "a job ended by a bug\nFileNotFoundError\n" in text
    assert "test_log.py:" in text
    assert "Dismissal" not in text


def test_what_is_only_for_debugging_is_left_out(tmp_path):
    log.set_up(tmp_path / "logs")
    logging.getLogger("govsync.test").debug("placed Dismissal of Kim.docx")
    logging.getLogger("httpx").info("GET /api/v1/heads")
    assert (tmp_path / "logs" / "agent.log").read_text() == ""
