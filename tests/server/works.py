"""What servers do, each as one who asks for it again until it is done: a desk, an operator, or the server itself.

`furnish` makes a ministry in the middle of its life, in which each of these works finds something to do.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec
from sqlalchemy import delete

from govsync.content.chunks import SCHEME
from govsync.content.hashes import chunk_hash
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Done, Lacking
from govsync.protocol.links import LinkMade, MakeLink
from govsync.protocol.session import Refresh, Role, SpaceInfo, SpaceKind, SpaceState, Tokens
from govsync.protocol.sharing import NewMember
from govsync.server import access, accounts, audit, collect, directory, epochs, links, packs, reading
from govsync.server.access import Action
from govsync.server.check import check
from govsync.server.db import tables
from govsync.server.web.uploads import Sending
from tests.server.desk import Desk, noise, rows, set_space
from tests.server.sharers import ask as ask_to_share
from tests.server.sharers import asked, inside, set_member, share, user
from tests.server.steps import DAY_S, SMALL_BYTES, Promised, World
from tests.server.web.visitor import BOUNDARY, form

HOUR_MS = 3_600_000
LOST_LIFE = bytes(15) + b"\1"


@contextmanager
def refused(code: Code) -> Iterator[None]:
    """Bears with a refusal of one kind: that there is nothing left to be done."""
    try:
        yield
    except Failure as failure:
        if failure.code is not code:
            raise


class Work(msgspec.Struct, kw_only=True):
    """One thing that is asked of the server."""

    ask: Callable[[], object]
    """Asks until it is done. Raises Failure(busy_retry) where it has to be asked again later."""
    before: Callable[[], object] = lambda: None
    """What has happened just before."""
    meanwhile: Callable[[], object] = lambda: None
    """What somebody else does once when it is done, whether its answer has come or not."""
    after: Callable[[], object] = lambda: None
    """What is done when its answer has come."""
    is_whole: bool = True
    """Nothing was wrong before."""
    promises: Promised = {}
    """What the server answers for when it is done."""
    locks: bytes | None = None
    """The space without whose lock it cannot be done."""
    once: bool = True
    """Asked twice it has one effect."""


def large(seed: int) -> bytes:
    """A chunk that goes straight into a pack."""
    return noise(2 * SMALL_BYTES, seed)


class Ministry:
    """The people at their desks, and what they have."""

    def __init__(self, world: World) -> None:
        self.world, self.office = world, world.office
        self.anna = Desk(self.office)
        self.team = Desk(self.office, space="Planning", caller=self.anna.caller)
        self.states: dict[str, NodeState] = {}
        self.many = tuple(noise(40, seed) for seed in range(500, 512))
        """So many chunks that their manifest is large, too."""
        self.shared = b""
        """A space that was a folder."""
        self.laptop = self.office.device("laptop")
        self.tokens: Tokens

    def save(self, name: str, content: bytes, desk: Desk | None = None, stays: bool = True) -> None:
        desk = desk or self.anna
        state = desk.save(name, content)
        self.states[name] = state
        assert state.rev is not None
        if stays:
            self.world.promised[state.rev] = desk, (content,)

    def folder(self, name: str) -> None:
        [self.states[name]] = self.anna.do(self.anna.mkdir(name))


def furnish(world: World) -> Ministry:
    """Fills an office, and lets five days pass: everything that a collection can find is there to be found, and something
    small waits for a pack."""
    ministry, office = Ministry(world), world.office
    anna, server = ministry.anna, office.server
    set_space(office, anna.space, retention_ms=DAY_S * 1000)
    with server.database.begin() as tx:  # Where nobody works nothing has to be looked at.
        tx.execute(delete(tables.space).where(tables.space.c.owner.in_((office.boris, office.clara))))
    for name in ("edited", "moved", "deleted", "marked"):
        ministry.save(name, name.encode(), stays=name in ("moved", "marked"))
    ministry.save("revived", large(1), stays=False)
    ministry.save("purged", large(2), stays=False)
    ministry.save("of the team", large(3), ministry.team)
    ministry.folder("folder")
    ministry.folder("full")
    ministry.states["below"] = anna.save("below", b"below", ministry.states["full"].node)
    anna.send(large(4))
    office.clock.now_ms += packs.WAIT_MS
    assert packs.fold(server)
    for hours in (36, 35):
        collect.collect(server)
        office.clock.now_ms += hours * HOUR_MS
    # One of these is needed: their pack is to be written anew.
    anna.send(*map(large, range(10, 14)))
    ministry.save("sparse", large(10))
    anna.send(*ministry.many, manifest_of_many(anna, ministry), large(20))
    [now] = anna.do(anna.edit(ministry.states["edited"], large(5)[:200]), inline=(large(5)[:200],))
    ministry.states["edited"] = now
    anna.do(anna.delete(ministry.states["purged"]))
    office.clock.now_ms += HOUR_MS
    collect.collect(server)
    ministry.save("waits", b"for others")
    office.clock.now_ms += 49 * HOUR_MS
    anna.do(anna.delete(ministry.states["revived"]))
    server.blobs.put_new(bytes(16).hex(), [b"a pack without a row"])
    ministry.folder("to share")
    inner = ministry.states["to share"].node
    [ministry.states["shared as deleted"]] = anna.do(anna.delete(anna.save("gone", b"gone", inner)))
    ministry.states["shared too"] = anna.save("kept", large(40), inner)
    ministry.folder("shared")
    both = (NewMember(user(login), Role.VIEWER) for login in ("boris", "clara"))
    ministry.shared = share(anna, ministry.states["shared"], *both).id
    ministry.tokens = office.sign_in("anna", ministry.laptop)
    world.keep()
    return ministry


def manifest_of_many(desk: Desk, ministry: Ministry) -> bytes:
    found = desk.put(None, *ministry.many).manifest
    assert found is not None
    assert len(found) > SMALL_BYTES
    return found


def insist(
    desk: Desk, operations: Iterable[ask.AnyOperation], contents: Iterable[bytes], inline: tuple[bytes, ...]
) -> None:
    """Commits as a desk does: what turns out to be missing is sent, and the very same asked again."""
    known = {chunk_hash(data): data for data in contents}
    operations = tuple(operations)
    for _ in range(3):
        outcomes = desk.commit(*operations, inline=inline)
        if all(isinstance(outcome, Done) for outcome in outcomes):
            return
        lacking = [outcome for outcome in outcomes if isinstance(outcome, Lacking)]
        assert lacking, outcomes
        desk.send(*{digest: known[digest] for each in lacking for digest in each.hashes}.values())
    raise AssertionError(outcomes)


def mixed_commit(ministry: Ministry) -> Work:
    """Every kind of operation, and each way in which a content comes."""
    anna, states = ministry.anna, ministry.states
    new = anna.mkdir("new")
    inline = (b"small", b"edited once more", b"offered")
    encoded = manifest_of_many(anna, ministry)
    many = msgspec.structs.replace(
        anna.put("of many", *ministry.many), manifest=None, manifest_chunks=(chunk_hash(encoded),)
    )
    given = anna.put(None, b"offered")
    offer = ask.Offer(
        key=anna.key(), node=anna.key(), node_kind=Kind.FILE, parent=anna.root, name="offered", place_key=anna.key(),
        origin_epoch=LOST_LIFE, origin_seq=7, rev=anna.key(), hash=given.hash, size_bytes=given.size_bytes,
        scheme=SCHEME, manifest=given.manifest,
    )  # fmt: skip
    team_rev = states["of the team"].rev
    assert team_rev is not None
    puts = {
        anna.put("small", b"small", parent=new.node): (b"small",),
        anna.put("large", large(20)): (large(20),),
        anna.edit(states["edited"], b"edited once more"): (b"edited once more",),
        many: ministry.many,
        anna.put("copied", large(3), source=(ministry.team.space, team_rev), manifest=None): (large(3),),
    }
    operations = [
        new, *puts, anna.move(states["moved"], "moved there", states["folder"].node), anna.delete(states["deleted"]),
        anna.delete(states["full"], seen=states["below"].seq), anna.revive(states["revived"], "revived again"),
        ask.Attr(key=anna.key(), node=states["marked"].node, exec=True), offer,
    ]  # fmt: skip
    contents = [*(chunk for chunks in puts.values() for chunk in chunks), b"offered", encoded]
    revived = states["revived"].rev
    assert offer.rev is not None
    assert revived is not None
    promises = {put.key: (anna, chunks) for put, chunks in puts.items()}

    def move_back() -> None:
        """Somebody else moves a file away from where the commit has moved it; asked again, it leaves it there."""
        entries = anna.journal().entries
        [*_, now] = (entry.state for entry in entries if entry.state.node == states["moved"].node)
        if now.parent == states["folder"].node:
            anna.do(anna.move(now, "moved back"))

    return Work(
        ask=lambda: insist(anna, operations, contents, inline),
        promises=promises | {offer.rev: (anna, (b"offered",)), revived: (anna, (large(1),))},
        meanwhile=move_back,
        locks=anna.space,
    )


def large_commit(ministry: Ministry) -> Work:
    """So many small contents that they go straight into a pack."""
    anna = ministry.anna
    inline = tuple(noise(200, seed) for seed in range(600, 606))
    puts = [anna.put(f"{number}", data) for number, data in enumerate(inline)]
    return Work(
        ask=lambda: insist(anna, puts, inline, inline),
        promises={put.key: (anna, (data,)) for put, data in zip(puts, inline, strict=True)},
        locks=anna.space,
    )


def sending(ministry: Ministry) -> Work:
    """Chunks, and the commit for which they were sent."""
    anna = ministry.anna
    chunks = (large(30), large(31), b"a few words")
    put = anna.put("sent", *chunks)

    def send() -> None:
        assert all(anna.send(*chunks))
        insist(anna, [put], chunks, ())

    return Work(ask=send, promises={put.key: (anna, chunks)}, locks=anna.space)


def folding(ministry: Ministry) -> Work:
    return Work(ask=lambda: packs.fold(ministry.office.server))


def repacking(ministry: Ministry) -> Work:
    """A pack of which little is needed any more is written anew."""
    office, unneeded = ministry.office, [chunk_hash(large(seed)) for seed in range(11, 14)]

    def forget() -> None:
        with office.server.database.begin() as tx:
            tx.execute(delete(tables.chunk).where(tables.chunk.c.hash.in_(unneeded)))

    return Work(ask=lambda: packs.repack(office.server, office.clock.now_ms), before=forget)


def collecting(ministry: Ministry) -> Work:
    return Work(ask=lambda: collect.collect(ministry.office.server))


def losing(ministry: Ministry) -> Callable[[], None]:
    """Answers what takes a pack out of the store."""
    team, server = ministry.team, ministry.world.other

    def lose() -> None:
        with server.database.begin(write=False) as tx:
            [found] = reading.find(tx, team.space, [chunk_hash(large(3))])
        assert found.pack is not None
        server.blobs.delete(found.pack.hex())

    return lose


def checking(ministry: Ministry) -> Work:
    """A pack has gone: an operator finds it, and afterwards a desk brings it again."""

    def heal() -> None:
        ministry.team.send(large(3))
        check(ministry.office.server, repair=True)

    return Work(
        ask=lambda: check(ministry.office.server, repair=True),
        before=losing(ministry),
        after=heal,
        is_whole=False,
    )


def healing(ministry: Ministry) -> Work:
    """A pack has gone: whoever reads notices it, and a desk brings it again."""
    team, rev = ministry.team, ministry.states["of the team"].rev

    def heal() -> None:
        with refused(Code.CHUNK_LOST):
            team.fetch(rev)
        team.send(large(3))
        assert team.fetch(rev) == [large(3)]

    return Work(ask=heal, before=losing(ministry), is_whole=False)


def administering(ministry: Ministry) -> Work:
    """A division with its space, then a person with hers."""
    office = ministry.office

    def add() -> None:
        for each in (
            lambda tx: directory.add_division(office.server, tx, "Health/Doctors"),
            lambda tx: directory.add_user(office.server, tx, "dora", "Dora", "Health/Doctors"),
        ):
            with refused(Code.NAME_TAKEN), office.server.database.begin() as tx:
                each(tx)

    return Work(ask=add)


def mounting(ministry: Ministry) -> Work:
    """A person becomes a member of a space, which is given a place in her own."""
    office = ministry.office

    def add() -> None:
        with office.server.database.begin() as tx:
            directory.add_space(
                office.server, tx, SpaceKind.TEAM, "Elections", office.anna, office.anna, "user", Role.EDITOR
            )

    return Work(ask=lambda: office.spaces(ministry.anna.caller), before=add, locks=ministry.anna.space)


def sharing_a_folder(ministry: Ministry) -> Work:
    """A folder with something living and something dead in it becomes a space, in which somebody goes on at once."""
    anna, states = ministry.anna, ministry.states
    kept, gone = states["shared too"], states["shared as deleted"]
    request = asked(anna, states["to share"], NewMember(user("clara"), Role.EDITOR))
    there = inside(
        anna, SpaceInfo(id=request.space, state=SpaceState.MEMBER, root=request.node, epoch=anna.epoch)
    )
    put = anna.put("new", b"new", parent=request.node)
    assert kept.rev is not None
    assert gone.rev is not None

    def go_on() -> None:
        """The life may be another one by now."""
        infos = ministry.office.spaces(anna.caller).values()
        there.epoch = next(info.epoch for info in infos if info.id == request.space)
        insist(there, [put], [b"new"], (b"new",))

    return Work(
        ask=lambda: ask_to_share(anna, request),
        after=go_on,
        promises={kept.rev: (there, (large(40),)), gone.rev: (there, (b"gone",))},
        locks=anna.space,
    )


def changing_members(ministry: Ministry) -> Work:
    """Somebody is given another role, somebody else none any more; asked again there is nothing left to be done."""
    anna, office = ministry.anna, ministry.office
    space = ministry.shared

    def change() -> None:
        set_member(anna, space, user("clara"), Role.MANAGER)
        set_member(anna, space, user("boris"), None)
        with office.server.database.begin(write=False) as tx:
            assert access.require(tx, office.clara, space, Action.MANAGE) is Role.MANAGER

    return Work(ask=change)


def sealing(ministry: Ministry) -> Work:
    """What was done since the last time is sealed, once."""
    office = ministry.office

    def seal_all() -> None:
        audit.seal(office.server)
        found = rows(office, tables.seal)
        assert {row["seal"] for row in rows(office, tables.audit)} == {row["number"] for row in found}

    return Work(ask=seal_all)


def declaring_restored(ministry: Ministry) -> Work:
    return Work(ask=lambda: epochs.restored(ministry.office.server), once=False)


def signing_in(ministry: Ministry) -> Work:
    """A session begins, and what its tokens say is believed."""
    office = ministry.office
    device = office.device("tablet")

    def begin() -> None:
        tokens = office.sign_in("anna", device)
        assert accounts.caller_of(office.server, tokens.access).device == device.id

    return Work(ask=begin, once=False)


def refreshing(ministry: Ministry) -> Work:
    office, held = ministry.office, [ministry.tokens.refresh]

    def go_on() -> None:
        """The desk keeps a token only when it has it: as long as it has none, it shows the one before."""
        tokens = accounts.refresh(
            office.server, Refresh(refresh=held[-1], device=ministry.laptop.id), office.ids.chance
        )
        assert accounts.caller_of(office.server, tokens.access).device == ministry.laptop.id
        held.append(tokens.refresh)

    return Work(ask=go_on, before=lambda: held.__delitem__(slice(1, None)), after=go_on)


def uploading(ministry: Ministry) -> Work:
    """A visitor sends two files through a link; whoever asks again sends them again, and each that is there is whole."""
    anna, folder = ministry.anna, ministry.states["folder"]
    office = ministry.office
    contents = {"first": noise(300, 700), "second": large(40) * 30}
    tokens: list[str] = []

    def make() -> None:
        request = MakeLink(key=office.ids.chance(32), node=folder.node, role=Role.UPLOADER)
        tokens[:] = [links.make(office.server, anna.caller, anna.space, request).token]

    def send() -> None:
        link = links.opened(office.server, tokens[0], "192.0.2.1")
        sending = Sending(office.server, link, BOUNDARY.encode())
        sending.take(form(*contents.items()))
        sending.end()

    def look() -> None:
        now = {entry.state.node: entry.state for entry in anna.journal().entries}
        arrived = [state for state in now.values() if state.parent == folder.node and not state.dead]
        assert {"first", "second"} <= {state.name for state in arrived}
        for state in arrived:
            assert b"".join(anna.fetch(state.rev, 0, 100)) == contents[state.name.partition(" ")[0]]

    return Work(ask=send, before=make, after=look, locks=anna.space, once=False)


def making_a_link(ministry: Ministry) -> Work:
    """A desk that is not answered asks with the same key, and is told the same link."""
    anna, office = ministry.anna, ministry.office
    request = MakeLink(key=office.ids.chance(32), node=ministry.states["folder"].node, role=Role.UPLOADER)
    told: list[LinkMade] = []

    def make() -> None:
        told.append(links.make(office.server, anna.caller, anna.space, request))
        assert told[-1] == told[0]
        assert links.opened(office.server, told[0].token, "192.0.2.1").link == told[0].link

    return Work(ask=make, before=told.clear)


def signing_out(ministry: Ministry) -> Work:
    office = ministry.office

    def end() -> None:
        with refused(Code.SIGNED_OUT):
            accounts.sign_out(office.server, accounts.caller_of(office.server, ministry.tokens.access))
        with refused(Code.SIGNED_OUT):
            accounts.refresh(
                office.server,
                Refresh(refresh=ministry.tokens.refresh, device=ministry.laptop.id),
                office.ids.chance,
            )
            raise AssertionError("a session that was ended goes on")

    return Work(ask=end)


WORKS: dict[str, Callable[[Ministry], Work]] = {
    "a commit of every kind": mixed_commit,
    "a commit of very many": large_commit,
    "chunks and their commit": sending,
    "folding": folding,
    "repacking": repacking,
    "collecting": collecting,
    "checking": checking,
    "healing": healing,
    "administering": administering,
    "mounting": mounting,
    "sharing": sharing_a_folder,
    "changing members": changing_members,
    "sealing": sealing,
    "declaring restored": declaring_restored,
    "signing in": signing_in,
    "refreshing": refreshing,
    "signing out": signing_out,
    "making a link": making_a_link,
    "uploading through a link": uploading,
}
