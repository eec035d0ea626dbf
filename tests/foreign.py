"""Foreign bytes: what a decoder may meet, made from what it would take. Whole bytes are damaged anywhere, documents get
another value anywhere; both are nearer to what is right, and come further, than bytes of chance do."""

import base64
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

MOST_REPEATS = 300
"""How often a part is repeated at most: enough to be nested, long or large beyond what is meant."""

LARGE_NUMBERS = st.sampled_from(
    [-1, 0, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30, -(2**63) - 1]
)

JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | LARGE_NUMBERS | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from(["", "..", "a/b", "\0", "zz", "x" * 300, "AAAA", "\x7f"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
"""Values of JSON."""

PACKED_JUNK = (
    JUNK.filter(lambda value: _fits(value)) | st.binary(max_size=40) | st.binary(min_size=16, max_size=16)
)
"""Values of MessagePack, which has bytes, and no number above 64 bits."""


def right(kind: inspect.Type, packed: bool) -> st.SearchStrategy[Any]:
    """Makes documents of the shape that a type takes, for MessagePack or for JSON, in which bytes are base64."""
    if isinstance(kind, inspect.StructType):
        return _right_struct(kind, packed)
    if isinstance(kind, inspect.UnionType):
        return st.one_of([right(each, packed) for each in kind.types])
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return st.lists(right(kind.item_type, packed), max_size=3)
    if isinstance(kind, inspect.TupleType):
        return st.tuples(*(right(each, packed) for each in kind.item_types)).map(list)
    if isinstance(kind, inspect.DictType):
        return st.dictionaries(right(kind.key_type, packed), right(kind.value_type, packed), max_size=3)
    if isinstance(kind, inspect.EnumType):
        return st.sampled_from([each.value for each in kind.cls])
    if isinstance(kind, inspect.IntType):
        return st.integers(
            kind.ge if kind.ge is not None else -(2**63), kind.le if kind.le is not None else 2**63 - 1
        )
    if isinstance(kind, inspect.StrType):
        return st.text(min_size=kind.min_length or 0, max_size=20)
    octets = st.binary(min_size=16, max_size=16) | st.binary(max_size=40)
    plain = {
        inspect.BytesType: octets if packed else octets.map(lambda data: base64.b64encode(data).decode()),
        inspect.BoolType: st.booleans(), inspect.NoneType: st.none(),
        inspect.FloatType: st.floats(allow_nan=False),
    }  # fmt: skip
    return plain[type(kind)]  # type: ignore[index]


def _right_struct(kind: inspect.StructType, packed: bool) -> st.SearchStrategy[Any]:
    return struct_of(kind, {field.encode_name: right(field.type, packed) for field in kind.fields})


def struct_of(kind: inspect.StructType, fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Makes documents of a struct out of what each of its fields may be."""
    if kind.array_like:
        return st.tuples(*fields.values()).map(list)
    needed = {field.encode_name: fields.pop(field.encode_name) for field in kind.fields if field.required}
    if kind.tag_field is not None:
        needed[kind.tag_field] = st.just(kind.tag)
    return st.fixed_dictionaries(needed, optional=fields)


def _fits(value: Any) -> bool:
    return all(not isinstance(each, int) or -(2**63) <= each < 2**64 for each in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Makes bytes that differ from whole ones in one to three places."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(whole)))
        end = draw(st.integers(start, min(len(whole), start + 40)))
        part = whole[start:end]
        instead = draw(
            st.binary(max_size=8)
            | st.just(part * 2)
            | st.integers(3, MOST_REPEATS).map(lambda times, part=part: part * times)
            | st.binary(min_size=len(part), max_size=len(part))
        )
        whole = whole[:start] + instead + draw(st.sampled_from([whole[end:], whole[end:], b""]))
    return whole


@st.composite
def changed(draw: st.DrawFn, document: Any, junk: st.SearchStrategy[Any] = JUNK) -> Any:
    """Makes a document (of dictionaries, lists and values) that says something else in one to three places: another value, one
    too few, one twice."""
    for _ in range(draw(st.integers(1, 3))):
        document = _with(document, draw(st.sampled_from(list(_places(document)))), draw, junk)
    return document


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict | list | tuple):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*at, key))


def _with(value: Any, at: tuple[Any, ...], draw: st.DrawFn, junk: st.SearchStrategy[Any]) -> Any:
    if not at:
        return draw(_LIKE.get(type(value), junk) | junk)
    key, *further = at
    copy = dict(value) if isinstance(value, dict) else list(value)
    if further:
        copy[key] = _with(copy[key], tuple(further), draw, junk)
        return copy
    kind = draw(st.sampled_from(["other", "other", "gone", "twice"]))
    if kind == "gone":
        del copy[key]
    elif kind == "twice" and isinstance(copy, list):
        copy.insert(key, copy[key])
    else:
        copy[key] = draw(_LIKE.get(type(copy[key]), junk) | junk)
    return copy


_LIKE: dict[type, st.SearchStrategy[Any]] = {
    int: LARGE_NUMBERS.filter(lambda number: -(2**63) <= number < 2**64) | st.integers(-2, 3), bool: st.booleans(), str: st.sampled_from(["", "..", "a/b", "x" * 300, "zz"]),
    bytes: st.binary(max_size=40) | st.binary(min_size=16, max_size=16),
}  # fmt: skip
"""A value is often another one of its own type: it comes further."""
