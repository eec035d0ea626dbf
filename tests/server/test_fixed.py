"""What an organisation fixes of its people's desks: who may say what, who is told, and that it is written down."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.protocol import events
from govsync.server import fixed
from govsync.server.db import tables
from govsync.server.events import Streams
from tests.server.desk import Desk, rows
from tests.server.office import Office, code_of
from tests.server.test_events import OFTEN_S, Ear, pool, run

__all__ = ["pool"]

RATE = "network.upload_limit"


def fix(office: Office, key: str = RATE, text: str = "2 MB", name: str = "Interior") -> None:
    with office.server.database.begin() as tx:
        fixed.fix(office.server, tx, name, key, text)


def release(office: Office, key: str = RATE) -> None:
    with office.server.database.begin() as tx:
        fixed.release(office.server, tx, "Interior", key)


def told(office: Office, login: str = "anna") -> dict[str, str]:
    return fixed.policy(office.server, office.caller(login)).settings


def listed(office: Office) -> list[fixed.Row]:
    with office.server.database.begin(write=False) as tx:
        return fixed.listed(tx, "Interior")


def test_what_is_fixed_is_told_to_the_desks_of_the_organisation_alone(office: Office) -> None:
    fix(office)
    fix(office, "sync.on_metered", "sync")
    assert told(office) == {RATE: "2 MB", "sync.on_metered": "sync"}
    assert listed(office) == [fixed.Row(RATE, "2 MB"), fixed.Row("sync.on_metered", "sync")]
    assert told(office, "clara") == {}


def test_what_is_fixed_anew_counts_and_what_is_released_does_not(office: Office) -> None:
    fix(office)
    fix(office, text="3 MB")
    assert told(office) == {RATE: "3 MB"}
    release(office)
    assert told(office) == {}
    assert code_of(lambda: release(office)) is Code.NOT_FOUND


@pytest.mark.parametrize(
    ("key", "text", "refusal"),
    [
        ("no.such", "1", Code.SETTING_UNKNOWN),
        (RATE, "much", Code.SETTING_BAD),
        ("endpoint.url", "https://elsewhere.example", Code.SETTING_NOT_THEIRS),
        ("network.proxy", "http://proxy:3128", Code.SETTING_NOT_THEIRS),
        ("hold.deletions", "100000", Code.SETTING_NOT_THEIRS),
        (RATE, "1", Code.SETTING_NOT_THEIRS),
    ],
)
def test_what_no_desk_would_take_is_refused_and_nothing_is_written(
    office: Office, key: str, text: str, refusal: Code
) -> None:
    before = len(rows(office, tables.audit))
    assert code_of(lambda: fix(office, key, text)) is refusal
    assert listed(office) == []
    assert len(rows(office, tables.audit)) == before


def test_an_organisation_that_there_is_not_fixes_nothing(office: Office) -> None:
    assert code_of(lambda: fix(office, name="Nowhere")) is Code.NOT_FOUND


def test_each_change_stands_in_the_audit_with_what_it_was(office: Office) -> None:
    fix(office)
    release(office)
    noted = [
        from_packed(row["body"], dict[str, object])  # type: ignore[arg-type]
        for row in rows(office, tables.audit)
        if row["kind"] == fixed.KIND
    ]
    assert [(row["key"], row["value"]) for row in noted] == [(RATE, "2 MB"), (RATE, None)]


def test_whose_desks_are_concerned_are_told_before_the_next_beat_whoever_did_it(
    office: Office, pool: ThreadPoolExecutor
) -> None:
    anna, clara = office.caller("anna"), Desk(office, "clara")

    async def story(streams: Streams) -> None:
        ear, other = Ear(streams.listen(anna, "a")), Ear(streams.listen(clara.caller, "c"))
        await ear.until(events.Beat)
        await other.until(events.Beat)
        await asyncio.to_thread(fix, office)
        await ear.until(events.PolicyChanged)
        streams.head(clara.space, 10**6)
        while not isinstance(heard := await other.next(), events.HeadMoved) or heard.seq < 10**6:
            assert not isinstance(heard, events.PolicyChanged)
        await asyncio.to_thread(fix, office, RATE, "2 MB", "Health")
        assert await other.next() == events.PolicyChanged(), "of the other organisation's it heard nothing"

    run(office, pool, story, poll_s=OFTEN_S)
