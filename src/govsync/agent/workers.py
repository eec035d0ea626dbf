"""Carries out jobs in threads, a few for the disk and a few for the network, and puts what comes of them in the inbox.

A job that is under way when the agent stops is not waited for beyond a moment: whatever it did is found out after the
next start (R16, R32), which is the same path as after a crash.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from govsync.engine import events, jobs
from govsync.model.codes import Code
from govsync.model.problems import Failure

DISK_THREADS = 2
NETWORK_THREADS = 6

_log = logging.getLogger(__name__)


class Workers:
    """Two bounded pools; every job handed in comes back as an event, whatever happens."""

    def __init__(
        self, run: Callable[[jobs.AnyJob], jobs.Result], tell: Callable[[events.AnyEvent], None]
    ) -> None:
        self._run = run
        self._tell = tell
        self._disk = ThreadPoolExecutor(DISK_THREADS, thread_name_prefix="disk")
        self._network = ThreadPoolExecutor(NETWORK_THREADS, thread_name_prefix="network")

    def start(self, job: jobs.AnyJob) -> None:
        """Hands a job to the pool that it belongs to."""
        pool = self._disk if isinstance(job, jobs.ON_DISK) else self._network
        pool.submit(self._carry_out, job)

    def stop(self) -> None:
        """Drops what has not begun."""
        self._disk.shutdown(wait=False, cancel_futures=True)
        self._network.shutdown(wait=False, cancel_futures=True)

    def _carry_out(self, job: jobs.AnyJob) -> None:
        try:
            event: events.AnyEvent = events.JobDone(job, self._run(job))
        except Failure as failure:
            _log.info("a job of kind %s failed: %s", type(job).__name__, failure.code)
            facts = {name: str(fact) for name, fact in failure.facts.items()}
            event = events.JobFailed(job, failure.code, facts)
        except Exception:  # noqa: BLE001 - every job comes back, whatever happens
            # A bug must not stop the desk without a word: the job has failed, the rest goes on, the log says where.
            _log.exception("a job of kind %s ended by a bug", type(job).__name__)
            event = events.JobFailed(job, Code.INTERNAL, {})
        self._tell(event)
