"""Requests that no desk of ours sends: each is answered with a code of its call's, nobody else notices, nothing leaks."""

import json
import socket
import struct
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from govsync.model import ids
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.protocol.commits import Commit, CommitAnswer, Refused
from govsync.protocol.limits import DEFAULT, MIB
from govsync.protocol.routes import ROUTES, Route, Shape
from govsync.protocol.session import Refresh, Role
from govsync.protocol.wire import DOCUMENT, decode_framed, encode_json
from govsync.server.accounts import ACCESS_S
from tests.server.conftest import Served
from tests.server.desk import Desk, give_role
from tests.server.line import Answer, Caller, framed, in_space
from tests.server.test_bad_contents import within

IN_SPACE = [route for route in ROUTES if "{space}" in route.path]
BODIES: dict[str, object] = {
    "commit": {"epoch": bytes(16), "operations": []},
    "missing": {"hashes": []}, "known": {}, "chunks": {}, "fetch": {"wants": []}, "spaces": {"have": []},
    "share": {
        **{name: bytes([number]) * 16 for number, name in enumerate(("key", "node", "space", "mount"))},
        "members": [{"who": {"kind": "user", "name": "boris"}, "role": "viewer"}],
    },
    "set_member": {"who": {"kind": "user", "name": "boris"}, "role": "viewer"},
    "make_link": {"key": bytes(32), "node": bytes(16)},
    "end_wipe": {"removed": 1, "kept": 1},
    "health": {"version": "1.2.3", "system": "Linux", "state": "in_sync"},
}  # fmt: skip


def call(caller: Caller, route: Route, **named: bytes) -> Answer:
    """Makes a plain call of a row, with the ids that it is about."""
    path = route.path.format(**{name: ids.to_text(value) for name, value in named.items()})
    document = BODIES.get(route.name, {})
    bodies = {Shape.NONE: None, Shape.JSON: encode_json(document), Shape.FRAMED: framed(document)}
    return caller.call(route.method, path, bodies[route.takes])


def commit(served: Served, *operations: ask.AnyOperation) -> Answer:
    body = framed(Commit(epoch=served.desk.epoch, operations=operations))
    return served.caller.call("POST", in_space(served.desk.space, "commits"), body)


def sent(served: Served, name: str, body: Iterable[bytes]) -> Code | None:
    """Sends a body that is refused before its end; answers the code, or None where the line was cut before one heard it."""
    try:
        return served.caller.call("POST", in_space(served.desk.space, name), body).code
    except (BrokenPipeError, ConnectionResetError):
        return None


def still_served(served: Served) -> None:
    assert served.caller.call("GET", "/me").status == 200


# Bodies


def _tiny(count: int) -> Iterator[bytes]:
    """The document of a commit of very many operations, in pieces."""
    operation = msgspec.msgpack.encode(
        {"kind": "mkdir", "key": b"k", "node": b"n", "parent": b"p", "name": "x"}
    )
    head = (
        b"\x82" + msgspec.msgpack.encode("epoch") + msgspec.msgpack.encode(bytes(16))
        + msgspec.msgpack.encode("operations") + b"\xdd" + struct.pack(">I", count)
    )  # fmt: skip
    yield struct.pack(">IB", len(head) + count * len(operation), 1) + head
    for _ in range(0, count, 1_000):
        yield operation * 1_000


def test_a_commit_of_a_million_operations_is_refused_while_it_comes(served: Served):
    with within(40 * MIB):
        assert sent(served, "commits", _tiny(1_000_000)) in (Code.TOO_LARGE, None)
    still_served(served)
    assert len(served.desk.journal().entries) == 1


def test_a_commit_of_one_operation_too_many_is_refused_as_a_whole(served: Served):
    operations = [served.desk.mkdir(f"f{number}") for number in range(DEFAULT.operations_per_commit + 1)]
    assert commit(served, *operations).code is Code.TOO_MANY_OPERATIONS
    assert len(served.desk.journal().entries) == 1
    assert commit(served, *operations[:-1]).status == 200


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.takes is not Shape.NONE], ids=lambda r: r.name
)
def test_a_body_above_the_row_s_bound_is_refused(served: Served, route: Route):
    path = route.path
    for name in ("{space}", "{order}"):
        path = path.replace(name, ids.to_text(served.desk.space))
    answer = served.caller.call(route.method, path, bytes(route.body_bytes + 1))
    assert answer.code is Code.TOO_LARGE
    still_served(served)


def test_a_body_without_an_end_is_cut_off_at_its_bound(served: Served):
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(65536)

    with within(40 * MIB):
        assert sent(served, "missing", endless()) in (Code.TOO_LARGE, None)
    still_served(served)


def test_a_body_that_nobody_wants_is_let_go_of_and_the_line_goes_on(served: Served):
    """So a desk whose token has expired hears of it, and asks again on the same connection."""
    line = served.caller.begin(in_space(served.desk.space, "chunks"), 4 * MIB, token="x")
    line.sendall(bytes(4 * MIB))
    line.sendall(b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answers = b"".join(iter(lambda: line.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 401 ") == 2
    line.close()


def test_a_body_that_is_cut_off_has_no_effect_and_hurts_nobody(served: Served):
    body = framed(Commit(epoch=served.desk.epoch, operations=(served.desk.mkdir("f"),)))
    for sent in (b"", body[:10], body[:-1]):
        served.caller.begin(in_space(served.desk.space, "commits"), len(body), sent).close()
    still_served(served)
    assert len(served.desk.journal().entries) == 1


@pytest.mark.parametrize(
    "line",
    [b"\0\1\2\r\n\r\n", b"GET\r\n\r\n", b"GET /api/v1/me HTTP/9.9\r\n\r\n", b"A" * 100_000,
     b"GET /api/v1/me HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
     b"POST /api/v1/me HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ids=["noise", "no path", "version", "endless line", "length", "chunked"],
)  # fmt: skip
def test_what_is_not_http_ends_its_own_connection(served: Served, line: bytes):
    host, port = served.caller.address.removeprefix("http://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    still_served(served)


def test_a_document_of_another_shape_is_refused(served: Served):
    for body in (b"", b"[]", b"{", b"null", b'{"have": [1]}', b'{"have": ["x"]}', b"\xff"):
        assert served.caller.call("POST", "/me/spaces", body).code is Code.BAD_REQUEST
    for body in (b"{}", b'{"login": 1}', b'{"login":"a","password":"b","device":{"id":""}}'):
        assert served.caller.call("POST", "/sessions", body).code is Code.BAD_REQUEST


def test_a_document_that_is_nested_without_end_is_refused(served: Served):
    deep = b'{"x":' + b"[" * 50_000
    for method, path in (("POST", "/sessions"), ("POST", "/me/spaces")):
        assert served.caller.call(method, path, deep).code is Code.BAD_REQUEST
    nested = b"\x81\xa1x" + b"\x91" * 50_000
    body = len(nested).to_bytes(4, "big") + bytes([DOCUMENT]) + nested
    for path in ("commits", "chunks", "missing", "known", "fetch"):
        answer = served.caller.call("POST", in_space(served.desk.space, path), body)
        assert answer.code is Code.BAD_REQUEST, path
    still_served(served)


def test_an_operation_that_nobody_knows_is_refused(served: Served):
    document = {
        "epoch": served.desk.epoch,
        "operations": [{"kind": "burn", "key": bytes(16), "node": bytes(16)}],
    }
    answer = served.caller.call("POST", in_space(served.desk.space, "commits"), framed(document))
    assert answer.code is Code.BAD_REQUEST


# Tokens


def test_a_token_that_is_none_of_ours_is_refused_by_every_call(served: Served):
    good = served.office.sign_in("anna")
    forged = good.access[:10] + ("A" if good.access[10] != "A" else "B") + good.access[11:]
    bad = ["", "x", "é", good.access[:-1], good.access + "A", good.refresh, forged, "A" * 10_000]
    for route in ROUTES:
        if not route.signed_in:
            continue
        named = dict.fromkeys(("space", "node", "rev", "link", "order"), served.desk.space)
        for token in (None, *bad):
            caller = Caller(served.caller.address, None)
            headers = {} if token is None else {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
            path = route.path.format(**{name: ids.to_text(value) for name, value in named.items()})
            assert caller.call(route.method, path, None, **headers).code is Code.SIGNED_OUT, (
                route.name,
                token,
            )
    for value in ("Basic YTpi", "Bearer", f"bearer{good.access}", "  "):
        assert Caller(served.caller.address).call("GET", "/me", Authorization=value).code is Code.SIGNED_OUT


def test_a_token_is_good_until_it_expires(served: Served):
    served.office.clock.now_ms += ACCESS_S * 1000
    still_served(served)
    served.office.clock.now_ms += 1
    assert served.caller.call("GET", "/me").code is Code.TOKEN_EXPIRED


def test_who_is_signed_out_or_disabled_is_refused_at_once(served: Served):
    other = Caller(served.caller.address, served.office.sign_in("anna").access)
    assert other.call("DELETE", "/sessions/current").status == 204
    assert other.call("GET", "/me").code is Code.SIGNED_OUT
    still_served(served)


def test_a_refresh_token_that_is_used_again_later_ends_the_session(served: Served):
    device = served.office.device()
    tokens = served.office.sign_in("anna", device)
    anybody = Caller(served.caller.address)

    def refresh(token: str, of: bytes = device.id) -> Answer:
        return anybody.call("POST", "/sessions/refresh", encode_json(Refresh(refresh=token, device=of)))

    first = json.loads(refresh(tokens.refresh).body)["refresh"]
    second = json.loads(refresh(first).body)["refresh"]
    assert refresh(tokens.refresh).code is Code.TOKEN_REUSED
    assert refresh(second).code in (Code.TOKEN_REUSED, Code.SIGNED_OUT)
    assert refresh("x").code is Code.SIGNED_OUT
    assert refresh(tokens.access).code is Code.SIGNED_OUT
    assert refresh(served.office.sign_in("anna").refresh).code is Code.SIGNED_OUT


# What is another's


def test_what_is_another_s_answers_as_what_is_not_there(served: Served):
    """Each call of the table, asked about another's space, node and revision, and about ids that nobody has."""
    clara = Desk(served.office, "clara")
    state = clara.save("secret.txt", b"secret")
    nobodys = served.office.ids.new()
    assert state.rev is not None
    for route in IN_SPACE:
        there = call(served.caller, route, space=clara.space, node=state.node, rev=state.rev)
        absent = call(served.caller, route, space=nobodys, node=nobodys, rev=nobodys)
        assert there == absent, route.name
        assert there.code is Code.NOT_FOUND, route.name
        # Inside one's own space another's ids are as unknown.
        if "{node}" in route.path or "{rev}" in route.path:
            inside = call(served.caller, route, space=served.desk.space, node=state.node, rev=state.rev)
            assert inside == call(served.caller, route, space=served.desk.space, node=nobodys, rev=nobodys)
            assert inside.code is Code.NOT_FOUND


def test_a_content_of_another_s_cannot_be_had_by_its_revision(served: Served):
    clara = Desk(served.office, "clara")
    state = clara.save("secret.txt", b"secret")
    for rev in (state.rev, served.office.ids.new()):
        body = framed({"wants": [[rev, 0, 1]]})
        assert served.caller.call("POST", in_space(served.desk.space, "fetch"), body).code is Code.NOT_FOUND
    put = served.desk.put("mine", b"secret", manifest=None, source=(clara.space, state.rev))
    nobodys = served.desk.put("mine", b"secret", manifest=None, source=(served.office.ids.new(), state.rev))
    found = [
        decode_framed([commit(served, each).body], CommitAnswer, MIB)[0].outcomes for each in (put, nobodys)
    ]
    assert found[0] == found[1] == (Refused(code=Code.NOT_FOUND),)


def test_who_may_add_and_not_read_is_shown_nothing(served: Served):
    team = Desk(served.office, "boris", "Planning")
    state = team.save("plan.txt", b"plan")
    give_role(served.office, team.space, served.office.clara, Role.UPLOADER)
    clara = Caller(served.caller.address, served.office.sign_in("clara").access)
    assert state.rev is not None
    for route in IN_SPACE:
        if route.name in ("missing", "chunks", "commit", "leave"):
            continue  # To add, and to go, is hers.
        answer = call(clara, route, space=team.space, node=state.node, rev=state.rev)
        assert answer.code is Code.NOT_FOUND, route.name


@pytest.mark.parametrize(
    "text", ["", "x", "A" * 21, "A" * 23, "A" * 21 + "!", "..%2f..%2fetc", "A" * 5_000, "%00" * 8]
)
def test_an_id_that_is_none_is_refused(served: Served, text: str):
    answer = served.caller.call("GET", f"/spaces/{text}/changes")
    assert answer.code in (Code.BAD_REQUEST, Code.NOT_FOUND)


def test_a_path_or_method_that_is_not_in_the_table_is_not_found(served: Served):
    for method, path in (
        ("GET", "/nothing"),
        ("PUT", "/me"),
        ("POST", "/heads"),
        ("GET", "/../etc/passwd"),
        ("GET", "/"),
    ):
        assert served.caller.call(method, path).code is Code.NOT_FOUND


# Cursors


def test_a_cursor_that_is_not_ours_is_said_to_be_that(served: Served):
    desk = served.desk
    desk.save("a", b"1")
    cursor = desk.journal().cursor
    epoch, path = ids.to_text(cursor.epoch), in_space(desk.space, "changes")

    def asked(**query: object) -> Code:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return served.caller.call("GET", f"{path}?{text}").code

    chain = cursor.chain.hex()
    assert (
        asked(epoch=ids.to_text(served.office.ids.new()), seq=cursor.seq, chain=chain) is Code.EPOCH_CHANGED
    )
    assert asked(epoch=epoch, seq=cursor.seq + 1, chain=chain) is Code.HISTORY_DIFFERS
    assert asked(epoch=epoch, seq=10**17, chain=chain) is Code.HISTORY_DIFFERS
    assert asked(epoch=epoch, seq=cursor.seq, chain="00" * 8) is Code.HISTORY_DIFFERS
    assert asked(epoch=epoch, seq=cursor.seq, chain="") is Code.HISTORY_DIFFERS
    for bad in ("-1", "x", "", "1" * 30, "1.5", "%D9%A3"):
        assert asked(epoch=epoch, seq=bad, chain=chain) is Code.BAD_REQUEST, bad
    assert asked(epoch="x", seq=1, chain=chain) is Code.BAD_REQUEST
    assert asked(epoch=epoch, seq=1, chain="zz") is Code.BAD_REQUEST
    assert served.caller.call("GET", f"{in_space(desk.space, 'trash')}?before=x").code is Code.BAD_REQUEST
    assert served.caller.call("GET", f"{in_space(desk.space, 'earlier')}?at=x").code is Code.BAD_REQUEST
    assert served.caller.call("GET", f"{in_space(desk.space, 'earlier')}?seq=x").code is Code.BAD_REQUEST
    assert served.caller.call("GET", f"{in_space(desk.space, 'nodes')}?after=x").code is Code.BAD_REQUEST


# Names


BAD_NAMES = {
    "": Code.NAME_ILLEGAL, ".": Code.NAME_ILLEGAL, "..": Code.NAME_ILLEGAL, "a/b": Code.NAME_ILLEGAL,
    "../../etc/passwd": Code.NAME_ILLEGAL, "/etc/passwd": Code.NAME_ILLEGAL, "a\0b": Code.NAME_ILLEGAL,
    ".govsync": Code.NAME_RESERVED, ".GOVSYNC": Code.NAME_RESERVED,
    "x" * 256: Code.NAME_TOO_LONG, "한" * 256: Code.NAME_TOO_LONG, "cafe\u0301": Code.NAME_ILLEGAL,
}  # fmt: skip


def test_a_name_that_may_not_travel_is_refused_in_every_way_in(served: Served):
    desk = served.desk
    state = desk.save("a", b"1")
    [gone] = desk.do(desk.delete(desk.save("gone", b"1")))
    for name, code in BAD_NAMES.items():
        ways = (desk.mkdir(name), desk.put(name, b"1"), desk.move(state, name), desk.revive(gone, name))
        answers = decode_framed([commit(served, *ways).body], CommitAnswer, MIB)[0].outcomes
        assert [each.code for each in answers if isinstance(each, Refused)] == [code] * len(ways), name
    assert {each.state.name for each in desk.journal().entries} == {"Planning", "a", "gone"}
