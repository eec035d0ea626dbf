"""What the commands about a device ask the agent, and what they make of its answer."""

import json

import msgspec
import pytest

from govsync.agent import accounts
from govsync.agent.removal import Removed
from govsync.control.messages import (
    Approve,
    GetStatus,
    ListActivity,
    ListHolds,
    ListProblems,
    ListShareActivity,
    Pause,
    Reject,
    Resume,
    SetSetting,
    SyncNow,
    Wait,
    Waited,
)
from govsync.model.activity import ActivityRow, HoldRow, ProblemRow
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import Pending, RateNow, SpaceStatus, State, Status
from govsync.system import assumptions
from govsync.system.assuming import Untrue
from govsync.text.catalog import said
from govsync.text.sentences import FOLDER

STATUS = Status(
    state=State.SYNCING, folder="/home/kim/GovSync", endpoint="https://drive.example.gov", account="kim", device="desk-7",
    pending=Pending(up=2, down=1, bytes_up=2048, bytes_down=3), problems=0, holds=0, skipped=4, waiting=1,
    rate=RateNow(up=1024, down=0), paused=False, online=True, scanning=True, checked_at="2026-11-24T14:00:00.123Z",
    spaces=(SpaceStatus(id="0a", name="Kim", kind="personal", role="manager", path=""),), last_change=None, version="0.1.0",
)  # fmt: skip
AT = "2026-11-24T14:00:00.000Z"
FOLDER_MISSING = ProblemRow(
    id=FOLDER, code=Code.FOLDER_MISSING, path=STATUS.folder, message="It is missing.", action="Bring it back.", since=AT
)  # fmt: skip


def test_the_status_has_the_keys_of_the_contract(govsync, agent):
    agent(lambda _: STATUS)
    done = govsync("status", "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert set(found) >= {
        "state", "folder", "endpoint", "account", "device", "pending", "problems", "holds", "skipped", "waiting", "rate",
        "paused", "online", "scanning", "checked_at", "spaces", "last_change", "version",
    }  # fmt: skip
    assert found["state"] == "syncing"
    assert set(found["pending"]) >= {"up", "down", "bytes_up", "bytes_down"}
    assert set(found["spaces"][0]) >= {"id", "name", "kind", "role", "path"}


def test_the_status_for_people_begins_with_a_sentence(govsync, agent):
    agent(lambda _: STATUS)
    lines = govsync("status").out.splitlines()
    assert lines[0] == "Syncing: 3 changes are on their way."
    assert "pending      2 up (2.0 KiB), 1 down (3 bytes)" in lines
    assert "last change  none yet" in lines


@pytest.mark.parametrize(("ended", "code"), [(Waited.DONE, 0), (Waited.TIMED_OUT, 2)])
def test_wait_ends_with_the_code_of_its_outcome_and_says_nothing(govsync, agent, ended, code):
    asked = agent(lambda _: ended).asked
    assert govsync("wait", "--timeout", "1.5") == (code, "", "")
    assert asked == [Wait(timeout_s=1.5)]


def test_a_wait_for_what_programs_keep_open_names_it(govsync, agent):
    notice = ProblemRow(
        id="1", code="busy", path="Plan\n.odt", message="It is open.", action="Close it.", since=AT
    )
    status = msgspec.structs.replace(STATUS, notices=(notice,))
    agent(lambda request: status if isinstance(request, GetStatus) else Waited.KEPT_BACK)
    assert govsync("wait") == (4, "", "Plan\\x0a.odt: It is open. Close it.\n")
    assert govsync("status").out.splitlines()[-1] == "Plan\\x0a.odt: It is open. Close it."
    assert json.loads(govsync("status", "--json").out)["notices"][0]["code"] == "busy"


def test_a_wait_where_nobody_is_signed_in_says_so(govsync, agent):
    status = msgspec.structs.replace(STATUS, state=State.SIGNED_OUT)
    agent(lambda request: status if isinstance(request, GetStatus) else Waited.KEPT_BACK)
    assert govsync("wait") == (4, "", "Not signed in. All files stay here; nothing is sent or fetched.\n")


def test_a_wait_for_what_needs_a_person_says_no_more(govsync, agent):
    agent(lambda request: STATUS if isinstance(request, GetStatus) else Waited.KEPT_BACK)
    assert govsync("wait") == (4, "", "")


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ("pause", Pause()),
        ("pause 2h", Pause(seconds=7_200)),
        ("resume", Resume()),
        ("sync-now", SyncNow()),
        ("approve", Approve()),
        ("approve 3", Approve(id="3")),
        ("reject 3", Reject(id="3")),
    ],
)
def test_a_command_asks_the_agent_and_says_nothing_where_all_is_well(govsync, agent, arguments, request_):
    asked = agent(lambda _: None).asked
    assert govsync(*arguments.split()) == (0, "", "")
    assert asked == [request_]


def test_a_question_that_there_is_not_is_told_in_one_line(govsync, agent):
    def refuse(_):
        raise Failure(Code.NOT_FOUND, id="9")

    agent(refuse)
    done = govsync("approve", "9")
    assert (done.code, done.out) == (1, "")
    assert done.err == "govsync: It is not there, or not for you. Check the name. [not_found id=9]\n"


ASKING = ["status", "wait", "verify", "pause", "resume", "sync-now", "problems", "holds", "approve", "reject", "activity",
          "conflicts", "resolve 1 --keep both", "versions a", "restore a --revision b", "trash list", "trash restore a",
          "rewind a --to 2026-11-24T14:00Z", "stop", "share add a --with boris --role editor", "share list", "share list a",
          "share remove a --with boris", "share leave a", "exclude a", "include a"]  # fmt: skip


@pytest.mark.parametrize("arguments", ASKING)
def test_without_an_agent_every_question_to_it_ends_with_3(govsync, arguments):
    done = govsync(*arguments.split())
    assert (done.code, done.out) == (3, "")
    assert done.err == "govsync: GovSync is not running. Start it: govsync start [agent_not_running]\n"


def test_problems_say_what_it_is_and_what_to_do(govsync, agent):
    row = ProblemRow(
        id="1", code="disk_full", path="a/b", message="The disk is full.", action="Free some space.", since=AT
    )
    asked = agent(lambda _: [row]).asked
    assert govsync("problems").out == "a/b  The disk is full.  Free some space.\n"
    found = json.loads(govsync("problems", "--json").out)
    assert set(found[0]) >= {"id", "code", "path", "message", "action", "since"}
    assert asked == [ListProblems(), ListProblems()]


def test_questions_say_how_to_answer_them(govsync, agent):
    row = HoldRow(id="3", kind="deletions", count=412, paths=("a",), since=AT)
    asked = agent(lambda _: [row]).asked
    shown = govsync("holds").out
    assert "412 files were deleted here." in shown
    assert "govsync approve ID" in shown
    found = json.loads(govsync("holds", "--json").out)
    assert set(found[0]) >= {"id", "kind", "count", "paths", "since"}
    assert asked == [ListHolds(), ListHolds()]


def test_without_questions_nobody_is_told_how_to_answer(govsync, agent):
    agent(lambda _: [])
    assert govsync("holds").out == "There are no questions.\n"
    assert govsync("holds", "--json").out == "[]\n"


def test_activity_says_who_did_what(govsync, agent):
    row = ActivityRow(at=AT, kind="delete", path="a/b", user="Kim", device="desk-7", detail="")
    asked = agent(lambda _: [row]).asked
    assert govsync("activity").out.endswith("  Kim  deleted  a/b\n")
    found = json.loads(govsync("activity", "--json", "--limit", "3").out)
    assert set(found[0]) >= {"at", "kind", "path", "user", "device", "detail"}
    assert asked == [ListActivity(limit=50), ListActivity(limit=3)]


def test_activity_of_a_shared_folder_says_to_whom_it_was_given(govsync, agent):
    row = ActivityRow(at=AT, kind="member_added", path="Plans", user="Kim", detail="group:Budget (viewer)")
    gone = ActivityRow(at=AT, kind="delete", path="Plans/a", user="Kim", detail="dead")
    asked = agent(lambda _: [row, gone]).asked
    said = govsync("activity", "--shared", "/f/Plans", "--limit", "7").out.splitlines()
    assert [" ".join(line.split()[2:]) for line in said] == [
        "Kim shared with group:Budget (viewer) Plans", "Kim deleted Plans/a",
    ]  # fmt: skip
    assert asked == [ListShareActivity(path="/f/Plans", limit=7)]


def test_a_setting_is_set_through_the_agent_where_one_runs(govsync, agent, home):
    asked = agent(lambda request: STATUS if isinstance(request, GetStatus) else None).asked
    assert govsync("settings", "set", "hold.deletions", "7").code == 0
    assert asked[-1] == SetSetting(key="hold.deletions", value="7")
    assert not (home / "settings.toml").exists()


def test_a_setting_is_set_in_the_home_where_no_agent_runs(govsync):
    assert govsync("settings", "get", "hold.deletions") == (0, "200\n", "")
    assert govsync("settings", "set", "hold.deletions", "7") == (0, "", "")
    assert govsync("settings", "get", "hold.deletions") == (0, "7\n", "")
    listed = json.loads(govsync("settings", "--json").out)
    assert listed["hold.deletions"] == {"value": 7, "source": "user"}
    assert listed["hold.rewrites"] == {"value": 1000, "source": "default"}
    assert ["hold.deletions", "7", "user"] in [line.split() for line in govsync("settings").out.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("get no.such", "setting_unknown"),
        ("set no.such 1", "setting_unknown"),
        ("set hold.deletions x", "setting_bad"),
    ],
)
def test_a_wrong_setting_is_a_failure_and_changes_nothing(govsync, home, arguments, code):
    done = govsync("settings", *arguments.split())
    assert (done.code, done.out) == (1, "")
    assert f"[{code}" in done.err
    assert not (home / "settings.toml").exists()


@pytest.mark.parametrize(
    ("found", "ends"),
    [
        ({}, "everything else goes on."),
        ({"online": False}, "nothing is sent or fetched at this moment."),
        ({"notices": (FOLDER_MISSING,)}, "nothing is synced until the folder is back."),
    ],
    ids=["goes on", "no line", "no folder"],
)
def test_status_and_doctor_say_alike_what_goes_on(govsync, agent, found, ends):
    agent(lambda _: msgspec.structs.replace(STATUS, state=State.HOLD, holds=1, **found))
    sentence = govsync("status").out.splitlines()[0]
    assert sentence == f"1 question waits for an answer; {ends}"
    [row] = [row for row in json.loads(govsync("doctor", "--json").out) if row["check"] == "agent"]
    assert (row["result"], row["detail"]) == ("WARN", f"hold: {sentence}")


def test_doctor_gives_a_line_a_check_and_fails_where_one_fails(govsync):
    done = govsync("doctor")
    assert done.code == 1
    lines = done.out.splitlines()
    assert all(line.split()[0] in ("PASS", "WARN", "FAIL") for line in lines)
    found = json.loads(govsync("doctor", "--json").out)
    assert len(found) == len(lines)
    assert set(found[0]) >= {"check", "result", "detail"}


def test_a_self_test_says_of_each_assumption_whether_it_is_so(govsync, monkeypatch):
    done = govsync("doctor", "--self-test")
    assert (done.code, {line.split()[0] for line in done.out.splitlines()}) == (0, {"PASS"})
    assert len(done.out.splitlines()) == len(assumptions.ASSUMPTIONS)

    def untrue(_):
        raise Untrue("seen otherwise")

    monkeypatch.setattr(assumptions, "ASSUMPTIONS", {"a lock is held by one": untrue})
    done = govsync("doctor", "--self-test")
    assert (done.code, done.out) == (4, "FAIL  a lock is held by one  seen otherwise\n")
    assert json.loads(govsync("doctor", "--self-test", "--json").out) == [
        {"check": "a lock is held by one", "result": "FAIL", "detail": "seen otherwise"}
    ]


def test_a_sign_in_that_cannot_reach_the_server_says_so(govsync):
    done = govsync(
        "login", "--endpoint", "http://127.0.0.1:1", "--user", "anna", "--password-stdin", stdin="x\n"
    )
    assert (done.code, done.out) == (1, "")
    assert "[offline" in done.err


def test_a_sign_in_without_an_address_takes_the_one_of_the_settings(govsync, home, monkeypatch):
    arguments = ("login", "--user", "anna", "--password-stdin")
    none = govsync(*arguments, stdin="x\n")
    assert (none.code, none.out) == (64, "")
    assert "endpoint.url" in none.err
    asked = []
    monkeypatch.setattr(accounts, "sign_in", lambda _, endpoint, *__: asked.append(endpoint))
    govsync("settings", "set", "endpoint.url", "https://cloud.example")
    assert govsync(*arguments, stdin="x\n").code == 0
    assert govsync(*arguments, "--endpoint", "https://other.example", stdin="x\n").code == 0
    assert asked == ["https://cloud.example", "https://other.example"]


def test_a_sign_out_without_a_session_says_so(govsync):
    done = govsync("logout")
    assert (done.code, done.out) == (1, "")
    assert "[signed_out]" in done.err


def test_what_a_sign_out_removed_and_what_stays_is_said(govsync, monkeypatch):
    removed = Removed(count=3, left=1, left_paths=("new.txt",))
    asked = []
    monkeypatch.setattr(accounts, "sign_out", lambda _, remove: asked.append(remove) or removed)
    assert govsync("logout", "--remove-files").out == (
        "Signed out. 3 files were removed. 1 stays here.\nStays: new.txt\n"
    )
    assert asked == [True]


def test_a_folder_that_cannot_serve_is_refused_with_the_reason(govsync, home):
    done = govsync("folder", "set", str(home))
    assert (done.code, done.out) == (1, "")
    assert "home" in done.err
    assert "[folder_unfit]" in done.err


def test_people_are_answered_in_their_language_and_programs_are_not(govsync, agent, monkeypatch):
    row = ProblemRow(
        id="1", code="folder_unfit", path="/x", since=AT, message="This folder cannot be synced: its disk is odd.",
        action="Choose another folder.", facts={"what": "it lies inside a synced folder: {where}", "where": "/Open"},
    )  # fmt: skip
    agent(lambda request: [row] if isinstance(request, ListProblems) else STATUS)
    plain, english = govsync("problems"), govsync("problems", "--json")
    monkeypatch.setenv("GOVSYNC_LANGUAGE", "ko_KR.UTF-8")
    assert govsync("problems", "--json") == english
    assert "its disk is odd" in plain.out
    translated = govsync("problems").out
    assert "동기화되는 다른 폴더 안에 있습니다: /Open" in translated
    assert "다른 폴더를 선택하십시오." in translated
    assert govsync("status").out.splitlines()[0] == "동기화 중: 변경 3건을 동기화하고 있습니다."
    monkeypatch.setenv("GOVSYNC_LANGUAGE", "en")
    assert govsync("problems") == plain


def test_of_a_problem_that_only_the_agent_knows_its_own_words_are_said(govsync, agent, monkeypatch):
    strange = ProblemRow(id="1", code="brand_new", path="/x", since=AT, message="It is new.", action="Wait.")
    older = ProblemRow(
        id="2", code="folder_unfit", path="/y", since=AT, message="It is unfit: x.", action="Go."
    )
    agent(lambda _: [strange, older])
    monkeypatch.setenv("GOVSYNC_LANGUAGE", "ko")
    assert "It is new." in govsync("problems").out
    assert "It is unfit: x." in govsync("problems").out


def test_a_failure_is_told_in_one_s_language_with_its_code(govsync, monkeypatch):
    monkeypatch.setenv("GOVSYNC_LANGUAGE", "sr@latin")
    done = govsync("status")
    assert (done.code, done.err) == (
        3, "govsync: GovSync ne radi. Pokrenite ga: govsync start [agent_not_running]\n",
    )  # fmt: skip
    assert govsync("status", "--json").err.startswith("govsync: GovSync is not running.")
    assert "[agent_not_running]" in govsync("doctor").out
    assert {row["detail"] for row in json.loads(govsync("doctor", "--json").out)} >= {"all are compiled"}


def test_the_agent_itself_speaks_as_the_sources_do_and_why_it_cannot_start_is_told_in_one_s_language(
    govsync, monkeypatch
):
    heard = []

    def run(*_, **__):
        heard.append(said("Open folder"))
        raise Failure(Code.HOME_IN_USE)

    monkeypatch.setattr("govsync.agent.main.run_agent", run)
    monkeypatch.setenv("GOVSYNC_LANGUAGE", "ko")
    assert "GovSync가 이미 실행 중입니다." in govsync("run").err
    assert heard == ["Open folder"]
