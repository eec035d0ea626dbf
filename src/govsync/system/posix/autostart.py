"""Whether GovSync starts when the person signs in: an entry in the desktop's autostart folder.

Source: the XDG Desktop Application Autostart Specification 0.5 and the Desktop Entry Specification 1.5. A machine's
administrators may have put an entry of the same name into their own folder; the person's entry hides theirs, so turning
off writes one that says so instead of removing it.
"""

import configparser
import re
from collections.abc import Sequence
from pathlib import Path

from govsync.system.durable import replace_file
from govsync.system.failures import attempt

_ENTRY = Path("autostart") / "govsync.desktop"
_SYSTEM = (Path("/etc/xdg"),)
_SECTION = "Desktop Entry"
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")


def turn_on(config: Path, command: Sequence[str]) -> None:
    """Has `command` run at every sign-in; `config` is the person's configuration folder (XDG_CONFIG_HOME)."""
    run = " ".join(_quoted(argument) for argument in command)
    _write(config, f"Exec={run}\nTerminal=false\nX-GNOME-Autostart-enabled=true\n")


def turn_off(config: Path) -> None:
    """Has nothing run at sign-in, whatever the machine's own entry says."""
    _write(config, "Hidden=true\n")


def is_on(config: Path, system: Sequence[Path] = _SYSTEM) -> bool:
    """Says whether GovSync starts at sign-in: the person's entry decides, else the first of the machine's."""
    for folder in (config, *system):
        with attempt("autostart"):
            try:
                text = (folder / _ENTRY).read_text(errors="replace")
            except FileNotFoundError:
                continue
        return _starts(text)
    return False


def _write(config: Path, lines: str) -> None:
    text = f"[{_SECTION}]\nType=Application\nName=GovSync\n{lines}"
    replace_file(config / _ENTRY, text.encode(errors="surrogateescape"), mode=0o644)


def _starts(text: str) -> bool:
    """Reads an entry as desktops do; one that cannot be read starts nothing."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(text)
        hidden = parser.getboolean(_SECTION, "Hidden", fallback=False)
        enabled = parser.getboolean(_SECTION, "X-GNOME-Autostart-enabled", fallback=True)
        return enabled and not hidden and parser.has_option(_SECTION, "Exec")
    except (configparser.Error, ValueError):
        return False


def _quoted(argument: str) -> str:
    """Quotes an argument of Exec: first by its own rules, then as a string of the file; % begins a field code."""
    if not _PLAIN.fullmatch(argument):
        argument = '"' + re.sub(r'(["`$\\])', r"\\\1", argument) + '"'
    return argument.replace("\\", "\\\\").replace("\n", "\\n").replace("%", "%%")
