"""Organisations and people: names are checked and unique, and every change can be read back from the `sys` journal."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import chain, directory
from govsync.server.db import tables
from tests.server.office import Office


def attempt(office: Office, change: Callable[[Any], object]) -> Code | None:
    """Makes a change in a transaction of its own; answers the code of its refusal."""
    try:
        with office.server.database.begin() as tx:
            change(tx)
    except Failure as failure:
        return failure.code
    return None


def journal(office: Office) -> list[Any]:
    j = tables.journal.c
    with office.server.database.begin(write=False) as tx:
        return list(tx.execute(select(tables.journal).where(j.stream == directory.SYS).order_by(j.seq)))


@pytest.mark.parametrize(
    "change",
    [
        lambda s, tx: directory.add_organisation(s, tx, " Interior "),
        lambda s, tx: directory.add_division(s, tx, "Interior/Planning"),
        lambda s, tx: directory.add_user(s, tx, "ANNA", "Another Anna", "Health"),
    ],
)
def test_a_name_that_is_taken_is_refused_and_changes_nothing(office: Office, change: Callable[..., object]):
    before = journal(office)
    assert attempt(office, lambda tx: change(office.server, tx)) is Code.NAME_TAKEN
    assert journal(office) == before


def test_a_group_s_name_is_taken_once(office: Office):
    assert attempt(office, lambda tx: directory.add_group(office.server, tx, "예산")) is None
    decomposed = "예산"
    assert attempt(office, lambda tx: directory.add_group(office.server, tx, decomposed)) is Code.NAME_TAKEN
    assert attempt(office, lambda tx: directory.add_to_group(office.server, tx, decomposed, "anna")) is None


def test_divisions_of_one_name_live_under_different_ones(office: Office):
    for path in ("Health/Planning", "Interior/Planning/Planning", "Interior/Planning/Planning/Planning"):
        assert attempt(office, lambda tx, path=path: directory.add_division(office.server, tx, path)) is None
    with office.server.database.begin(write=False) as tx:
        paths = ["Interior/Planning", "Health/Planning", "Interior/Planning/Planning"]
        assert len({directory.find_unit(tx, path)[1] for path in paths}) == 3


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\nb", ".govsync", "..", "x" * 101])
def test_a_name_that_could_not_stand_in_a_list_or_a_folder_is_refused(office: Office, name: str):
    refused = attempt(office, lambda tx: directory.add_organisation(office.server, tx, name))
    assert refused in (Code.NAME_ILLEGAL, Code.NAME_RESERVED)


@pytest.mark.parametrize(
    "change",
    [
        lambda s, tx: directory.add_division(s, tx, "Nowhere/Planning"),
        lambda s, tx: directory.add_division(s, tx, "Interior/Nowhere/Planning"),
        lambda s, tx: directory.add_division(s, tx, "Planning"),
        lambda s, tx: directory.add_user(s, tx, "eva", "Eva", "Interior/Nowhere"),
        lambda s, tx: directory.add_to_group(s, tx, "Nobody", "anna"),
        lambda s, tx: directory.set_user_state(s, tx, "nobody", "disabled"),
    ],
)
def test_what_is_not_there_is_said_and_changes_nothing(office: Office, change: Callable[..., object]):
    before = journal(office)
    assert attempt(office, lambda tx: change(office.server, tx)) is Code.NOT_FOUND
    assert journal(office) == before


def test_adding_somebody_to_a_group_twice_changes_nothing(office: Office):
    attempt(office, lambda tx: directory.add_group(office.server, tx, "Budget"))
    attempt(office, lambda tx: directory.add_to_group(office.server, tx, "Budget", "anna"))
    before = journal(office)
    assert attempt(office, lambda tx: directory.add_to_group(office.server, tx, "Budget", "anna")) is None
    assert journal(office) == before


def test_people_are_listed_by_login(office: Office):
    attempt(office, lambda tx: directory.set_user_state(office.server, tx, "boris", "disabled"))
    with office.server.database.begin(write=False) as tx:
        listed = [(row["login"], row["org"], row["state"]) for row in directory.users(tx)]
    assert listed == [
        ("anna", "Interior", "active"),
        ("boris", "Interior", "disabled"),
        ("clara", "Health", "active"),
    ]


def test_the_journal_alone_tells_every_row_of_the_directory(office: Office):
    """R35: what a fire left of the journals is enough to know people, divisions, spaces and devices again."""
    office.sign_in("anna")
    attempt(office, lambda tx: directory.add_group(office.server, tx, "Budget"))
    attempt(office, lambda tx: directory.add_to_group(office.server, tx, "Budget", "anna"))
    attempt(office, lambda tx: directory.set_user_state(office.server, tx, "boris", "disabled"))
    told: dict[str, dict[bytes, dict[str, Any]]] = {}
    for row in journal(office):
        body = msgspec.msgpack.decode(row.body)
        told.setdefault(row.kind, {})[row.node] = body
    kinds = {
        "org": tables.org, "unit": tables.unit, "user": tables.user, "device": tables.device, "group": tables.grp,
        "group_member": tables.grp_member, "space": tables.space, "member": tables.member, "epoch": tables.epoch,
    }  # fmt: skip
    with office.server.database.begin(write=False) as tx:
        for kind, table in kinds.items():
            stored = [dict(row) for row in tx.execute(select(table)).mappings()]
            assert len(stored) == len(told[kind]) > 0
            for row in stored:
                assert any(told_row.items() <= row.items() for told_row in told[kind].values())


def test_the_journal_is_one_unbroken_chain(office: Office):
    value = chain.START
    rows = journal(office)
    for seq, row in enumerate(rows, 1):
        value = chain.link(value, seq, row.op_key, row.body)
        assert (row.seq, row.chain) == (seq, value)
    assert len(rows) > 10


def test_changes_that_come_at_once_take_turns(office: Office):
    def add(number: int) -> Code | None:
        return attempt(
            office, lambda tx: directory.add_organisation(office.server, tx, f"Ministry {number // 2}")
        )

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(add, range(12)))
    assert answers.count(None) == 6
    assert answers.count(Code.NAME_TAKEN) == 6
    test_the_journal_is_one_unbroken_chain(office)


def test_another_life_is_told_to_every_space_and_remembers_the_one_before(office: Office):
    with office.server.database.begin() as tx:
        before = directory.epoch(tx)
        after = directory.begin_epoch(office.server, tx)
    with office.server.database.begin(write=False) as tx:
        e = tables.epoch.c
        assert directory.epoch(tx) == after != before
        assert tx.execute(select(e.parent).where(e.id == after)).scalar() == before
        assert tx.execute(select(func.count()).where(tables.space.c.epoch != after)).scalar() == 0
