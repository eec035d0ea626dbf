"""Links: who makes, lists and ends them, what they open and for how long, and that what opens nothing looks all the same."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from sqlalchemy import select, update

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.protocol.links import MOST_S, LinkMade, MakeLink
from govsync.protocol.session import Role
from govsync.protocol.wire import decode_json, encode_json
from govsync.server import directory, links, policy, upkeep
from govsync.server.bounds import Bounds, Tries
from govsync.server.db import tables
from govsync.server.links import Opened
from tests.server.desk import Desk, give_role, rows
from tests.server.office import Office, code_of
from tests.server.sharers import inside, share
from tests.server.test_oracle import work

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
DAY_S = 86_400
L = tables.link.c


def make(desk: Desk, node: bytes, **more: object) -> LinkMade:
    asked = {"key": desk.office.ids.chance(32), "node": node} | more
    return links.make(desk.office.server, desk.caller, desk.space, MakeLink(**asked))  # type: ignore[arg-type]


def opened(office: Office, link: LinkMade | str, address: str = HERE) -> Opened:
    return links.opened(office.server, link if isinstance(link, str) else link.token, address)


def take(office: Office, link: Opened) -> None:
    links.take_download(office.server, link, link.node.id)


def decide(office: Office, name: str, shares_with: str) -> None:
    with office.server.database.begin() as tx:
        policy.decide(office.server, tx, name, [shares_with])


def opens(office: Office, link: LinkMade) -> bool:
    return code_of(lambda: opened(office, link)) is None


def listed(desk: Desk) -> list[bytes]:
    found = links.links(desk.office.server, desk.caller, desk.space, None)
    return [each.link for each in found.links]


def end(desk: Desk, link: LinkMade) -> Code | None:
    return code_of(lambda: links.end(desk.office.server, desk.caller, link.link))


@pytest.fixture
def team(office: Office) -> Desk:
    return Desk(office, "boris", "Planning")


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


def member(office: Office, team: Desk, role: Role) -> Desk:
    """Clara, of another organisation, in the team's space."""
    clara = Desk(office, "clara")
    give_role(office, team.space, office.clara, role)
    clara.space, clara.root, clara.epoch = team.space, team.root, team.epoch
    return clara


# Making


@pytest.mark.parametrize("role", Role)
def test_who_may_share_makes_and_lists_links_and_nobody_else(office: Office, team: Desk, role: Role):
    state = team.save("plan.txt", b"plan")
    link = make(team, state.node)
    clara = member(office, team, role)
    refused = {Role.VIEWER: Code.NO_RIGHT, Role.CONTRIBUTOR: Code.NO_RIGHT, Role.UPLOADER: Code.NOT_FOUND}
    refusal = refused.get(role)
    assert code_of(lambda: make(clara, state.node)) is refusal
    assert code_of(lambda: listed(clara)) is refusal
    if refusal is None:
        assert link.link in listed(clara)


def test_a_link_is_made_to_what_is_there_in_this_space(office: Office, anna: Desk, team: Desk):
    file = anna.save("a", b"1")
    [folder] = anna.do(anna.mkdir("f"))
    [gone] = anna.do(anna.delete(anna.save("gone", b"1")))
    mount = next(entry.state for entry in anna.journal().entries if entry.op == "mount")
    theirs = team.save("theirs", b"1")
    for node in (gone.node, theirs.node, office.ids.new()):
        assert code_of(lambda node=node: make(anna, node)) is Code.NOT_FOUND
    assert code_of(lambda: make(anna, mount.node)) is Code.WRONG_KIND
    assert code_of(lambda: make(anna, file.node, role=Role.UPLOADER)) is Code.LINK_FILE
    for role in (Role.EDITOR, Role.MANAGER):
        assert code_of(lambda role=role: make(anna, folder.node, role=role)) is Code.BAD_REQUEST
    assert code_of(lambda: make(anna, folder.node, role=Role.UPLOADER, downloads=1)) is Code.BAD_REQUEST
    for length in (0, 31, 33):
        assert code_of(lambda length=length: make(anna, file.node, key=bytes(length))) is Code.BAD_REQUEST
    assert opened(office, make(anna, file.node)).name == "a"
    assert opened(office, make(anna, folder.node, role=Role.UPLOADER)).role is Role.UPLOADER
    assert opened(office, make(anna, anna.root)).name == "Anna"


@pytest.mark.parametrize("shares_with", ["nobody", "Health", "anyone"])
def test_only_an_organisation_that_shares_with_anyone_has_links(office: Office, team: Desk, shares_with: str):
    """And it is the one whose it is: Clara's own decides nothing about what Interior owns."""
    state = team.save("plan.txt", b"plan")
    clara = member(office, team, Role.MANAGER)
    before = make(clara, state.node)
    decide(office, "Interior", shares_with)
    for desk in (team, clara):
        for role in (Role.VIEWER, Role.UPLOADER):
            node = state.node if role is Role.VIEWER else team.root
            code = code_of(lambda desk=desk, node=node, role=role: make(desk, node, role=role))
            assert code is (None if shares_with == "anyone" else Code.LINK_OUTSIDE)
    assert opens(office, before) is (before.link in listed(team)) is (shares_with == "anyone")
    decide(office, "Interior", "anyone")
    decide(office, "Health", "nobody")
    assert opens(office, before)
    assert code_of(lambda: make(clara, state.node)) is None


@pytest.mark.parametrize(
    "wrong",
    [{"lasts_s": 0}, {"lasts_s": MOST_S + 1}, {"password": ""}, {"password": "x" * 1001}, {"downloads": 0}],
)
def test_what_bounds_a_link_is_bounded_itself(wrong: dict[str, object]):
    body = encode_json({"key": bytes(32), "node": bytes(16), **wrong})
    assert code_of(lambda: decode_json(body, MakeLink)) is Code.BAD_REQUEST


def test_one_person_has_so_many_links_at_most(office: Office, anna: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(links, "MOST_OF_ONE", 2)
    state = anna.save("a", b"1")
    first, _ = make(anna, state.node), make(anna, state.node)
    assert code_of(lambda: make(anna, state.node)) is Code.TOO_MANY_LINKS
    links.end(office.server, anna.caller, first.link)
    assert code_of(lambda: make(anna, state.node)) is None


def test_a_link_that_is_asked_for_again_is_the_same_one(office: Office, team: Desk):
    """As a desk does that was not answered, many times and at once; another's key makes another's link."""
    state = team.save("plan.txt", b"plan")
    key = office.ids.chance(32)
    first = make(team, state.node, key=key, password="x", downloads=1)
    before = [rows(office, table) for table in (tables.link, tables.audit, tables.journal)]
    office.clock.now_ms += 1_000
    with ThreadPoolExecutor(4) as threads:
        again = list(threads.map(lambda _: make(team, state.node, key=key, password="x"), range(8)))
    assert again == [first] * 8
    assert [rows(office, table) for table in (tables.link, tables.audit, tables.journal)] == before
    assert code_of(lambda: make(team, team.root, key=key)) is Code.BAD_REQUEST
    end(team, first)
    assert make(team, state.node, key=key) == first  # It was made; that it was ended since is another thing.
    hers = make(member(office, team, Role.EDITOR), state.node, key=key)
    assert (hers.link == first.link, hers.token == first.token) == (False, False)
    with ThreadPoolExecutor(4) as threads:
        key = office.ids.chance(32)
        assert len(set(threads.map(lambda _: make(team, state.node, key=key), range(8)))) == 1


def test_who_may_not_share_any_more_is_not_told_a_link_again(office: Office, team: Desk):
    state, key = team.save("plan.txt", b"plan"), office.ids.chance(32)
    clara = member(office, team, Role.EDITOR)
    make(clara, state.node, key=key)
    give_role(office, team.space, office.clara, Role.VIEWER)
    assert code_of(lambda: make(clara, state.node, key=key)) is Code.NO_RIGHT


# Ending


def test_its_maker_and_a_manager_end_a_link_and_others_do_not(office: Office, team: Desk):
    anna = Desk(office, space="Planning")
    state = team.save("plan.txt", b"plan")
    mine, hers = make(team, state.node), make(anna, state.node)
    assert end(team, hers) is Code.NO_RIGHT
    assert end(Desk(office, "clara"), hers) is Code.NOT_FOUND
    assert end(team, LinkMade(link=office.ids.new(), token="", expires_ms=0)) is Code.NOT_FOUND
    assert end(team, mine) is None
    assert end(member(office, team, Role.MANAGER), hers) is None
    assert not opens(office, mine)
    assert not opens(office, hers)
    assert listed(team) == []


def test_a_link_is_ended_once(office: Office, anna: Desk):
    link = make(anna, anna.save("a", b"1").node)
    assert end(anna, link) is None
    [before] = rows(office, tables.link)
    office.clock.now_ms += 1
    assert end(anna, link) is None
    assert rows(office, tables.link) == [before]


def test_a_list_says_what_a_link_is_and_goes_on(office: Office, anna: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(links, "PAGE", 2)
    [folder] = anna.do(anna.mkdir("Plans"))
    state = anna.save("Budget.csv", b"1", folder.node)
    made = [
        make(anna, state.node, password="x", downloads=3),
        make(anna, folder.node, role=Role.UPLOADER),
        make(anna, state.node),
    ]
    first = links.links(office.server, anna.caller, anna.space, None)
    last = links.links(office.server, anna.caller, anna.space, first.after)
    assert [each.link for each in (*first.links, *last.links)] == [each.link for each in made]
    assert last.after is None
    told = msgspec.to_builtins(first.links[0], builtin_types=(bytes,))
    assert told == {
        "link": made[0].link, "node": state.node, "kind": "file", "path": "Plans/Budget.csv", "role": "viewer",
        "at_ms": office.clock.now_ms, "expires_ms": made[0].expires_ms, "user_name": "Anna", "device_name": "desk",
        "password": True, "downloads_left": 3,
    }  # fmt: skip


def test_a_list_has_what_may_still_open_something_alone(office: Office, anna: Desk):
    state, gone = anna.save("a", b"1"), anna.save("gone", b"1")
    ended, over, used, lost, kept = (
        make(anna, state.node), make(anna, state.node, lasts_s=60), make(anna, state.node, downloads=1),
        make(anna, gone.node), make(anna, state.node),
    )  # fmt: skip
    links.end(office.server, anna.caller, ended.link)
    take(office, opened(office, used))
    anna.do(anna.delete(gone))
    office.clock.now_ms = over.expires_ms
    assert listed(anna) == [kept.link]
    assert not any(opens(office, each) for each in (ended, over, used, lost))


# What is kept


def test_neither_token_nor_password_stands_in_the_database_or_a_journal(office: Office, anna: Desk):
    link = make(anna, anna.save("a", b"1").node, password="a long secret")
    links.end(office.server, anna.caller, link.link)
    [row] = rows(office, tables.link)
    for table in tables.metadata.tables.values():
        text = repr(rows(office, table))
        assert link.token not in text
        assert "a long secret" not in text
        assert (row["password"] in text) == (table is tables.link)


def test_the_journal_of_the_directory_tells_each_link_and_its_end(office: Office, anna: Desk):
    link = make(anna, anna.save("a", b"1").node, password="x")
    links.end(office.server, anna.caller, link.link)
    with office.server.database.begin(write=False) as tx:
        j = tables.journal.c
        bodies = tx.execute(
            select(j.body).where(j.stream == directory.SYS, j.kind == "link").order_by(j.seq)
        ).scalars()
        made, ended = (from_packed(body, dict) for body in bodies)
    [row] = rows(office, tables.link)
    assert ended == {**row, "password": True}
    assert made == {**ended, "ended_ms": None}


# Opening


def test_a_link_lasts_until_its_time_by_the_server_s_clock(office: Office, anna: Desk):
    link = make(anna, anna.save("a", b"1").node, lasts_s=7 * DAY_S)
    office.clock.now_ms = link.expires_ms - 1
    assert opens(office, link)
    office.clock.now_ms += 1
    assert not opens(office, link)


def losing_it(office: Office, team: Desk, link: LinkMade, node: bytes) -> dict[str, Callable[[], object]]:
    """What takes a link from its maker, Clara, or the maker from it; each is undone by the next `put_back`."""

    def change(statement: object) -> None:
        with office.server.database.begin() as tx:
            tx.execute(statement)  # type: ignore[call-overload]

    m = tables.member
    mine = (m.c.space == team.space) & (m.c.principal == office.clara)

    def disable() -> None:
        with office.server.database.begin() as tx:
            directory.set_user_state(office.server, tx, "clara", "disabled")

    return {
        "ended": lambda: change(update(tables.link).where(L.id == link.link).values(ended_ms=1)),
        "over": lambda: change(
            update(tables.link).where(L.id == link.link).values(expires_ms=office.clock.now_ms)
        ),
        "used up": lambda: change(update(tables.link).where(L.id == link.link).values(downloads_left=0)),
        "no member": lambda: change(update(m).where(mine).values(ended_ms=1)),
        "may not read": lambda: give_role(office, team.space, office.clara, Role.UPLOADER),
        "disabled": disable,
        "deleted": lambda: change(update(tables.node).where(tables.node.c.id == node).values(deleted_seq=1)),
        "organisation": lambda: decide(office, "Interior", "nobody"),
    }


LOSSES = ["ended", "over", "used up", "no member", "may not read", "disabled", "deleted", "organisation"]


@pytest.mark.parametrize("loss", LOSSES)
def test_what_opens_nothing_any_more_answers_like_what_never_was_after_the_same_work(
    office: Office, team: Desk, loss: str
):
    state = team.save("plan.txt", b"plan")
    link = make(member(office, team, Role.EDITOR), state.node)
    assert opens(office, link)
    losing_it(office, team, link, state.node)[loss]()
    unknown = "A" * 22
    code_of(lambda: opened(office, unknown))  # The count of attempts has its row from now on.
    with work(office) as for_unknown:
        assert code_of(lambda: opened(office, unknown)) is Code.NOT_FOUND
    with work(office) as for_lost:
        assert code_of(lambda: opened(office, link)) is Code.NOT_FOUND
    with work(office) as for_none:
        assert code_of(lambda: opened(office, "no token at all")) is Code.NOT_FOUND
    assert for_unknown
    assert for_lost == for_none == for_unknown
    if loss != "used up":
        assert (
            code_of(lambda: links.require_still(office.server, opened_before(office, link))) is Code.NOT_FOUND
        )


def opened_before(office: Office, link: LinkMade) -> Opened:
    """What somebody has who came while the link was good."""
    digest = links._digest_of_text(link.token)
    return Opened(
        link=link.link, digest=digest, role=Role.VIEWER, maker=None, maker_name="", space=b"", epoch=b"", node=None, name="",
        expires_ms=0, downloads_left=None, password=None,
    )  # type: ignore[arg-type]  # fmt: skip


def test_what_was_deleted_and_what_is_shared_for_itself_are_not_in_a_folder(office: Office, anna: Desk):
    [folder] = anna.do(anna.mkdir("f"))
    [below] = anna.do(anna.mkdir("below", folder.node))
    kept, gone = anna.save("kept", b"1", below.node), anna.save("gone", b"1", below.node)
    anna.do(anna.delete(gone))
    [shared] = anna.do(anna.mkdir("shared", below.node))
    there = inside(anna, share(anna, shared))
    inner = there.save("inner", b"1")
    [mount] = [
        row["id"]
        for row in rows(office, tables.node)
        if row["parent"] == below.node and row["kind"] == "mount"
    ]
    link = opened(office, make(anna, folder.node))
    assert links.inside(office.server, link, kept.node).id == kept.node
    for node in (gone.node, mount, inner.node, there.root, anna.root):
        assert code_of(lambda node=node: links.inside(office.server, link, node)) is Code.NOT_FOUND
    listed, _ = links.listing(office.server, link, below.node, None)
    assert [row.id for row in listed] == [kept.node]


def test_a_maker_who_may_only_read_by_now_still_shows_and_takes_nothing_in(office: Office, team: Desk):
    [folder] = team.do(team.mkdir("f"))
    clara = member(office, team, Role.EDITOR)
    shows, takes = make(clara, folder.node), make(clara, folder.node, role=Role.UPLOADER)
    give_role(office, team.space, office.clara, Role.VIEWER)
    assert opens(office, shows)
    assert not opens(office, takes)


def test_a_link_follows_its_file_into_another_folder_and_a_new_version(office: Office, anna: Desk):
    state = anna.save("a", b"1")
    link = make(anna, state.node)
    [folder] = anna.do(anna.mkdir("f"))
    [moved] = anna.do(anna.move(state, "b", folder.node))
    [edited] = anna.do(anna.edit(moved, b"22"), inline=(b"22",))
    found = opened(office, link)
    assert (found.name, found.node.rev) == ("b", edited.rev)


def test_only_what_lies_below_its_folder_is_inside_of_a_link(office: Office, anna: Desk):
    [folder] = anna.do(anna.mkdir("f"))
    [below] = anna.do(anna.mkdir("g", folder.node))
    deep, beside = anna.save("deep", b"1", below.node), anna.save("beside", b"1")
    gone = anna.do(anna.delete(anna.save("gone", b"1", below.node)))[0]
    theirs = Desk(office, "boris").save("theirs", b"1")
    link = opened(office, make(anna, folder.node))

    def found(node: bytes) -> Code | None:
        return code_of(lambda: links.inside(office.server, link, node))

    assert [found(each) for each in (folder.node, below.node, deep.node)] == [None] * 3
    outside = (beside.node, anna.root, gone.node, theirs.node, office.ids.new())
    assert [found(each) for each in outside] == [Code.NOT_FOUND] * len(outside)


# Counting


def test_however_many_come_at_once_there_is_never_one_download_too_many(office: Office, anna: Desk):
    link = make(anna, anna.save("a", b"1").node, downloads=5)
    found = opened(office, link)
    with ThreadPoolExecutor(16) as threads:
        codes = list(threads.map(lambda _: code_of(lambda: take(office, found)), range(40)))
    assert sorted(map(str, codes)) == ["None"] * 5 + ["not_found"] * 35
    [row] = rows(office, tables.link)
    assert row["downloads_left"] == 0


def test_a_link_without_a_limit_counts_nothing(office: Office, anna: Desk):
    found = opened(office, make(anna, anna.save("a", b"1").node))
    with work(office) as done:
        take(office, found)
    assert not any("link" in each for each in done)


# Guessing


def test_who_guesses_addresses_is_slowed_and_nobody_elsewhere_is(office: Office, anna: Desk):
    office.server = msgspec.structs.replace(office.server, bounds=Bounds(link_at_address=Tries(5, 60_000)))
    link = make(anna, anna.save("a", b"1").node)
    for number in range(5):
        assert code_of(lambda n=number: opened(office, f"guess {n}")) is Code.NOT_FOUND
    # No guess learns any more whether it was right, and writes anything.
    with work(office) as done:
        assert code_of(lambda: opened(office, "A" * 22)) is Code.TOO_MANY_REQUESTS
        assert code_of(lambda: opened(office, link)) is Code.TOO_MANY_REQUESTS
    assert not any(each.startswith(("UPDATE", "INSERT")) for each in done)
    assert code_of(lambda: opened(office, link, ELSEWHERE)) is None
    office.clock.now_ms += 60_000
    assert opens(office, link)


def test_who_uses_good_addresses_is_never_slowed(office: Office, anna: Desk):
    office.server = msgspec.structs.replace(office.server, bounds=Bounds(link_at_address=Tries(2, 60_000)))
    link = make(anna, anna.save("a", b"1").node)
    assert all(opens(office, link) for _ in range(10))


def test_a_password_is_known_only_for_its_link_and_for_its_time(office: Office, anna: Desk):
    state = anna.save("a", b"1")
    link, other = (opened(office, make(anna, state.node, password=each)) for each in ("한글", "other"))
    server = office.server
    assert links.is_locked(server, link, "")
    assert code_of(lambda: links.know_password(server, link, "other", HERE)) is Code.WRONG_PASSWORD
    proof = links.know_password(server, link, "한글", HERE)
    assert not links.is_locked(server, link, proof)
    access = office.sign_in("anna").access
    for bad in (
        proof[:-1],
        proof + "A",
        "x",
        "é",
        access,
        proof[:5] + ("A" if proof[5] != "A" else "B") + proof[6:],
    ):
        assert links.is_locked(server, link, bad)
    assert links.is_locked(server, other, proof)
    office.clock.now_ms += links.KNOWN_MS
    assert links.is_locked(server, link, proof)
    assert not links.is_locked(server, opened(office, make(anna, state.node)), "")


def test_a_proof_of_a_password_is_no_token_of_a_session(office: Office, anna: Desk):
    from govsync.server import accounts

    link = opened(office, make(anna, anna.save("a", b"1").node, password="x"))
    proof = links.know_password(office.server, link, "x", HERE)
    assert code_of(lambda: accounts.caller_of(office.server, proof)) is Code.SIGNED_OUT


def test_who_guesses_a_password_is_slowed_there_and_for_a_minute_from_everywhere(office: Office, anna: Desk):
    bounds = Bounds(link_password_at_address=Tries(3, 300_000), link_password=Tries(5, 60_000))
    office.server = server = msgspec.structs.replace(office.server, bounds=bounds)
    state = anna.save("a", b"1")
    link, other = (opened(office, make(anna, state.node, password="x")) for _ in range(2))

    def guess(password: str, address: str, of: Opened = link) -> Code | None:
        return code_of(lambda: links.know_password(server, of, password, address))

    assert [guess("no", HERE) for _ in range(4)] == [Code.WRONG_PASSWORD] * 3 + [Code.TOO_MANY_REQUESTS]
    assert guess("x", HERE) is Code.TOO_MANY_REQUESTS
    assert guess("x", HERE, other) is None
    assert [guess("x", ELSEWHERE) for _ in range(4)] == [None] * 4
    assert [guess("no", f"203.0.113.{n}") for n in range(3)] == [Code.WRONG_PASSWORD] * 2 + [
        Code.TOO_MANY_REQUESTS
    ]
    assert guess("x", ELSEWHERE) is Code.TOO_MANY_REQUESTS
    office.clock.now_ms += 60_000
    assert guess("x", ELSEWHERE) is None
    office.clock.now_ms += 300_000
    upkeep.attempts.sweep(server)
    assert rows(office, tables.attempt) == []
