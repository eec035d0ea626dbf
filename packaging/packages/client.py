"""The package of the desk: window, agent and command line."""

from pathlib import Path

from packages import bundle
from packages.deb import Package
from packages.placing import command, documents, put
from packages.release import Release

NAME = "govsync"
HOME = Path("usr/lib/govsync")
EXTRAS = ("desktop",)
AUTOSTART = "/etc/xdg/autostart/govsync.desktop"

PACKAGE = Package(
    name=NAME,
    summary="a folder on every desk, kept the same by a server of one's own",
    description=(
        "GovSync keeps a folder on every desk the same as on the organisation's own server. A file\n"
        "that was saved on one desk is on the other, and no saved byte is lost.\n\n"
        "This package has the window, the agent in the background and the command line, with the\n"
        "Python and Qt that they run on."
    ),
    section="net",
    depends=("ca-certificates",),
    recommends=("gnome-keyring | kwalletmanager | libsecret-1-0", "fonts-noto-cjk", "xdg-utils"),
    configuration=(AUTOSTART,),
)


def stage(root: Path, release: Release, python: str, work: Path, tree: Path) -> None:
    """Puts all files of the package below `tree`, as they lie on a system."""
    folder = tree / HOME
    version = bundle.make(root, release, EXTRAS, python, work, folder)
    sources = work / "sources"
    command(tree, NAME, HOME)
    linux = sources / "packaging" / "linux"
    put(linux / "govsync.desktop", tree / "usr/share/applications/govsync.desktop")
    put(linux / "autostart.desktop", tree / AUTOSTART.lstrip("/"))
    art = folder / "lib" / "govsync" / "desktop" / "art"
    put(art / "govsync.svg", tree / "usr/share/icons/hicolor/scalable/apps/govsync.svg")
    documents(tree, PACKAGE, release, folder, version, python)


def scripts(root: Path) -> dict[str, str]:
    """Answers what the system runs when the package is installed, upgraded and removed."""
    linux = root / "packaging" / "linux"
    running = (linux / "running.sh").read_text(encoding="utf-8")
    return {
        name: (linux / name).read_text(encoding="utf-8").replace("#RUNNING#\n", running)
        for name in ("prerm", "postinst")
    }
