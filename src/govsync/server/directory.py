"""Organisations, their divisions, people, groups and devices; every change stands in the `sys` journal with its full row,
so that the journals alone can rebuild the directory (R35).

Changes take turns: what is looked up before a change (is the name free?) is still so when it is made, and the `sys`
journal grows one entry after the other. What a password is made of never stands in a journal.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from govsync.model import names
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.session import DeviceInfo, Role, SpaceKind
from govsync.server import chain
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import take_turns
from govsync.server.db.insert import insert_new

SYS = b"sys" + bytes(13)
"""The stream of everything that is not in a space."""
NOBODY = bytes(16)
ACTIVE, SIGNED_OUT = "active", "signed_out"
"""The states of a device; that of a person who may come in is the first."""
RETENTION_MS = 30 * 24 * 3_600_000
MOST_CHARACTERS = 100
_TURNS = "directory"
_HEAD, _CHAIN, EPOCH = "sys_head", "sys_chain", "epoch"
_SETTING = select(tables.setting.c.value).where(tables.setting.c.key == bindparam("key"))


def setting(tx: Connection, key: str) -> bytes | None:
    """Answers a fact about the database as a whole, or None."""
    found = tx.execute(_SETTING, {"key": key}).scalar()
    return bytes(found) if found is not None else None


def set_setting(tx: Connection, key: str, value: bytes) -> None:
    """Sets a fact about the database as a whole."""
    insert_new(tx, tables.setting, [{"key": key, "value": value}])
    tx.execute(update(tables.setting).where(tables.setting.c.key == key).values(value=value))


def epoch(tx: Connection) -> bytes:
    """Answers this life of the database."""
    found = setting(tx, EPOCH)
    assert found is not None, "a database is given its first epoch when it is made"
    return found


def sys_head(tx: Connection) -> int:
    """Answers the newest sequence of the `sys` journal."""
    return int(setting(tx, _HEAD) or b"0")


def sys_chain(tx: Connection) -> bytes:
    """Answers the chain of the `sys` journal at its newest sequence."""
    return setting(tx, _CHAIN) or chain.START


def begin_epoch(server: Server, tx: Connection) -> bytes:
    """Begins another life of the database: after its making, and when it was put back from a copy (R33, R34)."""
    take_turns(tx, _TURNS)
    row = {"id": server.ids.new(), "parent": setting(tx, EPOCH), "at_ms": server.clock.time_ms()}
    new = _add(server, tx, tables.epoch, "epoch", row)
    set_setting(tx, EPOCH, new)
    tx.execute(delete(tables.web_session))  # A copy may know some that have ended since.
    tx.execute(update(tables.space).values(epoch=new))
    return new


def take_turn(tx: Connection) -> None:
    """Waits for the turn to change the directory, and keeps it until the transaction ends."""
    take_turns(tx, _TURNS)


def note(server: Server, tx: Connection, kind: str, subject: bytes, row: dict[str, Any]) -> None:
    """Appends a change of the directory to the `sys` journal."""
    note_all(server, tx, [(kind, subject, row)])


def note_all(server: Server, tx: Connection, changes: Sequence[tuple[str, bytes, dict[str, Any]]]) -> None:
    """Appends changes of the directory, each as (kind, subject, full row), to the `sys` journal."""
    take_turns(tx, _TURNS)
    head = sys_head(tx)
    value = sys_chain(tx)
    now_ms = server.clock.time_ms()
    entries = [
        chain.JournalEntry(
            key=server.ids.new(), kind=kind, node=subject, user=NOBODY, device=NOBODY, at_ms=now_ms,
            body=msgspec.msgpack.encode(row),
        )
        for kind, subject, row in changes
    ]  # fmt: skip
    head, value = chain.append(tx, SYS, head, value, entries)
    set_setting(tx, _HEAD, str(head).encode())
    set_setting(tx, _CHAIN, value)


def _add(server: Server, tx: Connection, table: Any, kind: str, row: dict[str, Any]) -> bytes:
    tx.execute(insert(table), [row])
    note(server, tx, kind, row["id"], row)
    return bytes(row["id"])


def checked_name(name: str) -> str:
    """Answers a name composed and without outer blanks; raises Failure(name_illegal, name_reserved, …) for one that
    cannot stand in a list, a path or a folder of a desk."""
    name = names.nfc(name.strip())
    names.check(name)
    if len(name) > MOST_CHARACTERS or not name.isprintable():
        raise Failure(Code.NAME_ILLEGAL, name=name)
    return name


def login_key(login: str) -> str:
    """Answers the form in which logins are kept and compared."""
    return names.key(login.strip())


def add_organisation(server: Server, tx: Connection, name: str) -> bytes:
    """Adds an organisation; raises Failure(name_taken)."""
    name = checked_name(name)
    take_turns(tx, _TURNS)
    if tx.execute(select(tables.org.c.id).where(tables.org.c.name == name)).first() is not None:
        raise Failure(Code.NAME_TAKEN, name=name)
    return _add(server, tx, tables.org, "org", {"id": server.ids.new(), "name": name})


def find_organisation(tx: Connection, name: str) -> bytes:
    """Answers an organisation by name; raises Failure(not_found)."""
    found = tx.execute(select(tables.org.c.id).where(tables.org.c.name == names.nfc(name))).scalar()
    if found is None:
        raise Failure(Code.NOT_FOUND, name=name)
    return bytes(found)


def find_unit(tx: Connection, path: str) -> tuple[bytes, bytes | None]:
    """Answers organisation and division of a path `ORG[/DIVISION…]`; raises Failure(not_found)."""
    first, *rest = path.split("/")
    org = find_organisation(tx, first)
    unit: bytes | None = None
    for name in rest:
        unit = _unit_below(tx, org, unit, names.nfc(name))
        if unit is None:
            raise Failure(Code.NOT_FOUND, name=path)
    return org, unit


def division_path(tx: Connection, unit: bytes | None) -> str:
    """Answers a division's names from its organisation's highest down, `NAME/NAME…`; empty for one that is not there."""
    u = tables.unit.c
    found: list[str] = []
    while unit is not None:
        row = tx.execute(select(u.name, u.parent).where(u.id == unit)).one_or_none()
        if row is None:
            break
        found.append(row.name)
        unit = row.parent
    return "/".join(reversed(found))


def _unit_below(tx: Connection, org: bytes, parent: bytes | None, name: str) -> bytes | None:
    u = tables.unit.c
    place = u.parent == parent if parent is not None else u.parent.is_(None)
    found = tx.execute(select(u.id).where(u.org == org, place, u.name == name)).scalar()
    return bytes(found) if found is not None else None


def add_division(server: Server, tx: Connection, path: str) -> bytes:
    """Adds a division `ORG/NAME…`, with its team space; raises Failure(not_found, name_taken)."""
    above, _, name = path.rpartition("/")
    name = checked_name(name)
    take_turns(tx, _TURNS)
    org, parent = find_unit(tx, above)
    if _unit_below(tx, org, parent, name) is not None:
        raise Failure(Code.NAME_TAKEN, name=path)
    row = {"id": server.ids.new(), "org": org, "parent": parent, "name": name, "name_key": names.key(name)}
    unit = _add(server, tx, tables.unit, "unit", row)
    add_space(server, tx, SpaceKind.TEAM, name, org, unit, "unit", Role.EDITOR)
    return unit


def add_user(server: Server, tx: Connection, login: str, name: str, path: str) -> bytes:
    """Adds a person, with a personal space; raises Failure(not_found, name_taken)."""
    login, name = login_key(checked_name(login)), checked_name(name)
    take_turns(tx, _TURNS)
    org, unit = find_unit(tx, path)
    if tx.execute(select(tables.user.c.id).where(tables.user.c.login == login)).first() is not None:
        raise Failure(Code.NAME_TAKEN, name=login)
    row = {
        "id": server.ids.new(), "org": org, "unit": unit, "login": login, "name": name, "name_key": names.key(name),
        "state": "active",
    }  # fmt: skip
    user = _add(server, tx, tables.user, "user", row)
    add_space(server, tx, SpaceKind.PERSONAL, name, org, user, "user", Role.MANAGER)
    return user


def set_user_state(server: Server, tx: Connection, login: str, state: str) -> bytes:
    """Disables a person, or lets them in again by a new sign-in; raises Failure(not_found)."""
    take_turns(tx, _TURNS)
    row = tx.execute(select(tables.user).where(tables.user.c.login == login_key(login))).one_or_none()
    if row is None:
        raise Failure(Code.NOT_FOUND, name=login)
    devices = select(tables.device.c.id).where(tables.device.c.user == row.id)
    tx.execute(delete(tables.token).where(tables.token.c.device.in_(devices)))
    tx.execute(delete(tables.web_session).where(tables.web_session.c.user == row.id))
    tx.execute(update(tables.user).where(tables.user.c.id == row.id).values(state=state))
    note(server, tx, "user", row.id, {**row._asdict(), "state": state})
    return bytes(row.id)


def users(tx: Connection) -> list[dict[str, Any]]:
    """Lists all people by login, and who looks after the fleet."""
    u, o = tables.user.c, tables.org.c
    rows = tx.execute(
        select(u.login, u.name, o.name.label("org"), u.state, u.fleet)
        .join_from(tables.user, tables.org, u.org == o.id)
        .order_by(u.login)
    )
    return [dict(row) for row in rows.mappings()]


def add_group(server: Server, tx: Connection, name: str) -> bytes:
    """Adds a group; raises Failure(name_taken)."""
    name = checked_name(name)
    take_turns(tx, _TURNS)
    if tx.execute(select(tables.grp.c.id).where(tables.grp.c.name == name)).first() is not None:
        raise Failure(Code.NAME_TAKEN, name=name)
    row = {"id": server.ids.new(), "name": name, "name_key": names.key(name)}
    return _add(server, tx, tables.grp, "group", row)


def add_to_group(server: Server, tx: Connection, name: str, login: str) -> None:
    """Adds a person to a group; raises Failure(not_found). Harmless where the person is in it."""
    take_turns(tx, _TURNS)
    grp = tx.execute(select(tables.grp.c.id).where(tables.grp.c.name == names.nfc(name))).scalar()
    user = tx.execute(select(tables.user.c.id).where(tables.user.c.login == login_key(login))).scalar()
    if grp is None or user is None:
        raise Failure(Code.NOT_FOUND, name=name if grp is None else login)
    m = tables.grp_member.c
    if tx.execute(select(m.grp).where(m.grp == grp, m.user == user)).first() is None:
        tx.execute(insert(tables.grp_member), [{"grp": grp, "user": user}])
        note(server, tx, "group_member", grp, {"grp": grp, "user": user})


def add_space(
    server: Server,
    tx: Connection,
    kind: SpaceKind,
    name: str,
    org: bytes,
    owner: bytes,
    principal: str,
    role: Role,
) -> bytes:
    """Adds a space with its root, and its first member."""
    space, root = server.ids.new(), server.ids.new()
    row = {
        "id": space, "kind": kind, "name": name, "owner_org": org, "owner": owner, "root": root, "head": 0,
        "chain": chain.START, "floor": 0, "epoch": epoch(tx), "quota": 0, "bytes": 0, "retention_ms": RETENTION_MS,
    }  # fmt: skip
    _add(server, tx, tables.space, "space", row)
    tx.execute(
        insert(tables.node),
        [
            {
                "id": root, "space": space, "parent": None, "name": "", "key": "", "kind": Kind.FOLDER, "place": root,
                "size": 0, "mtime_ns": 0, "exec": False, "seq": 0, "created_seq": 0,
            }
        ],
    )  # fmt: skip
    member = {
        "space": space, "kind": principal, "principal": owner, "role": role, "ended_ms": None,
        "since_ms": server.clock.time_ms(),
    }  # fmt: skip
    tx.execute(insert(tables.member), [member])
    note(server, tx, "member", space, member)
    return space


def register_device(server: Server, tx: Connection, user: bytes, info: DeviceInfo) -> None:
    """Notes a device of a person; raises Failure(device_cloned) for an id that is another person's."""
    take_turns(tx, _TURNS)
    d = tables.device.c
    row = tx.execute(select(tables.device).where(d.id == info.id)).one_or_none()
    # A machine's odd name must not keep a person out.
    values = {
        "user": user, "name": printable(info.name) or "device", "machine": printable(info.machine),
        "state": ACTIVE, "seen_ms": server.clock.time_ms(),
    }  # fmt: skip
    if row is None:
        _add(server, tx, tables.device, "device", {"id": info.id, **values})
    elif row.user != user:
        raise Failure(Code.DEVICE_CLONED)
    else:
        tx.execute(update(tables.device).where(d.id == info.id).values(**values))
        note(server, tx, "device", info.id, {"id": info.id, **values})


def device_row(row: Any) -> dict[str, Any]:
    """Answers what the `sys` journal says of a device."""
    return {name: getattr(row, name) for name in ("id", "user", "name", "machine", "state", "seen_ms")}


def printable(text: str) -> str:
    """Answers a text of a machine's as it can stand in a list, and no longer than that."""
    return "".join(c for c in names.nfc(text) if c.isprintable())[:MOST_CHARACTERS].strip()
