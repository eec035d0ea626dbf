"""A tree that was written as a line is the tree that was meant."""

import random

from govsync.model.reconcile import reconcile
from govsync.system.fs import Shape
from tests.builders import ROOT, fill_folder, fill_medium, folder_line, line, medium_line, memory_trees, tree
from tests.simulation.medium import Medium

LINE = "a/b.txt=1 c/ run.sh=2*"


def test_a_line_is_read_and_written_back():
    assert list(tree(LINE)) == ["a", "a/b.txt", "c", "run.sh"]
    assert line(tree(LINE)) == LINE


def test_a_real_folder_is_filled_and_read(tmp_path):
    fill_folder(tmp_path, LINE)
    (tmp_path / ".govsync").mkdir()
    assert folder_line(tmp_path) == LINE


def test_a_simulated_folder_is_filled_and_read():
    medium = Medium(lambda: 0, random.Random(1))
    folder = medium.make(medium.top, "f", Shape.FOLDER, "person")
    fill_medium(medium, ("f",), LINE)
    fill_medium(medium, ("f",), "a/b.txt=3")
    assert medium_line(medium, folder) == "a/b.txt=3 c/ run.sh=2*"


def test_one_path_is_one_node_in_all_three_trees():
    trees = memory_trees(local="a/b=2", remote="a/b=1", baseline="a/b=1")
    (a,) = trees.local_children(ROOT)
    (b,) = trees.local_children(a)
    node = trees.node(b)
    assert node.local is not None
    assert node.remote is not None
    assert node.baseline is not None
    assert node.remote.rev == node.baseline.rev
    assert node.local.hash != node.remote.hash


def test_a_number_tells_a_move():
    trees = memory_trees(local="b#7=1", remote="a#7=1", baseline="a#7=1")
    (step,) = reconcile(trees, [7]).up
    assert (type(step).__name__, step.lid) == ("Move", 7)
