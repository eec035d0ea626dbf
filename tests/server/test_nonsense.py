"""Whatever is asked, by whomever: an answer with a code that its call may give, and never a mistake of ours.

What is asked is made from the messages that each call takes (`protocol.routes`): nearly right, with something wrong in it
anywhere, or of no shape at all.
"""

import json
import struct
import urllib.parse
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from govsync.content.frames import encode
from govsync.model import ids
from govsync.model.codes import Code
from govsync.protocol.links import MakeLink
from govsync.protocol.routes import ROUTES, Route, Shape
from govsync.protocol.wire import CHUNK, DOCUMENT
from govsync.server import links
from tests.foreign import struct_of
from tests.server.desk import LARGE, Desk
from tests.server.line import Caller
from tests.server.office import PASSWORD, Office
from tests.server.serving import serving

EXAMPLES = 40
_HEAD = struct.Struct(">32sIB")
ASKED = [route for route in ROUTES if route.gives is not Shape.EVENTS]

texts = st.one_of(
    st.text(max_size=20), st.sampled_from(["anna", "a\0b", "..", "x" * 300, PASSWORD, "\u202e"])
)
numbers = st.one_of(
    st.integers(-2, 10), st.integers(-(2**63), 2**64 - 1), st.sampled_from([2**31, 2**53, 2**63 - 1, 2**63])
)
octets = st.one_of(
    st.binary(max_size=40), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32)
)
junk = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.floats(), texts, octets),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)


class Known:
    """Ids that are somebody's, so that not everything asks for nothing."""

    def __init__(self, some: list[bytes | None], epoch: bytes) -> None:
        self.some = st.sampled_from([each for each in some if each is not None])
        self.epoch = epoch


def near(kind: inspect.Type, known: Known) -> st.SearchStrategy[Any]:
    """Makes what a type takes, with something wrong in it now and then."""
    if isinstance(kind, inspect.StructType):
        right = _struct(kind, known)
    elif isinstance(kind, inspect.UnionType):
        right = st.one_of([near(each, known) for each in kind.types])
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        right = st.lists(near(kind.item_type, known), max_size=4)
    elif isinstance(kind, inspect.TupleType):
        right = st.tuples(*(near(each, known) for each in kind.item_types)).map(list)
    elif isinstance(kind, inspect.EnumType):
        right = st.sampled_from([each.value for each in kind.cls])
    else:
        plain = {
            inspect.BytesType: st.one_of(known.some, known.some, octets), inspect.StrType: texts, inspect.IntType: numbers,
            inspect.BoolType: st.booleans(), inspect.NoneType: st.none(), inspect.FloatType: st.floats(),
        }  # fmt: skip
        right = plain[type(kind)]  # type: ignore[index]
    return st.integers(0, 100).flatmap(lambda chance: junk if chance == 0 else right)


def _struct(kind: inspect.StructType, known: Known) -> st.SearchStrategy[Any]:
    fields = {field.encode_name: near(field.type, known) for field in kind.fields}
    if "hash" in fields:
        fields["hash"] = st.one_of(*[st.binary(min_size=32, max_size=32)] * 9, fields["hash"])
    if "lasts_s" in fields:
        fields["key"] = st.one_of(*[st.binary(min_size=32, max_size=32)] * 9, fields["key"])
    if "epoch" in fields:  # Else hardly anything would come further.
        fields["epoch"] = st.one_of(*[st.just(known.epoch)] * 9, fields["epoch"])
    return struct_of(kind, fields)


def bodies(route: Route, known: Known) -> st.SearchStrategy[bytes | None]:
    """Makes bodies for a call."""
    if route.takes is Shape.NONE:
        return st.one_of(st.none(), st.binary(max_size=50))
    document = near(inspect.type_info(route.request), known)
    if route.takes is Shape.JSON:
        return st.one_of(st.binary(max_size=200), document.map(_json))
    chunk = st.builds(
        lambda digest, size, encoding, data: _HEAD.pack(digest, size, encoding) + data,
        octets, st.integers(0, 2**32 - 1), st.integers(0, 3), st.binary(max_size=100),
    )  # fmt: skip
    frames = st.lists(
        st.tuples(st.sampled_from([CHUNK, CHUNK, DOCUMENT, 0, 9]), st.one_of(chunk, octets)), max_size=3
    )
    good = st.builds(_framed, document, frames)
    cut = st.builds(lambda body, end: body[: len(body) - end], good, st.integers(1, 10))
    return st.one_of(st.binary(max_size=200), document.map(_alone), document.map(_alone), good, cut)


def _framed(document: object, others: list[tuple[int, bytes]]) -> bytes:
    first = encode(DOCUMENT, msgspec.msgpack.encode(document))
    return b"".join([*first, *(piece for kind, body in others for piece in encode(kind, body))])


def _alone(document: object) -> bytes:
    return _framed(document, [])


def _json(document: object) -> bytes:
    return msgspec.json.encode(document)


@pytest.mark.parametrize("route", ASKED, ids=lambda route: route.name)
def test_nonsense_has_a_code(office: Office, route: Route):
    anna, clara = Desk(office), Desk(office, "clara")
    mine, hers = anna.save("mine", LARGE), clara.save("hers", LARGE)
    link = links.make(
        office.server, clara.caller, clara.space, MakeLink(key=office.ids.chance(32), node=hers.node)
    ).link
    there = [anna.space, anna.root, mine.node, mine.rev, clara.space, hers.node, hers.rev, link, bytes(16)]
    known = Known(there, anna.epoch)
    texted = st.one_of(known.some.map(ids.to_text), numbers.map(str), texts.map(urllib.parse.quote))
    with serving(office.server) as address:
        good = office.sign_in("anna").access
        tokens = [good, good, good, good, "x", None]

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(data=st.data())
        def ask(data: st.DataObject) -> None:
            named = {name: data.draw(texted, name) for name in ("node", "rev", "link", "order")}
            named["space"] = data.draw(st.one_of(*[st.just(ids.to_text(anna.space))] * 3, texted), "space")
            query = data.draw(
                st.dictionaries(st.sampled_from([*route.query, "x"]), texted, max_size=4), "query"
            )
            path = route.path.format(**named)
            if query:
                path += "?" + "&".join(f"{name}={value}" for name, value in query.items())
            token = data.draw(st.sampled_from(tokens), "token") if route.name != "sign_out" else "x"
            answer = Caller(address, token).call(route.method, path, data.draw(bodies(route, known), "body"))
            if answer.status >= 400:
                assert answer.code in {*route.codes, Code.NOT_FOUND} - {Code.INTERNAL, Code.STORE_UNAVAILABLE}
                assert json.loads(answer.body)["status"] == answer.status

        ask()
        assert Caller(address, good).call("GET", "/me").status == 200
