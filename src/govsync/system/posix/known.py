"""Where the folders lie that a desktop knows by what they are for: lines of `user-dirs.dirs`; the stand-in is a link.

Source: xdg-user-dirs 0.18 (`xdg-user-dirs-update --set`, `xdg-user-dir`). A line is `XDG_DOCUMENTS_DIR="$HOME/Documents"`, or has a
whole path, quoted as for a shell; the last one counts, and without one it is the folder that the system makes by default. Where a
folder is missing at a sign-in, the desktop sets it to the home itself, which means: there is none. macOS has no such file, and
nothing there reads one.
"""

import os
import re
import sys
from pathlib import Path

from govsync.system.durable import flush_folder, replace_file
from govsync.system.failures import attempt

_KEYS = {"documents": "DOCUMENTS", "desktop": "DESKTOP", "pictures": "PICTURES"}
_LINE = re.compile(r'\s*XDG_([A-Z]+)_DIR\s*=\s*"(\$HOME(?=[/"])|(?=/))((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r'([$`"\\])')


def where(kind: str) -> Path | None:
    """Answers where a folder lies, or would lie; None where the system has no such setting."""
    if sys.platform == "darwin":
        return None
    found = Path.home() / kind.title()
    for line in _lines():
        match = _LINE.match(line)
        if match is not None and match[1] == _KEYS[kind]:
            rest = re.sub(r"\\(.)", r"\1", match[3])
            found = Path.home() / rest.lstrip("/") if match[2] else Path(rest)
    return found


def point(kind: str, place: Path) -> None:
    """Has the desktop, and programs that start from now on, take a place for a folder; durable on return. All else that the file
    says stays. Raises Failure."""
    line = f'XDG_{_KEYS[kind]}_DIR="{_quoted(place)}"\n'
    kept: list[str] = []
    for each in _lines():
        match = _LINE.match(each)
        if match is None or match[1] != _KEYS[kind]:
            kept.append(each)
    if kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    text = "".join((*kept, line))
    replace_file(_file().resolve(), text.encode(errors="surrogateescape"), mode=0o644)


def leave_stand_in(place: Path, target: Path) -> bool:
    """Puts a link in the place of a folder that is empty, or gone; answers False where something is left in it. Raises
    Failure."""
    with attempt("stand-in"):
        if place.is_symlink():
            return is_stand_in(place, target)
        try:
            place.rmdir()
        except FileNotFoundError:
            pass  # It went before.
        except OSError:
            if place.is_dir() and any(place.iterdir()):
                return False
            raise
        place.symlink_to(target, target_is_directory=True)
        flush_folder(place.parent)
        return True


def is_stand_in(place: Path, target: Path) -> bool:
    """Says whether what lies at a place is the link that leads to `target`. Raises Failure."""
    with attempt("stand-in"):
        return place.is_symlink() and os.readlink(place) == str(target)


def take_stand_in(place: Path, target: Path) -> None:
    """Has a folder at a place again, where the link to `target` stood for it, or nothing. Raises Failure."""
    with attempt("stand-in"):
        if is_stand_in(place, target):
            place.unlink()
        if not place.is_symlink():
            place.mkdir(parents=True, exist_ok=True)
            flush_folder(place.parent)


def _lines() -> list[str]:
    with attempt("user-dirs"):
        try:
            text = _file().read_bytes().decode(errors="surrogateescape")
        except FileNotFoundError:
            return []
    return text.splitlines(keepends=True)


def _file() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(config) if os.path.isabs(config) else Path.home() / ".config") / "user-dirs.dirs"


def _quoted(place: Path) -> str:
    home = Path.home()
    if place == home:
        return "$HOME/"
    if place.is_relative_to(home):
        return "$HOME/" + _ESCAPED.sub(r"\\\1", str(place.relative_to(home)))
    return _ESCAPED.sub(r"\\\1", str(place))
