"""Signed in with a real browser at a phone's size: the fleet, and a desk that is wiped from there; one's own files.

Pictures of all pages go into the folder that GOVSYNC_PICTURES names, for whoever wants to look at them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.browser import Browser, browsing
from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, until
from tests.journeys.test_fleet import admin, listed, state
from tests.journeys.test_link_pages import LANGUAGES, look, nothing_from_elsewhere

# A desk that was wiped begins anew, which a fork cannot.
pytestmark = [pytest.mark.journey, pytest.mark.commands, pytest.mark.timeout(300)]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    (base := tmp_path / "browser").mkdir()
    with browsing(base) as browser:
        yield browser


@pytest.fixture
def office(site: Site) -> Desk:
    """Anna's desk, which tells how it is; Boris looks after the fleet."""
    admin(site, "user", "fleet", "boris", "--on")
    office = site.desk("office")
    office.do("settings", "set", "privacy.health_reports", "counts")
    office.write("Plans/a.txt", "plan")
    office.wait()
    office.kill()
    office.start()
    until(lambda: bool(listed(site)[office.device()]["reported"]), "the desk tells how it is")
    return office


def web(site: Site, page: str = "") -> str:
    return f"http://127.0.0.1:{site.server.port}/web/{page}"


def sign_in(browser: Browser, login: str, password: str = PASSWORD) -> None:
    """Signs in by keyboard alone, in the place of whatever page."""
    browser.type(login)
    browser.press("Tab", 9)
    browser.type(password)
    browser.load(lambda: browser.press("Enter", 13, "\r"))


def test_a_desk_is_found_and_wiped_and_its_state_seen(site: Site, office: Desk, browser: Browser) -> None:
    office.wait()
    office.do("pause")
    office.write("new.txt", "not sent")
    browser.open(web(site, "fleet?text=anna"))
    sign_in(browser, "boris", "wrong")
    assert "Account and password do not fit" in browser.text()
    browser.type(PASSWORD)
    browser.load(lambda: browser.press("Enter", 13, "\r"))
    assert browser.value("location.href") == web(site, "fleet?text=anna")
    assert browser.value("document.cookie") == ""
    assert "1 to 1 of 1" in browser.text()
    browser.value("document.querySelector('#state').value = 'signed_out'")
    browser.click(".filter button")
    assert "There are no such devices." in browser.text()
    browser.click(".filter a")
    browser.tap("a[href*='devices.json']")
    [row] = json.loads(browser.downloaded("fleet.json"))
    assert row == listed(site)[office.device()]
    browser.click("td a")
    browser.click("a[href$='/wipe']")
    assert "Everything else stays on it" in browser.text()
    assert listed(site)[office.device()]["state"] != "wiping"
    browser.click("button.grave")
    until(lambda: listed(site)[office.device()]["state"] == "wiped", "the desk is wiped")
    browser.load(lambda: browser.ask("Page.reload"))
    for text in ("Files removed", "1 file\n", "Kept, since not safely on the server\n1 file"):
        assert text in browser.text()
    until(lambda: office.call("status").returncode == 0, "it began anew")
    assert office.files() == {"new.txt": b"not sent"}
    assert state(office) == "signed_out"
    browser.click("header .out button")
    assert "Password" in browser.text()
    browser.open(web(site, "fleet"))
    assert "anna" not in browser.text()
    nothing_from_elsewhere(site, browser)


def test_a_file_is_shown_from_the_desk_and_each_version_fetched(
    site: Site, office: Desk, browser: Browser
) -> None:
    office.write("Plans/a.txt", "another plan")
    office.wait()
    address = office.do("web", str(office.folder / "Plans" / "a.txt")).strip()
    browser.open(address)
    assert "a.txt" not in browser.text()
    sign_in(browser, "anna")
    assert browser.value("location.href") == address
    for text in ("Your folders", "Changed last by Anna", "12 bytes", "4 bytes"):
        assert text in browser.text()
    look(browser, "web-file-en")
    browser.tap("tr:last-child td a")
    assert browser.downloaded("a.txt") == b"plan"
    browser.click("nav.above a:last-child")
    assert "a.txt" in browser.text()
    look(browser, "web-folder-en")
    browser.click("header .home")
    browser.click("td a")
    assert "Plans" in browser.text()
    nothing_from_elsewhere(site, browser)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_a_phone_and_a_desk_in_each_language(
    site: Site, office: Desk, browser: Browser, language: str
) -> None:
    browser.speak(language)
    browser.open(web(site))
    look(browser, f"web-sign-in-{language}")
    sign_in(browser, "boris", "wrong")
    look(browser, f"web-wrong-{language}")
    browser.type(PASSWORD)
    browser.load(lambda: browser.press("Enter", 13, "\r"))
    look(browser, f"web-home-{language}")
    browser.click("header a[href*='fleet']")
    look(browser, f"web-fleet-{language}")
    browser.click("td a")
    device = browser.value("location.href")
    look(browser, f"web-device-{language}")
    for ask in ("wipe", "keep", "sign-out"):
        browser.open(f"{device}/{ask}")
        assert browser.value("document.documentElement.lang").startswith(language)
        look(browser, f"web-{ask}-{language}")
    browser.open(web(site, "nothing"))
    look(browser, f"web-nothing-{language}")
    browser.widen(1280)
    for name, page in {"fleet": web(site, "fleet"), "device": device}.items():
        browser.open(page)
        look(browser, f"wide-{name}-{language}", 1280)
    nothing_from_elsewhere(site, browser)
