"""Makes packages of what is committed: `python -m packages client dist --python /usr/bin/python3`."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from packages import bundle, client, deb, embedded, installer, release, rpm, server, signing, windows, wine

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"client": client, "server": server}
WINDOWS = "windows"
_RUNTIME = ROOT / "build" / "windows" / "runtime"
_TRY = ROOT / "build" / "windows" / "try"


def main() -> None:
    """Makes the packages of one kind, and says where they are."""
    asked = argparse.ArgumentParser(prog="packages", description=__doc__)
    asked.add_argument("kind", choices=sorted([*KINDS, WINDOWS]))
    asked.add_argument("output", type=Path)
    asked.add_argument("--python", default="/usr/bin/python3", help="the interpreter that the package brings")
    asked.add_argument(
        "--runtime",
        type=Path,
        help=f"that of the packages for Windows: Python {embedded.VERSION}, embeddable (zip)",
    )
    asked.add_argument("--sha256", default="", help="of the runtime")
    asked.add_argument(
        "--kept", action="store_true", help="a mirror brings newer versions: no desk looks for them"
    )
    arguments = asked.parse_args()
    if (arguments.runtime is None) != (not arguments.sha256):
        asked.error("say both of --runtime and --sha256")
    output = arguments.output.resolve()
    try:
        if arguments.kind == WINDOWS:
            files = made_for_windows(arguments.runtime, arguments.sha256, output, arguments.kept)
        else:
            files = made(KINDS[arguments.kind], arguments.python, output, arguments.kept)
    except (release.Refused, subprocess.CalledProcessError) as error:
        sys.exit(f"packages: {error}")
    print(*files, sep="\n")


def made(kind, python: str, output: Path, kept: bool = False) -> list[Path]:
    """Makes the packages of a kind; the list of their parts is put beside them."""
    version = release.of(ROOT)
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        (Path(work) / "between").mkdir()
        kind.stage(ROOT, version, python, Path(work) / "between", tree)
        if kept:
            kind.keep(tree)
        file = deb.write(tree, kind.PACKAGE, version, kind.scripts(ROOT), output)
        files = [file]
        if kind is client:
            files.append(rpm.write(tree, kind.PACKAGE, kind.RPM, version, kind.rpm_scripts(ROOT), output))
        bill = tree / "usr/share/doc" / kind.NAME / "sbom.cdx.json"
        file.with_suffix(".cdx.json").write_bytes(bill.read_bytes())
    return files


def made_for_windows(runtime: Path | None, sha256: str, output: Path, kept: bool = False) -> list[Path]:
    """Makes the desk's packages for Windows, one a variant, signed; the list of their parts is put beside them."""
    version = release.of(ROOT)
    signer = signing.named()
    if signer is None:
        signer = signing.of_nobody(_TRY)
        print(
            "packages: signed for a try, trusted by nobody; SIGN_CERT and SIGN_KEY name another",
            file=sys.stderr,
        )
    system = wine.at_hand()
    system.make_prefix()
    with tempfile.TemporaryDirectory() as work:
        archive = runtime or embedded.fetch(ROOT, _RUNTIME)
        inside = windows.make(ROOT, version, archive, sha256 or embedded.SHA256, signer, system, Path(work))
        if kept:
            bundle.say_kept(inside.folder)
        files = installer.write_all(inside, version, signer, output)
        files[0].with_suffix(".cdx.json").write_bytes((inside.folder / windows.BILL).read_bytes())
    return files


if __name__ == "__main__":
    main()
