"""Whoever may only read has on the desk what the server has, and beside it, for themselves, whatever they made of it (R38)."""

import random

import pytest

from govsync.model.nodes import Kind
from tests.model.desks import ROOT, Desk, Server, fresh_local
from tests.model.test_conflict_table import act, meet, show, words
from tests.model.test_reconcile_converges import World

C = " (your copy, not uploaded)"

CASES = [
    # what there was, what the reader does, what the editor did, what all have then, what the reader has besides
    ("a.txt=1", "a.txt=2", "", "a.txt=1", f"a{C}.txt=2"),
    ("a.txt=1", "a.txt=2", "a.txt=3", "a.txt=3", f"a{C}.txt=2"),
    ("a.txt=1", "a.txt=2", "a.txt=2", "a.txt=2", ""),
    ("a.txt=1", "a.txt=2", "-a.txt", "", "a.txt=2"),
    ("a.txt=1", "a.txt=2", "a.txt>b.txt", "b.txt=1", f"a{C}.txt=2"),
    ("a=1", "a>b b=2", "", "a=1", f"b{C}=2"),
    ("a=1", "-a", "", "a=1", ""),
    ("a=1", "-a", "a=2", "a=2", ""),
    ("a=1", "-a", "-a", "", ""),
    ("f/ f/a=1 f/g/ f/g/b=2", "-f", "", "f/ f/a=1 f/g/ f/g/b=2", ""),
    ("f/ f/a=1", "-f", "f/b=2", "f/ f/a=1 f/b=2", ""),
    ("a=1", "a>b", "", "a=1", ""),
    ("a=1", "a>A", "", "a=1", ""),
    ("a=1", "a>b", "a>c", "c=1", ""),
    ("a=1", "a>b", "-a", "", ""),
    ("a=1 b=2", "a>c b>a c>b", "", "a=1 b=2", ""),
    ("f/ f/a=1 g/", "f>g/f", "", "f/ f/a=1 g/", ""),
    ("f/ f/a=1 g/", "f>g/f g>h", "", "f/ f/a=1 g/", ""),
    ("x/ y/", "x>y/x", "y>x/y", "x/ x/y/", ""),
    ("f/ f/a=1", "f>g", "-f", "", ""),
    ("", "n=1", "", "", "n=1"),
    ("", "n/ n/a=1 n/m/", "", "", "n/ n/a=1 n/m/"),
    ("f/", "f/n=1", "", "f/", "f/n=1"),
    ("f/", "f/n=1", "-f", "", "f/n=1"),
    ("f/ f/a=1", "f/a=2", "-f", "", "f/a=2"),
    ("f/ a=1", "f/n=2", "-f a>f", "f=1", f"f{C}/n=2"),
    ("f/", "f/n=1", "f>g", "g/", "g/n=1"),
    ("", "n.txt=1", "n.txt=2", "n.txt=2", f"n{C}.txt=1"),
    ("", "n=1", "n=1", "n=1", ""),
    ("", "n/ n/a=1", "n/ n/b=2", "n/ n/b=2", "n/a=1"),
    ("", "n/ n/a=1", "n=2", "n=2", f"n{C}/ n{C}/a=1"),
    ("a=1", "n/ a>n/a", "", "a=1", "n/"),
    ("f/ f/a=1", "n/ f>n/f n/b=2", "", "f/ f/a=1", "n/ n/b=2"),
    ("a=1", "-a a/ a/b=2", "", "a=1", f"a{C}/ a{C}/b=2"),
    ("a=1", "-a a=2", "", "a=1", f"a{C}=2"),
]  # fmt: skip


def a_reader() -> tuple[Desk, Desk]:
    server, chance = Server(), random.Random(0)
    return Desk("EDITOR", server, chance), Desk("READER", server, chance)


def kept(desk: Desk) -> list[str]:
    own = desk.kept().items()
    return sorted(f"{path}/" if content is None else f"{path}={content.decode()}" for path, content in own)


@pytest.mark.parametrize(("agreed", "here", "there", "shared", "own"), CASES)
def test_a_reader_changes_nothing_and_loses_nothing(
    agreed: str, here: str, there: str, shared: str, own: str
) -> None:
    editor, reader = a_reader()
    act(editor, agreed)
    meet(editor, reader)
    reader.role(reads_only=True)
    act(editor, there)
    editor.work()
    before = len(editor.server.journal)
    act(reader, here)
    meet(reader, editor)
    assert show(editor) == show(reader) == sorted(words(shared))
    assert kept(reader) == sorted(words(own))
    assert len(editor.server.journal) == before, "nothing was told"


@pytest.mark.parametrize("delayed", [False, True])
def test_a_second_edit_is_a_second_copy(delayed: bool) -> None:
    editor, reader = a_reader()
    act(editor, "a.txt=1")
    meet(editor, reader)
    reader.role(reads_only=True)
    act(reader, "a.txt=2")
    meet(reader, editor)
    if delayed:
        act(editor, "a.txt=4")
        meet(reader, editor)
    act(reader, "a.txt=3")
    meet(reader, editor)
    assert kept(reader) == [f"a{C} 2.txt=3", f"a{C}.txt=2"]


def test_a_copy_takes_no_name_that_the_server_has() -> None:
    editor, reader = a_reader()
    act(editor, f"a.txt=1 a{C}.txt=9")
    meet(editor, reader)
    reader.role(reads_only=True)
    act(reader, "a.txt=2")
    meet(reader, editor)
    assert show(reader) == show(editor) == [f"a{C}.txt=9", "a.txt=1"]
    assert kept(reader) == [f"a{C} 2.txt=2"]


@pytest.mark.parametrize("at_once", [False, True])
def test_two_kept_names_that_differ_in_case_alone_do_not_stay_in_one_folder(at_once: bool) -> None:
    editor, reader = a_reader()
    reader.role(reads_only=True)
    for name, content in (("n", b"1"), ("N", b"2")):
        reader.add(reader.server.new(), local=fresh_local(Kind.FILE, ROOT, name, content))
        if not at_once:
            meet(reader, editor)
    meet(reader, editor)
    assert kept(reader) == [f"N{C}=2", "n=1"]


def test_the_executable_bit_stays_as_the_server_has_it() -> None:
    editor, reader = a_reader()
    act(editor, "a=1")
    meet(editor, reader)
    reader.role(reads_only=True)
    (lid,) = reader.present()
    reader.local(lid, exec=True)
    meet(reader, editor)
    assert not reader.node(lid).local.exec  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("agreed", "here", "there", "result"),
    [
        ("a.txt=1", "a.txt=2", "", f"a.txt=1 a{C}.txt=2"),
        ("f/ f/a=1", "f/a=2 n/ n/b=3", "-f", "f/ f/a=2 n/ n/b=3"),
        ("", "n.txt=1", "n.txt=2", f"n.txt=2 n{C}.txt=1"),
    ],
)
def test_who_may_change_things_again_offers_what_was_kept(
    agreed: str, here: str, there: str, result: str
) -> None:
    editor, reader = a_reader()
    act(editor, agreed)
    meet(editor, reader)
    reader.role(reads_only=True)
    act(editor, there)
    act(reader, here)
    meet(editor, reader)
    reader.role(reads_only=False)
    meet(editor, reader)
    assert show(editor) == show(reader) == sorted(words(result))
    assert kept(reader) == []


@pytest.mark.parametrize("batch", range(10))
def test_roles_that_come_and_go_lose_nothing(batch: int) -> None:
    for seed in range(batch * 30, batch * 30 + 30):
        world = World(seed, desks=2 + seed % 2)
        chance = world.chance
        try:
            for _ in range(chance.randint(2, 8)):
                desk = chance.choice(world.desks)
                desk.role(reads_only=chance.random() < 0.5)
                for _ in range(chance.randint(1, 8)):
                    world.person_acts(chance.choice(world.desks))
                    if chance.random() < 0.3:
                        desk.read()
                    if chance.random() < 0.3:
                        desk.work()
                world.settle()
                shown = [each.tree() for each in world.desks]
                assert all(tree == shown[0] for tree in shown)
                there = {state.hash for state in world.server.nodes.values() if not state.dead and state.hash}
                own = {content for each in world.desks for content in each.kept().values() if content}
                assert {content for content in shown[0].values() if content is not None} == there
                assert world.living <= there | own
            for desk in world.desks:
                desk.role(reads_only=False)
            world.settle()
            world.check()
            assert not any(desk.kept() for desk in world.desks)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_files_that_a_reader_keeps_are_files_like_any_other_to_the_reader() -> None:
    editor, reader = a_reader()
    reader.role(reads_only=True)
    act(reader, "n=1")
    meet(reader, editor)
    (lid,) = reader.own
    reader.local(lid, hash=b"2")
    meet(reader, editor)
    assert kept(reader) == ["n=2"]
    assert reader.node(lid).local.kind is Kind.FILE  # type: ignore[union-attr]
