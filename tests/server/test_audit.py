"""Who did what is written down with it, sealed soon after, and shown to the people of a space."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.model.problems import Failure
from govsync.protocol.activity import Happened
from govsync.protocol.session import Role
from govsync.protocol.sharing import NewMember
from govsync.server import activity, audit, directory, links, upkeep
from govsync.server.check import check
from govsync.server.db import tables
from govsync.server.directory import NOBODY
from tests.server.desk import Desk, rows
from tests.server.office import Office
from tests.server.sharers import CLARA, ask, asked, group, inside, leave, set_member, share, user
from tests.server.test_links import make
from tests.server.web.town import founded

A = tables.audit.c


def kinds(office: Office) -> list[object]:
    return [row["kind"] for row in sorted(rows(office, tables.audit), key=lambda row: row["id"])]  # type: ignore[arg-type, return-value]


def change(office: Office, statement: Any) -> None:
    with office.server.database.begin() as tx:
        tx.execute(statement)


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


# What is written


def test_what_was_done_has_a_row_and_what_was_refused_has_none(office: Office, anna: Desk) -> None:
    [folder] = anna.do(anna.mkdir("plans"))
    request = asked(anna, folder, CLARA)
    info = ask(anna, request)
    clara = Desk(office, "clara")
    set_member(anna, info.id, user("clara"), Role.VIEWER)
    leave(clara, info.id)
    expected = ["sign_in", "share", "sign_in", "member_role", "member_left"]
    assert kinds(office) == expected
    ask(anna, request)  # Once more, each of them: there is nothing that was not written before.
    set_member(anna, info.id, user("clara"), None)
    leave(clara, info.id)
    for refused in (
        lambda: leave(anna, info.id),
        lambda: set_member(clara, info.id, user("boris"), Role.VIEWER),
    ):
        with pytest.raises(Failure):
            refused()
    with pytest.raises(Failure):
        office.sign_in("anna", password="wrong")
    assert kinds(office) == expected
    by = [
        (row["user"], row["device"]) for row in sorted(rows(office, tables.audit), key=lambda row: row["id"])
    ]  # type: ignore[arg-type, return-value]
    anna_s, clara_s = (desk.caller for desk in (anna, clara))
    assert by == [(each.user, each.device) for each in (anna_s, anna_s, clara_s, anna_s, clara_s)]


# Seals


def many(office: Office, count: int) -> None:
    with office.server.database.begin() as tx:
        for _ in range(count):
            audit.note(office.server, tx, "sign_in", office.anna, directory.NOBODY)


def test_what_is_there_is_sealed_once_and_what_comes_later_by_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "AT_ONCE", 3)
    many(office, 7)
    assert audit.first_broken(office.server) is None
    audit.turn(office.server)
    assert sorted(row["seal"] for row in rows(office, tables.audit)) == [1, 1, 1, 2, 2, 2, 3]  # type: ignore[type-var]
    sealed = rows(office, tables.seal)
    audit.turn(office.server)
    assert rows(office, tables.seal) == sealed
    many(office, 1)
    assert audit.seal(office.server) == 1
    assert [row["number"] for row in rows(office, tables.seal)] == [1, 2, 3, 4]
    assert check(office.server) == []


def test_the_server_seals_by_itself(office: Office) -> None:
    many(office, 1)
    thread = upkeep.Upkeep(office.server, 0.001, audit.turn)
    thread.start()
    for _ in range(3_000):
        if rows(office, tables.seal):
            break
        thread.join(0.01)
    thread.stop()
    assert len(rows(office, tables.seal)) == 1


FORGERIES: dict[str, Any] = {
    "changed": lambda row: update(tables.audit).where(A.id == row["id"]).values(user=bytes(16)),
    "dated anew": lambda row: update(tables.audit).where(A.id == row["id"]).values(at_ms=1),
    "moved to another space": lambda row: update(tables.audit).where(A.id == row["id"]).values(space=bytes(16)),
    "removed": lambda row: delete(tables.audit).where(A.id == row["id"]),
    "put in": lambda row: insert(tables.audit).values(**{**row, "id": bytes(16)}),
    "put under another seal": lambda row: update(tables.audit).where(A.id == row["id"]).values(seal=3),
    "put under no seal": lambda row: update(tables.audit).where(A.id == row["id"]).values(seal=None),
    "put under a seal that is none": lambda row: update(tables.audit).where(A.id == row["id"]).values(seal=99),
    "seal removed": lambda row: delete(tables.seal).where(tables.seal.c.number == row["seal"]),
    "seal changed": lambda row: update(tables.seal).where(tables.seal.c.number == row["seal"]).values(hash=bytes(32)),
}  # fmt: skip


@pytest.mark.parametrize("how", FORGERIES)
def test_what_is_forged_does_not_fit_its_seal(office: Office, how: str) -> None:
    for _ in range(3):
        many(office, 3)
        audit.seal(office.server)
    row = next(row for row in rows(office, tables.audit) if row["seal"] == 2)
    change(office, FORGERIES[how](row))
    [damage] = check(office.server)
    assert (damage.what, damage.where) == ("seal", "number 2")


def test_a_batch_that_is_sealed_anew_after_a_forgery_does_not_fit_what_comes_after_it(office: Office) -> None:
    """Whoever can write a seal that fits would have to write all later ones, too."""
    for _ in range(3):
        many(office, 1)
        audit.seal(office.server)
    change(office, update(tables.audit).where(A.seal == 2).values(user=bytes(16)))
    with office.server.database.begin() as tx:
        row = tx.execute(audit._rows().where(A.seal == 2)).all()
        before = tx.execute(tables.seal.select().where(tables.seal.c.number == 1)).one().hash
        fitting = audit._hash(before, row)
        tx.execute(update(tables.seal).where(tables.seal.c.number == 2).values(hash=fitting))
    assert audit.first_broken(office.server) == 3


# What people are shown


def happened(desk: Desk, space: bytes, before: int | None = None) -> tuple[Happened, ...]:
    return activity.activity(desk.office.server, desk.caller, space, before).happened


def test_people_see_who_did_what_from_which_device_the_newest_first(office: Office, anna: Desk) -> None:
    with office.server.database.begin() as tx:
        directory.add_group(office.server, tx, "Budget")
    [folder] = anna.do(anna.mkdir("plans"))
    info = share(anna, folder, CLARA, NewMember(group("Budget"), Role.VIEWER))
    clara = inside(Desk(office, "clara"), info)
    state = clara.save("a", b"1")
    set_member(anna, info.id, user("clara"), Role.MANAGER)
    set_member(anna, info.id, group("Budget"), None)
    office.clock.now_ms += 5
    clara.do(clara.delete(state))
    deleted, ended, given, saved, shared = happened(clara, info.id)
    assert (deleted.kind, deleted.user_name, deleted.device_name, deleted.path, deleted.at_ms) == (
        "delete", "Clara", "desk", "a", office.clock.now_ms,
    )  # fmt: skip
    assert (ended.kind, ended.user_name, ended.who, ended.role) == (
        "member_removed", "Anna", group("Budget"), None,
    )  # fmt: skip
    assert (given.kind, given.who, given.role) == ("member_role", user("clara"), Role.MANAGER)
    assert (saved.kind, saved.user_name, saved.path) == ("put", "Clara", "a")
    assert (shared.kind, shared.user_name, shared.device_name) == ("share", "Anna", "desk")
    assert set(shared.members) == {
        CLARA, NewMember(group("Budget"), Role.VIEWER), NewMember(user("anna"), Role.MANAGER),
    }  # fmt: skip
    around = happened(anna, anna.space)
    assert [(each.kind, each.path) for each in around[:2]] == [("share", "plans"), ("mkdir", "plans")]


def test_what_happened_is_read_page_by_page_and_nothing_twice(
    office: Office, anna: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = share(anna, anna.do(anna.mkdir("plans"))[0], CLARA)
    there = inside(anna, info)
    for number in range(4):
        there.save(f"{number}", b"1")
        for role in (Role.VIEWER, Role.EDITOR, None):
            set_member(anna, info.id, user("boris"), role)
    whole = happened(anna, info.id)
    assert len(whole) == 1 + 4 * 4
    assert [each.kind for each in whole[:4]] == ["member_removed", "member_role", "member_added", "put"]
    for page in (1, 2, 3, 5, 100):
        monkeypatch.setattr(activity, "PAGE", page)
        found: list[Happened] = []
        before: int | None = None
        while True:
            part = activity.activity(office.server, anna.caller, info.id, before)
            found += part.happened
            before = part.before
            if before is None:
                break
        assert tuple(found) == whole


def test_only_who_may_read_is_shown_what_happened(office: Office, anna: Desk) -> None:
    info = share(anna, anna.do(anna.mkdir("plans"))[0], NewMember(user("clara"), Role.UPLOADER))
    for login in ("clara", "boris"):
        with pytest.raises(Failure) as caught:
            activity.activity(office.server, office.caller(login), info.id, None)
        assert caught.value.code is Code.NOT_FOUND


# Links


def linked(office: Office) -> list[tuple[object, ...]]:
    """What was written about links: what, who did it, where, and what stands with it."""
    ordered = sorted(rows(office, tables.audit), key=lambda row: row["id"])  # type: ignore[arg-type, return-value]
    return [
        (row["kind"], row["user"], row["device"], from_packed(row["body"], dict))  # type: ignore[arg-type]
        for row in ordered
        if str(row["kind"]).startswith("link")
    ]


def test_what_people_and_visitors_do_with_links_has_a_row_that_is_sealed(tmp_path: Path) -> None:
    with founded(tmp_path) as town:
        office, anna, visitor = town.office, town.anna.caller, town.visitor()
        shows = make(town.anna, town.folder.node, password="한글", downloads=2)
        takes = make(town.anna, town.folder.node, role=Role.UPLOADER)
        path, file = f"/l/{shows.token}", ids.to_text(town.file.node)
        assert visitor.get(path).status == 200  # The page that asks for the password shows nothing.
        assert visitor.give_password(path, "wrong").status == 403
        assert visitor.give_password(path, "한글").status == 303
        assert visitor.get(path).status == 200
        assert visitor.get(f"{path}?in={file}").status == 404
        assert visitor.call("HEAD", f"{path}/content/{file}").status == 200
        assert visitor.get(f"{path}/content/{file}").status == 200
        assert visitor.get(f"{path}/content").status == 200
        assert visitor.get(f"{path}/content").status == 404  # There is none left.
        assert visitor.get(f"/l/{takes.token}").status == 200
        assert visitor.send(f"/l/{takes.token}", ("a", b"1"), ("b", b"2")).status == 303
        links.end(office.server, anna, shows.link)
        links.end(office.server, anna, shows.link)
        assert visitor.get(path).status == 404
        sent = sorted(
            state.node
            for state in town.now()
            if state.parent == town.folder.node and state.name in ("a", "b")
        )
        in_folder = {"node": town.folder.node}
        show, take, by_anna = (NOBODY, shows.link), (NOBODY, takes.link), (anna.user, anna.device)
        assert linked(office) == [
            ("link", *by_anna, {"link": shows.link, "role": "viewer", **in_folder}),
            ("link", *by_anna, {"link": takes.link, "role": "uploader", **in_folder}),
            ("link_password", *show, {}),
            ("link_show", *show, in_folder),
            ("link_fetch", *show, {"node": town.file.node}),
            ("link_fetch", *show, in_folder),
            ("link_show", *take, in_folder),
            *[("link_send", *take, {"node": node}) for node in sent],
            ("link_end", *by_anna, {"link": shows.link, "role": "viewer", **in_folder}),
        ]
        audit.seal(office.server)
        assert check(office.server) == []
        change(office, update(tables.audit).where(A.kind == "link_fetch").values(device=takes.link))
        assert [damage.what for damage in check(office.server)] == ["seal"]


def test_no_row_of_a_link_says_a_name_a_token_or_a_password(tmp_path: Path) -> None:
    with founded(tmp_path) as town:
        visitor = town.visitor()
        link = make(town.anna, town.file.node, password="한글")
        takes = make(town.anna, town.folder.node, role=Role.UPLOADER)
        visitor.give_password(f"/l/{link.token}", "also secret")
        visitor.give_password(f"/l/{link.token}", "한글")
        visitor.get(f"/l/{link.token}/content")
        visitor.send(f"/l/{takes.token}", ("Secret.txt", b"1"))
        said = b"".join(row["body"] for row in rows(town.office, tables.audit))  # type: ignore[misc]
        for secret in ("Report", "Plans", "Secret", "한글", "also secret", link.token, "192.0.2.77"):
            assert secret.encode() not in said
        assert ids.from_text(link.token) not in said


def test_people_see_which_links_were_made_and_ended_and_strangers_acts_are_not_among_that(
    office: Office, anna: Desk
) -> None:
    info = share(anna, anna.do(anna.mkdir("plans"))[0], CLARA)
    there = inside(anna, info)
    [folder] = there.do(there.mkdir("inner"))
    file = there.save("a", b"1", folder.node)
    link = make(there, file.node)
    links.note_shown(office.server, links.opened(office.server, link.token, "192.0.2.1"), file.node)
    links.end(office.server, anna.caller, link.link)
    clara = Desk(office, "clara")
    ended, made, *_ = happened(clara, info.id)
    told = [(each.kind, each.path, each.user_name, each.device_name, each.role) for each in (made, ended)]
    assert told == [
        ("link", "inner/a", "Anna", "desk", Role.VIEWER), ("link_end", "inner/a", "Anna", "desk", Role.VIEWER),
    ]  # fmt: skip
    share(there, folder, NewMember(user("boris"), Role.VIEWER))
    assert [each.path for each in happened(clara, info.id) if each.kind.startswith("link")] == ["", ""]
