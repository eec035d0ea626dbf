"""Which spaces come to a desk for the first time: each once, and none that was there before."""

import pytest

from govsync.model.nodes import Kind, MountMark
from govsync.protocol.session import SpaceKind
from govsync.store import mounts, newcomers, spaces
from tests.store.desk import TEAM, TEAM_ROOT_ID, StoredDesk, info


def begin(desk: StoredDesk) -> None:
    """The server tells of a team's space."""
    spaces.begin(desk.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM, name="Team"))


def hang(desk: StoredDesk) -> int:
    """It tells where the space hangs."""
    return desk.tell(desk.state(b"M" * 16, "Team", kind=Kind.MOUNT, rev=None, hash=None, target_space=TEAM))


@pytest.mark.parametrize("space_first", [True, False])
def test_a_space_is_met_once_whichever_is_told_first_the_space_or_where_it_hangs(
    desk: StoredDesk, space_first: bool
) -> None:
    newcomers.begin(desk.store)
    assert newcomers.meet(desk.store) == [], "one's own is no newcomer"
    if space_first:
        begin(desk)
        assert newcomers.unmet(desk.store) == []
    mount = hang(desk)
    assert newcomers.unmet(desk.store) == [(TEAM, mount)]
    newcomers.begin(desk.store)
    assert newcomers.meet(desk.store) == [mount]
    if not space_first:
        begin(desk)
    assert newcomers.unmet(desk.store) == []
    assert newcomers.meet(desk.store) == []


def test_what_is_there_already_is_no_newcomer(desk: StoredDesk) -> None:
    newcomers.begin(desk.store)
    mount, _ = desk.mount_team()
    assert newcomers.unmet(desk.store) == [(TEAM, mount)]
    assert newcomers.meet(desk.store) == []


def test_what_is_marked_beside_the_files_is_no_newcomer(desk: StoredDesk) -> None:
    newcomers.begin(desk.store)
    mounts.take(desk.store, [MountMark(TEAM, ("Team",), 7, 7)])
    begin(desk)
    hang(desk)
    assert newcomers.meet(desk.store) == []


def test_what_an_older_version_knows_is_no_newcomer(desk: StoredDesk) -> None:
    begin(desk)
    hang(desk)
    newcomers.begin(desk.store)
    assert newcomers.unmet(desk.store) == []
