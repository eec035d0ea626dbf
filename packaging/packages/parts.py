"""What is inside a package: its list of parts (CycloneDX 1.6), and the licence of each."""

import email.message
import email.parser
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from packages.release import Release

_NEWEST_QT = "LGPL-3.0-only"
_CLASSIFIED = {
    "Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause", "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "ISC License (ISCL)": "ISC", "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}  # fmt: skip
"""What wheels say in words, where they give no expression of SPDX."""


class Part(NamedTuple):
    """One thing inside: what it is called, its licence, where the texts of that lie on a system that has the package."""

    name: str
    version: str
    licence: str
    texts: tuple[str, ...] = ()
    kind: str = "library"


def of_wheels(library: Path, where: str) -> list[Part]:
    """Lists the wheels that were installed, by what each says of itself; the folder will lie at `where`."""
    found = []
    for folder in sorted(library.glob("*.dist-info")):
        said = email.parser.Parser().parsestr(
            (folder / "METADATA").read_text(encoding="utf-8"), headersonly=True
        )
        texts = sorted(
            f"{where}/{each.relative_to(library)}"
            for each in folder.rglob("*")
            if each.is_file() and each.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))
        )
        found.append(Part(said["Name"], said["Version"], _licence(said), tuple(texts)))
    return found


def of_qt(wheels: Sequence[Part]) -> list[Part]:
    """Answers Qt itself, which the wheel of its bindings brings, where that is among the wheels."""
    return [Part("Qt", each.version, _NEWEST_QT) for each in wheels if each.name == "PySide6_Essentials"]


def _licence(said: email.message.Message) -> str:
    expression = said.get(
        "License-Expression"
    )  # Where another library answers, what is not there is an error.
    if expression:
        # Of what is offered under one of several licences, the one that is taken.
        return _NEWEST_QT if _NEWEST_QT in expression else str(expression)
    classified = [
        line.rsplit(" :: ", 1)[-1] for line in said.get_all("Classifier", []) if line.startswith("License ::")
    ]
    names = [_CLASSIFIED[each] for each in classified if each in _CLASSIFIED]
    said_so = (said.get("License") or "").strip().splitlines()
    if names:
        return " OR ".join(names)
    if said_so and len(said_so[0]) < 60:
        return said_so[0]
    raise ValueError(f"{said['Name']} says no licence that is known here")


def bill(name: str, release: Release, parts: Sequence[Part]) -> str:
    """Answers the list as a document of CycloneDX; it has no number of its own, so that the same commit gives the same."""
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(release.epoch)),
            "component": _component(Part(name, release.python, "Apache-2.0", kind="application")),
        },
        "components": [_component(part) for part in parts if part.name != "govsync"],
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _component(part: Part) -> dict[str, object]:
    packaged = part.kind == "library" and part.name != "Qt"
    address = (
        f"pkg:pypi/{part.name.lower().replace('_', '-')}@{part.version}"
        if packaged
        else f"pkg:generic/{part.name}@{part.version}"
    )
    licence = (
        {"expression": part.licence} if _is_expression(part.licence) else {"license": {"name": part.licence}}
    )
    return {
        "type": part.kind, "name": part.name, "version": part.version, "purl": address, "bom-ref": address, "licenses": [licence],
    }  # fmt: skip


def _is_expression(licence: str) -> bool:
    return all(
        word in ("AND", "OR", "WITH") or "-" in word or word in ("MIT", "ISC")
        for word in licence.strip("()").split()
    )


def notice(name: str, parts: Sequence[Part], common: str = "/usr/share/common-licenses") -> str:
    """Answers which licence each part is under, and where its text lies on a system that has the package."""
    lines = [
        f"{name} is under the Apache License 2.0: {common}/Apache-2.0.",
        "It brings what is listed here, each under the licence that is named. Texts of licences that many parts are under lie in",
        f"{common}; the others are named below each part.",
        "",
    ]
    for part in parts:
        lines.append(f"{part.name} {part.version}: {part.licence}")
        lines += [f"    {text}" for text in part.texts]
    return "\n".join([*lines, ""])
