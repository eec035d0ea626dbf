"""Which part of Qt a package brings: the modules that the window imports, the plug-ins named here, and what both need."""

import ast
import shutil
from collections.abc import Iterable
from pathlib import Path

from packages import elf

PLUGINS = (
    "platforms/libqxcb.so", "platforms/libqwayland.so", "platforms/libqoffscreen.so",
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so", "platforminputcontexts/libibusplatforminputcontextplugin.so",
    "platformthemes/libqxdgdesktopportal.so", "iconengines/libqsvgicon.so",
    "imageformats/libqgif.so", "imageformats/libqico.so", "imageformats/libqjpeg.so", "imageformats/libqsvg.so",
    "imageformats/libqtiff.so", "imageformats/libqwebp.so",
    "wayland-decoration-client/libadwaita.so", "wayland-decoration-client/libbradient.so",
    "wayland-graphics-integration-client/libqt-plugin-wayland-egl.so", "wayland-shell-integration/libxdg-shell.so",
)  # fmt: skip
"""Screens (X11, Wayland, none), input of Hangul and the like, native dialogs, pictures that people look at."""
_TRANSLATIONS = ("qtbase_ko.qm",)
_KEPT = ("__init__.py", "_config.py", "_git_pyside_version.py")


def imported(sources: Path) -> set[str]:
    """Answers the modules of Qt that the sources import."""
    found: set[str] = set()
    for file in sources.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("PySide6."):
                found.add(str(node.module).split(".")[1])
    return found


def reduce(library: Path, modules: Iterable[str]) -> None:
    """Removes from PySide6 below `library` what neither the modules nor the plug-ins need."""
    side = library / "PySide6"
    plugins = side / "Qt" / "plugins"
    roots = [side / f"{each}.abi3.so" for each in modules] + [plugins / each for each in PLUGINS]
    libraries = {
        each.name: each for each in [*side.glob("lib*.so*"), *(side / "Qt" / "lib").glob("lib*.so*")]
    }
    kept = _with_what_they_need(roots, libraries)
    kept |= {side / each for each in _KEPT} | {side / "Qt" / "translations" / each for each in _TRANSLATIONS}
    absent = sorted(str(each.relative_to(side)) for each in kept if not each.is_file())
    if absent:
        raise FileNotFoundError(f"this PySide6 has no {', '.join(absent)}")
    for file in [each for each in side.rglob("*") if not each.is_dir() or each.is_symlink()]:
        if file not in kept:
            file.unlink()
    for each in ("include", "lib"):
        shutil.rmtree(library / "shiboken6" / each, ignore_errors=True)


def _with_what_they_need(roots: Iterable[Path], libraries: dict[str, Path]) -> set[Path]:
    found: set[Path] = set()
    ahead = list(roots)
    while ahead:
        file = ahead.pop()
        if file not in found:
            found.add(file)
            ahead += [libraries[name] for name in elf.needed(file.read_bytes()) if name in libraries]
    return found
