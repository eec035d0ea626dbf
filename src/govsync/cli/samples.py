"""Sample files of real kinds, and the story that the demonstration tells with them; equal on every machine."""

import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

_WORD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w='
    '"http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p>'
    "</w:body></w:document>"
)
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns='
    '"http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


def document(path: Path, words: str) -> None:
    """Writes a small document that Word and LibreOffice open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELATIONS)
        package.writestr("word/document.xml", _WORD.format(words))


def picture(path: Path, size: int, seed: int) -> None:
    """Writes a PNG picture (ISO/IEC 15948) of coloured noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    rows = b"".join(b"\0" + chance.randbytes(size * 3) for _ in range(size))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


def _first_files(office: Path) -> None:
    for number in range(1, 41):
        document(office / "Reports" / f"Report {number:02}.docx", f"Report {number}. " * 200)
    for number in range(8):
        picture(office / "Pictures" / f"Site {number}.png", 200, number)
    (office / "보고서").mkdir()
    document(office / "보고서" / "회의록.docx", "회의록")
    (office / "Читај.txt").write_text("Здраво!\n", encoding="utf-8")


def _large(office: Path) -> None:
    chance = random.Random(7)
    with (office / "Survey.bin").open("wb") as file:
        for _ in range(48):
            file.write(chance.randbytes(1 << 20))


def _insert(office: Path) -> None:
    path = office / "Survey.bin"
    beside = office / "Survey.new"
    beside.write_bytes(b"one line more\n" * 64 + path.read_bytes())
    beside.replace(path)


def story(office: Path, home: Path, boris: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yields what happens, in a sentence and as an act."""
    yield "Anna saves documents and pictures at the office:", lambda: _first_files(office)
    yield "A large file (48 MiB):", lambda: _large(office)
    yield "A kilobyte is inserted at its front; only what changed travels:", lambda: _insert(office)
    yield (
        "Anna renames the folder of reports at home; one operation, no bytes:",
        lambda: (home / "Reports").rename(home / "Reports 2026"),
    )
    yield (
        "Boris puts a table into the division's folder:",
        lambda: (boris / "Planning" / "Budget.csv").write_text("item,amount\npaper,120\n"),
    )

    def both() -> None:
        (office / "Planning" / "Budget.csv").write_text("item,amount\npaper,140\n")
        (boris / "Planning" / "Budget.csv").write_text("item,amount\npaper,160\n")

    yield "Anna and Boris save it at the same moment; both versions stay:", both
    yield "Anna deletes a picture:", lambda: (office / "Pictures" / "Site 3.png").unlink()
