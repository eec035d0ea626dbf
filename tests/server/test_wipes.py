"""Orders to wipe a device: heard by that device alone, obeyed once, and never again by way of a copy (docs/decisions/0043)."""

from typing import Any

import pytest
from sqlalchemy import delete

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.protocol.fleet import Wiped
from govsync.protocol.session import Refresh
from govsync.server import accounts, directory, epochs, wipes
from govsync.server.context import Caller
from govsync.server.db import tables
from tests.server.desk import rows
from tests.server.office import Office, code_of
from tests.server.test_fleet import listed, sign_out

RESULT = Wiped(removed=7, kept=2)


class Desk:
    """Anna's device, which may hear orders."""

    def __init__(self, office: Office) -> None:
        self.office, self.info = office, office.device()
        self.caller = self.sign_in()

    def sign_in(self) -> Caller:
        self.tokens = self.office.sign_in("anna", self.info)
        self.caller = accounts.caller_of(self.office.server, self.tokens.access)
        return self.caller

    def order(self) -> bool:
        with self.office.server.database.begin() as tx:
            return wipes.order(self.office.server, tx, self.info.id)

    def keep(self) -> bool:
        with self.office.server.database.begin() as tx:
            return wipes.keep(self.office.server, tx, self.info.id)

    def heard(self) -> bytes | None:
        with self.office.server.database.begin(write=False) as tx:
            found = wipes.standing(tx, [self.info.id]).get(self.info.id)
        return None if found is None else found.id

    def begin(self, order: bytes) -> Code | None:
        return code_of(lambda: wipes.begin(self.office.server, self.caller, order))

    def end(self, order: bytes) -> Code | None:
        return code_of(lambda: wipes.end(self.office.server, self.caller, order, RESULT))

    def shown(self) -> tuple[str, int | None]:
        [each] = [each for each in listed(self.office) if each.device == self.info.id.hex()]
        return each.state, each.kept


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def ordered(desk: Desk) -> bytes:
    assert desk.order()
    order = desk.heard()
    assert order is not None
    return order


def test_an_order_is_heard_begun_and_ended_and_the_session_with_it(office: Office, desk: Desk) -> None:
    other = Desk(office)
    assert desk.heard() is None
    order = ordered(desk)
    assert (desk.shown(), other.shown(), other.heard()) == (("wiping", None), ("", None), None)
    assert desk.order(), "given twice"
    assert desk.heard() == order, "it is the same"
    assert desk.end(order) is Code.NOT_FOUND, "what was not begun"
    assert [desk.begin(order), desk.begin(order)] == [None, None]
    assert desk.heard() == order, "a desk that was cut off hears it again"
    assert desk.end(order) is None
    assert (desk.shown(), desk.heard()) == (("wiped", 2), None)
    assert code_of(lambda: accounts.caller_of(office.server, desk.tokens.access)) is Code.SIGNED_OUT
    assert accounts.caller_of(office.server, other.tokens.access).user == office.anna


def test_nobody_but_the_device_itself_obeys(office: Office, desk: Desk) -> None:
    other, order = Desk(office), ordered(desk)
    assert [other.begin(order), other.end(order), desk.begin(bytes(16))] == [Code.NOT_FOUND] * 3
    assert desk.begin(order) is None
    assert other.end(order) is Code.NOT_FOUND
    assert desk.shown() == ("wiping", None)


def test_an_order_is_taken_back_as_long_as_it_has_not_begun(desk: Desk) -> None:
    assert not desk.keep()
    order = ordered(desk)
    assert desk.keep()
    assert (desk.heard(), desk.shown()) == (None, ("", None))
    assert desk.begin(order) is Code.NOT_FOUND
    order = ordered(desk)
    desk.begin(order)
    assert not desk.keep()
    assert desk.end(order) is None
    assert not desk.keep()


def test_who_is_signed_out_or_shut_out_hears_of_no_order(office: Office, desk: Desk) -> None:
    sign_out(office, desk.info.id)
    assert not desk.order()
    desk.sign_in()
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "anna", "disabled")
    assert not desk.order()
    assert desk.shown() == ("signed_out", None)


def test_an_order_that_has_not_begun_waits_for_the_next_sign_in_and_one_that_has_ends_with_it(
    desk: Desk,
) -> None:
    order = ordered(desk)
    desk.sign_in()
    assert desk.heard() == order
    desk.begin(order)
    desk.sign_in()
    assert (desk.heard(), desk.shown()) == (None, ("", None))
    assert desk.end(order) is Code.NOT_FOUND
    desk.begin(ordered(desk))
    order = desk.heard() or b""
    desk.end(order)
    desk.sign_in()
    assert (desk.heard(), desk.shown()) == (None, ("", None)), "wiped, and in use again"


def test_another_life_of_the_database_repeats_no_order(office: Office, desk: Desk) -> None:
    order = ordered(desk)
    epochs.restored(office.server)
    assert (desk.heard(), desk.shown()) == (None, ("", None))
    assert desk.begin(order) is Code.NOT_FOUND
    assert ordered(desk) != order


def test_a_copy_that_nobody_says_is_one_repeats_no_order_to_a_desk_that_went_on_since(
    office: Office, desk: Desk
) -> None:
    """The copy has the order, the device was wiped and signed in again after it was made."""
    ordered(desk)
    copied = {table: rows(office, table) for table in tables.metadata.tables.values()}
    order = desk.heard() or b""
    desk.begin(order)
    desk.end(order)
    desk.sign_in()
    with office.server.database.begin() as tx:
        for table, were in copied.items():
            tx.execute(delete(table))
            if were:
                tx.execute(table.insert(), were)
    assert desk.heard() == order, "so it would be"
    request = Refresh(refresh=desk.tokens.refresh, device=desk.info.id)
    accounts.refresh(office.server, request, office.ids.chance)
    assert desk.heard() is None


def test_all_of_it_stands_in_the_audit(office: Office, desk: Desk) -> None:
    ordered(desk)
    desk.keep()
    order = ordered(desk)
    desk.begin(order)
    desk.end(order)
    kinds = ("device_wipe", "device_keep", "device_wiped")
    told: list[Any] = [row for row in rows(office, tables.audit) if row["kind"] in kinds]
    bodies = [from_packed(row["body"], dict[str, Any]) for row in told]
    of = {"of": desk.info.id}
    assert [row["kind"] for row in told] == ["device_wipe", "device_keep", "device_wipe", "device_wiped"]
    assert bodies == [of, of, of, {"removed": 7, "kept": 2}]
    assert (told[-1]["user"], told[-1]["device"]) == (office.anna, desk.info.id)
