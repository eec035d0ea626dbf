"""Makes packages of what is committed: `python -m packages client dist --python /usr/bin/python3`."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from packages import client, deb, release, rpm, server

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"client": client, "server": server}


def main() -> None:
    """Makes one package, and says where it is."""
    asked = argparse.ArgumentParser(prog="packages", description=__doc__)
    asked.add_argument("kind", choices=sorted(KINDS))
    asked.add_argument("output", type=Path)
    asked.add_argument("--python", default="/usr/bin/python3", help="the interpreter that the package brings")
    arguments = asked.parse_args()
    try:
        print(*made(KINDS[arguments.kind], arguments.python, arguments.output.resolve()), sep="\n")
    except (release.Refused, subprocess.CalledProcessError) as error:
        sys.exit(f"packages: {error}")


def made(kind, python: str, output: Path) -> list[Path]:
    """Makes the packages of a kind; the list of their parts is put beside them."""
    version = release.of(ROOT)
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        (Path(work) / "between").mkdir()
        kind.stage(ROOT, version, python, Path(work) / "between", tree)
        file = deb.write(tree, kind.PACKAGE, version, kind.scripts(ROOT), output)
        files = [file]
        if kind is client:
            files.append(rpm.write(tree, kind.PACKAGE, kind.RPM, version, kind.rpm_scripts(ROOT), output))
        bill = tree / "usr/share/doc" / kind.NAME / "sbom.cdx.json"
        file.with_suffix(".cdx.json").write_bytes(bill.read_bytes())
    return files


if __name__ == "__main__":
    main()
