"""The public side of links over HTTP: what a browser is shown and sent, what it is told to do with it, and what it never learns."""

import io
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urljoin
from zipfile import ZipFile

import pytest

from govsync.model.codes import Code
from govsync.protocol import events
from govsync.protocol.limits import MIB
from govsync.protocol.session import Role
from govsync.server import directory, links, policy, reading
from govsync.server.bounds import Bounds, Tries
from govsync.server.web import downloads
from govsync.server.web.answers import attachment
from govsync.server.web.handlers import COOKIE
from tests.server.desk import LARGE, noise, set_space
from tests.server.serving import LIMIT_S
from tests.server.serving import desk as desk_over_http
from tests.server.test_discretion import logged
from tests.server.web.town import DATA, Town, founded
from tests.server.web.visitor import FORM, Seen, Visitor, form

SECURE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store",
    "x-frame-options": "DENY", "x-robots-tag": "noindex, nofollow", "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}  # fmt: skip
UNKNOWN = "/l/" + "A" * 22


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with founded(tmp_path) as town:
        yield town


@pytest.fixture
def visitor(town: Town) -> Visitor:
    return town.visitor()


def secure(seen: Seen) -> Seen:
    """Holds an answer to what every one of them must say to a browser."""
    assert {name: seen.headers.get(name) for name in SECURE} == SECURE
    assert "<script" not in seen.body.decode(errors="replace")
    return seen


# Files


def test_a_page_of_a_file_says_what_it_is_and_gives_it(town: Town, visitor: Visitor):
    link = town.link()
    page = secure(visitor.get(link))
    assert page.status == 200
    for text in ("Report.pdf", "4.8 MiB", "Shared by Anna", "Open until 2026-11-25 11:06 UTC 7 days left"):
        assert text in page.text
    [download] = [href for href in page.hrefs() if href.endswith("/content")]
    given = secure(visitor.follow(link, download))
    assert (given.status, given.body) == (200, DATA)
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith('attachment; filename="Report.pdf"')
    assert given.headers["accept-ranges"] == "bytes"


def test_a_part_is_given_and_what_is_known_is_not_sent_again(town: Town, visitor: Visitor):
    content = town.link() + "/content"
    tag = visitor.get(content).headers["etag"]
    part = secure(visitor.get(content, Range="bytes=1000000-3999999"))
    assert (part.status, part.body) == (206, DATA[1_000_000:4_000_000])
    assert part.headers["content-range"] == "bytes 1000000-3999999/5000000"
    assert visitor.get(content, Range="bytes=-5", If_Range=tag).body == DATA[-5:]
    assert visitor.get(content, Range="bytes=-5", If_Range='"other"').status == 200
    none = secure(visitor.get(content, Range="bytes=5000000-"))
    assert (none.status, none.headers["content-range"], none.body) == (416, "bytes */5000000", b"")
    known = secure(visitor.get(content, If_None_Match=tag))
    assert (known.status, known.body, known.headers["etag"]) == (304, b"", tag)
    head = secure(visitor.call("HEAD", content))
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "5000000")
    [state] = town.anna.do(town.anna.edit(town.file, b"new"), inline=(b"new",))
    assert state.rev != town.file.rev
    assert visitor.get(content, If_None_Match=tag).body == b"new"


def test_an_empty_file_is_a_file(town: Town, visitor: Visitor):
    [state] = town.anna.do(town.anna.put("empty"))
    link = town.link(state)
    assert "0 bytes" in visitor.get(link).text
    given = visitor.get(f"{link}/content")
    assert (given.status, given.body, given.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("name", "plain", "written"),
    [
        ("Report.pdf", "Report.pdf", "Report.pdf"),
        ("보고서.hwp", "___.hwp", "%EB%B3%B4%EA%B3%A0%EC%84%9C.hwp"),
        ('a"b\\c%d', "a_b_c_d", "a_b_c%25d"),
        ("gpj.\u202eexe", "gpj._exe", "gpj._exe"),
        ("a\r\nSet-Cookie: x=1", "a__Set-Cookie_ x=1", "a__Set-Cookie_%20x%3D1"),
    ],
)
def test_a_file_is_saved_under_its_name_and_never_shown(name: str, plain: str, written: str):
    assert attachment(name) == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{written}"


# Folders


def test_a_page_of_a_folder_leads_through_it(town: Town, visitor: Visitor):
    [below] = town.anna.do(town.anna.mkdir("2026", town.folder.node))
    town.anna.save("note.txt", b"hello", below.node)
    [empty] = town.anna.do(town.anna.mkdir("leer", below.node))
    link = town.link(town.folder)
    page = secure(visitor.get(link))
    assert [text in page.text for text in ("Plans", "2026 Folder", "Report.pdf 4.8 MiB")] == [True] * 3
    [inner] = [href for href in page.hrefs() if "?in=" in href]
    deep = secure(visitor.follow(link, inner))
    assert "note.txt 5 bytes" in deep.text
    assert "Back to Plans" in deep.text
    [packed, *hrefs] = [href for href in deep.hrefs() if "/content/" in href]
    assert ZipFile(io.BytesIO(visitor.follow(link, packed).body)).namelist() == ["leer/", "note.txt"]
    assert visitor.follow(link, hrefs[0]).body == b"hello"
    [to_empty] = [href for href in deep.hrefs() if "?in=" in href and href not in page.hrefs()][:1]
    assert "This folder is empty." in visitor.follow(link, to_empty).text
    assert empty.name in deep.text
    assert "Back to 2026" in visitor.follow(link, to_empty).text
    whole = secure(visitor.get(f"{link}/content"))
    assert whole.headers["content-disposition"].startswith('attachment; filename="Plans.zip"')
    found = ZipFile(io.BytesIO(whole.body))
    assert sorted(found.namelist()) == ["2026/", "2026/leer/", "2026/note.txt", "Report.pdf"]
    assert found.read("Report.pdf") == DATA


def test_a_long_list_goes_on_page_by_page(town: Town, visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(links, "PAGE", 3)
    [folder] = town.anna.do(town.anna.mkdir("many"))
    town.anna.do(*(town.anna.put(f"f{number}", parent=folder.node) for number in range(7)))
    at = link = town.link(folder)
    seen: list[str] = []
    for _ in range(3):
        page = visitor.get(at)
        seen += re.findall(r"\bf\d\b", page.text)
        more = [href for href in page.hrefs() if "after=" in href and "lang=" not in href]
        at = urljoin(link, more[0]) if more else ""
    assert seen == [f"f{number}" for number in range(7)]
    assert at == ""


def test_nothing_beside_the_folder_is_shown_or_given(town: Town, visitor: Visitor):
    from govsync.model import ids

    beside = town.anna.save("beside", b"1")
    link = town.link(town.folder)
    for node in (beside.node, town.anna.root, town.office.ids.new()):
        for path in (f"?in={ids.to_text(node)}", f"/content/{ids.to_text(node)}", "?in=x", "/content/x"):
            assert secure(visitor.get(link + path)).status == 404


def test_too_much_for_a_zip_says_so(tmp_path: Path):
    with founded(tmp_path, Bounds(link_files=2)) as town:
        town.anna.do(*(town.anna.put(f"f{number}", parent=town.folder.node) for number in range(3)))
        refused = secure(town.visitor().get(town.link(town.folder) + "/content"))
        assert refused.status == 413
        assert "Open its folders" in refused.text


# What opens nothing


def lost(town: Town) -> dict[str, str]:
    """Links that open nothing, each for another reason."""
    made = {
        why: town.link(**more)
        for why, more in (("ended", {}), ("over", {"lasts_s": 1}), ("used", {"downloads": 1}))
    }
    rows = links.links(town.office.server, town.anna.caller, town.anna.space, None).links
    links.end(town.office.server, town.anna.caller, rows[0].link)
    assert town.visitor().get(made["used"] + "/content").status == 200
    gone = town.anna.save("gone", b"1")
    made["deleted"] = town.link(gone)
    town.anna.do(town.anna.delete(gone))
    town.office.clock.now_ms += 1_000
    return made | {"unknown": UNKNOWN, "no token": "/l/static"}


def test_whatever_opens_nothing_answers_alike_everywhere(town: Town, visitor: Visitor):
    found = lost(town)
    for path in ("", "/content", "/content/x", "?lang=ko"):
        alike(*(visitor.get(link + path) for link in found.values()))
    for path, kind in (("/password", "application/x-www-form-urlencoded"), ("/upload", FORM)):
        posts = (
            visitor.call("POST", link + path, b"password=x", Content_Type=kind) for link in found.values()
        )
        alike(*posts)


def alike(*answers: Seen) -> None:
    assert [secure(answer).status for answer in answers] == [404] * len(answers)
    assert all(answer == answers[0] for answer in answers)


def test_a_disabled_maker_s_links_open_nothing(town: Town, visitor: Visitor):
    link = town.link()
    with town.office.server.database.begin() as tx:
        directory.set_user_state(town.office.server, tx, "anna", "disabled")
    assert visitor.get(link) == visitor.get(UNKNOWN)


def test_what_an_organisation_lets_nobody_have_opens_as_little_as_what_never_was(
    town: Town, visitor: Visitor
):
    shows, takes = town.link(), town.link(town.folder, role=Role.UPLOADER)
    page = visitor.get(shows)
    for shares_with, opens in (("nobody", False), ("Health", False), ("anyone", True)):
        with town.office.server.database.begin() as tx:
            policy.decide(town.office.server, tx, "Interior", [shares_with])
        for link, path in ((shows, ""), (shows, "/content"), (takes, "")):
            assert (visitor.get(link + path) == visitor.get(UNKNOWN + path)) is not opens
        assert (visitor.send(takes, ("a", b"1")).status == 303) is opens
    assert visitor.get(shows) == page
    assert "or it is over" in visitor.get(UNKNOWN).text


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "x/y/z"), ("PUT", "x"), ("DELETE", "A" * 22), ("POST", "A" * 22), ("GET", "static/../../etc"),
     ("GET", "static/none.css"), ("GET", "%2e%2e%2f"), ("GET", "A" * 22 + "/"), ("PATCH", "static/style.css")],
)  # fmt: skip
def test_what_is_no_address_is_not_found(town: Town, visitor: Visitor, method: str, path: str):
    answer = visitor.call(method, f"/l/{path}")
    assert answer.status == 404
    assert secure(answer).headers["content-type"].startswith("text/html")


# Passwords


def test_a_page_that_asks_for_a_password_tells_nothing_else(town: Town, visitor: Visitor):
    named = town.anna.save("Zwiebelkuchen.txt", LARGE)
    link = town.link(named, password="open")
    answers = [visitor.get(link), visitor.get(f"{link}/content"), visitor.call("HEAD", f"{link}/content"),
               visitor.give_password(link, "wrong"), visitor.get(f"{link}/content", Range="bytes=0-1")]  # fmt: skip
    [folder] = town.anna.do(town.anna.mkdir("Zwiebelkuchen"))
    inbox = town.link(folder, password="open", role=Role.UPLOADER)
    answers += [visitor.get(inbox), visitor.send(inbox, ("a", b"1"))]
    assert [secure(answer).status for answer in answers] == [200, 403, 403, 403, 403, 200, 403]
    for answer in answers:
        said = repr(answer.headers) + answer.body.decode()
        assert not any(secret in said for secret in ("Zwiebelkuchen", "Anna", "etag", "KiB", "until"))
    assert town.names() == {"Report.pdf"}


def test_the_password_opens_for_an_hour_in_this_browser(town: Town, visitor: Visitor):
    link = town.link(password="한글 1%")
    wrong = visitor.give_password(link, "no")
    assert (wrong.status, "This is not the password" in wrong.text) == (403, True)
    right = secure(visitor.give_password(link, "한글 1%"))
    assert (right.status, urljoin(f"{link}/password", right.headers["location"])) == (303, link)
    flags = {each.strip() for each in right.headers["set-cookie"].split(";")[1:]}
    assert flags == {"HttpOnly", "SameSite=strict", "Max-Age=3600"}
    assert "Report.pdf" in visitor.get(link).text
    assert visitor.get(f"{link}/content").body == DATA
    assert visitor.cookies.keys() == {COOKIE}
    assert town.visitor().get(f"{link}/content").status == 403
    assert visitor.get(town.link(password="한글 1%") + "/content").status == 403
    town.office.clock.now_ms += links.KNOWN_MS
    assert visitor.get(f"{link}/content").status == 403


def test_behind_tls_the_cookie_stays_behind_tls(town: Town, visitor: Visitor):
    link = town.link(password="x")
    sent = visitor.call(
        "POST", f"{link}/password", b"password=x", Content_Type="application/x-www-form-urlencoded", X_Forwarded_Proto="https"
    )  # fmt: skip
    assert "Secure" in sent.headers["set-cookie"]


def test_a_password_that_nobody_asked_for_is_passed_over(town: Town, visitor: Visitor):
    answer = visitor.give_password(town.link(), "x")
    assert (answer.status, "set-cookie" in answer.headers) == (303, False)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"x" * 20_000, b"&".join([b"a=b"] * 100), b"pass"])
def test_what_is_no_form_with_a_password_is_refused(town: Town, visitor: Visitor, body: bytes):
    link = town.link(password="x")
    answer = visitor.call("POST", f"{link}/password", body, Content_Type="application/x-www-form-urlencoded")
    assert secure(answer).status in (400, 413)


# Guessing


def test_guessing_at_speed_is_slowed_for_the_guesser_alone(tmp_path: Path):
    bounds = Bounds(link_at_address=Tries(20, 60_000), link_password_at_address=Tries(3, 60_000))
    with founded(tmp_path, bounds) as town:
        link, locked = town.link(), town.link(password="right")
        guesser, other = town.visitor("203.0.113.9"), town.visitor("203.0.113.10")
        with ThreadPoolExecutor(8) as threads:
            guesses = list(threads.map(lambda n: guesser.get(f"/l/{n:022}").status, range(60)))
        # Those that come at the same moment may be a few more than that.
        assert 20 <= guesses.count(404) <= 20 + 8
        assert set(guesses) == {404, 429}
        refused = secure(guesser.get(link))
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) in range(1, 61)
        assert other.get(link).status == 200
        tries = [other.give_password(locked, "wrong").status for _ in range(5)]
        assert tries == [403, 403, 403, 429, 429]
        assert other.give_password(locked, "right").status == 429
        assert town.visitor("203.0.113.11").give_password(locked, "right").status == 303
        town.office.clock.now_ms += 60_000
        assert guesser.get(link).status == 200


# Limits


def test_there_is_never_one_download_too_many(town: Town, visitor: Visitor):
    link = town.link(downloads=3)
    assert "3 downloads left" in visitor.get(link).text
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: town.visitor().get(f"{link}/content"), range(12)))
    assert sorted(answer.status for answer in answers) == [200] * 3 + [404] * 9
    assert all(answer.body == DATA for answer in answers if answer.status == 200)
    assert visitor.get(link).status == 404


def test_looking_uses_no_download_up_and_parts_are_not_given(town: Town, visitor: Visitor):
    content = (link := town.link(downloads=2)) + "/content"
    tag = visitor.call("HEAD", content).headers["etag"]
    assert visitor.get(content, If_None_Match=tag).status == 304
    assert "2 downloads left" in visitor.get(link).text
    part = visitor.get(content, Range="bytes=1-")
    assert (part.status, part.body, part.headers["accept-ranges"]) == (200, DATA, "none")
    assert "1 download left" in visitor.get(link).text


def lose(town: Town, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Has the store fail for good after some pieces."""
    fetch, count = reading.fetch, iter(range(1_000))

    def failing(*asked: object) -> object:
        if next(count) >= after:
            raise reading.Failure(Code.CHUNK_LOST)
        return fetch(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "fetch", failing)


def test_a_content_that_cannot_be_had_uses_no_download_up(
    town: Town, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    link = town.link(downloads=1)
    lose(town, monkeypatch, 0)
    answer = secure(visitor.get(f"{link}/content"))
    assert (answer.status, "Nothing is lost" in answer.text) == (503, True)
    monkeypatch.undo()
    assert visitor.get(f"{link}/content").body == DATA


@pytest.mark.parametrize("to", ["file", "folder"])
def test_what_breaks_off_in_its_middle_does_not_seem_whole(
    town: Town, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, to: str
):
    monkeypatch.setattr(downloads, "PIECE_BYTES", MIB)
    link = town.link(town.file if to == "file" else town.folder)
    lose(town, monkeypatch, 3)
    with logged() as log, pytest.raises((HTTPException, OSError)):
        visitor.get(f"{link}/content")
    assert "Traceback" not in log.getvalue()
    monkeypatch.undo()
    assert visitor.get(link).status == 200


def test_a_download_under_way_ends_with_its_link(town: Town, visitor: Visitor):
    chunk = noise(2 * MIB, 1)
    town.anna.send(chunk)
    [state] = town.anna.do(town.anna.put("long", *([chunk] * 40)))
    link = town.link(state)
    connection = visitor.begin("GET", f"{link}/content")
    answer = connection.getresponse()
    assert answer.read(1000) == chunk[:1000]
    [row] = links.links(town.office.server, town.anna.caller, town.anna.space, None).links
    links.end(town.office.server, town.anna.caller, row.link)
    with pytest.raises((HTTPException, OSError)):
        assert len(answer.read()) == 80 * MIB - 1000
    connection.close()


# Uploads


def test_what_is_sent_arrives_and_a_desk_hears_of_it(town: Town, visitor: Visitor):
    inbox = town.link(town.folder, role=Role.UPLOADER)
    page = secure(visitor.get(inbox))
    assert "Send files to Anna" in page.text
    assert "Report.pdf" not in page.text
    heard: list[events.Event] = []
    device = town.office.ids.new()
    with desk_over_http(town.address, "anna", device) as calls, ThreadPoolExecutor(1) as threads:
        listening = threads.submit(hear, calls.events(), town.anna.space, heard)
        until(lambda: bool(heard))
        sent = secure(visitor.send(inbox, ("Bid.pdf", noise(3_000_000, 1)), ("Report.pdf", b"other")))
        assert listening.result(LIMIT_S) == town.anna.journal().head
    assert (sent.status, urljoin(f"{inbox}/upload", sent.headers["location"])) == (303, f"{inbox}?sent=2")
    assert "2 files were received." in visitor.get(f"{inbox}?sent=2").text
    assert town.names() == {"Report.pdf", "Bid.pdf", "Report (2).pdf"}
    assert visitor.get(f"{inbox}/content").status == 404
    assert visitor.get(f"{inbox}?in=x").status == 200  # There is nothing to look into.


def hear(said: Iterator[events.Event], space: bytes, heard: list[events.Event]) -> int:
    """Listens until a space has moved; answers how far."""
    for event in said:
        heard.append(event)
        if isinstance(event, events.HeadMoved) and event.space == space:
            return event.seq
    raise AssertionError("the stream ended")


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_cannot_be_received_is_said_by_its_name(town: Town, visitor: Visitor):
    inbox = town.link(town.folder, role=Role.UPLOADER)
    none = secure(visitor.send(inbox, ("", b"")))
    assert (none.status, "No file was chosen" in none.text) == (422, True)
    bad = secure(visitor.send(inbox, ("good", b"1"), (".govsync", b"2"), ("never", noise(2_000_000, 1))))
    assert bad.status == 422
    assert (
        "1 file was received. \u2068.govsync\u2069 was not received. Its name is not allowed here."
        in bad.text
    )
    set_space(town.office, town.anna.space, quota=6_000_000)
    full = secure(visitor.send(inbox, ("large", noise(2_000_000, 2))))
    assert (full.status, "There is no room for it." in full.text) == (413, True)
    assert town.names() == {"Report.pdf", "good"}


def test_what_is_no_form_with_files_is_refused(town: Town, visitor: Visitor):
    inbox = town.link(town.folder, role=Role.UPLOADER)
    for body, kind in ((b"{}", "application/json"), (b"--junk", FORM), (b"", FORM), (b"x" * 100_000, FORM)):
        answer = secure(visitor.call("POST", f"{inbox}/upload", body, Content_Type=kind))
        assert answer.status in (400, 408)
    assert visitor.send(town.link(town.folder), ("a", b"1")).status == 404
    assert town.names() == {"Report.pdf"}


def test_more_than_is_taken_at_a_time_is_refused(tmp_path: Path):
    with founded(tmp_path, Bounds(link_upload_bytes=1_000_000)) as town:
        inbox = town.link(town.folder, role=Role.UPLOADER)
        assert "At most 976.6 KiB at a time." in town.visitor().get(inbox).text
        for body in (form(("a", noise(2_000_000, 1))), iter([form(("a", noise(2_000_000, 1)))])):
            try:
                answer = town.visitor().call("POST", f"{inbox}/upload", body, Content_Type=FORM)
            except OSError:
                continue  # The line was cut before one heard it.
            assert secure(answer).status == 413
        assert town.names() == {"Report.pdf"}


@pytest.mark.parametrize("sent_bytes", [0, 50_000, 6_000_000])
def test_a_sending_that_is_cut_off_leaves_nothing_half(town: Town, visitor: Visitor, sent_bytes: int):
    inbox = town.link(town.folder, role=Role.UPLOADER)
    body = form(("half", noise(7_000_000, 1)))

    def cut() -> Iterator[bytes]:
        yield body[:sent_bytes] or b"-"
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        visitor.begin("POST", f"{inbox}/upload", cut(), Content_Type=FORM, Content_Length=str(len(body)))
    assert visitor.send(inbox, ("whole", b"1")).status == 303
    assert town.names() == {"Report.pdf", "whole"}


# Languages and names


@pytest.mark.parametrize(
    ("accept", "tag", "text"),
    [
        ("ko-KR,ko;q=0.9", "ko", "Anna 님이 공유함"),
        ("sr", "sr-Cyrl", "Дели: Anna"),
        ("de", "en", "Shared by Anna"),
    ],
)
def test_a_page_speaks_the_browser_s_language_and_can_be_switched(
    town: Town, accept: str, tag: str, text: str
):
    visitor, link = town.visitor(accept=accept), town.link(town.folder)
    page = visitor.get(link)
    assert text in page.text
    assert f'<html lang="{tag}">' in page.body.decode()
    [switch] = [href for href in page.hrefs() if href.endswith("lang=sr-Cyrl")]
    switched = visitor.follow(link, switch)
    assert "Дели: Anna" in switched.text
    # All that this page leads to goes on in that language.
    others = [
        href
        for href in switched.hrefs()
        if "static/" not in href and not any(f"lang={each}" in href for each in ("en", "ko", "sr-Latn"))
    ]
    assert others
    assert all("lang=sr-Cyrl" in href for href in others)


@pytest.mark.parametrize("lang", ["en", "ko", "sr", "sr-Latn"])
def test_each_page_speaks_each_language(town: Town, visitor: Visitor, lang: str):
    paths = [
        town.link(),
        town.link(town.folder),
        town.link(password="x"),
        town.link(town.folder, role=Role.UPLOADER),
        UNKNOWN,
    ]
    texts = [secure(visitor.get(f"{path}?lang={lang}")).text for path in paths]
    english = [visitor.get(f"{path}?lang=en").text for path in paths]
    assert all((here == there) == (lang == "en") for here, there in zip(texts, english, strict=True))


def test_a_name_is_a_name_whatever_stands_in_it(town: Town, visitor: Visitor):
    name = "<script>alert(1)<\u202e'\"&amp;{{ 7*7 }}.txt"
    state = town.anna.save(name, b"1", town.folder.node)
    for page in (visitor.get(town.link(state)), visitor.get(town.link(town.folder))):
        body = secure(page).body.decode()
        assert "&lt;script&gt;alert(1)&lt;\\u202e&#39;&#34;&amp;amp;{{ 7*7 }}.txt" in body
        assert "\u202e" not in body
    inbox = town.link(town.folder, role=Role.UPLOADER)
    bad = visitor.send(inbox, (".govsync<b>\u202e", b"1"))
    assert "<b>" not in secure(bad).body.decode().partition("<main>")[2]


def test_addresses_are_relative_so_that_a_proxy_may_put_them_anywhere(town: Town, visitor: Visitor):
    pages = [
        town.link(),
        town.link(town.folder),
        town.link(password="x"),
        town.link(town.folder, role=Role.UPLOADER),
    ]
    answers = [(path, visitor.get(path)) for path in pages]
    answers += [
        (f"{pages[2]}/password", visitor.give_password(pages[2], "no")),
        ("/l/x/y/z", visitor.get("/l/x/y/z")),
    ]
    for path, page in answers:
        assert all(not href.startswith(("/", "http")) for href in page.hrefs())
        style = next(href for href in page.hrefs() if href.endswith("style.css"))
        assert visitor.follow(path, style).status == 200


def test_what_all_pages_share_may_be_kept_by_the_browser(town: Town, visitor: Visitor):
    for name, kind in (("style.css", "text/css"), ("icon.svg", "image/svg+xml")):
        given = visitor.get(f"/l/static/{name}")
        assert given.headers["content-type"].startswith(kind)
        assert given.headers["cache-control"] == "public, max-age=3600"
        assert {key: given.headers[key] for key in SECURE if key != "cache-control"}.items() <= SECURE.items()
        assert visitor.get(f"/l/static/{name}", If_None_Match=given.headers["etag"]).status == 304


# Mistakes of ours


def test_a_bug_says_nothing_and_no_address_or_name_is_logged(
    town: Town, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    link, locked = town.link(town.folder), town.link(password="a secret")
    with logged() as log:
        visitor.get(link)
        visitor.get(f"{link}/content")
        visitor.give_password(locked, "a secret")
        visitor.send(town.link(town.folder, role=Role.UPLOADER), ("Report.pdf", b"1"))

        def mistaken(*_: object) -> None:
            raise ValueError(town.file.name + link)

        monkeypatch.setattr(links, "listing", mistaken)
        bug = secure(visitor.get(link))
    assert bug.status == 500
    assert "Report.pdf" not in bug.text
    said = log.getvalue()
    reference = re.search(r"[0-9a-f]{32}", bug.text)
    assert reference is not None
    assert reference[0] in said
    assert "link_page 500" in said
    assert "mistaken" in said
    assert not any(
        secret in said
        for secret in ("Report.pdf", "Plans", "a secret", link[3:], locked[3:], *visitor.cookies.values())
    )


def test_slow_strangers_hold_no_more_than_is_left_for_others(tmp_path: Path):
    """Each download takes its share before it begins; where there is none it is told to come again."""
    with founded(tmp_path, Bounds(held_bytes=2 * downloads.MEMORY_BYTES)) as town:
        link = town.link(town.folder) + "/content"
        refused = secure(town.visitor().get(link))
        assert refused.status == 503
        small = town.anna.save("small", b"1", town.folder.node)
        assert town.visitor().get(town.link(small) + "/content").body == b"1"
