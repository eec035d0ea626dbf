"""The window speaks the language that it is told to, at once, and all of it."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QCoreApplication, QObject

from govsync.control import messages
from govsync.desktop.commands import run
from govsync.desktop.languages import Interpreter, wanted
from govsync.model.codes import Code
from govsync.model.languages import Language
from govsync.model.problems import Failure
from govsync.settings.merge import Effective
from govsync.text.catalog import speak, spoken
from govsync.text.languages import OWN
from tests.desktop import samples
from tests.desktop.conftest import BEGUN
from tests.desktop.test_window import words


@pytest.fixture(autouse=True)
def english_afterwards(qapp):
    yield
    Interpreter(qapp).speak(Language.ENGLISH)


def choose(qtbot, found, number: int) -> None:
    page = found.window.made("settings")
    qtbot.waitUntil(page.is_whole)
    page.settings["app.language"].choice.menu().actions()[number].trigger()


def test_what_is_chosen_is_spoken_at_once_on_the_page_where_one_is(qtbot, app, agent):
    found = app()
    agent.answers[messages.ListSettings] = lambda _: samples.settings() | {"app.language": chosen[0]}
    chosen = [Effective("system", "default")]

    def take(request):
        chosen[0] = Effective(request.value, "user")
        agent.become(replace(agent.status, settings=agent.status.settings + 1))

    agent.answers[messages.SetSetting] = take
    qtbot.waitUntil(lambda: found.desk.status is not None)
    before = found.window
    choose(qtbot, found, 2)
    qtbot.waitUntil(lambda: found.window is not before)
    assert agent.asked_of(messages.SetSetting) == [messages.SetSetting(key="app.language", value="ko")]
    assert found.window.page == "settings"
    assert found.window.isVisible()
    qtbot.waitUntil(lambda: "동기화 폴더" in words(found.window))
    assert found.window.entries["problems"].text() == "문제"
    assert {"폴더 열기", "최근 파일", "종료"} <= {each.text() for each in found.tray.menu.actions()}
    assert found.tray.tooltip() == "GovSync\n동기화됨. 마지막 변경: 14:02."
    assert QCoreApplication.translate("QWidgetTextControl", "Select All") == "모두 선택"
    choose(qtbot, found, 4)
    qtbot.waitUntil(lambda: spoken() is Language.SERBIAN_LATIN)
    qtbot.waitUntil(lambda: "Sinhronizovana fascikla" in words(found.window))
    assert QCoreApplication.translate("QWidgetTextControl", "Select All") == "Izaberi sve"
    assert QCoreApplication.translate("QLocalSocket", "%1: Unknown error") == "%1: Unknown error"
    choose(qtbot, found, 0)
    qtbot.waitUntil(lambda: "Synced folder" in words(found.window))
    assert QCoreApplication.translate("QWidgetTextControl", "Select All") == "Select All"


def test_a_language_that_the_agent_already_has_is_not_switched_to_again(qtbot, app, agent):
    found = app()
    qtbot.waitUntil(lambda: found.desk.status is not None)
    before = found.window
    found.window.turn_to("settings")
    qtbot.waitUntil(lambda: bool(agent.asked_of(messages.ListSettings)))
    qtbot.wait(50)
    assert found.window is before


def test_it_begins_in_the_language_of_the_setting(app):
    found = app(replace(BEGUN, language="sr-Cyrl"))
    assert found.window.entries["status"].text() == "Стање"
    assert found.tray.tooltip() == "GovSync\nGovSync се покреће."


def test_what_an_organisation_has_fixed_cannot_be_chosen(qtbot, shown):
    window = shown("settings", also={messages.ListSettings: samples.settings(app__language="ko")})
    setting = window.made("settings").settings["app.language"]
    qtbot.waitUntil(lambda: setting.choice.value() == "ko")
    assert not setting.choice.isEnabled()
    assert setting.locked.isVisible()


def test_the_setting_goes_before_the_system_and_that_before_english():
    assert wanted("sr-Latn", {"LANG": "ko_KR"}) is Language.SERBIAN_LATIN
    assert wanted("system", {"LANG": "ko_KR.UTF-8"}) is Language.KOREAN
    assert wanted("system", {"LANG": "C"}) is Language.ENGLISH


def test_a_command_complains_in_the_language_of_the_window(qtbot, qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVSYNC_HOME", str(tmp_path))
    monkeypatch.setenv(OWN, "en")
    owner, told = QObject(), []
    speak(Language.KOREAN)
    run(("pause",), told.append, owner)
    qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert told[0].code is Code.AGENT_NOT_RUNNING
    assert told[0].words.startswith("GovSync가 실행되고 있지 않습니다.")


def test_a_language_that_the_agent_does_not_take_is_not_spoken(qtbot, app, agent):
    found = app()
    agent.answers[messages.SetSetting] = Failure(Code.SETTING_FIXED, name="app.language")
    qtbot.waitUntil(lambda: found.desk.status is not None)
    before = found.window
    choose(qtbot, found, 2)
    setting = before.made("settings").settings["app.language"]
    qtbot.waitUntil(lambda: "app.language is fixed by your organisation." in words(setting))
    assert setting.choice.value() == "system"
    assert (found.window is before, spoken()) == (True, Language.ENGLISH)
