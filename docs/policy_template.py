"""The forms in which Windows' Group Policy has the settings set: a template (ADMX), and its words in two languages (ADML).

Each key is one policy, in the group of its first word. Its value lies under `Software\\Policies\\GovSync` by the name of the
key, as a number (1 or 0 for a switch), a text, or several texts; what it says wrongly is told by `govsync doctor`. Shapes and
order of the elements: Microsoft, "ADMX syntax" and "ADML syntax" (Group Policy reference, PolicyDefinitions schema 1.0).
"""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from govsync.model.languages import Language
from govsync.settings.schema import SETTINGS, Setting, Shape
from govsync.text import policies
from govsync.text.catalog import speaking, translated

NAMESPACE = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
KEY = "Software\\Policies\\GovSync"
CULTURES = {"en-US": Language.ENGLISH, "ko-KR": Language.KOREAN}
ROOT = "GovSync"
_VALUE = "value"
_SUPPORTED = "supported"
_MOST_TEXT = "1023"
"""What the form lets be typed into one line."""


def template() -> str:
    """Renders the template."""
    top = _top("policyDefinitions")
    names = SubElement(top, "policyNamespaces")
    SubElement(names, "target", prefix="govsync", namespace="GovSync.Policies")
    SubElement(top, "resources", minRequiredRevision="1.0")
    definitions = SubElement(SubElement(top, "supportedOn"), "definitions")
    SubElement(definitions, "definition", name=_SUPPORTED, displayName=_string(_SUPPORTED))
    categories = SubElement(top, "categories")
    SubElement(categories, "category", name=ROOT, displayName=_string(ROOT))
    for group in policies.GROUPS:
        category = SubElement(categories, "category", name=group, displayName=_string(group))
        SubElement(category, "parentCategory", ref=ROOT)
    every = SubElement(top, "policies")
    for setting in SETTINGS:
        _policy(every, setting)
    return _written(top)


def words(language: Language) -> str:
    """Renders the words of the template in a language."""
    with speaking(language):
        top = _top("policyDefinitionResources")
        SubElement(top, "displayName").text = translated(policies.TITLE)
        SubElement(top, "description").text = translated(policies.DESCRIPTION)
        resources = SubElement(top, "resources")
        strings = SubElement(resources, "stringTable")
        for name, text in _strings():
            SubElement(strings, "string", id=name).text = text
        presentations = SubElement(resources, "presentationTable")
        for setting in SETTINGS:
            if setting.shape is not Shape.SWITCH:
                _asked(SubElement(presentations, "presentation", id=_id(setting)), setting)
        return _written(top)


def files() -> dict[str, str]:
    """Renders all of it, by the names under which Windows looks for it in its folder of templates."""
    return {
        "GovSync.admx": template(),
        **{f"{culture}/GovSync.adml": words(language) for culture, language in CULTURES.items()},
    }


def _top(name: str) -> Element:
    return Element(name, {"xmlns": NAMESPACE, "revision": "1.0", "schemaVersion": "1.0"})


def _written(top: Element) -> str:
    indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(top, encoding="unicode") + "\n"


def _id(setting: Setting) -> str:
    return setting.key.replace(".", "_")


def _string(name: str) -> str:
    return f"$(string.{name})"


def _policy(every: Element, setting: Setting) -> None:
    name = _id(setting)
    facts = {
        "name": name, "class": "Both", "displayName": _string(name), "explainText": _string(f"{name}_help"), "key": KEY,
    }  # fmt: skip
    if setting.shape is Shape.SWITCH:
        facts["valueName"] = setting.key
    else:
        facts["presentation"] = f"$(presentation.{name})"
    policy = SubElement(every, "policy", facts)
    SubElement(policy, "parentCategory", ref=setting.key.partition(".")[0])
    SubElement(policy, "supportedOn", ref=_SUPPORTED)
    if setting.shape is Shape.SWITCH:
        SubElement(SubElement(policy, "enabledValue"), "decimal", value="1")
        SubElement(SubElement(policy, "disabledValue"), "decimal", value="0")
    else:
        _ELEMENTS[setting.shape](SubElement(policy, "elements"), setting)


def _element(elements: Element, kind: str, setting: Setting, **more: str) -> Element:
    return SubElement(elements, kind, {"id": _VALUE, "valueName": setting.key, "required": "true", **more})


def _number(elements: Element, setting: Setting) -> None:
    least, most = setting.numbers
    _element(elements, "decimal", setting, minValue=str(least), maxValue=str(most))


def _choice(elements: Element, setting: Setting) -> None:
    choice = _element(elements, "enum", setting)
    for value in setting.choices:
        item = SubElement(choice, "item", displayName=_string(_choice_id(setting, value)))
        SubElement(SubElement(item, "value"), "string").text = value


_ELEMENTS: dict[Shape, Callable[[Element, Setting], object]] = {
    Shape.NUMBER: _number,
    Shape.TEXT: lambda elements, setting: _element(elements, "text", setting, maxLength=_MOST_TEXT),
    Shape.CHOICE: _choice,
    Shape.LIST: lambda elements, setting: _element(elements, "multiText", setting),
}


def _choice_id(setting: Setting, value: str) -> str:
    return f"{_id(setting)}_{value.replace('-', '_')}"


def _strings() -> Iterator[tuple[str, str]]:
    yield _SUPPORTED, translated(policies.SUPPORTED)
    yield ROOT, translated(policies.TITLE)
    for group, text in policies.GROUPS.items():
        yield group, translated(text)
    for setting in SETTINGS:
        yield _id(setting), setting.key
        yield f"{_id(setting)}_help", translated(setting.meaning)
        for value in setting.choices:
            yield _choice_id(setting, value), value


def _asked(form: Element, setting: Setting) -> None:
    """Asks for a value, by the name of the key: scripts and documentation call it so, too."""
    if setting.shape is Shape.TEXT:
        box = SubElement(form, "textBox", refId=_VALUE)
        SubElement(box, "label").text = setting.key
        SubElement(box, "defaultValue").text = str(setting.default)
    elif setting.shape is Shape.NUMBER:
        SubElement(form, "decimalTextBox", refId=_VALUE, defaultValue=str(setting.default)).text = setting.key
    elif setting.shape is Shape.CHOICE:
        chosen = str(setting.choices.index(str(setting.default)))
        SubElement(form, "dropdownList", refId=_VALUE, noSort="true", defaultItem=chosen).text = setting.key
    else:
        SubElement(form, "multiTextBox", refId=_VALUE).text = setting.key
