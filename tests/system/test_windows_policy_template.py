"""What the forms of Group Policy write into the registry is what a desk takes: the template is read here as Windows reads it."""

import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

if sys.platform != "win32":
    pytest.skip("there is no registry here", allow_module_level=True)

import winreg

from govsync.settings.merge import POLICY, merge, read
from govsync.settings.schema import SETTINGS, find, parse
from govsync.system import policy
from govsync.system.windows import policy as module
from govsync.system.windows.registry import MACHINE
from tests.project.sources import ROOT
from tests.settings.samples import SAID

pytestmark = pytest.mark.windows

SPACE = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"
TEMPLATE = ElementTree.parse(ROOT / "packaging" / "windows" / "policy" / "GovSync.admx").getroot()
OWN = r"Software\GovSyncTest\Template"
WORDS = {
    "app.update_command": [r"C:\Windows\System32\msiexec.exe", "/qn", "/i"],
    "folder.known": ["documents", "pictures"],
}
"""Of lists that do not hold any words."""

Written = tuple[int, object, object]
"""Of which kind a value is written, the value, and what a desk is to take it for."""


def written_of(element: ElementTree.Element) -> Iterator[Written]:
    """Yields what a form writes for an element: each of a choice, the ends of a number."""
    key = str(element.get("valueName"))
    match element.tag.removeprefix(SPACE):
        case "policy":
            for kind, meaning in (("enabledValue", True), ("disabledValue", False)):
                (number,) = element.findall(f"{SPACE}{kind}/{SPACE}decimal")
                yield winreg.REG_DWORD, int(str(number.get("value"))), meaning
        case "decimal":
            for end in ("minValue", "maxValue"):
                yield winreg.REG_DWORD, int(str(element.get(end))), int(str(element.get(end)))
        case "enum":
            for each in element.iter(f"{SPACE}string"):
                yield winreg.REG_SZ, each.text, each.text
        case "text":
            text = SAID[key][0]
            yield winreg.REG_SZ, text, parse(find(key), text)
        case "multiText":
            for words in (WORDS.get(key, ["a", "b"]), WORDS.get(key, ["a"])[:1]):
                yield winreg.REG_MULTI_SZ, words, tuple(words)
        case other:
            raise AssertionError(f"no desk reads {other}")


def elements() -> Iterator[ElementTree.Element]:
    for each in TEMPLATE.iter(f"{SPACE}policy"):
        inner = each.find(f"{SPACE}elements")
        yield each if inner is None else inner[0]


CASES = [
    (str(element.get("valueName")), *written) for element in elements() for written in written_of(element)
]


def test_every_key_has_a_form():
    assert {key for key, *_ in CASES} == {setting.key for setting in SETTINGS}


@pytest.mark.parametrize(("key", "kind", "value", "meaning"), CASES)
def test_what_a_form_writes_is_what_a_desk_takes(monkeypatch, key, kind, value, meaning):
    monkeypatch.setattr(module, "PATH", OWN)
    with winreg.CreateKeyEx(MACHINE, OWN, 0, winreg.KEY_WRITE | winreg.KEY_WOW64_64KEY) as place:
        winreg.SetValueEx(place, key, 0, kind, value)
    try:
        (file,) = policy.files()
        texts, wrong = read(file.text)
        found, refused = merge([(POLICY, texts)])
    finally:
        winreg.DeleteKeyEx(MACHINE, OWN, winreg.KEY_WOW64_64KEY)
    assert (file.unreadable, wrong, refused) == ("", [], [])
    assert (found[key].value, found[key].fixed) == (meaning, "policy")
