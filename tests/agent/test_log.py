"""Where log lines go, and what they never hold."""

import logging
import os
import time

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


DAY_S = 86_400


def written(folder):
    return sorted(each.name for each in folder.iterdir())


def say(text, at_s):
    record = logging.LogRecord("govsync.test", logging.INFO, "", 0, text, None, None)
    record.created = at_s
    logging.getLogger("govsync.test").handle(record)


def test_each_day_has_a_file_of_its_own_and_what_is_older_than_wanted_goes(tmp_path):
    log.set_up(tmp_path, "info", 3)
    now_s = time.time()
    for day in range(3):
        say(f"day {day}", now_s + day * DAY_S)
    assert written(tmp_path) == ["agent.log", "agent.log.1", "agent.log.2"]
    assert "day 0" in (tmp_path / "agent.log.2").read_text()
    old_s = now_s - 4 * DAY_S
    os.utime(tmp_path / "agent.log.2", (old_s, old_s))
    log.follow("info", 5)
    assert "agent.log.2" in written(tmp_path)
    say("day 3", now_s + 3 * DAY_S)
    assert written(tmp_path) == ["agent.log", "agent.log.1", "agent.log.2", "agent.log.3"]
    log.follow("info", 3)
    assert written(tmp_path) == ["agent.log", "agent.log.1", "agent.log.2"]


def test_a_log_of_yesterday_is_put_aside_by_the_next_start_and_what_is_old_goes(tmp_path):
    now_s = time.time()
    for name, days in (("agent.log", 1), ("agent.log.1", 2), ("agent.log.2", 20), ("agent.log.old", 20)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (now_s - days * DAY_S, now_s - days * DAY_S))
    log.set_up(tmp_path, "info", 14)
    assert written(tmp_path) == ["agent.log", "agent.log.1", "agent.log.old"]
    say("today", now_s)
    assert (tmp_path / "agent.log.1").read_text() == "agent.log"
    assert "today" in (tmp_path / "agent.log").read_text()


def test_however_long_they_are_kept_logs_take_only_so_much_room(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "MOST_BYTES", 100)
    monkeypatch.setattr(log, "MOST_KEPT_BYTES", 400)
    log.set_up(tmp_path, "info", 365)
    for number in range(20):
        logging.getLogger("govsync.test").warning("%02d %s", number, "x" * 40)
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 400
    assert "19 xxx" in (tmp_path / "agent.log").read_text()


def test_the_level_is_followed_at_once(tmp_path):
    log.set_up(tmp_path, "error")
    logger = logging.getLogger("govsync.test")
    logger.warning("not this")
    log.follow("debug", 14)
    logger.debug("but this")
    text = (tmp_path / "agent.log").read_text()
    assert "but this" in text
    assert "not this" not in text
