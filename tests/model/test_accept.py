"""The server's half of the conflict table: each row is met, and whatever is accepted leaves a sound tree."""

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model import names
from govsync.model import operations as ask
from govsync.model.accept import (
    FREE_NAMES,
    MAX_DEPTH,
    SUBTREE_NODES,
    Below,
    Change,
    Origin,
    Refusal,
    Stands,
    State,
    Verdict,
    judge,
    judge_group,
    judge_upload,
)
from govsync.model.codes import Code
from govsync.model.nodes import Kind

EPOCH = bytes(15) + b"\xff"
OLD_EPOCH = bytes(15) + b"\x01"


def name_id(text: str) -> bytes:
    """An id that can be read in a failing test."""
    return text.encode().ljust(16, b".")


def content(text: str) -> bytes:
    return text.encode().ljust(32, b".")


ROOT = name_id("root")


class Tree:
    """A space as a dictionary."""

    epoch = EPOCH

    def __init__(self) -> None:
        self.states = {ROOT: State(node=ROOT, kind=Kind.FOLDER, parent=None, name="", place=ROOT)}
        self.owners: dict[bytes, bytes] = {}
        self.offers: dict[bytes, Origin] = {}
        """When an offered revision was made."""
        self.upon: dict[bytes, Origin] = {}
        """Upon which lost revision one of this life was made."""
        self.foreign: set[bytes] = set()
        self.seq = 0

    def get(self, node: bytes) -> State | None:
        return self.states.get(node)

    def children(self, parent: bytes) -> list[State]:
        return [state for state in self.states.values() if state.parent == parent and not state.dead]

    def child(self, parent: bytes, key: str) -> State | None:
        holders = [state for state in self.children(parent) if names.key(state.name) == key]
        return min(holders, key=lambda state: state.seq, default=None)

    def below(self, node: bytes) -> Below:
        level, count, seq, mount, height = self.children(node), 0, 0, False, 0
        while level:
            height += 1
            count += len(level)
            seq = max(seq, *(state.seq for state in level))
            mount = mount or any(state.kind is Kind.MOUNT for state in level)
            level = [child for state in level for child in self.children(state.node)]
        return Below(count, seq, mount, height)

    def owner(self, rev: bytes) -> bytes | None:
        return self.owners.get(rev)

    def offered(self, rev: bytes) -> Origin | None:
        return self.offers.get(rev)

    def reach(self, node: bytes, epoch: bytes) -> int:
        origins = [(rev, *origin) for each in (self.offers, self.upon) for rev, origin in each.items()]
        mine = [seq for rev, life, seq in origins if self.owners[rev] == node and life == epoch]
        return max(mine, default=-1)

    def elsewhere(self, id: bytes) -> bool:
        return id in self.foreign

    # What a commit does with a verdict

    def take(self, operation: ask.AnyOperation, verdict: Verdict) -> Verdict:
        if not isinstance(verdict, Change):
            return verdict
        self.seq += 1
        state = msgspec.structs.replace(verdict.state, seq=self.seq)
        if state.dead:
            for inside in self.children(state.node):
                self.bury(inside)
        self.states.pop(state.node, None)
        self.states[state.node] = state
        if isinstance(operation, ask.Put):
            self.owners[operation.key] = state.node
            if operation.upon is not None:
                self.upon[operation.key] = operation.upon
        if isinstance(operation, ask.Offer) and operation.rev is not None:
            self.owners[operation.rev] = state.node
            self.offers[operation.rev] = (operation.origin_epoch, operation.origin_seq)
        return Change(state)

    def bury(self, state: State) -> None:
        for inside in self.children(state.node):
            self.bury(inside)
        self.states[state.node] = msgspec.structs.replace(state, dead=True, seq=self.seq)

    def answer(self, operation: ask.AnyOperation) -> Verdict:
        return self.take(operation, judge(self, operation))

    def done(self, operation: ask.AnyOperation) -> State:
        verdict = self.answer(operation)
        assert isinstance(verdict, Change), verdict
        return verdict.state

    def refused(self, operation: ask.AnyOperation) -> Code:
        verdict = self.answer(operation)
        assert isinstance(verdict, Refusal), verdict
        return verdict.code

    def stands(self, operation: ask.AnyOperation) -> Stands:
        verdict = self.answer(operation)
        assert isinstance(verdict, Stands), verdict
        return verdict

    # A world in few words

    def folder(self, name: str, parent: bytes = ROOT) -> State:
        return self.done(mkdir(name, parent))

    def file(self, name: str, text: str = "1", parent: bytes = ROOT) -> State:
        return self.done(put(name, text, parent))


_count = 0


def key() -> bytes:
    global _count
    _count += 1
    return _count.to_bytes(16, "big")


def mkdir(name: str, parent: bytes = ROOT, node: bytes | None = None) -> ask.Mkdir:
    return ask.Mkdir(key=key(), node=node or key(), parent=parent, name=name)


def put(name: str, text: str = "1", parent: bytes = ROOT, node: bytes | None = None) -> ask.Put:
    return ask.Put(
        key=key(), node=node or key(), parent=parent, name=name, hash=content(text), size_bytes=len(text), scheme="s"
    )  # fmt: skip


def edit(state: State, text: str) -> ask.Put:
    return ask.Put(
        key=key(), node=state.node, base_rev=state.rev, hash=content(text), size_bytes=len(text), scheme="s"
    )


def move(state: State, name: str, parent: bytes = ROOT) -> ask.Move:
    return ask.Move(key=key(), node=state.node, place=state.place, parent=parent, name=name)


def delete(state: State, seen: int | None = None) -> ask.Delete:
    return ask.Delete(key=key(), node=state.node, place=state.place, rev=state.rev, seen=seen)


def revive(state: State, name: str, parent: bytes = ROOT) -> ask.Revive:
    return ask.Revive(key=key(), node=state.node, parent=parent, name=name)


def attr(state: State, exec: bool) -> ask.Attr:
    return ask.Attr(key=key(), node=state.node, exec=exec)


def offer(
    name: str, text: str | None, seq: int = 1, node: bytes | None = None, parent: bytes = ROOT
) -> ask.Offer:
    file = text is not None
    return ask.Offer(
        key=key(), node=node or key(), node_kind=Kind.FILE if file else Kind.FOLDER, parent=parent, name=name,
        place_key=key(), origin_epoch=OLD_EPOCH, origin_seq=seq, rev=key() if file else None,
        hash=content(text) if text is not None else None,
    )  # fmt: skip


@pytest.fixture
def tree() -> Tree:
    return Tree()


# Names and places


def test_a_taken_name_is_refused_with_its_holder(tree: Tree) -> None:
    holder = tree.file("Plan")
    assert judge(tree, put("plan", "2")) == Refusal(Code.NAME_TAKEN, holder)
    assert judge(tree, mkdir("PLAN")) == Refusal(Code.NAME_TAKEN, holder)
    assert judge(tree, put("plan")) == Stands(holder, merged=holder.node)


def test_a_folder_of_a_taken_name_is_that_folder(tree: Tree) -> None:
    there = tree.folder("P")
    assert tree.stands(mkdir("p")).merged == there.node


def test_a_parent_must_live_and_be_a_folder_of_this_space(tree: Tree) -> None:
    file, dead = tree.file("a"), tree.folder("f")
    tree.done(delete(dead, seen=99))
    assert judge(tree, mkdir("x", dead.node)) == Refusal(Code.PARENT_DEAD, tree.get(dead.node))
    assert tree.refused(put("x", "1", name_id("nobody"))) is Code.PARENT_DEAD
    assert tree.refused(mkdir("x", file.node)) is Code.WRONG_KIND
    assert tree.refused(move(file, "x", dead.node)) is Code.PARENT_DEAD


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", Code.NAME_ILLEGAL), ("..", Code.NAME_ILLEGAL), ("a/b", Code.NAME_ILLEGAL), ("a\0", Code.NAME_ILLEGAL),
        ("\ud800", Code.NAME_ILLEGAL), (".govsync", Code.NAME_RESERVED), (".GovSync-x", Code.NAME_RESERVED),
        ("x" * 256, Code.NAME_TOO_LONG), ("cafe\u0301", Code.NAME_ILLEGAL),
    ],
)  # fmt: skip
def test_a_name_that_may_not_travel_is_refused(tree: Tree, name: str, code: Code) -> None:
    state = tree.file("a")
    assert tree.refused(put(name)) is code
    assert tree.refused(mkdir(name)) is code
    assert tree.refused(move(state, name)) is code


def test_nothing_gets_deeper_than_the_limit(tree: Tree) -> None:
    parent = ROOT
    for _ in range(MAX_DEPTH):
        parent = tree.folder("f", parent).node
    assert tree.refused(mkdir("f", parent)) is Code.TOO_DEEP
    two = tree.folder("two")
    tree.folder("inside", two.node)
    deepest_but_one = tree.states[parent].parent
    assert deepest_but_one is not None
    assert tree.refused(move(two, "x", deepest_but_one)) is Code.TOO_DEEP
    above = tree.states[deepest_but_one].parent
    assert above is not None
    tree.done(move(two, "x", above))


def test_ids_of_others_are_not_taken(tree: Tree) -> None:
    tree.foreign.add(name_id("theirs"))
    file = tree.file("a")
    assert tree.refused(mkdir("x", node=name_id("theirs"))) is Code.NODE_IN_SPACE
    assert tree.refused(put("x", node=name_id("theirs"))) is Code.NODE_IN_SPACE
    used = file.rev
    assert used is not None
    assert tree.refused(msgspec.structs.replace(put("x", "2"), key=used)) is Code.BAD_REQUEST


# Preconditions, fact by fact (R30)


def test_an_edit_and_a_move_never_meet(tree: Tree) -> None:
    seen = tree.file("a")
    tree.done(move(seen, "b"))
    edited = tree.done(edit(seen, "2"))
    assert (edited.name, edited.hash) == ("b", content("2"))


def test_an_edit_of_an_older_version_is_refused(tree: Tree) -> None:
    seen = tree.file("a")
    now = tree.done(edit(seen, "2"))
    assert judge(tree, edit(seen, "3")) == Refusal(Code.STALE_REV, now)
    assert tree.stands(edit(seen, "2")).state == now


def test_a_move_from_an_older_place_is_refused(tree: Tree) -> None:
    seen = tree.file("a")
    now = tree.done(move(seen, "b"))
    assert judge(tree, move(seen, "c")) == Refusal(Code.STALE_PLACE, now)
    assert tree.stands(move(seen, "b")).state == now


def test_a_deletion_of_what_was_changed_is_refused(tree: Tree) -> None:
    edited, moved = tree.file("a"), tree.file("b")
    tree.done(edit(edited, "2"))
    tree.done(move(moved, "c"))
    assert tree.refused(delete(edited)) is Code.STALE_REV
    assert tree.refused(delete(moved)) is Code.STALE_PLACE


def test_a_folder_goes_only_as_it_was_seen(tree: Tree) -> None:
    folder = tree.folder("f")
    inside = tree.file("a", parent=folder.node)
    assert tree.refused(delete(folder)) is Code.UNSEEN_BELOW
    assert tree.refused(delete(folder, seen=inside.seq - 1)) is Code.UNSEEN_BELOW
    tree.done(delete(folder, seen=inside.seq))
    assert tree.states[inside.node].dead


def test_a_folder_with_too_much_in_it_goes_in_parts(tree: Tree) -> None:
    folder = tree.folder("f")
    tree.below = lambda node: Below(SUBTREE_NODES + 1, 0, False, 1)  # type: ignore[method-assign]
    assert tree.refused(delete(folder, seen=99)) is Code.SUBTREE_TOO_LARGE


def test_a_mount_does_not_go_with_its_folder(tree: Tree) -> None:
    folder = tree.folder("f")
    mount = State(node=key(), kind=Kind.MOUNT, parent=folder.node, name="m", place=key())
    tree.states[mount.node] = mount
    assert tree.refused(delete(folder, seen=99)) is Code.CONTAINS_MOUNT
    assert tree.refused(delete(mount, seen=99)) is Code.CONTAINS_MOUNT


def test_a_mount_that_was_taken_away_is_not_brought_back(tree: Tree) -> None:
    """Where a space hangs that somebody may reach is the server's to say."""
    mount = State(node=key(), kind=Kind.MOUNT, parent=ROOT, name="m", place=key(), dead=True)
    tree.states[mount.node] = mount
    assert tree.refused(revive(mount, "m")) is Code.NOT_FOUND


def test_a_folder_does_not_move_below_itself(tree: Tree) -> None:
    a = tree.folder("a")
    b = tree.folder("b", a.node)
    assert tree.refused(move(a, "a", b.node)) is Code.WOULD_CYCLE
    assert tree.refused(move(a, "a", a.node)) is Code.WOULD_CYCLE


def test_a_dead_node_takes_nothing_but_a_revival(tree: Tree) -> None:
    state = tree.file("a")
    dead = tree.done(delete(state))
    for operation in (edit(state, "2"), move(state, "b"), attr(state, True)):
        assert judge(tree, operation) == Refusal(Code.NODE_DEAD, dead)
    assert tree.stands(delete(state)).state == dead
    alive = tree.done(revive(state, "b"))
    assert (alive.name, alive.hash, alive.dead) == ("b", state.hash, False)
    assert tree.stands(revive(state, "c")).state == alive


def test_a_revived_folder_is_empty(tree: Tree) -> None:
    folder = tree.folder("f")
    tree.file("a", parent=folder.node)
    tree.done(delete(folder, seen=99))
    tree.done(revive(folder, "f"))
    assert tree.children(folder.node) == []


def test_a_revival_needs_a_free_name(tree: Tree) -> None:
    state = tree.file("a")
    tree.done(delete(state))
    tree.file("a", "2")
    assert tree.refused(revive(state, "a")) is Code.NAME_TAKEN


def test_the_executable_bit_is_set_by_the_last(tree: Tree) -> None:
    state = tree.file("a")
    assert tree.done(attr(state, True)).exec
    assert tree.stands(attr(state, True)).state.exec
    assert tree.refused(attr(tree.folder("f"), True)) is Code.NOT_FOUND


def test_the_root_is_nobodys(tree: Tree) -> None:
    root = tree.states[ROOT]
    for operation in (move(root, "x"), delete(root, seen=99), revive(root, "x"), attr(root, True)):
        assert tree.refused(operation) is Code.NOT_FOUND
    assert tree.refused(edit(root, "1")) is Code.WRONG_KIND


def test_a_node_never_changes_its_kind(tree: Tree) -> None:
    file, folder = tree.file("a"), tree.folder("f")
    assert tree.refused(mkdir("x", node=file.node)) is Code.WRONG_KIND
    assert tree.refused(edit(folder, "1")) is Code.WRONG_KIND
    assert tree.refused(offer("x", None, node=file.node)) is Code.WRONG_KIND


# What is done is done, however often it comes (R31)


def test_a_key_that_was_done_is_done_whatever_came_after(tree: Tree) -> None:
    make, write = mkdir("f"), put("a")
    folder, file = tree.done(make), tree.done(write)
    rename, change = move(file, "b"), edit(file, "2")
    tree.done(rename)
    tree.done(change)
    for operation in (make, write, rename, change):
        tree.stands(operation)
    tree.done(delete(folder, seen=99))
    assert tree.stands(make).state.dead
    tree.done(edit(tree.states[file.node], "3"))
    tree.stands(change)


def test_a_new_key_for_a_dead_folder_is_not_done(tree: Tree) -> None:
    folder = tree.folder("f")
    tree.done(delete(folder, seen=99))
    assert tree.refused(mkdir("f", node=folder.node)) is Code.NODE_DEAD


# Several operations as one (R14)


def group(tree: Tree, *operations: ask.AnyOperation) -> Refusal | None:
    changed = []
    for operation in operations:
        verdict = tree.take(operation, judge(tree, operation, grouped=True))
        if isinstance(verdict, Refusal):
            return verdict
        if isinstance(verdict, Change):
            changed.append(verdict.state)
    return judge_group(tree, changed)


def test_names_are_swapped_in_a_group(tree: Tree) -> None:
    a, b = tree.file("a"), tree.file("b", "2")
    assert group(tree, move(a, "b"), move(b, "a")) is None


def test_a_group_may_not_give_one_name_to_two(tree: Tree) -> None:
    a, b = tree.file("a"), tree.file("b", "2")
    assert group(tree, move(a, "b")) == Refusal(Code.NAME_TAKEN, b)


def test_folders_change_places_in_a_group(tree: Tree) -> None:
    a = tree.folder("a")
    b = tree.folder("b", a.node)
    assert group(tree, move(b, "b"), move(a, "a", b.node)) is None
    assert group(tree, move(tree.states[b.node], "b", a.node)) == Refusal(
        Code.WOULD_CYCLE, tree.states[b.node]
    )


def test_a_group_needs_living_parents(tree: Tree) -> None:
    folder, file = tree.folder("f"), tree.file("a")
    tree.done(delete(folder, seen=99))
    refusal = group(tree, move(file, "a", folder.node))
    assert refusal is not None
    assert refusal.code is Code.PARENT_DEAD


# Who may add and not read (R37)


def test_a_free_name_is_given(tree: Tree) -> None:
    tree.file("a.txt")
    tree.file("a (2).txt", "2")
    verdict = judge_upload(tree, put("A.txt"))
    assert isinstance(verdict, Change)
    assert verdict.state.name == "A (3).txt"


def test_nothing_else_is_allowed_and_nothing_is_shown(tree: Tree) -> None:
    file = tree.file("a")
    for operation in (edit(file, "2"), move(file, "b"), delete(file), attr(file, True), revive(file, "b"),
                      offer("x", "1"), mkdir("x", node=file.node), put("x", node=file.node)):  # fmt: skip
        assert judge_upload(tree, operation) == Refusal(Code.NO_RIGHT)
    assert judge_upload(tree, mkdir("x", file.node)) == Refusal(Code.WRONG_KIND)
    assert judge_upload(tree, mkdir(".govsync")) == Refusal(Code.NAME_RESERVED)


def test_the_search_for_a_free_name_ends(tree: Tree) -> None:
    tree.child = lambda parent, key: tree.states[ROOT]  # type: ignore[method-assign]
    assert judge_upload(tree, mkdir("x")) == Refusal(Code.NAME_TAKEN)
    assert FREE_NAMES <= 1_000


# What desks offer after a loss (R34)


def test_what_was_lost_comes_back_under_its_ids(tree: Tree) -> None:
    given = offer("a", "1", 5)
    state = tree.done(given)
    assert (state.node, state.place, state.rev) == (given.node, given.place_key, given.rev)
    assert tree.stands(given).state == state


@given(st.permutations([1, 2, 3, 4]))
def test_the_youngest_of_a_lost_life_is_current_in_any_order(order: list[int]) -> None:
    tree = Tree()
    node = key()
    for seq in order:
        tree.answer(offer("a", str(seq), seq, node))
    assert tree.states[node].hash == content("4")
    assert len(tree.offers) == 4


def test_an_edit_of_this_life_stands_against_any_offer(tree: Tree) -> None:
    state = tree.done(offer("a", "1", 5))
    tree.done(edit(state, "2"))
    assert tree.refused(offer("a", "3", 9, state.node)) is Code.STALE_REV
    assert tree.stands(offer("a", "2", 9, state.node)).state.hash == content("2")


def test_an_edit_made_upon_what_was_lost_is_newer_than_all_of_that(tree: Tree) -> None:
    state = tree.done(offer("a", "1", 5))
    edited = tree.done(msgspec.structs.replace(edit(state, "2"), upon=(OLD_EPOCH, 8)))
    assert tree.done(offer("a", "3", 7, state.node)).hash == edited.hash, "it goes into the history alone"
    assert tree.refused(offer("a", "4", 9, state.node)) is Code.STALE_REV


def test_what_a_desk_knows_as_older_gives_way_to_its_offer(tree: Tree) -> None:
    state = tree.file("a", "old")
    newer = offer("a", "1", 5, state.node)
    assert tree.refused(newer) is Code.STALE_REV
    assert tree.refused(msgspec.structs.replace(newer, over=key())) is Code.STALE_REV
    assert tree.done(msgspec.structs.replace(newer, over=state.rev)).hash == content("1")


def test_an_offer_does_not_revive(tree: Tree) -> None:
    state = tree.file("a")
    tree.done(delete(state))
    assert tree.refused(offer("a", "1", node=state.node)) is Code.NODE_DEAD


def test_offered_folders_of_one_name_are_one_and_files_only_when_equal(tree: Tree) -> None:
    folder, file = tree.folder("f"), tree.file("a")
    assert tree.stands(offer("F", None)).merged == folder.node
    assert tree.stands(offer("A", "1")).merged == file.node
    assert tree.refused(offer("a", "2")) is Code.NAME_TAKEN
    assert tree.refused(offer("a", None)) is Code.NAME_TAKEN


# Fields of wrong size


def _broken() -> list[ask.AnyOperation]:
    replace = msgspec.structs.replace
    some, new, old = (
        State(node=key(), kind=Kind.FILE, parent=ROOT, name="a", place=key()),
        put("a"),
        offer("a", "1"),
    )
    return [
        replace(new, key=b""), replace(new, node=bytes(15)), replace(new, parent=bytes(17)), replace(new, name=None),
        replace(new, parent=None), replace(new, hash=bytes(31)), replace(new, size_bytes=-1),
        replace(new, size_bytes=1 << 63), replace(new, mtime_ns=-(1 << 63)), replace(new, manifest_chunks=(b"x",)),
        replace(new, source=(b"", key())), replace(new, conflict_of=b"x"), replace(move(some, "b"), place=b""),
        replace(delete(some), seen=-1), replace(delete(some), rev=b"x"), replace(revive(some, "b"), parent=b""),
        replace(attr(some, True), node=b""), replace(mkdir("a"), parent=b""), replace(old, node_kind=Kind.MOUNT),
        replace(old, rev=None), replace(old, hash=None), replace(old, node_kind=Kind.FOLDER),
        replace(old, origin_seq=-1), replace(old, origin_epoch=b""),
    ]  # fmt: skip


@pytest.mark.parametrize("operation", _broken(), ids=str)
def test_a_field_of_wrong_size_is_refused(tree: Tree, operation: ask.AnyOperation) -> None:
    assert judge(tree, operation) == Refusal(Code.BAD_REQUEST)
    assert judge_upload(tree, operation) == Refusal(Code.BAD_REQUEST)


# Whatever is accepted leaves a sound tree, and every row is met


MET: Counter[str] = Counter()
"""How often each kind of operation got each answer."""
SEEDS = 200
Step = tuple[str, int, int, str, str, int]
_KINDS = ("mkdir", "put", "edit", "move", "delete", "revive", "attr", "offer")


def _steps(seed: int) -> list[Step]:
    chance = random.Random(seed)
    return [
        (chance.choice(_KINDS), chance.randrange(7), chance.randrange(7), chance.choice("abB"), chance.choice("12"),
         chance.randrange(4))
        for _ in range(40)
    ]  # fmt: skip


def _operation(tree: Tree, old: list[State], step: Step) -> ask.AnyOperation:
    """Makes an operation of somebody who may have seen an older state of things."""
    kind, which, where, name, text, behind = step
    states = [state for state in tree.states.values() if state.parent is not None]
    folders = [state.node for state in tree.states.values() if state.kind is Kind.FOLDER]
    parent = folders[where % len(folders)]
    if kind == "mkdir" or not states:
        return mkdir(name, parent)
    if kind == "put":
        return put(name, text, parent)
    state = states[which % len(states)] if behind or not old else old[which % len(old)]
    match kind:
        case "edit":
            return edit(state, text)
        case "move":
            return move(state, name, parent)
        case "delete":
            return delete(state, seen=tree.seq - (behind == 1))
        case "revive":
            return revive(state, name, parent)
        case "attr":
            return attr(state, text == "1")
        case _:
            file = state.kind is Kind.FILE
            return offer(name, text if file else None, behind, state.node if behind else None, parent)


def check(tree: Tree) -> None:
    alive = [state for state in tree.states.values() if not state.dead]
    claims = Counter((state.parent, names.key(state.name)) for state in alive)
    assert max(claims.values()) == 1
    for state in alive:
        above, steps = state, 0
        while above.parent is not None:
            above, steps = tree.states[above.parent], steps + 1
            assert not above.dead
            assert above.kind is Kind.FOLDER
            assert steps <= MAX_DEPTH
        assert above.node == ROOT


def _play(steps: list[Step]) -> None:
    tree = Tree()
    old: list[State] = []
    for step in steps:
        operation = _operation(tree, old, step)
        old = list(tree.states.values())[1:] if len(old) < 4 else old
        before = dict(tree.states)
        verdict = tree.answer(operation)
        kind = type(operation).__name__
        MET[f"{kind} {verdict.code if isinstance(verdict, Refusal) else type(verdict).__name__}"] += 1
        if not isinstance(verdict, Change):
            assert tree.states == before
        else:
            # Asked again at once, it has no second effect.
            assert not isinstance(judge(tree, operation), Change)
        check(tree)


def test_whatever_is_accepted_leaves_a_sound_tree_and_every_row_of_the_table_is_met() -> None:
    expected = {
        "Mkdir Change", "Mkdir Stands", "Mkdir name_taken", "Mkdir parent_dead", "Put Change", "Put Stands",
        "Put name_taken", "Put parent_dead", "Put stale_rev", "Put node_dead", "Move Change", "Move Stands",
        "Move name_taken", "Move parent_dead", "Move stale_place", "Move would_cycle", "Move node_dead", "Delete Change",
        "Delete Stands", "Delete stale_rev", "Delete stale_place", "Delete unseen_below", "Revive Change",
        "Revive Stands", "Revive name_taken", "Revive parent_dead", "Attr Change", "Attr Stands", "Attr node_dead",
        "Offer Change", "Offer Stands", "Offer name_taken", "Offer stale_rev", "Offer node_dead",
    }  # fmt: skip
    MET.clear()
    for seed in range(SEEDS):
        try:
            _play(_steps(seed))
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
    assert expected - MET.keys() == set()
