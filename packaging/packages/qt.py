"""Which part of Qt a package brings: the modules that the window imports, the plug-ins named here, and what both need."""

import ast
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from packages import elf, pe


class Layout(NamedTuple):
    """How the wheels for a system are laid out, below the folder PySide6, and which plug-ins a desk there uses."""

    suffix: str
    """Of a module."""
    libraries: tuple[str, ...]
    """Where libraries lie that others name."""
    home: str
    """Where `plugins` and `translations` lie."""
    plugins: tuple[str, ...]
    needed: Callable[[bytes], list[str]]


LINUX = Layout(
    ".abi3.so", ("lib*.so*", "Qt/lib/lib*.so*"), "Qt", (
    "platforms/libqxcb.so", "platforms/libqwayland.so", "platforms/libqoffscreen.so",
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so", "platforminputcontexts/libibusplatforminputcontextplugin.so",
    "platformthemes/libqxdgdesktopportal.so", "iconengines/libqsvgicon.so",
    "imageformats/libqgif.so", "imageformats/libqico.so", "imageformats/libqjpeg.so", "imageformats/libqsvg.so",
    "imageformats/libqtiff.so", "imageformats/libqwebp.so",
    "wayland-decoration-client/libadwaita.so", "wayland-decoration-client/libbradient.so",
    "wayland-graphics-integration-client/libqt-plugin-wayland-egl.so", "wayland-shell-integration/libxdg-shell.so",
    ), elf.needed,
)  # fmt: skip
"""Screens (X11, Wayland, none), input of Hangul and the like, native dialogs, pictures that people look at."""
WINDOWS = Layout(
    ".pyd", ("*.dll",), ".", (
    "platforms/qwindows.dll", "platforms/qoffscreen.dll", "styles/qmodernwindowsstyle.dll", "iconengines/qsvgicon.dll",
    "imageformats/qgif.dll", "imageformats/qico.dll", "imageformats/qjpeg.dll", "imageformats/qsvg.dll",
    "imageformats/qtiff.dll", "imageformats/qwebp.dll",
    ), pe.needed,
)  # fmt: skip
"""The same; input and dialogs are the system's own there."""
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


def reduce(library: Path, modules: Iterable[str], layout: Layout = LINUX) -> None:
    """Removes from PySide6 below `library` what neither the modules nor the plug-ins need."""
    side = library / "PySide6"
    home = side / layout.home
    roots = [side / f"{each}{layout.suffix}" for each in modules]
    roots += [home / "plugins" / each for each in layout.plugins]
    libraries = {each.name.lower(): each for pattern in layout.libraries for each in side.glob(pattern)}
    kept = _with_what_they_need(roots, libraries, layout.needed)
    kept |= {side / each for each in _KEPT} | {home / "translations" / each for each in _TRANSLATIONS}
    absent = sorted(str(each.relative_to(library)) for each in kept if not each.is_file())
    if absent:
        raise FileNotFoundError(f"this PySide6 has no {', '.join(absent)}")
    for file in [each for each in side.rglob("*") if not each.is_dir() or each.is_symlink()]:
        if file not in kept:
            file.unlink()
    for each in sorted((each for each in side.rglob("*") if each.is_dir()), reverse=True):
        if not any(each.iterdir()):
            each.rmdir()
    for each in ("include", "lib"):
        shutil.rmtree(library / "shiboken6" / each, ignore_errors=True)


def _with_what_they_need(
    roots: Iterable[Path], libraries: dict[str, Path], needed: Callable[[bytes], list[str]]
) -> set[Path]:
    found: set[Path] = set()
    ahead = list(roots)
    while ahead:
        file = ahead.pop()
        if file not in found:
            found.add(file)
            names = [name.lower() for name in needed(file.read_bytes())]
            ahead += [libraries[name] for name in names if name in libraries]
    return found
