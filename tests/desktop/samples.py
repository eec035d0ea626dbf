"""A desk as people have it, for tests and pictures: questions, two versions, problems, a day of activity, and strange names."""

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec

from govsync.control import messages
from govsync.model.activity import (
    ActivityRow,
    ConflictRow,
    FolderRow,
    FoundRow,
    HoldRow,
    LinkAdded,
    LinkRow,
    ProblemRow,
    RoomRow,
    SentRow,
    ShareRow,
    TrashRow,
    VersionRow,
)
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem
from govsync.model.status import Pending, RateNow, SessionOver, SpaceStatus, State, Status, Transfer
from govsync.settings.merge import Effective
from govsync.settings.schema import SETTINGS
from govsync.text.sentences import action, sentence

ZONE = datetime.timezone(datetime.timedelta(hours=9), "KST")
NOW = datetime.datetime(2026, 11, 24, 14, 20, tzinfo=ZONE)
MARKUP = "<b>Budget<br> & <img src=x onerror=alert(1)>.xlsx"
RIGHT_TO_LEFT = "‮xslx.תקציב"
LONG = "가나다라" * 63 + ".hwp"
EMOJI = "🎉 Party 👩‍👩‍👧 plan.docx"
HOSTILE = (MARKUP, RIGHT_TO_LEFT, LONG, EMOJI, "line\nbreak\x1b[31m.txt", "&amp; &copy;.txt")


def at(hour: int, minute: int, day: int = 24) -> str:
    return datetime.datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(datetime.UTC).isoformat()


SPACES = (
    SpaceStatus(id="1", name="Anna Kim", kind="personal", role="manager", path=""),
    SpaceStatus(id="2", name="Planning", kind="team", role="editor", path="Planning"),
    SpaceStatus(id="3", name="Elections 2027", kind="shared", role="viewer", path="Elections 2027"),
)
STATUS = Status(
    state=State.IN_SYNC, folder="/home/anna/GovSync", endpoint="https://drive.example.gov", account="anna", device="anna-office",
    pending=Pending(), problems=0, holds=0, skipped=3, waiting=0, rate=RateNow(), paused=False, online=True,
    scanning=False, checked_at=at(14, 19), spaces=SPACES, last_change=at(14, 2), version="0.1.0",
)  # fmt: skip


def problem(id: int, path: str, code: Code, at: str, **facts: str) -> ProblemRow:
    found = Problem(code, facts)
    return ProblemRow(
        id=str(id),
        code=code,
        path=path,
        message=sentence(found),
        action=action(found),
        since=at,
        facts=facts,
    )


NOTICES = (
    problem(90, "Planning/Budget.xlsx", Code.OPEN_HERE, at(14, 10)),
    problem(91, "Reports/Site visit.docx", Code.BUSY, at(14, 14)),
)
IN_SYNC = STATUS
SYNCING = msgspec.structs.replace(
    STATUS, state=State.SYNCING, pending=Pending(up=24, down=112, bytes_up=18 << 20, bytes_down=340 << 20),
    rate=RateNow(up=850_000, down=4_900_000), waiting=2, notices=NOTICES, transferring=19,
    transfers=(
        Transfer(path="Video/Interview.mov", direction="up", done_bytes=8 << 20, size_bytes=18 << 20),
        Transfer(path="보고서/11월/현장 사진 모음.zip", direction="down", done_bytes=212 << 20, size_bytes=300 << 20),
        Transfer(path=f"Planning/{MARKUP}", direction="down", done_bytes=0, size_bytes=3 << 20),
        Transfer(path=f"Planning/{LONG}", direction="down", done_bytes=5 << 20, size_bytes=12 << 20),
        Transfer(path="Planning/Maps/North.tif", direction="down", done_bytes=1 << 20, size_bytes=9 << 20),
        Transfer(path="Planning/Maps/South.tif", direction="down", done_bytes=0, size_bytes=9 << 20),
    ),
)  # fmt: skip
BEGINNING = msgspec.structs.replace(
    SYNCING, pending=Pending(up=60, down=360, bytes_up=40 << 20, bytes_down=900 << 20)
)
OFFLINE = msgspec.structs.replace(
    STATUS, state=State.OFFLINE, online=False, pending=Pending(up=14, bytes_up=3 << 20), checked_at=at(9, 12)
)
PAUSED = msgspec.structs.replace(
    STATUS, state=State.PAUSED, paused=True, pending=Pending(up=3, bytes_up=1 << 16)
)
HOLD = msgspec.structs.replace(STATUS, state=State.HOLD, holds=1, problems=4)
PROBLEM = msgspec.structs.replace(STATUS, state=State.PROBLEM, problems=4)
SIGNED_OUT = msgspec.structs.replace(STATUS, state=State.SIGNED_OUT, online=False)
WIPED = msgspec.structs.replace(
    SIGNED_OUT, session_over=SessionOver(at=at(13, 2), wiped=True, removed=4_312, kept=2)
)
STATES = {each.state: each for each in (IN_SYNC, SYNCING, OFFLINE, PAUSED, HOLD, PROBLEM, SIGNED_OUT)}

ACTIVITY = tuple(
    ActivityRow(id=str(1000 - number), at=when, kind=kind, path=path, user=user, device=device, detail=detail)
    for number, (when, kind, path, user, device, detail) in enumerate(
        [
            (at(14, 2), "put", "Planning/Budget.xlsx", "Boris Petrović", "boris-office", ""),
            (at(13, 58), "put", "Reports/Site visit.docx", "", "", ""),
            (at(13, 52), "put_many", "Pictures/Harbour", "", "", "4312"),
            (at(13, 40), "conflict_copy", "Planning/Plan.docx", "", "", ""),
            (at(13, 31), "move", "Reports 2026", "Anna Kim", "anna-home", ""),
            (at(11, 15), "delete", "Pictures/Site 3.png", "이지은", "jieun-laptop", ""),
            (at(10, 2), "mkdir", "보고서/11월", "김민수", "minsu-desk", ""),
            (at(9, 47), "put", "보고서/11월/회의록.hwp", "김민수", "minsu-desk", ""),
            (at(9, 12), "rescued", "Old/Draft.odt", "", "", ""),
            (at(17, 30, 23), "put", MARKUP, "Јелена Ђорђевић", "jelena-02", ""),
            (at(16, 5, 23), "revive", "Planning/Minutes.docx", "Boris Petrović", "boris-office", ""),
            (at(8, 30, 20), "space_added", "Elections 2027", "", "", ""),
            (at(8, 12, 20), "put_many", "", "", "", "1"),
        ]
    )
)
HOLDS = (
    HoldRow(
        id="7", kind="deletions", count=412, since=at(13, 20),
        paths=tuple(f"Archive/2019/Report {number:02}.docx" for number in range(1, 101)),
        sent=(SentRow(path="Archive/2019/Index.docx", id="ab"),),
    ),
)  # fmt: skip
CONFLICTS = (
    ConflictRow(
        id="3", path="Planning/Plan.docx", copy="Planning/Plan (anna-office 2026-11-24 13.40).docx", user="Anna Kim",
        device="anna-office", at=at(13, 40),
    ),
)  # fmt: skip
PROBLEMS = (
    problem(1, "Planning/Offer 30%: final?.docx", Code.NAME_ILLEGAL, at(12, 1)),
    problem(2, "Video/Interview.mov", Code.QUOTA, at(11, 50)),
    problem(3, "보고서/예산.xlsx", Code.NO_RIGHT, at(10, 20)),
    problem(4, "Scans/Contract.pdf", Code.NO_ACCESS, at(9, 5)),
)
VERSIONS = tuple(
    VersionRow(
        revision=str(number), at=when, user=user, device=device, size=size, hash="0" * 64, current=number == 0
    )
    for number, (when, user, device, size) in enumerate(
        [
            (at(14, 2), "Boris Petrović", "boris-office", 48_220),
            (at(11, 30), "Anna Kim", "anna-office", 47_900),
            (at(17, 2, 23), "Anna Kim", "anna-home", 31_004),
        ]
    )
)

MEMBERS = tuple(
    ShareRow(
        path="Planning",
        name="Planning",
        with_=with_,
        kind=kind,
        role=role,
        title=title,
        detail=detail,
        you=you,
    )
    for with_, kind, role, title, detail, you in (
        ("anna", "user", "manager", "Anna Kim", "Ministry / Planning", True),
        ("boris", "user", "editor", "Boris Petrović", "Ministry / Planning", False),
        ("division:Ministry/Budget", "division", "viewer", "Budget", "Ministry", False),
        ("jelena", "user", "uploader", "Јелена Ђорђевић", "Statistics Office / Survey", False),
    )
)
FOUND = (
    FoundRow(with_="kim.minsu", kind="user", title="김민수", detail="행정안전부 / 정보기반과"),
    FoundRow(with_="kim.minsu2", kind="user", title="김민수", detail="통계청 / 조사과"),
)
FINDINGS = [
    {"check": check, "result": result, "detail": detail, "key": key, "facts": facts}
    for check, result, detail, key, facts in (
        ("folder", "PASS", "/home/anna/GovSync", "", {}),
        ("disk", "WARN", "812 MiB free", "room", {"mebibytes": "812"}),
        (
            "account",
            "FAIL",
            "This device is not signed in. Sign in: govsync login [signed_out]",
            "signed_out",
            {},
        ),
        (
            "endpoint",
            "PASS",
            "https://drive.example.gov answers",
            "answers",
            {"endpoint": "https://drive.example.gov"},
        ),
        ("clock", "WARN", "-240 s from the server's", "clock", {"seconds": "-240"}),
        ("network disk", "WARN", "The folder lies on a network disk (nfs).", "weak_disk", {"kind": "nfs"}),
        ("agent", "WARN", "offline: Offline.", "state", {"state": "offline", "count": "14"}),
    )
]
LINKS = (
    LinkRow(
        id="ab", path="Planning/Budget.xlsx", role="viewer", at=at(10, 0), expires=at(10, 0, 30), user="Anna Kim",
        device="anna-office", password=True, downloads_left=3,
    ),
)  # fmt: skip
TRASH = (
    TrashRow(
        id="01",
        path="Pictures/Site 3.png",
        deleted=at(11, 15),
        user="이지은",
        device="jieun-laptop",
        size=1_400_000,
    ),
    TrashRow(
        id="02",
        path=f"Planning/{MARKUP}",
        deleted=at(9, 2, 23),
        user="Boris Petrović",
        device="boris-office",
        size=0,
    ),
    TrashRow(
        id="03",
        path="보고서/10월/회의록.hwp",
        deleted=at(13, 5),
        user="김민수",
        device="minsu-desk",
        size=88_000,
    ),
)
ROOM = (
    RoomRow(id="1", name="", kind="personal", used_bytes=14 << 30, quota_bytes=20 << 30),
    RoomRow(id="2", name="Planning", kind="team", used_bytes=97 << 30, quota_bytes=100 << 30),
    RoomRow(id="3", name="Elections 2027", kind="shared", used_bytes=3 << 30, quota_bytes=0),
)


def settings(**policy: Any) -> dict[str, Effective]:
    found = {each.key: Effective(each.default, "default") for each in SETTINGS}
    for key, value in policy.items():
        found[key.replace("__", ".")] = Effective(value, "policy", "policy")
    return found


def pages_of(rows: Sequence[Any]) -> Any:
    """Answers a function that gives rows in pages, as the agent does, for problems and for activity."""
    places = {row.id: number for number, row in enumerate(rows)}

    def answer(request: Any) -> Sequence[Any]:
        last = request.before if isinstance(request, messages.ListActivity) else request.after
        start = 0 if last is None else places[last] + 1
        return rows[start : start + (request.limit or len(rows))]

    return answer


def folders(request: messages.ListFolders, everything: bool = False) -> tuple[FolderRow, ...]:
    """Answers which folders there are in a folder, one of them left out, and one of another; or none."""
    if request.path.endswith("/Planning"):
        return (
            FolderRow(path="Planning/2025", size=2 << 20, folders=False, here=True),
            FolderRow(path="Planning/2026", size=1 << 20, folders=False, here=everything),
        )
    return (
        FolderRow(path="Archive", size=2_100_000_000_000, folders=True, here=everything),
        FolderRow(path="Planning", size=3 << 20, folders=True, here=True if everything else None),
        FolderRow(path="Team", size=0, folders=False, here=True),
    )


def answers(status: Status = STATUS) -> dict[type, Any]:
    """Answers what an agent of such a desk says."""
    return {
        messages.ListActivity: pages_of(ACTIVITY),
        messages.ListProblems: pages_of(PROBLEMS if status.problems else ()),
        messages.ListHolds: HOLDS if status.holds else (),
        messages.ListConflicts: CONFLICTS if status.holds else (),
        messages.ListVersions: VERSIONS,
        messages.ListSettings: settings(app__autostart=True),
        messages.ListShares: MEMBERS, messages.FindMembers: FOUND, messages.ListLinks: LINKS, messages.AddShare: None,
        messages.ListTrash: TRASH, messages.RestoreFromTrash: None,
        messages.ListFolders: folders, messages.Exclude: None, messages.Include: None,
        messages.ListRoom: ROOM if status.online else Failure(Code.OFFLINE),
        messages.RemoveShare: None, messages.LeaveShare: None, messages.RemoveLink: None,
        messages.AddLink: LinkAdded(id="ab", url="https://drive.example.gov/l/x7Yk2", expires=at(14, 20, 30)),
        messages.SyncNow: None, messages.Pause: None, messages.Resume: None, messages.Approve: None, messages.Reject: None,
        messages.Resolve: None, messages.SetSetting: None, messages.Stop: None, messages.Restore: "",
    }  # fmt: skip
