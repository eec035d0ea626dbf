"""`python -m bench.window`: how soon the window is there, what the icon costs while nothing happens, and how long a hand waits.

A server and two desks on this machine; the app is the command itself, drawn off-screen, so that no screen is in the figures.
"""

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from bench import data
from bench.away import Longest
from bench.product import Desk, Product
from bench.workloads import forget
from bench.world import Process

STARTS = 7
SETTLED_S, REST_S = 15, 30
FILES = 10_000
ROWS = 100_000
LAG_FOR_MS = 4_000

APP = """
import os, sys, time

from bench.away import Away
from govsync.cli.main import main
from govsync.desktop import app
from govsync.desktop.window import Window
from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer

class Watch(QObject):
    '''Says when the window is painted, and, at each line that comes, for how long the event loop was away at most.'''

    def __init__(self, parent):
        super().__init__(parent)
        self.painted = False
        self.away = Away(self)
        self.asked = QSocketNotifier(0, QSocketNotifier.Type.Read, self)
        self.asked.activated.connect(self.answer)
        app.QApplication.instance().installEventFilter(self)

    def eventFilter(self, what, event):
        if event.type() == QEvent.Type.Paint and not self.painted and isinstance(what, Window):
            self.painted = True
            app.QApplication.instance().removeEventFilter(self)
            QTimer.singleShot(0, self, lambda: print(time.monotonic_ns(), time.process_time(), flush=True))
        return False

    def answer(self):
        if not os.read(0, 100):
            return app.QApplication.quit()  # Who asks is gone.
        longest = self.away.longest()
        print(longest.away_ms, longest.own_ms, longest.worked_ms, flush=True)
        self.away.begin()

begin = app.App.begin
app.App.begin = lambda self: (setattr(self, 'watch', Watch(self)), begin(self))
sys.argv[0] = 'govsync'
main()
"""


class App:
    """The app of a desk, and what it says of itself."""

    def __init__(self, desk: Desk, *options: str) -> None:
        self._began_ns = time.monotonic_ns()
        self.process = Process([sys.executable, "-c", APP, "app", *options], desk.env, desk.log, talk=True)

    def painted(self) -> tuple[float, float]:
        """Answers the milliseconds from the command until its window was painted, and how many of them it worked."""
        at_ns, worked_s = self._line().split()
        return (int(at_ns) - self._began_ns) / 1e6, float(worked_s) * 1e3

    def longest(self) -> Longest:
        """Answers for how long its event loop was away at most since the last question."""
        assert self.process.child.stdin is not None
        self.process.child.stdin.write("?\n")
        self.process.child.stdin.flush()
        return Longest(*map(float, self._line().split()))

    def resident_mb(self) -> float:
        """Answers what it holds now."""
        pages = int(Path(f"/proc/{self.process.child.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def _line(self) -> str:
        assert self.process.child.stdout is not None
        return self.process.child.stdout.readline()


def started(desk: Desk) -> str:
    """From the command until the window is painted."""
    times, worked = [], []
    for _ in range(STARTS):
        app = App(desk)
        passed, busy = app.painted()
        app.process.stop()
        times.append(passed)
        worked.append(busy)
    return (
        f"window painted after {min(times):.0f} ms, median {statistics.median(times):.0f} (target 700);"
        f" of it {statistics.median(worked):.0f} ms of the processor"
    )


def at_rest(desk: Desk) -> str:
    """The icon alone, while nothing happens."""
    app = App(desk, "--minimized")
    time.sleep(SETTLED_S)
    worked = app.process.cpu_s()
    time.sleep(REST_S)
    share = (app.process.cpu_s() - worked) / REST_S
    held = app.resident_mb()
    app.process.stop()
    return f"icon alone: {held:.0f} MiB resident (target 150), {share * 100:.1f} % of a processor"


def stand_back(*processes: Process) -> None:
    """Lets processes have a core only where nobody else wants it: what runs on other machines takes none from a desk."""
    for process in processes:
        for thread in Path(f"/proc/{process.child.pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), 19)


def during_sync(world: Product) -> str:
    """The window of the desk that receives, while ten thousand files come; the server and the desk that sends stand back."""
    draft = world.base / "draft"
    data.many(draft, FILES, 500, 4_096, 200_000_000, 1)
    stand_back(world.server, world.a.agent)
    app = App(world.b)
    app.painted()
    app.longest()
    draft.rename(world.a.folder / "files")
    world.settle()
    longest = app.longest()
    app.process.stop()
    return f"event loop {longest.words()}, while {FILES:,} files came"


def scrolled() -> list[str]:
    """Pages turned to for the first time; then lists of a hundred thousand rows, scrolled to their end page by page while the status
    changes, beside an agent that is scripted in the same process."""
    import msgspec
    from PySide6.QtCore import QModelIndex
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from bench.away import Away
    from govsync.control import messages
    from govsync.desktop.theme import LIGHT, dress
    from tests.desktop import samples
    from tests.desktop.screenshots import Stage

    app = QApplication([])
    dress(app, LIGHT)
    status = msgspec.structs.replace(samples.SYNCING, state=samples.PROBLEM.state, problems=ROWS)
    stage = Stage(LIGHT, status)
    problems = [
        msgspec.structs.replace(samples.PROBLEMS[1], id=str(n), path=f"d/{n}.txt") for n in range(ROWS)
    ]
    happened = [
        msgspec.structs.replace(samples.ACTIVITY[0], id=str(ROWS - n), path=f"d/{n}.txt") for n in range(ROWS)
    ]
    stage.agent.answers[messages.ListProblems] = samples.pages_of(problems)
    stage.agent.answers[messages.ListActivity] = samples.pages_of(happened)
    window = stage.window("status")
    window.show()
    QTest.qWait(500)
    away = Away()
    found = []
    for page in ("activity", "problems", "sharing", "settings"):
        away.begin()
        window.turn_to(page)
        QTest.qWait(500)
        found.append(f"event loop {away.longest().words()}, when {page} was turned to first")
    gc.freeze()  # As the app does with what it has imported; here the agent's rows are among it.
    for page in ("status", "problems", "activity"):
        window.turn_to(page)
        QTest.qWait(200)
        shown = window.made(page)
        away.begin()
        end = time.perf_counter() + LAG_FOR_MS / 1000
        turn = 0
        while time.perf_counter() < end:
            turn += 1
            pending = msgspec.structs.replace(status.pending, up=turn % 10_000)
            stage.agent.become(
                msgspec.structs.replace(status, pending=pending, last_change=samples.at(14, turn % 60))
            )
            if page != "status":
                shown.list.scrollToBottom()  # type: ignore[attr-defined]
                shown.model.fetchMore(QModelIndex())  # type: ignore[attr-defined]
            QTest.qWait(20)
        longest = away.longest()
        away.end()
        rows = "" if page == "status" else f", {shown.model.rowCount()} rows"  # type: ignore[attr-defined]
        found.append(f"event loop {longest.words()}, on {page}{rows}")
    return found


def main() -> None:
    """Measures, and prints what was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.window", description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the world is made")
    base = Path(tempfile.mkdtemp(prefix="govsync-bench-", dir=parser.parse_args().folder))
    world = Product(base)
    try:
        for measured in (lambda: started(world.a), lambda: at_rest(world.a), lambda: during_sync(world)):
            print(measured(), flush=True)
    finally:
        world.stop()
        forget(base)
    print("\n".join(scrolled()), flush=True)


if __name__ == "__main__":
    main()
