"""Files and folders of somebody who has signed in: what is shown and given, that nothing runs in our name, and that who may not
see something is told what is told of nothing."""

from collections.abc import Iterator
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urljoin

import pytest

from govsync.model import ids
from govsync.protocol import web
from govsync.protocol.session import Role
from govsync.protocol.web import ROOT
from govsync.server import sessions, showing
from tests.server.desk import Desk, give_role
from tests.server.web.person import Person
from tests.server.web.test_handlers import secure
from tests.server.web.town import DATA, Town, founded
from tests.server.web.visitor import Seen

WHERE = "http://elsewhere"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with founded(tmp_path) as town:
        yield town


@pytest.fixture
def anna(town: Town) -> Person:
    return person(town, "anna")


def person(town: Town, login: str) -> Person:
    town.office.sign_in(login)
    found = Person(town.address)
    assert found.sign_in(login).status == 303
    return found


def page(desk: Desk, node: bytes, more: str = "") -> str:
    return web.address(WHERE, desk.space, node).removeprefix(WHERE) + more


def test_a_file_is_shown_with_where_it_is_and_who_changed_it(town: Town, anna: Person) -> None:
    seen = secure(anna.get(page(town.anna, town.file.node)))
    assert seen.status == 200
    for text in (
        "Your folders Anna Plans",
        "Report.pdf",
        "4.8 MiB",
        "Changed last by Anna on desk , 2026-11-18 11:06 UTC",
    ):
        assert text in seen.text
    [download, *_] = [href for href in seen.hrefs() if href.endswith("/content")]
    given = secure(anna.follow(page(town.anna, town.file.node), download))
    assert (given.status, given.body) == (200, DATA)
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith('attachment; filename="Report.pdf"')
    part = secure(anna.get(page(town.anna, town.file.node, "/content"), Range="bytes=10-19"))
    assert (part.status, part.body) == (206, DATA[10:20])
    head = secure(anna.call("HEAD", page(town.anna, town.file.node, "/content")))
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(DATA)))


def test_each_version_is_given(town: Town, anna: Person) -> None:
    first = town.anna.save("note.html", b"<b>bold</b>")
    town.anna.do(town.anna.edit(first, b"second"), inline=(b"second",))
    here = page(town.anna, first.node)
    seen = secure(anna.get(here))
    assert seen.text.count("the newest") == 1
    versions = [href for href in seen.hrefs() if "/content/" in href]
    given = [secure(anna.follow(here, href)) for href in versions]
    assert [each.body for each in given] == [b"second", b"<b>bold</b>"]
    assert {each.headers["content-type"] for each in given} == {"application/octet-stream"}
    assert all(each.headers["content-disposition"].startswith("attachment;") for each in given)
    assert secure(anna.get(f"{here}/content/{ids.to_text(town.file.rev or b'')}")).status == 404


def test_a_folder_is_walked_through_page_by_page(
    town: Town, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "PAGE", 2)
    for name in ("a.txt", "b.txt", "c.txt"):
        town.save(name, name.encode(), town.folder)
    [top] = [href for href in anna.get(ROOT).hrefs() if href.startswith("f/") and "lang=" not in href][:1]
    at = ROOT + top
    root = secure(anna.get(at))
    assert ("Plans Folder" in root.text, "Anna" in root.text) == (True, True)
    here = page(town.anna, town.folder.node)
    assert ids.to_text(town.folder.node) in str(root.hrefs())
    names: list[str] = []
    where = here
    for _ in range(2):
        seen = secure(anna.get(where))
        names += [name for name in ("a.txt", "b.txt", "c.txt", "Report.pdf") if name in seen.text]
        more = [href for href in seen.hrefs() if "after=" in href and "lang=" not in href]
        where = urljoin(where, more[0]) if more else where
    assert names == ["a.txt", "b.txt", "c.txt", "Report.pdf"]
    assert secure(anna.get(f"{here}?after=nothing")).status == 404
    assert secure(anna.get(f"{here}?before=nothing")).status == 200


def test_who_may_not_read_is_told_what_is_told_of_nothing(town: Town, anna: Person) -> None:
    def told(who: Person, path: str) -> tuple[int, str]:
        seen: Seen = secure(who.get(path))
        return seen.status, seen.text if seen.headers["content-type"].startswith("text/html") else ""

    boris = person(town, "boris")
    nothing = told(boris, f"{ROOT}nothing")
    assert nothing[0] == 404
    content = f"/content/{ids.to_text(town.file.rev or b'')}"
    mine = [page(town.anna, town.file.node, more) for more in ("", "/content", content)]
    mine += [page(town.anna, town.folder.node), page(town.anna, bytes(16)), f"{ROOT}f/x/y"]
    for path in mine:
        assert told(boris, path) == nothing, path
        assert told(Person(town.address), path)[0] == 403, path
    give_role(town.office, town.anna.space, town.office.boris, Role.UPLOADER)
    assert told(boris, mine[0]) == nothing
    give_role(town.office, town.anna.space, town.office.boris, Role.VIEWER)
    assert {told(boris, path)[0] for path in mine[:4]} == {200}
    own = Desk(town.office, "boris").space
    assert told(boris, web.address("", own, town.file.node)) == nothing
    town.anna.do(town.anna.delete(town.file))
    assert {told(boris, path)[0] for path in mine[:3]} == {404}


def test_names_are_text(town: Town, anna: Person) -> None:
    name = "<img src=x onerror=alert(1)>\u202egpj.exe"
    [folder] = town.anna.do(town.anna.mkdir(name, town.folder.node))
    file = town.save(f"{name}.html", b"x", folder)
    for node in (town.folder.node, folder.node, file.node):
        body = secure(anna.get(page(town.anna, node))).body.decode()
        assert "<img" not in body
        assert "&lt;img src=x onerror=alert(1)&gt;" in body
        assert "\u202e" not in body


def test_a_download_ends_with_the_session(town: Town, anna: Person) -> None:
    big = town.save("big", DATA * 3, town.folder)
    connection = anna.begin("GET", page(town.anna, big.node, "/content"))
    answer = connection.getresponse()
    assert answer.status == 200
    server = town.office.server
    sessions.end(server, sessions.session_of(server, anna.cookies["govsync"]))
    with pytest.raises((IncompleteRead, ConnectionError)):
        answer.read()
    connection.close()
