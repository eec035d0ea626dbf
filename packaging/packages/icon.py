"""The product's icon as Windows wants it: its drawing in all sizes that are shown, in one file (ICO, with PNG inside)."""

import struct
from collections.abc import Mapping
from pathlib import Path

SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
"""From lists at 100 % to the largest tiles."""


def write(drawing: Path, file: Path) -> None:
    """Draws an icon from a drawing (SVG)."""
    from PySide6.QtCore import QBuffer, QRectF, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    pictures = {}
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        QSvgRenderer(str(drawing)).render(painter, QRectF(0, 0, size, size))
        painter.end()
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")
        pictures[size] = bytes(buffer.data().data())
    file.write_bytes(packed(pictures))


def packed(pictures: Mapping[int, bytes]) -> bytes:
    """Puts square pictures, by their sizes, into one file; a size of 256 is written as 0."""
    header, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    offset = 6 + 16 * len(pictures)
    for size, picture in pictures.items():
        header += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), offset)
        body += picture
        offset += len(picture)
    return header + body
