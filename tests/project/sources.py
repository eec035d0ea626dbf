"""The repository as its own tests see it: where it is, which files belong to it, and the product's code as trees."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "src" / "govsync"


def committed_files() -> list[Path]:
    """Lists what git keeps, or would keep: not the virtual environment, caches and builds."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [file for file in files if file.is_file()]


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yields each module of the product as (path below src/govsync, syntax tree)."""
    for file in sorted(PRODUCT.rglob("*.py")):
        yield file.relative_to(PRODUCT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))
