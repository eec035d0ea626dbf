"""The template of Windows' policies is whole, as ADMX demands it, and has every key with what it may hold."""

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from docs import policy_template
from docs.policy_template import CULTURES, KEY
from govsync.settings.schema import SETTINGS, Setting, Shape, parse
from govsync.text.policies import GROUPS

FILES = policy_template.files()
SPACE = f"{{{policy_template.NAMESPACE}}}"
TEMPLATE = ElementTree.fromstring(FILES["GovSync.admx"])
WORDS = {culture: ElementTree.fromstring(FILES[f"{culture}/GovSync.adml"]) for culture in CULTURES}
ASKED_BY = {
    "decimal": "decimalTextBox", "text": "textBox", "enum": "dropdownList", "multiText": "multiTextBox",
}  # fmt: skip
NAME, NUMBER, SWITCH, VERSION = r"\w+", r"\d{1,9}|[1-4]\d{9}", "true|false", r"\d{1,4}\.\d{1,5}"
ATTRIBUTES = {
    "class": "Both|Machine|User", "defaultItem": NUMBER, "displayName": rf"\$\(string\.{NAME}\)", "explainText": rf"\$\(string\.{NAME}\)",
    "id": NAME, "key": r"[^\\].*[^\\]", "maxLength": NUMBER, "maxValue": NUMBER, "minRequiredRevision": VERSION, "minValue": NUMBER,
    "name": NAME, "namespace": r"[\w.]+", "noSort": SWITCH, "prefix": NAME, "presentation": rf"\$\(presentation\.{NAME}\)", "ref": NAME,
    "refId": NAME, "required": SWITCH, "revision": VERSION, "schemaVersion": VERSION, "valueName": r"[\w.]+",
}  # fmt: skip
"""What the schema has an attribute hold; those of one name are alike wherever they stand."""
SHAPES = {
    "policyDefinitions": "revision schemaVersion: policyNamespaces resources supportedOn? categories? policies?",
    "policyNamespaces": ": target", "target": "prefix namespace:", "policyDefinitions/resources": "minRequiredRevision:",
    "policyDefinitions/supportedOn": ": definitions", "definitions": ": definition*", "definition": "name displayName:",
    "categories": ": category*", "category": "name displayName: parentCategory?", "parentCategory": "ref:",
    "policies": ": policy*", "policy/supportedOn": "ref:",
    "policy": "name class displayName explainText? key presentation? valueName?: parentCategory supportedOn enabledValue? disabledValue? elements?",
    "enabledValue": ": decimal", "disabledValue": ": decimal", "enabledValue/decimal": "value:", "disabledValue/decimal": "value:",
    "elements": ": decimal? text? enum? multiText?", "elements/decimal": "id valueName? required? minValue? maxValue?:",
    "text": "id valueName? required? maxLength?:", "multiText": "id valueName? required? maxLength? maxStrings?:",
    "enum": "id valueName? required?: item*", "item": "displayName: value", "value": ": string", "value/string": ":",
    "policyDefinitionResources": "revision schemaVersion: displayName description resources", "displayName": ":", "description": ":",
    "policyDefinitionResources/resources": ": stringTable presentationTable", "stringTable": ": string*", "stringTable/string": "id:",
    "presentationTable": ": presentation*", "presentation": "id: textBox? decimalTextBox? dropdownList? multiTextBox?",
    "textBox": "refId: label defaultValue?", "label": ":", "textBox/defaultValue": ":", "decimalTextBox": "refId defaultValue? spin? spinStep?:",
    "dropdownList": "refId noSort? defaultItem?:", "multiTextBox": "refId showAsDialog? defaultHeight?:",
}  # fmt: skip
"""The schema (PolicyDefinitions 1.0), as far as a template of ours has need of it: the attributes of each element, then what lies in
it, in this order (`?`: may be missing, `*`: one or more). Names that stand for two things are told apart by what they lie in."""
every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
every_culture = pytest.mark.parametrize("culture", CULTURES)


def found(top: ElementTree.Element, path: str) -> list[ElementTree.Element]:
    return top.findall("/".join(SPACE + each for each in path.split("/")))


def name_of(element: ElementTree.Element) -> str:
    return element.tag.removeprefix(SPACE)


def policy_of(setting: Setting) -> ElementTree.Element:
    [policy] = [
        each
        for each in found(TEMPLATE, "policies/policy")
        if each.get("name") == setting.key.replace(".", "_")
    ]
    return policy


def strings(culture: str) -> dict[str, str]:
    return {
        str(each.get("id")): each.text or "" for each in found(WORDS[culture], "resources/stringTable/string")
    }


def test_the_parts_stand_in_the_order_that_the_schema_has():
    parts = ["policyNamespaces", "resources", "supportedOn", "categories", "policies"]
    assert [name_of(each) for each in TEMPLATE] == parts
    [target] = found(TEMPLATE, "policyNamespaces/target")
    assert target.get("prefix")
    assert target.get("namespace")
    for words in WORDS.values():
        assert [name_of(each) for each in words] == ["displayName", "description", "resources"]
        assert [name_of(each) for each in found(words, "resources")[0]] == [
            "stringTable",
            "presentationTable",
        ]


def fits(rule: str, names: list[str]) -> bool:
    """Says whether names are those of a rule, in its order."""
    form = "".join(
        f"(?:{each.rstrip('?*')} ){'?' if each.endswith('?') else '+' if each.endswith('*') else ''}"
        for each in rule.split()
    )
    return re.fullmatch(form, "".join(f"{name} " for name in names)) is not None


def misfits(element: ElementTree.Element, within: str = "") -> Iterator[str]:
    """Yields what the schema has otherwise, from an element down."""
    name = name_of(element)
    attributes, _, inside = (SHAPES.get(f"{within}/{name}") or SHAPES[name]).partition(":")
    order = [each.rstrip("?") for each in attributes.split()]
    known = sorted(element.attrib, key=lambda each: order.index(each) if each in order else len(order))
    if not fits(attributes, known):
        yield f"{name} has {known}"
    children = [name_of(each) for each in element]
    if not fits(inside, children):
        yield f"{name} holds {children}"
    for attribute, value in element.attrib.items():
        if not re.fullmatch(ATTRIBUTES.get(attribute, NUMBER), value):
            yield f"{name}: {attribute} is {value}"
    for each in element:
        yield from misfits(each, name)


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_as_the_schema_has_it(file):
    assert list(misfits(ElementTree.fromstring(FILES[file]))) == []


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ('class="Both"', 'class="All"'),
        ('name="endpoint_url"', 'name="endpoint.url"'),
        (' displayName="$(string.endpoint_url)"', ""),
        ('<supportedOn ref="supported" />', ""),
        ('minValue="1"', 'minValue="-1"'),
        ('<decimal value="1" />', '<decimal value="1" /><decimal value="1" />'),
        ('required="true"', 'needed="true"'),
    ],
)
def test_what_the_schema_has_otherwise_is_found(said, instead):
    text = FILES["GovSync.admx"]
    assert said in text
    assert list(misfits(ElementTree.fromstring(text.replace(said, instead, 1))))


def test_each_name_stands_for_one_thing():
    for path in ("policies/policy", "categories/category", "supportedOn/definitions/definition"):
        names = [each.get("name") for each in found(TEMPLATE, path)]
        assert len(names) == len(set(names))
    for words in WORDS.values():
        for path in ("resources/stringTable/string", "resources/presentationTable/presentation"):
            assert Counter(each.get("id") for each in found(words, path)).most_common(1)[0][1] == 1


@every_culture
def test_every_word_that_the_template_names_is_there_and_no_other(culture):
    named = {
        value.removeprefix("$(string.").removesuffix(")")
        for each in TEMPLATE.iter()
        for value in each.attrib.values()
        if value.startswith("$(string.")
    }
    assert named == strings(culture).keys()
    assert all(strings(culture).values())


def test_it_speaks_korean_where_it_is_asked_to():
    own = {key for key, text in strings("ko-KR").items() if text != strings("en-US")[key]}
    assert {f"{setting.key.replace('.', '_')}_help" for setting in SETTINGS} <= own
    assert set(GROUPS) <= own


def test_every_policy_is_of_a_key_and_every_group_has_one():
    assert len(found(TEMPLATE, "policies/policy")) == len(SETTINGS)
    assert set(GROUPS) == {setting.key.partition(".")[0] for setting in SETTINGS}
    known = {each.get("name") for each in found(TEMPLATE, "categories/category")}
    parents = found(TEMPLATE, "categories/category/parentCategory")
    assert {each.get("ref") for each in parents} <= known
    assert len(parents) == len(known) - 1, "all but the highest lie in another"


@every_setting
def test_a_policy_says_where_its_value_lies_and_of_which_group_it_is(setting):
    policy = policy_of(setting)
    assert (policy.get("class"), policy.get("key")) == ("Both", KEY)
    children = [name_of(each) for each in policy]
    values = ["enabledValue", "disabledValue"] if setting.shape is Shape.SWITCH else ["elements"]
    assert children == ["parentCategory", "supportedOn", *values]
    assert policy[0].get("ref") == setting.key.partition(".")[0]
    supported = {each.get("name") for each in found(TEMPLATE, "supportedOn/definitions/definition")}
    assert policy[1].get("ref") in supported
    named = policy if setting.shape is Shape.SWITCH else found(policy, "elements")[0][0]
    assert named.get("valueName") == setting.key


@every_setting
def test_whatever_the_form_lets_be_said_is_a_value(setting):
    policy = policy_of(setting)
    if setting.shape is Shape.SWITCH:
        said = [
            found(policy, f"{each}/decimal")[0].get("value") for each in ("enabledValue", "disabledValue")
        ]
        assert [parse(setting, str(text)) for text in said] == [True, False]
        return
    [element] = found(policy, "elements")[0]
    if setting.shape is Shape.NUMBER:
        assert [parse(setting, str(element.get(each))) for each in ("minValue", "maxValue")] == [
            *setting.numbers
        ]
        assert int(str(element.get("maxValue"))) < 1 << 32, "it is kept as a DWORD"
    elif setting.shape is Shape.CHOICE:
        said = [each.text for each in found(element, "item/value/string")]
        assert said == list(setting.choices)


@every_culture
@every_setting
def test_a_form_asks_for_each_element_by_what_fits_it(setting, culture):
    forms = {
        each.get("id"): each for each in found(WORDS[culture], "resources/presentationTable/presentation")
    }
    policy = policy_of(setting)
    if setting.shape is Shape.SWITCH:
        assert policy.get("presentation") is None
        assert policy.get("name") not in forms
        return
    assert policy.get("presentation") == f"$(presentation.{policy.get('name')})"
    [element], [asked] = found(policy, "elements")[0], forms[policy.get("name")]
    assert asked.get("refId") == element.get("id")
    assert name_of(asked) == ASKED_BY[name_of(element)]
    if setting.shape is Shape.CHOICE:
        assert setting.choices[int(str(asked.get("defaultItem")))] == setting.default
    elif setting.shape is Shape.NUMBER:
        assert int(str(asked.get("defaultValue"))) == setting.default
    elif setting.shape is Shape.TEXT:
        assert parse(setting, found(asked, "defaultValue")[0].text or "") == setting.default
