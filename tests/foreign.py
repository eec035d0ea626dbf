"""Foreign bytes: what a decoder may meet, made from what it would take. Whole bytes are damaged anywhere, documents get
another value anywhere; both are nearer to what is right, and come further, than bytes of chance do."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

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
        return draw(junk)
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
        copy[key] = draw(junk)
    return copy
