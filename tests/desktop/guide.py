"""The pictures in the pages for staff: the window as `make screenshots` draws it, light, in each language (`make pictures`)."""

import os
import sys
from collections import Counter
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from docs import spoken
from govsync.desktop.languages import Interpreter
from govsync.desktop.theme import LIGHT, dress
from govsync.model.languages import Language
from govsync.model.status import Transfer
from tests.desktop import samples
from tests.desktop.screenshots import SETTLE_MS, Stage, pictures

_MIB = 1 << 20
_CALM = msgspec.structs.replace(
    samples.SYNCING,
    transfers=(
        Transfer(path="Video/Interview.mov", direction="up", done_bytes=8 * _MIB, size_bytes=18 * _MIB),
        Transfer(path="Planning/Photos.zip", direction="down", done_bytes=212 * _MIB, size_bytes=300 * _MIB),
        Transfer(path="Planning/Maps/North.tif", direction="down", done_bytes=_MIB, size_bytes=9 * _MIB),
        Transfer(path="Planning/Maps/South.tif", direction="down", done_bytes=0, size_bytes=9 * _MIB),
    ),
)
"""A desk that syncs, without the names that attack it."""


def drawn(wanted: str) -> QWidget:
    """Answers what a picture shows, as it is to be seen."""
    if wanted == "status-syncing":
        stage = Stage(LIGHT, samples.BEGINNING)
        window: QWidget = stage.window("status")
        QTest.qWait(300)
        stage.agent.become(_CALM)
        return window
    return next(widget for name, widget in pictures(LIGHT, wanted) if name == wanted)


def small(image: QImage) -> QImage:
    """Answers a picture in the 256 colours that are most frequent in it: a third of the bytes, and nobody sees it."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    colours = [each for each, _ in Counter(memoryview(bytes(plain.constBits())).cast("I")).most_common(256)]
    return plain.convertToFormat(
        QImage.Format.Format_Indexed8, colours, Qt.ImageConversionFlag.ThresholdDither
    )


def main(target: Path) -> None:
    """Draws them into a folder, one a language."""
    app = QApplication.instance() or QApplication([])
    interpreter = Interpreter(app)
    dress(app, LIGHT)  # type: ignore[arg-type]
    for language in Language:
        interpreter.speak(language)
        folder = target / language
        folder.mkdir(parents=True, exist_ok=True)
        for wanted in spoken.pictures():
            widget = drawn(wanted)
            widget.show()
            QTest.qWait(SETTLE_MS)
            small(widget.grab().toImage()).save(str(folder / f"{wanted}.png"), "PNG", 0)
            widget.hide()
            widget.deleteLater()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
