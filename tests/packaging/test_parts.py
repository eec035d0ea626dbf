"""A package says what is inside: each part with version and licence, in a form that programs read and one for people."""

import json
from importlib import metadata
from pathlib import Path

import pytest

from packages import locked, parts
from tests.packaging.conftest import RELEASE
from tests.project.sources import ROOT


def wheel(library, name, lines):
    folder = library / f"{name}-1.0.dist-info"
    (folder / "licenses").mkdir(parents=True)
    (folder / "licenses" / "LICENSE.txt").write_text("the text")
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{lines}\n\nLicense: not here\n"
    )


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        ("License-Expression: MIT", "MIT"),
        ("License-Expression: LGPL-3.0-only OR GPL-2.0-only", "LGPL-3.0-only"),
        ("Classifier: License :: OSI Approved :: Apache Software License", "Apache-2.0"),
        ("Classifier: License :: OSI Approved\nLicense: BSD-3-Clause", "BSD-3-Clause"),
    ],
)
def test_the_licence_is_what_the_wheel_says(tmp_path, lines, licence):
    wheel(tmp_path, "sample", lines)
    (found,) = parts.of_wheels(tmp_path, "/usr/lib/x")
    assert found == parts.Part(
        "sample", "1.0", licence, ("/usr/lib/x/sample-1.0.dist-info/licenses/LICENSE.txt",)
    )


def test_a_wheel_without_a_licence_is_packed_by_nobody(tmp_path):
    wheel(tmp_path, "sample", "Summary: x")
    with pytest.raises(ValueError, match="sample"):
        parts.of_wheels(tmp_path, "/usr/lib/x")


def test_the_bill_lists_each_part_and_is_the_same_each_time():
    inside = [
        parts.Part("python", "3.11.2", "PSF-2.0", kind="application"),
        parts.Part("msgspec", "1", "BSD-3-Clause"),
        parts.Part("govsync", "0", "Apache-2.0"),
    ]
    found = json.loads(parts.bill("govsync", RELEASE, inside))
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert found["metadata"]["component"]["version"] == RELEASE.python
    assert {each["name"]: each["purl"] for each in found["components"]} == {
        "python": "pkg:generic/python@3.11.2", "msgspec": "pkg:pypi/msgspec@1",
    }  # fmt: skip
    assert parts.bill("govsync", RELEASE, inside) == parts.bill("govsync", RELEASE, inside)


@pytest.mark.parametrize("extras", [("desktop",), ("server", "postgres", "s3")])
def test_every_wheel_that_is_brought_says_a_licence_that_is_known_here(extras):
    wanted = {
        locked.canonical(line)
        for line in locked.requirements(ROOT, extras).splitlines()
        if not line.startswith(" ")
    }
    found = {}
    for each in metadata.distributions():
        name = locked.canonical(each.metadata["Name"])
        if name in wanted:
            found[name] = parts._licence(each.metadata)
    assert {name: said for name, said in found.items() if not parts._is_expression(said)} == {}
    assert len(found) > 20


def test_the_notice_names_each_part_and_where_its_text_lies():
    text = parts.notice("govsync", [parts.Part("one", "1", "MIT", ("/usr/lib/x/LICENSE",))])
    assert "one 1: MIT\n    /usr/lib/x/LICENSE\n" in text
    assert Path("/usr/share/common-licenses/Apache-2.0").name in text
