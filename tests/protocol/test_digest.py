"""The digest of heads: equal exactly where the heads are."""

from hypothesis import given
from hypothesis import strategies as st

from govsync.protocol.digest import heads_digest
from govsync.protocol.session import Head

ids = st.binary(min_size=16, max_size=16)
heads = st.builds(Head, space=ids, seq=st.integers(1, 2**40), chain=st.binary(min_size=8, max_size=8))
some = st.lists(heads, unique_by=lambda head: head.space, min_size=1, max_size=8)


@given(some, st.randoms(use_true_random=False))
def test_their_order_does_not_matter(found: list[Head], chance: object) -> None:
    mixed = list(found)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert heads_digest(mixed) == heads_digest(found)
    assert 0 <= heads_digest(found) < 2**64


@given(some)
def test_one_that_moved_shows(found: list[Head]) -> None:
    first = found[0]
    moved = [Head(first.space, first.seq + 1, first.chain), *found[1:]]
    assert heads_digest(moved) != heads_digest(found)


@given(some)
def test_another_history_at_the_same_sequence_shows(found: list[Head]) -> None:
    first = found[0]
    other = bytes(byte ^ 1 for byte in first.chain)
    assert heads_digest([Head(first.space, first.seq, other), *found[1:]]) != heads_digest(found)


@given(some, ids)
def test_a_space_with_nothing_in_it_counts_as_none(found: list[Head], space: bytes) -> None:
    assert heads_digest([*found, Head(space, 0, bytes(8))]) == heads_digest(found)
