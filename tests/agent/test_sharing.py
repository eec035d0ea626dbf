"""With whom something is shared, as people write it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from govsync.agent import sharing
from govsync.agent.sharing import principal
from govsync.model.activity import RoomRow, ShareRow
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.activity import Activity, Happened
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, Spaces, SpaceState
from govsync.protocol.sharing import NewMember, Principal, PrincipalKind
from govsync.store.spaces import SpaceRow


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("boris", PrincipalKind.USER, "boris"),
        ("o'neill:2", PrincipalKind.USER, "o'neill:2"),
        ("group:Auditors", PrincipalKind.GROUP, "Auditors"),
        ("group:a:b", PrincipalKind.GROUP, "a:b"),
        ("division:Ministry/Team/North", PrincipalKind.DIVISION, "Ministry/Team/North"),
    ],
)
def test_a_person_a_group_and_a_division_are_told_apart(text, kind, name):
    assert principal(text) == Principal(kind, name)


def test_how_full_the_spaces_are_is_asked_of_the_server_and_told_of_those_that_are_reached():
    full = SpaceInfo(
        id=b"a", state=SpaceState.MEMBER, name="Plans", kind=SpaceKind.TEAM, quota_bytes=9, used_bytes=8
    )
    gone = SpaceInfo(id=b"b", state=SpaceState.REVOKED)
    agent = SimpleNamespace(remote=SimpleNamespace(spaces=lambda _: Spaces(spaces=(full, gone))))
    assert sharing.room(agent) == [RoomRow(id="61", name="Plans", kind="team", used_bytes=8, quota_bytes=9)]


ANNA, BUDGET = Principal(PrincipalKind.USER, "anna"), Principal(PrincipalKind.GROUP, "Budget")
TOLD = [
    (Happened(at_ms=0, kind="share", members=(NewMember(ANNA, Role.MANAGER), NewMember(BUDGET, Role.VIEWER))),
     ("member_added", "Plans", "anna (manager), group:Budget (viewer)")),
    (Happened(at_ms=0, kind="member_role", who=BUDGET, role=Role.EDITOR), ("member_role", "Plans", "group:Budget (editor)")),
    (Happened(at_ms=0, kind="member_removed", who=BUDGET), ("member_removed", "Plans", "group:Budget")),
    (Happened(at_ms=0, kind="member_left", who=ANNA), ("member_left", "Plans", "")),
    (Happened(at_ms=0, kind="link", path="a", role=Role.VIEWER), ("link", "Plans/a", "")),
    (Happened(at_ms=0, kind="put", path="b/c"), ("put", "Plans/b/c", "")),
]  # fmt: skip


def test_what_happened_in_a_shared_folder_is_listed_as_far_as_was_asked(monkeypatch):
    """Page by page, each thing with to whom it was given."""
    pages = {
        None: Activity(happened=tuple(each for each, _ in TOLD[:4]), before=7),
        7: Activity(happened=(TOLD[4][0], TOLD[5][0])),
    }
    calls = SimpleNamespace(activity=lambda space, before: pages[before] if space == b"s" else None)
    monkeypatch.setattr(sharing, "_shared", lambda *_: SimpleNamespace(id=b"s", mount_lid=1))
    monkeypatch.setattr(sharing.paths, "shown", lambda _store, _lid: "Plans")

    def listed(limit: int) -> list[tuple[str, str, str]]:
        rows = sharing.happened(
            SimpleNamespace(calls=calls, store=None), lambda _, work: work(), Path("/f/Plans"), limit
        )
        return [(row.kind, row.path, row.detail) for row in rows]

    expected = [row for _, row in TOLD]
    assert [listed(limit) for limit in (1, 5, 100)] == [expected[:1], expected[:5], expected]


@pytest.mark.parametrize("text", ["", "group:", "division:", "division:Ministry"])
def test_nobody_is_refused(text):
    with pytest.raises(Failure) as refused:
        principal(text)
    assert refused.value.code is Code.NO_SUCH_MEMBER


def test_who_may_only_add_is_told_of_the_folder_and_of_nobody_else_in_it(monkeypatch):
    space = SpaceRow(
        id=b"s" * 16, kind=SpaceKind.SHARED, name="Inbox", role=Role.UPLOADER, state=SpaceState.MEMBER, root_lid=4,
        mount_lid=5, epoch=b"e" * 16, cursor=None, told=None, owner_organisation="Ministry", owner="anna",
    )  # fmt: skip
    monkeypatch.setattr(sharing.spaces, "all_spaces", lambda _: [space])
    monkeypatch.setattr(sharing.paths, "shown", lambda _, lid: {5: "Inbox"}[lid])
    agent = SimpleNamespace(identity=SimpleNamespace(login="boris", user_name="Boris"), store=None)
    assert sharing.listed(agent, lambda _, find: find(), None) == [
        ShareRow(
            path="Inbox",
            name="Inbox",
            with_="boris",
            kind="user",
            role="uploader",
            title="Boris",
            detail="",
            you=True,
        )
    ]
