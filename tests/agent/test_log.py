"""Where log lines go, and what they never hold."""

import logging
import os

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


def test_logs_are_the_persons_alone_also_after_a_rotation_and_whatever_the_umask(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "MOST_BYTES", 100)
    before = os.umask(0)
    try:
        log.set_up(tmp_path / "home" / "logs")
        for _ in range(3):
            logging.getLogger("govsync.test").warning("x" * 90)
    finally:
        os.umask(before)
    assert oct((tmp_path / "home").stat().st_mode & 0o777) == "0o700"
    written = list((tmp_path / "home" / "logs").iterdir())
    assert len(written) > 1
    assert {oct(each.stat().st_mode & 0o777) for each in written} == {"0o600"}
