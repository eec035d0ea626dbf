"""Which version is the newer one."""

import pytest

from govsync.updates.versions import order


def test_versions_rise_as_packages_count_them():
    rising = [
        "0.1.0.dev9",
        "0.1.0.dev10+gffff",
        "0.1.0.dev334+g98890a7e46",
        "0.1.0",
        "0.1.1.dev1+ga",
        "0.2",
        "0.10.0",
        "1.0",
    ]
    assert sorted(set(rising), key=order) == rising


def test_the_commit_says_nothing_of_the_order_and_neither_do_zeros():
    assert order("0.1.0.dev9+gffff") == order("0.1.dev9+g0000")


@pytest.mark.parametrize(
    "text", ["", "1.", "v1.0", "1.0-1", "1.0.dev", "1.0~dev4", "1.0+x", "1.0\n", "9" * 10, "1.0.dev9+gxyz"]
)
def test_what_is_no_version_of_ours_is_refused(text):
    with pytest.raises(ValueError):
        order(text)
