"""The package of the server: a unit of systemd with a user of its own, and the command of its operators."""

from pathlib import Path

from packages import bundle
from packages.deb import Package
from packages.placing import command, documents, put
from packages.release import Release

NAME = "govsync-server"
HOME = Path("usr/lib/govsync-server")
EXTRAS = ("server", "postgres", "s3")
OPTIONS = "/etc/default/govsync-server"

PACKAGE = Package(
    name=NAME,
    summary="server of GovSync, for one organisation's desks",
    description=(
        "The server keeps what the desks of an organisation sync: SQLite and a folder, or PostgreSQL\n"
        "and an object store, with as many replicas as are wanted.\n\n"
        "This package has the server and its administration, with the Python that they run on."
    ),
    section="net",
    depends=("ca-certificates", "passwd"),
    configuration=(OPTIONS,),
)


def stage(root: Path, release: Release, python: str, work: Path, tree: Path) -> None:
    """Puts all files of the package below `tree`, as they lie on a system."""
    folder = tree / HOME
    version = bundle.make(root, release, EXTRAS, python, work, folder)
    command(tree, NAME, HOME)
    ours = work / "sources" / "packaging" / "server"
    put(ours / "govsync-server.service", tree / "usr/lib/systemd/system/govsync-server.service")
    put(ours / "options", tree / OPTIONS.lstrip("/"))
    documents(tree, PACKAGE, release, folder, version, python)


def keep(tree: Path) -> None:
    """Changes nothing: no server looks for newer versions."""


def scripts(root: Path) -> dict[str, str]:
    """Answers what the system runs when the package is installed, upgraded and removed."""
    ours = root / "packaging" / "server"
    return {name: (ours / name).read_text(encoding="utf-8") for name in ("postinst", "prerm", "postrm")}
