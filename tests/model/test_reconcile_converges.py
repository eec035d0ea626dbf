"""Random people on random desks: every plan ends, all desks meet, and no content vanishes unseen (I1, I9)."""

import random

import pytest

from govsync.model import names
from govsync.model.nodes import Kind, Place, Presence
from govsync.model.trees import settled
from tests.model.desks import ROOT, Desk, Server, fresh_local

NAMES = ("a", "b", "c", "A", "d e", "é")


class World:
    """A server, desks, people, and the ledger of contents."""

    def __init__(self, seed: int, desks: int) -> None:
        self.chance = random.Random(seed)
        self.server = Server()
        self.desks = [Desk(f"PC{number}", self.server, self.chance) for number in range(desks)]
        self.contents = 0
        self.living: set[bytes] = set()

    def new_content(self) -> bytes:
        self.contents += 1
        content = self.contents.to_bytes(4, "big")
        self.living.add(content)
        return content

    def person_acts(self, desk: Desk) -> None:
        chance = self.chance
        folders = [ROOT, *desk.present(Kind.FOLDER)]
        files, every = desk.present(Kind.FILE), desk.present()
        act = chance.choice(
            ("file", "file", "folder", "edit", "edit", "move", "move", "delete", "exec", "swap")
        )
        if act in ("file", "folder"):
            parent, name = chance.choice(folders), chance.choice(NAMES)
            if not desk.trees.local_at(parent, names.key(name)):
                kind = Kind.FILE if act == "file" else Kind.FOLDER
                content = self.new_content() if act == "file" else None
                desk.add(self.server.new(), local=fresh_local(kind, parent, name, content))
        elif act == "edit" and files:
            self.edit(desk, chance.choice(files))
        elif act == "exec" and files:
            lid = chance.choice(files)
            desk.local(lid, exec=not desk.node(lid).local.exec)  # type: ignore[union-attr]
        elif act == "move" and every:
            self.move(desk, chance.choice(every), chance.choice(folders), chance.choice(NAMES))
        elif act == "delete" and every:
            lid = chance.choice(every)
            for gone in [*desk.below(lid), lid]:
                self.forget(desk, gone)
        elif act == "swap" and len(every) > 1:
            a, b = chance.sample(every, 2)
            if b not in desk.below(a) and a not in desk.below(b):
                pa, pb = desk.node(a).local.place, desk.node(b).local.place  # type: ignore[union-attr]
                desk.local(a, place=pb)
                desk.local(b, place=pa)

    def edit(self, desk: Desk, lid: int) -> None:
        self.overwritten(desk, lid)
        desk.local(lid, hash=self.new_content())

    def move(self, desk: Desk, lid: int, parent: int, name: str) -> None:
        if parent == lid or parent in desk.below(lid):
            return
        if any(other != lid for other in desk.trees.local_at(parent, names.key(name))):
            return
        desk.local(lid, place=Place(parent, name))

    def forget(self, desk: Desk, lid: int) -> None:
        if desk.node(lid).local.kind is Kind.FILE:  # type: ignore[union-attr]
            self.overwritten(desk, lid)
        desk.local(lid, presence=Presence.MISSING)

    def overwritten(self, desk: Desk, lid: int) -> None:
        """The person had this content here, and gave it up."""
        content = desk.node(lid).local.hash  # type: ignore[union-attr]
        if content is not None:
            self.living.discard(content)

    def settle(self) -> int:
        for turn in range(200):
            busy = False
            for desk in self.desks:
                desk.read()
                busy |= desk.work()
            if not busy and all(desk.cursor == len(self.server.journal) for desk in self.desks):
                return turn
        raise AssertionError("no end of work")

    def check(self) -> None:
        trees = [desk.tree() for desk in self.desks]
        for tree in trees[1:]:
            assert tree == trees[0]
        on_server = {state.hash for state in self.server.nodes.values() if not state.dead and state.hash}
        assert on_server == {content for content in trees[0].values() if content is not None}
        assert self.living <= on_server | self.server.kept
        assert self.living <= on_server
        for desk in self.desks:
            assert all(settled(node) for lid, node in desk.trees.nodes.items() if lid != ROOT)
            before = desk.steps_taken
            assert not desk.work()
            assert desk.steps_taken == before


@pytest.mark.parametrize("batch", range(20))
def test_all_desks_meet_and_nothing_is_lost(batch: int) -> None:
    for seed in range(batch * 25, batch * 25 + 25):
        world = World(seed, desks=1 + seed % 3)
        try:
            for _ in range(world.chance.randint(1, 6)):
                for _ in range(world.chance.randint(1, 8)):
                    desk = world.chance.choice(world.desks)
                    world.person_acts(desk)
                    if world.chance.random() < 0.3:
                        desk.read()
                    if world.chance.random() < 0.3:
                        desk.work()
                if world.chance.random() < 0.5:
                    world.settle()
                    world.check()
            world.settle()
            world.check()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
