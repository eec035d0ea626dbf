"""Every job comes back, and what failed is in the log by its kind and code alone."""

import logging
from queue import SimpleQueue

import pytest

from govsync.agent.workers import Workers
from govsync.engine import events, jobs
from govsync.model.codes import Code
from govsync.model.problems import Failure

PROVE = jobs.Prove(number=1)


def ended(error: Exception, caplog: pytest.LogCaptureFixture) -> events.AnyEvent:
    """Answers what a job that raises comes back as."""

    def run(job: jobs.AnyJob) -> jobs.Result:
        raise error

    told: SimpleQueue[events.AnyEvent] = SimpleQueue()
    workers = Workers(run, told.put)
    with caplog.at_level(logging.INFO):
        workers.start(PROVE)
        event = told.get(timeout=60)
    workers.stop()
    return event


def test_a_failure_comes_back_and_is_logged_without_names(caplog):
    event = ended(Failure(Code.NO_ACCESS, path="Secret plan.docx"), caplog)
    assert event == events.JobFailed(PROVE, Code.NO_ACCESS, {"path": "Secret plan.docx"})
    assert "Prove failed: no_access" in caplog.text
    assert "Secret" not in caplog.text


def test_a_bug_comes_back_as_such(caplog):
    assert ended(ValueError("a bug"), caplog) == events.JobFailed(PROVE, Code.INTERNAL, {})
    assert "ended by a bug" in caplog.text
