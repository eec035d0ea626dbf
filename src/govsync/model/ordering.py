"""Puts steps that stand on each other in order, and finds those that stand on each other in a circle.

The order is that of the strongly connected components of the dependency graph, dependencies first (Tarjan, "Depth-first
search and linear graph algorithms", 1972). A component of more than one step is a circle: two folders that swap names,
say. The search is written without recursion, because a chain of renames may be as long as a folder is large.
"""

from collections.abc import Mapping, Sequence


def components(needs: Mapping[int, Sequence[int]]) -> list[tuple[int, ...]]:
    """Groups the keys of `needs` into components, each after all that it needs; needs outside the keys are ignored.

    The answer depends only on the order of the mapping and its sequences, so equal input gives equal output.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    open_path: list[int] = []
    on_path: set[int] = set()
    found: list[tuple[int, ...]] = []

    for start in needs:
        if start in index:
            continue
        if not needs[start]:  # Nearly all there are.
            index[start] = len(index)
            found.append((start,))
            continue
        work = [(start, iter(needs[start]))]
        index[start] = low[start] = len(index)
        open_path.append(start)
        on_path.add(start)
        while work:
            item, rest = work[-1]
            for need in rest:
                if need not in needs:
                    continue
                if need not in index:
                    index[need] = low[need] = len(index)
                    open_path.append(need)
                    on_path.add(need)
                    work.append((need, iter(needs[need])))
                    break
                if need in on_path:
                    low[item] = min(low[item], index[need])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[item])
                if low[item] == index[item]:
                    members: list[int] = []
                    while True:
                        member = open_path.pop()
                        on_path.discard(member)
                        members.append(member)
                        if member == item:
                            break
                    found.append(tuple(reversed(members)))
    return found
