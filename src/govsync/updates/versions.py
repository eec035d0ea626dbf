"""Which of two versions is the newer one, as packages count them: each commit is more than the one before, the release more than all."""

import re

_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,4})(?:\.dev(\d{1,9}))?(?:\+g[0-9a-f]{1,40})?")

Order = tuple[tuple[int, ...], bool, int]


def order(version: str) -> Order:
    """Answers what versions are ordered by; raises ValueError for what is none of ours."""
    found = _FORM.fullmatch(version)
    if found is None:
        raise ValueError(version)
    numbers = [int(each) for each in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), found[2] is None, int(found[2] or 0)
