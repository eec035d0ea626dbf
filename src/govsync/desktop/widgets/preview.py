"""What a file looks like: the first lines of a text, or a picture, read beside the event loop and never more than a little."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QObject, QRunnable, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QLabel, QSizePolicy

from govsync.desktop.icons import picture
from govsync.desktop.theme import Palette

HEIGHT = 120
MOST_TEXT_BYTES = 2_048
MOST_PICTURE_BYTES = 16 << 20
MOST_LINES = 7
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}


class _Told(QObject):
    text = Signal(str)
    image = Signal(QImage)


class _Reading(QRunnable):
    def __init__(self, path: Path, told: _Told) -> None:
        super().__init__()
        self._path, self._told = path, told

    def run(self) -> None:
        """As Qt asks it, in a thread of its own; what cannot be read has no preview."""
        try:
            if self._path.suffix.lower() in _PICTURES:
                self._told.image.emit(self._image())
            else:
                with self._path.open("rb") as file:
                    self._told.text.emit(first_lines(file.read(MOST_TEXT_BYTES)))
        except OSError:
            return  # It is gone, or may not be read: the icon that is there already says no more.

    def _image(self) -> QImage:
        if self._path.stat().st_size > MOST_PICTURE_BYTES:
            return QImage()
        data = QBuffer()
        data.setData(QByteArray(self._path.read_bytes()))
        reader = QImageReader(data)
        size = reader.size()
        if size.isValid():
            reader.setScaledSize(size.scaled(QSize(480, 2 * HEIGHT), Qt.AspectRatioMode.KeepAspectRatio))
        return reader.read()


def first_lines(data: bytes) -> str:
    """Answers the first lines of a text, "" for what is none."""
    if b"\0" in data:
        return ""
    text = data.decode(errors="ignore")
    lines = [
        "".join(letter if letter.isprintable() else " " for letter in line) for line in text.splitlines()
    ]
    return "\n".join(line[:60] for line in lines[:MOST_LINES])


class Preview(QLabel):
    """Shows a file of this disk; what is neither text nor picture as an icon."""

    def __init__(self, palette: Palette, path: Path | None) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet(
            f"background: {palette.surface}; border: 1px solid {palette.line}; border-radius: 8px; color: {palette.ink2};"
            " font-size: 11px; padding: 6px;"
        )
        self.setPixmap(picture("file", palette.ink3, 32, 2.0))
        self._told = _Told()
        self._told.text.connect(self._show_text)
        self._told.image.connect(self._show_image)
        if path is not None:
            QThreadPool.globalInstance().start(_Reading(path, self._told))

    def _show_text(self, text: str) -> None:
        if text.strip():
            self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            self.setText(text)

    def _show_image(self, image: QImage) -> None:
        if not image.isNull():
            drawn = QPixmap.fromImage(image).scaled(
                self.size() * 2,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            drawn.setDevicePixelRatio(2.0)
            self.setPixmap(drawn)
