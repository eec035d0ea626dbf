"""Links from the command line to a real browser at a phone's size: what people without an account see, fetch and send.

Pictures of all pages go into the folder that GOVSYNC_PICTURES names, for whoever wants to look at them.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.journeys.browser import WIDTH, Browser, browsing
from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until

pytestmark = pytest.mark.journey
LANGUAGES = ("en", "ko", "sr")
CONTRAST = """(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some(node => node.nodeType == 3 && node.textContent.trim());
    if (!own || element.closest('.unseen')) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) weak.push([element.outerHTML.slice(0, 80), ratio]);
  }
  return weak;
})()"""
"""Texts that stand out too little from what is behind them (WCAG 2.2, 1.4.3)."""
SMALL = """[...document.querySelectorAll('a, button, select, input:not([type=hidden])')].map(each => [each.outerHTML.slice(0, 80),
  each.getBoundingClientRect().height]).filter(([_, height]) => height < 24)"""
"""Targets that are too small for a finger (WCAG 2.2, 2.5.8)."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    (base := tmp_path / "browser").mkdir()
    with browsing(base) as browser:
        yield browser


@pytest.fixture
def office(site: Site) -> Desk:
    """Anna's desk, with a folder for colleagues elsewhere."""
    office = site.desk("office")
    office.write("입찰 공고 2026/제안 요청서 최종본 (수정) 국토교통부 도시재생 사업.hwp", os.urandom(300_000))
    office.write("입찰 공고 2026/Прилог – образац понуде.docx", os.urandom(90_000))
    office.write("입찰 공고 2026/Report.pdf", b"report" * 10_000)
    office.write(
        "입찰 공고 2026/Plans/Site_plan_with_a_very_long_name_that_has_no_place_to_break_at_all.dwg",
        b"x" * 2_000,
    )
    office.write("Inbox/before.txt", "kept")
    office.write("Leer/x", "1")
    (office.folder / "Leer" / "x").unlink()
    office.wait()
    return office


def link(office: Desk, path: str, *options: str, stdin: str = "") -> str:
    """Makes a link; answers its address."""
    return office.do("link", "add", str(office.folder / path), *options, stdin=stdin).splitlines()[0]


def look(browser: Browser, name: str, width: int = WIDTH) -> None:
    """Holds a page to what each must be at this width, in either scheme, and takes its pictures."""
    for scheme in ("light", "dark"):
        browser.darken(scheme)
        assert browser.value("document.documentElement.scrollWidth") <= width
        assert browser.value(CONTRAST) == []
        assert browser.value(SMALL) == []
        assert browser.value("document.scripts.length") == 0
        pictures = os.environ.get("GOVSYNC_PICTURES")
        if pictures:
            browser.picture(Path(pictures) / f"{name}-{scheme}.png")
    browser.darken("light")


def nothing_from_elsewhere(site: Site, browser: Browser) -> None:
    own = f"http://127.0.0.1:{site.server.port}/"
    assert browser.requested
    assert [each for each in browser.requested if not each.startswith((own, "about:"))] == []
    unexpected = [
        each for each in browser.complaints if "404" not in each and "403" not in each and "422" not in each
    ]
    assert unexpected == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_a_phone_in_each_language(
    site: Site, office: Desk, browser: Browser, language: str
) -> None:
    browser.speak(language)
    folder = link(office, "입찰 공고 2026", "--downloads", "5")
    inbox = link(office, "Inbox", "--role", "uploader")
    pages = {
        "file": link(office, "입찰 공고 2026/제안 요청서 최종본 (수정) 국토교통부 도시재생 사업.hwp", "--expires", "12h"),
        "folder": folder, "empty": link(office, "Leer"), "upload": inbox, "received": f"{inbox}?sent=3",
        "password": link(office, "Inbox", "--password-stdin", stdin="geheim\n"),
        "nothing": folder[:-22] + "A" * 22,
    }  # fmt: skip
    for name, address in pages.items():
        browser.open(address)
        assert browser.value("document.documentElement.lang").startswith(language)
        look(browser, f"{name}-{language}")
    browser.open(pages["password"])
    browser.type("wrong")
    browser.click("button")
    look(browser, f"wrong-{language}")
    nothing_from_elsewhere(site, browser)


def test_a_folder_is_walked_through_and_fetched(site: Site, office: Desk, browser: Browser) -> None:
    browser.open(link(office, "입찰 공고 2026"))
    browser.tap("a.button")
    packed = ZipFile(io.BytesIO(browser.downloaded("입찰 공고 2026.zip")))
    top = "입찰 공고 2026/"
    saved = {
        path.removeprefix(top): data
        for path, data in office.tree().items()
        if path.startswith(top) and data is not None
    }
    assert {name: packed.read(name) for name in packed.namelist() if not name.endswith("/")} == saved
    browser.click("td a[href*='?in=']")
    assert "Site_plan" in browser.text()
    browser.tap("td a[download]")
    name = "Site_plan_with_a_very_long_name_that_has_no_place_to_break_at_all.dwg"
    assert browser.downloaded(name) == b"x" * 2_000
    browser.click("nav a[hreflang='ko']")
    assert "다운로드" in browser.text()
    browser.click("main a[href*='lang=ko']:not([download])")
    assert "Anna 님이 공유함" in browser.text()
    nothing_from_elsewhere(site, browser)


def test_a_password_is_typed_by_keyboard_alone(site: Site, office: Desk, browser: Browser) -> None:
    address = link(office, "입찰 공고 2026/Report.pdf", "--password-stdin", stdin="한글 암호\n")
    browser.open(address)
    assert "Report" not in browser.text()
    browser.type("한글 암호")
    browser.load(lambda: browser.press("Enter", 13, "\r"))
    assert "Report.pdf" in browser.text()
    assert browser.value("document.cookie") == ""
    browser.press("Tab", 9)
    assert browser.value("document.activeElement.className") == "button"
    assert browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter", 13, "\r")
    assert browser.downloaded("Report.pdf") == b"report" * 10_000
    nothing_from_elsewhere(site, browser)


def test_what_is_sent_lies_on_the_desk_and_a_link_that_was_ended_opens_nothing(
    site: Site, office: Desk, browser: Browser, tmp_path: Path
) -> None:
    address = link(office, "Inbox", "--role", "uploader")
    for name, content in (("before.txt", b"another"), ("Понуда.pdf", os.urandom(3_000_000))):
        (tmp_path / name).write_bytes(content)
    browser.open(address)
    assert "before.txt" not in browser.text()
    browser.choose("#file", tmp_path / "before.txt", tmp_path / "Понуда.pdf")
    browser.click("button")
    assert "2 files were received." in browser.text()
    until(lambda: "Inbox/Понуда.pdf" in office.tree(), "what was sent")
    office.wait()
    tree = office.tree()
    assert tree["Inbox/before.txt"] == b"kept"
    assert tree["Inbox/before (2).txt"] == b"another"
    assert tree["Inbox/Понуда.pdf"] == (tmp_path / "Понуда.pdf").read_bytes()
    [row] = office.json("link", "list")
    assert (row["path"], row["role"]) == ("Inbox", "uploader")
    office.do("link", "remove", row["id"])
    browser.open(address)
    assert "Nothing is here" in browser.text()
    assert office.json("link", "list") == []
    nothing_from_elsewhere(site, browser)
