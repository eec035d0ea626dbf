"""The package of the desk: window, agent and command line."""

from pathlib import Path

from packages import bundle, completion
from packages.deb import Package
from packages.placing import command, documents, put
from packages.release import Release
from packages.rpm import Words

NAME = "govsync"
HOME = Path("usr/lib/govsync")
EXTRAS = ("desktop",)
AUTOSTART = "/etc/xdg/autostart/govsync.desktop"
FILE_MANAGERS = ("nautilus", "nemo", "caja")
EXTENSION = "usr/share/{manager}-python/extensions"
"""Where a file manager looks for what it loads, below the root."""

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
    suggests=("python3-nautilus | nemo-python | python3-caja", "bash-completion"),
    configuration=(AUTOSTART,),
)
RPM = Words(
    group="Applications/Internet",
    requires=("ca-certificates",),
    recommends=("gnome-keyring", "google-noto-sans-cjk-fonts", "xdg-utils"),
    suggests=("nautilus-python", "bash-completion"),
    owned=(f"/{HOME}", f"/usr/share/doc/{NAME}", *(f"/usr/share/{each}-python" for each in FILE_MANAGERS)),
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
    for manager in FILE_MANAGERS:
        for file in ("govsync_file_manager.py", "govsync_words.json"):
            put(
                sources / "packaging" / "file-manager" / file,
                tree / EXTENSION.format(manager=manager) / file,
            )
    completion.put(tree, NAME)
    documents(tree, PACKAGE, release, folder, version, python)


def keep(tree: Path) -> None:
    """Has the package say that whoever distributes it brings newer versions, too."""
    bundle.say_kept(tree / HOME)


def scripts(root: Path) -> dict[str, str]:
    """Answers what the system runs when the package is installed, upgraded and removed."""
    return _scripts(root / "packaging" / "linux", ("prerm", "postinst"), root)


def rpm_scripts(root: Path) -> dict[str, str]:
    """Answers the same in the words of RPM, whose scripts are told other things at other moments."""
    return _scripts(root / "packaging" / "linux" / "rpm", ("preun", "posttrans"), root)


def _scripts(folder: Path, names: tuple[str, ...], root: Path) -> dict[str, str]:
    linux = root / "packaging" / "linux"
    running = (linux / "running.sh").read_text(encoding="utf-8")
    folders = [f"/{EXTENSION.format(manager=each)}/__pycache__" for each in FILE_MANAGERS]
    compiled = (
        f"rm -f {' '.join(f'{each}/govsync_file_manager.*' for each in folders)}\n"
        f"    rmdir {' '.join(folders)} 2>/dev/null || true"
    )
    return {
        name: (folder / name)
        .read_text(encoding="utf-8")
        .replace("#RUNNING#\n", running)
        .replace("#COMPILED#", compiled)
        for name in names
    }
