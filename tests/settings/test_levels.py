"""Each key at each level: who wins, who fixes it, and what the endpoint may not say."""

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.settings.merge import DEFAULT, ENDPOINT, FIXING, POLICY, USER, Effective, merge
from govsync.settings.schema import SETTINGS, Setting, Shape, find, parse
from tests.settings.samples import SAID

LEVELS = (POLICY, ENDPOINT, USER)
every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)


def of(setting: Setting, *levels: str) -> Effective:
    said = {level: {setting.key: text} for level, text in zip(LEVELS, SAID[setting.key], strict=True)}
    effective, wrong = merge([(level, said[level]) for level in LEVELS if level in levels])
    assert wrong == []
    return effective[setting.key]


def test_each_key_has_its_texts() -> None:
    assert SAID.keys() == {setting.key for setting in SETTINGS}


@every_setting
def test_the_strongest_level_that_says_a_key_wins_and_says_so(setting: Setting) -> None:
    assert of(setting) == Effective(setting.default, DEFAULT)
    for number, level in enumerate(LEVELS):
        if level == ENDPOINT and setting.endpoint is None:
            continue
        weaker = [each for each in LEVELS[number:] if each != ENDPOINT or setting.endpoint is not None]
        value = parse(setting, SAID[setting.key][number])
        assert of(setting, *weaker) == Effective(value, level, level if level in FIXING else "")


@every_setting
def test_what_is_not_the_endpoint_s_to_say_is_told_and_the_person_s_counts(setting: Setting) -> None:
    text, own = SAID[setting.key][1:]
    if setting.endpoint is not None:
        return
    effective, wrong = merge([(ENDPOINT, {setting.key: text}), (USER, {setting.key: own})])
    assert effective[setting.key] == Effective(parse(setting, own), USER)
    assert [(failure.code, failure.facts["name"]) for failure in wrong] == [
        (Code.SETTING_NOT_THEIRS, setting.key)
    ]


@every_setting
def test_a_text_that_is_no_value_is_told_at_each_level_and_stops_nothing(setting: Setting) -> None:
    for level in LEVELS:
        effective, wrong = merge([(level, {setting.key: "\udcff"})])
        assert effective[setting.key] == Effective(setting.default, DEFAULT)
        assert [failure.code for failure in wrong] == [Code.SETTING_BAD]


@every_setting
def test_the_shape_of_a_key_is_that_of_its_values(setting: Setting) -> None:
    kinds = {Shape.SWITCH: bool, Shape.NUMBER: int, Shape.CHOICE: str, Shape.LIST: tuple}
    if setting.shape is not Shape.TEXT:
        assert type(setting.default) is kinds[setting.shape]
    assert bool(setting.choices) is (setting.shape is Shape.CHOICE)
    assert all(parse(setting, choice) == choice for choice in setting.choices)
    if setting.shape is Shape.NUMBER:
        least, most = setting.numbers
        assert [parse(setting, str(number)) for number in (least, most)] == [least, most]
        for beyond in (least - 1, most + 1):
            with pytest.raises(Failure):
                parse(setting, str(beyond))


def test_what_says_where_files_lie_and_where_they_go_is_never_the_endpoint_s() -> None:
    theirs = {setting.key for setting in SETTINGS if setting.endpoint is not None}
    assert not theirs & {
        "endpoint.url", "endpoint.locked", "folder.path", "folder.locked", "network.proxy", "network.ca_file", "sync.ignore",
        "app.autostart", "app.notifications", "app.show_tray", "privacy.health_reports",
        "app.update_url", "app.update_root", "app.update_channel", "app.update_defer", "app.update_command",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("hold.deletions", "201"),
        ("hold.deletions_share", "0.6"),
        ("hold.rewrites", "1001"),
        ("folder.minimum_free", "101 GiB"),
        ("network.upload_limit", "1 KiB"),
        ("network.download_limit", "63 KiB"),
        ("sync.max_file_size", "1023 KiB"),
        ("sync.blocked_extensions", ",".join(f"a{number}" for number in range(101))),
    ],
)
def test_the_endpoint_makes_no_guard_weaker_and_brings_nothing_to_a_standstill(key: str, text: str) -> None:
    effective, wrong = merge([(ENDPOINT, {key: text})])
    assert effective[key].source == DEFAULT
    assert [failure.code for failure in wrong] == [Code.SETTING_NOT_THEIRS]
    assert merge([(POLICY, {key: text})])[1] == [], "a policy of the machine may"


@pytest.mark.parametrize(
    ("key", "lock"), [("endpoint.url", "endpoint.locked"), ("folder.path", "folder.locked")]
)
def test_a_lock_that_is_fixed_keeps_its_key_from_being_changed(key: str, lock: str) -> None:
    own = {USER: {key: SAID[key][2], lock: "on"}}
    assert merge([(USER, own[USER])])[0][key].fixed == "", "a person's own lock is no lock"
    assert merge([(POLICY, {lock: "on"}), (USER, own[USER])])[0][key] == Effective(
        parse(find(key), SAID[key][2]), USER, POLICY
    )
    assert merge([(POLICY, {lock: "off"}), (USER, own[USER])])[0][key].fixed == ""
