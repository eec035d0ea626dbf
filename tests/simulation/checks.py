"""One check for each invariant that can be judged from outside, on a world at rest (see docs/rules.md for I1 to I16).

A check asserts, and says in its message which content or which name it is about: the trace is searched for it, upwards.
"""

import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from sqlalchemy import select

from govsync.engine.report import at_rest, kept_back_only
from govsync.local.ignore import fixed_reason
from govsync.local.steps import STAGING, STATE
from govsync.model.codes import Code
from govsync.model.merge import presence
from govsync.model.names import key
from govsync.model.nodes import Presence
from govsync.protocol.session import Role, SpaceState
from govsync.server import access
from govsync.server.db import tables
from govsync.store import activity, holds, intents, local_tree, paths, problems
from govsync.system.fs import Shape
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.hints import visible
from tests.simulation.medium import GOVSYNC
from tests.simulation.programs import label
from tests.simulation.views import (
    Tree,
    closed_folders,
    contents_of,
    desk_tree,
    hash_of,
    husks,
    is_in,
    said_of,
    server_contents,
    server_tree,
)
from tests.simulation.world import SCAN_MS, World

_OF_READERS = (Code.KEPT_HERE, Code.CANNOT_MOVE_HERE)
"""What is said of what stays on a desk alone, since its person may only read the space that it lies in."""
_READS_ONLY = ((SpaceState.MEMBER, Role.VIEWER), (SpaceState.MEMBER, Role.CONTRIBUTOR))
_CONFLICT = re.compile(r"\(conflict, [^)]*\)")


def check_i1(world: World) -> None:
    """No content is lost: what nobody gave up lies visibly on some desk; what was given up and came to the server is
    still among its revisions."""
    shown = {content for desk in world.desks for content in contents_of(desk.medium, hidden=False)}
    hidden = {content for desk in world.desks for content in contents_of(desk.medium)}
    kept, left_out = world.acknowledged(), _left_to_the_server(world)
    for content, where in world.ledger.wanted.items():
        if hash_of(content) in left_out:
            continue
        at = (
            "in a trash folder"
            if content in hidden
            else "on the server"
            if hash_of(content) in kept
            else "nowhere"
        )
        assert content in shown, f"I1: {label(content)} of {where} is visible on no desk, it is {at}"


def _not_wanted(desk: SimDesk) -> set[bytes]:
    """Answers what the person chose not to have on a desk (R26)."""
    return {node for (node,) in desk.store.all("SELECT node_id FROM left_out")}


def _left_to_the_server(world: World) -> set[bytes]:
    """Answers the hashes of what the server has just where somebody chose not to have it on a desk (R26)."""
    found: set[bytes] = set()
    for desk in world.desks:
        every = server_tree(world.server, desk.user)
        for path in every.keys() - server_tree(world.server, desk.user, _not_wanted(desk)).keys():
            found.add(every[path][1])
    return found


def check_i2_i3(world: World) -> None:
    """Nothing half, nothing wrong is visible: what GovSync placed is a content that somebody finished."""
    for desk in world.desks:
        for path, inode in visible(desk.medium, ROOT):
            if inode.shape is Shape.FILE and inode.author == GOVSYNC and inode.data:
                assert inode.data in world.ledger.finished, f"I2: {desk.name}:{'/'.join(path)} is not whole"


def check_i4(world: World) -> None:
    """Exactly once: no node has two revisions in a row with one content from one device."""
    with world.server.database.begin(write=False) as tx:
        r = tables.revision.c
        rows = tx.execute(select(r.node, r.hash, r.device).order_by(r.node, r.seq)).all()
    for one, other in pairwise(rows):
        assert one != other, f"I4: a content of {world.desk_of(one.device)} has become two revisions"


def check_i5(world: World) -> None:
    """No overwrite of the unseen: GovSync takes nothing of a person's away for good before the server has it (R17). What
    it replaced or deleted unseen is missed by I1: only who had a content on that very disk can give it up."""
    for desk in world.desks:
        lost = [label(content) for content in desk.purged]
        assert not lost, f"I5: {desk.name} purged {lost}, which the server never had"


def check_i6(world: World) -> None:
    """Absence is not deletion: a file that is deleted on the server was given up by a person, or lives elsewhere."""
    with world.server.database.begin(write=False) as tx:
        n = tables.node.c
        dead = tx.execute(select(n.name, n.hash).where(n.kind == "file", n.deleted_seq.is_not(None))).all()
    by_hash = {hash_of(content): content for content in world.ledger.finished}
    shown = {content for desk in world.desks for content in contents_of(desk.medium, hidden=False)}
    left_out = _left_to_the_server(world)
    for name, digest in dead:
        content = by_hash.get(bytes(digest))
        if content is not None and content in world.ledger.wanted and hash_of(content) not in left_out:
            assert content in shown, f"I6: {name} = {label(content)} was deleted by nobody"


def check_i6_history(world: World) -> None:
    """No history is taken for another one: while two are united no deletion and no rename of this desk is believed."""
    for desk in world.desks:
        united = [row[3] for row in activity.latest(desk.store, 100_000) if row[2] == "united"]
        assert world.lives or desk.may_join or not united, (
            f"I6: {desk.name} united {united}, and nothing was put back"
        )


def check_i6_doubt(world: World) -> None:
    """A memory is doubted only where it, or its folder, was put back: else a person's deletions would be undone."""
    for desk in world.desks:
        assert desk.may_join or not desk.joined, f"I6: {desk.name} took its folder for another one's copy"


def check_i7(world: World) -> None:
    """Only in the folder: outside of it there is nothing that GovSync made."""
    for desk in world.desks:
        desk.check_outside()


def check_i8(world: World) -> None:
    """Rights hold: a desk has no content that was never in a space which its person reaches, nor written by that person (a
    copy in Rescued is of such a one, and a server that was put back may have lost what it had)."""
    with world.server.database.begin(write=False) as tx:
        m, s = tables.member.c, tables.space.c
        personal = {
            row.id: row.owner for row in tx.execute(select(s.id, s.owner).where(s.kind == "personal"))
        }
        assert tx.execute(select(m.space)).first() is not None
    found = server_contents(world.server) | world.once
    for desk in world.desks:
        mine = {
            digest
            for space, digest in found
            if personal.get(space, desk.user) == desk.user
            and desk.user in world.shares.reached.get(space, (desk.user,))
        }
        written = world.ledger.finished.items()
        own = tuple(f"{each.name}:" for each in world.desks if each.user == desk.user)
        mine |= {hash_of(content) for content, where in written if where.startswith(own)}
        for path, inode in desk.medium.walk(desk.medium.top):
            if inode.shape is Shape.FILE and inode.author == GOVSYNC and STATE not in path and inode.data:
                assert hash_of(inode.data) in mine, f"I8: {desk.name} has {'/'.join(path)} of a stranger"


def check_i9(world: World) -> None:
    """Convergence: every desk shows what the server has for its person; nothing is left to do."""
    for desk in world.desks:
        there, here = _there_and_here(world, desk)
        only_here, only_there = sorted(here.items() - there.items()), sorted(there.items() - here.items())
        assert here == there, (
            f"I9: {desk.name} shows {_short(only_here)}, the server has {_short(only_there)}"
        )
        rows = desk.store.all(
            "SELECT n.lid, n.l_name, n.r_name, n.presence, n.r_dead FROM dirty d JOIN node n ON n.lid = d.lid ORDER BY d.lid"
        )
        waiting = _moved_from(desk)
        left = [row for lid, *row in rows if lid not in waiting]
        assert not left, f"I9: {desk.name} has still to decide about {left}"
        assert not intents.all_intents(desk.store), f"I9: {desk.name} has steps without an outcome"


def _there_and_here(world: World, desk: SimDesk) -> tuple[Tree, Tree]:
    """Answers what the server has for a desk's person, and what the desk shows, but for husks that it knows as such, and for
    what it says to be kept there alone, or to have been moved to where it is kept so."""
    there, here = server_tree(world.server, desk.user, _not_wanted(desk)), desk_tree(desk.medium, ROOT)
    closed = closed_folders(world.server, desk.user)
    here = {path: fact for path, fact in here.items() if not is_in(path, closed)}
    for path in _kept(desk):
        here.pop(path, None)
    for path in _moved_from(desk).values():
        there.pop(path, None)
    for husk in husks(desk.medium, ROOT, there):
        lid = paths.find(desk.store, tuple(husk.split("/")))
        if lid is not None and presence(local_tree.node(desk.store, lid)) is Presence.LOCAL_ONLY:
            here.pop(husk, None)
    return there, here


def _kept(desk: SimDesk) -> list[str]:
    """Lists what lies on a desk alone because its person may only read, and the folders that stay for nothing else."""
    rows = desk.store.all("SELECT lid FROM node WHERE presence = 'local_only' ORDER BY lid")
    at = paths.disk_paths(desk.store, [lid for (lid,) in rows])
    return ["/".join(path) for path in at.values()]


def _moved_from(desk: SimDesk) -> dict[int, str]:
    """Answers where on the server is what was moved to where its person may only read (R24), by node; a folder that was
    deleted since then waits for what was moved from it."""
    rows = desk.store.all(
        "SELECT s.lid FROM node s JOIN node n ON n.lid = s.after_lid WHERE n.presence = 'local_only'"
        " AND s.presence = 'missing' ORDER BY s.lid"
    )
    found = {}
    for (lid,) in rows:
        above = lid
        while desk.store.value("SELECT presence FROM node WHERE lid = ?", (above,)) == Presence.MISSING:
            found[above] = _path_on_server(desk, above)
            above = desk.store.value("SELECT r_parent FROM node WHERE lid = ?", (above,))
    return found


def _path_on_server(desk: SimDesk, lid: int) -> str:
    names: list[str] = []
    while lid:
        mount = desk.store.value("SELECT mount_lid FROM space WHERE root_lid = ?", (lid,))
        lid, name = desk.store.one("SELECT r_parent, r_name FROM node WHERE lid = ?", (mount or lid,))
        names.insert(0, name)
    return "/".join(name for name in names if name)


def check_r38(world: World) -> None:
    """Whoever may only read is told of each thing that stays on the desk alone; nobody else has any; and a file may be
    written exactly where its person may change the space, or it is the person's own."""
    for desk in world.desks:
        with world.server.database.begin(write=False) as tx:
            roles = access.memberships(tx, desk.user)
        said = {row.path for row in problems.listed(desk.store) if row.problem.code in _OF_READERS}
        kept = set(_kept(desk))
        for path, inode in visible(desk.medium, ROOT):
            name = "/".join(path)
            if inode.shape is not Shape.FILE or fixed_reason(path[-1]) is not None:
                continue
            lid = paths.find(desk.store, path)
            space = None if lid is None else local_tree.node(desk.store, lid).space
            reads_only = space is not None and roles[space] in _READS_ONLY
            own = name in kept
            listed = any(name == each or name.startswith(f"{each}/") for each in said)
            assert own == listed, f"R38: {desk.name} keeps {name} and says so: {own}, {listed}"
            assert reads_only or not own, f"R38: {desk.name} keeps {name} from a space that may be changed"
            shut = reads_only and not own
            assert inode.write != shut, f"R38: {desk.name}: {name} may be written: {inode.write}"


def check_r37(world: World) -> None:
    """In a folder of who may only add lies nothing but what was put there from that desk, and the space has all of it, or
    one that was made of a folder in it."""
    with world.server.database.begin(write=False) as tx:
        r, n = tables.revision.c, tables.node.c
        found = {(row.space, bytes(row.hash)) for row in tx.execute(select(r.space, r.hash))}
        hangs_in = tx.execute(select(n.target_space, n.space).where(n.kind == "mount")).all()
    further = found
    while further:
        further = {(up, digest) for space, digest in further for target, up in hangs_in if target == space}
        further -= found
        found |= further
    for desk in world.desks:
        closed = closed_folders(world.server, desk.user)
        for path, inode in visible(desk.medium, ROOT):
            name = "/".join(path)
            if inode.shape is not Shape.FILE or not is_in(name, closed) or fixed_reason(path[-1]) is not None:
                continue
            lid = paths.find(desk.store, path)
            space = b"" if lid is None else local_tree.node(desk.store, lid).space
            assert (space, hash_of(inode.data)) in found, f"R37: {desk.name}:{name} was not sent"


def _short(facts: list[tuple[str, tuple[str, bytes, bool]]]) -> str:
    return (
        ", ".join(
            f"{path} {fact[0]} {fact[1].hex()[:6]} {'x' if fact[2] else ''}".strip() for path, fact in facts
        )
        or "-"
    )


def check_i9_rest(world: World) -> None:
    """No work on a second pass: scans find nothing to do, and neither does a restart (I12)."""
    for what, act in (("a scan", lambda: None), ("a restart", world.restart_all)):
        act()
        worked = world.worked()
        for _ in range(3):
            world.clock.advance(SCAN_MS)
            for _ in range(4):
                world.drain()
                world.clock.advance(20_000)
        assert world.worked() == worked, f"I9: work on a second pass, after {what}"


def check_i10(world: World) -> None:
    """No problem is left where nothing is wrong any more."""
    for desk in world.desks:
        rows = problems.listed(desk.store)
        listed = [(row.path, row.problem.code) for row in rows if row.problem.code not in _OF_READERS]
        assert not listed, f"I10: {desk.name} still has the problems {listed}"
        assert holds.count(desk.store) == 0, f"I10: {desk.name} still asks about a hold"


def check_i11(world: World) -> None:
    """Nothing is missed: what each desk remembers of its disk is what the disk shows, byte for byte."""
    for desk in world.desks:
        shown = {
            path: content
            for path, (kind, content, _) in desk_tree(desk.medium, ROOT).items()
            if kind == "file"
        }
        known = {}
        rows = desk.store.all(
            "SELECT lid, l_hash FROM node WHERE kind = 'file' AND presence IN ('here', 'local_only') ORDER BY lid"
        )
        for lid, content in rows:
            path = paths.disk_path(desk.store, lid)
            assert path is not None
            known["/".join(path)] = content
        missed = sorted(path for path in shown.keys() | known.keys() if shown.get(path) != known.get(path))
        assert not missed, f"I11: {desk.name} has not noticed what became of {missed}"


def check_i13_running(world: World) -> None:
    """Whoever says "in sync" is: the folder shows what the server has. Judged while everything goes on, on desks that have
    been told everything: no word of the watcher or the server is on its way, and nobody is saving."""
    perils = world.perils
    if perils.lost_hints or perils.overflows or perils.short_queue or perils.strange_roots or perils.network:
        return  # Here a desk may believe for a while what is not so any more; `check_i13` asks at rest.
    for desk in world.desks:
        told = desk.told_everything and not desk.programs and not desk.medium.mapped
        if told and at_rest(desk.engine) and not problems.listed(desk.store):
            there, here = _there_and_here(world, desk)
            assert here == there, (
                f"I13: {desk.name} says in sync, shows {_short(sorted(here.items() - there.items()))}, the server has"
                f" {_short(sorted(there.items() - here.items()))}"
            )


def check_i13(world: World) -> None:
    """At rest every desk may say "in sync", and says so."""
    for desk in world.desks:
        desk.hear()
        assert desk.engine.following.up_to_date(), f"I13: {desk.name} does not know that it is up to date"
        assert desk.engine.observing.idle, f"I13: {desk.name} believes that the disk is not looked at"
        rests = at_rest(desk.engine) or (_moved_from(desk) and kept_back_only(desk.engine))
        assert rests, f"I13: {desk.name} does not say that it is in sync"


def check_i14(world: World) -> None:
    """Nothing is done silently: as many conflict copies as there are, so many were said to have been made, at least."""
    said = sum(desk.said_once + said_of(desk.store) for desk in world.desks)
    made = {
        name
        for desk in world.desks
        for path, _ in visible(desk.medium, ROOT)
        for name in _CONFLICT.findall(path[-1])
    }
    assert len(made) <= said, f"I14: {sorted(made)} are there, and {said} were said to have been made"


def check_i15(world: World) -> None:
    """No twins: two names with one key never lie in one folder, but in one into which its person may only put things: there
    the server finds a free name for each."""
    for desk in world.desks:
        closed = closed_folders(world.server, desk.user)
        synced = (
            path
            for path, _ in visible(desk.medium, ROOT)
            if fixed_reason(path[-1]) is None and not is_in("/".join(path), closed)
        )
        names = Counter((path[:-1], key(path[-1])) for path in synced)
        twins = [name for name, count in names.items() if count > 1]
        assert not twins, f"I15: {desk.name} has twins of {twins}"


def check_i16(world: World) -> None:
    """Bounded: nothing is left open, in staging, or remembered without end."""
    for desk in world.desks:
        assert not desk.fs.open_handles, f"I16: {desk.name} left descriptors open"
        staging = desk.medium.resolve((*ROOT, STATE, STAGING))
        assert len(staging.entries) <= 20, f"I16: {desk.name} has {len(staging.entries)} files in staging"
        parking = desk.medium.resolve((*ROOT, STATE, "parking"))
        assert not parking.entries, f"I16: {desk.name} left {sorted(parking.entries)} parked"
        assert not desk.engine.desk.under_way, f"I16: {desk.name} believes that jobs are under way"


AT_REST: tuple[Callable[[World], None], ...] = (
    check_i2_i3, check_i1, check_i6, check_i6_history, check_i6_doubt, check_i9, check_r37, check_r38, check_i4, check_i5, check_i7, check_i8, check_i10, check_i11, check_i13,
    check_i14, check_i15, check_i16,
)  # fmt: skip


def check_all(world: World) -> None:
    """Runs every check on a world at rest; the last one lets it work on."""
    for check in AT_REST:
        check(world)
    check_i9_rest(world)
