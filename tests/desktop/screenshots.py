"""Pictures of every page in every state and language, light and dark, drawn off-screen (`make screenshots`), to be looked at.

Words that have not the room that they need end it as failed. QT_SCALE_FACTOR=2 draws everything twice as large, as people do who
see less; `--least` in windows as small as they can be.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from govsync.desktop.commands import Outcome
from govsync.desktop.desk import Desk
from govsync.desktop.dialogs.examination import ExaminationDialog
from govsync.desktop.dialogs.first import FOLDER, PERSON, FirstStart
from govsync.desktop.dialogs.leaving import LeavingDialog
from govsync.desktop.dialogs.selecting import SelectingDialog
from govsync.desktop.dialogs.sharing import SharingDialog
from govsync.desktop.dialogs.trash import TrashDialog
from govsync.desktop.dialogs.versions import VersionsDialog
from govsync.desktop.languages import Interpreter
from govsync.desktop.link import Link
from govsync.desktop.theme import DARK, LIGHT, Palette, dress
from govsync.desktop.window import Window
from govsync.model.codes import Code
from govsync.model.languages import Language
from govsync.model.problems import Failure
from govsync.model.status import Status
from govsync.text.window import told
from tests.desktop import samples
from tests.desktop.agent import ScriptedAgent
from tests.desktop.clipping import clipped

SETTLE_MS = 700
SHOWN = (
    ("status-in-sync", "status", samples.IN_SYNC),
    ("status-syncing", "status", samples.SYNCING),
    ("status-offline", "status", samples.OFFLINE),
    ("status-problem", "status", samples.PROBLEM),
    ("status-signed-out", "status", samples.SIGNED_OUT),
    ("status-wiped", "status", samples.WIPED),
    ("activity", "activity", samples.IN_SYNC),
    ("problems", "problems", samples.HOLD),
    ("problems-none", "problems", samples.IN_SYNC),
    ("sharing", "sharing", samples.IN_SYNC),
    ("settings", "settings", samples.IN_SYNC),
)


class Stage:
    """An agent, and the desk that it tells of."""

    def __init__(self, palette: Palette, status: Status) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.agent = ScriptedAgent(self.folder / "home" / "control", status)
        self.agent.answers = samples.answers(status)
        self.link = Link(self.agent.socket)
        self.desk = Desk(self.link, palette, lambda: samples.NOW)
        self.link.watch()
        QTest.qWait(50)

    def window(self, page: str) -> Window:
        found = Window(self.desk, QSettings(str(self.folder / "window.ini"), QSettings.Format.IniFormat))
        found.turn_to(page)
        return found


def pictures(palette: Palette, only: str) -> Iterator[tuple[str, QWidget]]:
    """Yields what is to be seen, by name."""
    for name, page, status in SHOWN:
        if only in name:
            begun = samples.BEGINNING if status is samples.SYNCING else status
            stage = Stage(palette, begun)
            window = stage.window(page)
            QTest.qWait(300)
            stage.agent.become(status)
            yield name, window
    for number, kind in ((1, "two-versions"), (2, "one")):
        if only in f"problems-{kind}":
            window = Stage(palette, samples.HOLD).window("problems")
            QTest.qWait(SETTLE_MS)
            page = window.made("problems")
            page.list.setCurrentIndex(page.model.index(number))  # type: ignore[attr-defined]
            yield f"problems-{kind}", window
    yield from _dialogs(palette, only)


def _dialogs(palette: Palette, only: str) -> Iterator[tuple[str, QWidget]]:
    def first(begun: bool = False) -> FirstStart:
        return FirstStart(
            palette, "https://drive.example.gov", "anna", Path("/tmp"), begun, runs=lambda *_: None
        )

    if only in "first-address":
        yield "first-address", first()
    if only in "first-wrong-password":
        window = first()
        window.turn_to(PERSON)
        window._signed_in(Outcome(False, "", told(Failure(Code.WRONG_PASSWORD))))
        yield "first-wrong-password", window
    if only in "first-folder":
        window = first()
        window.turn_to(FOLDER)
        yield "first-folder", window
    if only in "versions":
        stage = Stage(palette, samples.IN_SYNC)
        dialog = VersionsDialog(stage.desk, "Planning/Budget.xlsx")
        QTest.qWait(100)
        dialog.list.setCurrentIndex(dialog.model.index(1))
        yield "versions", dialog
    if only in "trash":
        dialog = TrashDialog(Stage(palette, samples.IN_SYNC).desk)
        QTest.qWait(100)
        dialog.list.selectRow(0)
        yield "trash", dialog
    if only in "folders":
        dialog = SelectingDialog(Stage(palette, samples.IN_SYNC).desk)
        QTest.qWait(100)
        dialog.tree.expandItem(dialog.tree.topLevelItem(1))
        QTest.qWait(100)
        yield "folders", dialog
    if only in "share":
        dialog = SharingDialog(Stage(palette, samples.IN_SYNC).desk, "Planning", "manager", lambda: None)
        yield "share", dialog
        dialog = SharingDialog(Stage(palette, samples.IN_SYNC).desk, "Planning", "manager", lambda: None)
        dialog.who.setText("김민")
        dialog._find()
        yield "share-find", dialog
    if only in "leaving":
        yield "leaving", LeavingDialog(Stage(palette, samples.SYNCING).desk)
    if only in "examination":
        dialog = ExaminationDialog(Stage(palette, samples.IN_SYNC).desk, runs=lambda *_: None)
        dialog.show_outcome(Outcome(True, json.dumps(samples.FINDINGS)))
        yield "examination", dialog


def main(target: Path, only: str, languages: list[Language], least: bool) -> list[str]:
    """Draws all of them into a folder, one a language; answers what is cut in them."""
    app = QApplication.instance() or QApplication([])
    interpreter, cut = Interpreter(app), []
    for language in languages:
        interpreter.speak(language)
        folder = target / language
        folder.mkdir(parents=True, exist_ok=True)
        for mode, palette in (("light", LIGHT), ("dark", DARK)):
            dress(app, palette)  # type: ignore[arg-type]
            for name, widget in pictures(palette, only):
                if least:
                    widget.resize(widget.minimumSizeHint().expandedTo(widget.minimumSize()))
                widget.show()
                QTest.qWait(SETTLE_MS)
                widget.grab().save(str(folder / f"{name}-{mode}.png"))
                cut += [f"{language} {name} {mode}: {each}" for each in clipped(widget)]
                widget.hide()
                widget.deleteLater()
    print(f"{len(list(target.rglob('*.png')))} pictures in {target}")
    return cut


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--only", default="", help="pictures in whose name this stands")
    parser.add_argument("--language", type=Language, choices=list(Language), action="append")
    parser.add_argument("--least", action="store_true")
    wanted = parser.parse_args()
    found = main(wanted.target, wanted.only, wanted.language or list(Language), wanted.least)
    print("\n".join(found))
    sys.exit(bool(found))
