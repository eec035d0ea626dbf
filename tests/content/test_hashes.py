"""Hashes are a promise too: vectors, and different contents never written alike."""

from hypothesis import given
from hypothesis import strategies as st

from govsync.content.hashes import chunk_hash, content_hash

HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=3)
CONTENTS = st.tuples(
    st.text("ab/1\x00", max_size=3), st.integers(0, 1 << 16) | st.just(0x6161000000000000), HASHES
)


def test_a_chunk_is_named_by_its_sha_256():
    # FIPS 180-4, the example "abc".
    assert chunk_hash(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_contents_have_the_hashes_that_they_always_had():
    scheme = "fastcdc2020/512k/1"
    assert (
        content_hash(scheme, 0, []).hex()
        == "3281ad42628609d70e953c8737a4e711da3711bced5db78c23737975bdb9150d"
    )
    assert (
        content_hash(scheme, 7, [chunk_hash(b"GovSync")]).hex()
        == "160f8c6829900d78eb65fc47f09d7b1aa5483b21fc74729b20e6df834f6bab42"
    )


@given(CONTENTS, CONTENTS)
def test_only_equal_contents_have_equal_hashes(
    one: tuple[str, int, list[bytes]], other: tuple[str, int, list[bytes]]
):
    assert (content_hash(*one) == content_hash(*other)) == (one == other)


def test_order_size_and_scheme_count():
    a, b = chunk_hash(b"a"), chunk_hash(b"b")
    written = [
        ("s", 2, [a, b]),
        ("s", 2, [b, a]),
        ("s", 3, [a, b]),
        ("t", 2, [a, b]),
        ("s", 2, [a]),
        ("", 2, [a, b]),
    ]
    assert len({content_hash(*each) for each in written}) == len(written)
