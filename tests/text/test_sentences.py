"""Everything that has a name has a sentence, and every sentence can be said."""

import ast
from pathlib import Path
from string import Formatter

import msgspec
import pytest

from govsync.model import operations
from govsync.model.activity import ActivityRow, HoldRow, ProblemRow
from govsync.model.codes import CODES, Code
from govsync.model.languages import Language
from govsync.model.problems import Problem
from govsync.model.status import Pending, RateNow, SessionOver, State, Status
from govsync.protocol.activity import Told
from govsync.protocol.session import SpaceState
from govsync.text import findings, glance, sentences
from govsync.text.catalog import speaking
from govsync.text.sentences import (
    _NARROWER,
    ACTIVITIES,
    FOLDER,
    REASONS,
    SENTENCES,
    action,
    happened,
    message,
    question,
    sentence,
    status_sentence,
    unsaid,
)

SOURCE = Path(sentences.__file__).parents[1]


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_sentence_and_says_what_to_do(code):
    problem = Problem(code, {})
    assert sentence(problem).endswith((".", "?"))
    assert action(problem)
    assert code in CODES


def test_no_sentence_is_left_over():
    assert set(SENTENCES) == set(Code)


def test_facts_are_filled_in_and_a_missing_one_harms_nothing():
    assert (
        sentence(Problem(Code.SETTING_BAD, {"name": "hold.deletions", "value": "{x}"}))
        == "{x} is no value for hold.deletions."
    )
    assert "?" in sentence(Problem(Code.SETTING_BAD, {}))


def test_facts_that_no_sentence_mentions_are_kept_for_who_looks_into_it():
    assert unsaid(Problem(Code.SETTING_BAD, {"name": "x", "line": "3"})) == {"line": "3"}
    assert unsaid(Problem(Code.NOT_FOUND, {"path": "a"})) == {"path": "a"}


@pytest.mark.parametrize(("code", "fact"), _NARROWER, ids=str)
def test_where_more_is_known_than_the_code_tells_that_is_said(code, fact):
    facts = {"name": "--port", "value": "x", fact: "/home/kim/GovSync"}
    known = Problem(code, facts)
    told = f"{sentence(known)} {action(known)}"
    assert "/home/kim/GovSync" in told
    assert "?" not in told
    assert f"{sentence(Problem(code))} {action(Problem(code))}" != told
    assert fact not in unsaid(known)


def test_a_path_elsewhere_is_told_with_the_folder_in_which_to_look():
    elsewhere = Problem(Code.NOT_FOUND, {"path": "/elsewhere", "folder": "/home/kim/GovSync"})
    assert sentence(elsewhere) == "It lies outside the synced folder, which is /home/kim/GovSync."
    assert unsaid(elsewhere) == {"path": "/elsewhere"}
    row = ProblemRow(
        id="1", code=elsewhere.code, path="", message="", action="", since="", facts=elsewhere.facts
    )
    with speaking(Language.SERBIAN):
        assert "/home/kim/GovSync" in message(row)


def test_a_person_who_can_act_is_told_something_else_than_to_wait():
    waiting = action(Problem(Code.STALE_REV, {}))
    assert [
        code for code, meaning in CODES.items() if meaning.actor == "person" and SENTENCES[code][1] == waiting
    ] == []


def noted_kinds() -> set[str]:
    """Finds the kinds that the product's code notes as activity, where they stand there as texts."""
    found: set[str] = set()
    for file in [*SOURCE.glob("engine/*.py"), *SOURCE.glob("store/*.py"), *SOURCE.glob("agent/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in ("note", "here") and getattr(node.func.value, "id", "") == "activity":
                kinds = [node.args[2]] if len(node.args) > 2 else []
                found |= {kind.value for kind in kinds if isinstance(kind, ast.Constant)}
    return found


def test_every_kind_of_activity_has_words():
    kinds = noted_kinds()
    assert "hold_opened" in kinds
    made = {msgspec.inspect.type_info(op).tag for op in operations.Operation.__subclasses__()}
    told = {f"space_{state}" for state in SpaceState if state is not SpaceState.MEMBER}
    assert (kinds | made | told | {"mount_ended"} | set(Told)) - set(ACTIVITIES) == set()


def reasons() -> set[str]:
    """Finds the facts `what` of several words, and why a folder is unfit, as they stand in the product's code."""
    found: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "what" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
            elif isinstance(node, ast.FunctionDef) and node.name == "unfit":
                found |= {
                    each.value.value
                    for each in ast.walk(node)
                    if isinstance(each, ast.Return)
                    and isinstance(each.value, ast.Constant)
                    and each.value.value
                }
    return {text for text in found if len(text.split()) > 2}


def test_a_reason_that_people_are_told_is_one_that_can_be_translated():
    assert {each for each in reasons() if ":" not in each or "{" in each} == set(REASONS)


@pytest.mark.parametrize("kind", ["mount", "mount_ended", "space_revoked", "role_changed"])
def test_what_this_desk_only_hears_of_is_nobody_s_doing_unless_somebody_is_named(kind):
    """A membership that somebody else has ended is not done here."""
    row = ActivityRow(at="", kind=kind, path="Plans")
    words = happened(row)
    assert glance.did(row) == words[0].upper() + words[1:]
    assert glance.did(msgspec.structs.replace(row, user="Anna")).endswith(" · Anna")
    assert glance.did(msgspec.structs.replace(row, kind="put")) == "Saved · here"


def test_an_activity_of_a_newer_agent_is_shown_by_its_name():
    assert happened(ActivityRow(at="", kind="put", path="a")) == "saved"
    assert happened(ActivityRow(at="", kind="brand_new", path="a")) == "brand_new"


def test_a_question_says_how_many_are_concerned():
    def asked(kind: str, count: int) -> str:
        return question(HoldRow(id="1", kind=kind, count=count, paths=(), since=""))

    assert asked("deletions", 1) == "1 file was deleted here."
    assert asked("deletions", 412) == "412 files were deleted here."
    for kind in ("deletions", "rewrites", "leaving", "folder_missing", "folder_replaced"):
        assert asked(kind, 2) != kind
    assert asked("brand_new", 2) == "brand_new"


def status(state: State, **counts: int) -> Status:
    return Status(
        state=state, folder="", endpoint="", account="", device="", problems=counts.get("problems", 0),
        pending=Pending(up=counts.get("up", 0), down=counts.get("down", 0)), holds=counts.get("holds", 0), skipped=0,
        waiting=0, rate=RateNow(), paused=False, online=True, scanning=False, checked_at=None, spaces=(),
        last_change=None, version="",
    )  # fmt: skip


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_sentence_of_its_own(state):
    said = {status_sentence(status(each)) for each in State}
    assert len(said) == len(State)
    assert status_sentence(status(state)).endswith(".")


def test_a_state_counts_what_it_is_about():
    assert (
        status_sentence(status(State.HOLD, holds=1, problems=5))
        == "1 question waits for an answer; everything else goes on."
    )
    assert status_sentence(status(State.PROBLEM, problems=5)).startswith("5 things")
    assert status_sentence(status(State.OFFLINE, up=2, down=1)).endswith("3 changes wait.")


@pytest.mark.parametrize("state", [State.HOLD, State.PROBLEM])
@pytest.mark.parametrize("why", [{"online": False}, {"paused": True}])
def test_nothing_is_said_to_go_on_that_stands(state, why):
    goes_on = status(state, holds=1, problems=1)
    stands = msgspec.structs.replace(goes_on, **why)
    for text in (status_sentence, glance.meaning):
        assert "lse goes on" in text(goes_on)
        assert "othing is sent or fetched at this moment" in text(stands)


@pytest.mark.parametrize("state", [State.HOLD, State.PROBLEM])
@pytest.mark.parametrize("code", [Code.FOLDER_MISSING, Code.FOLDER_REPLACED])
@pytest.mark.parametrize("more", [{}, {"online": False}, {"paused": True}])
def test_without_the_folder_nothing_is_said_to_go_on_until_it_is_back(state, code, more):
    found = msgspec.structs.replace(status(state, holds=1, problems=1), notices=(about_folder(code),), **more)
    for told in (status_sentence(found), glance.meaning(found), as_doctor_says(found)):
        assert told.endswith("othing is synced until the folder is back.")


@pytest.mark.parametrize("state", [State.HOLD, State.PROBLEM])
def test_where_the_folder_is_there_and_cannot_be_worked_on_nothing_goes_on_at_this_moment(state):
    found = status(state, holds=1, problems=1)
    stands = msgspec.structs.replace(found, notices=(about_folder(Code.NO_ACCESS),))
    other = msgspec.structs.replace(about_folder(Code.FOLDER_MISSING), id="7")
    assert status_sentence(stands).endswith("nothing is sent or fetched at this moment.")
    assert as_doctor_says(stands) == status_sentence(stands)
    assert status_sentence(msgspec.structs.replace(found, notices=(other,))) == status_sentence(found)


def about_folder(code: Code) -> ProblemRow:
    return ProblemRow(id=FOLDER, code=code, path="/home/kim/GovSync", message="", action="", since="")


def as_doctor_says(found: Status) -> str:
    stands = sentences.standstill(found)
    facts = {"state": str(found.state), "count": "1"} | ({} if stands is None else {"stands": str(stands)})
    return findings.detail("state", facts)


def test_who_was_signed_out_is_told_by_whom_and_what_became_of_the_files():
    def ended(**facts) -> str:
        over = SessionOver(at="2026-11-24T13:02:07.000Z", **facts)
        return status_sentence(msgspec.structs.replace(status(State.SIGNED_OUT), session_over=over))

    assert ended(wiped=False).startswith("The server has ended this desk's session. All files stay here;")
    assert ended(wiped=True, removed=1, kept=2) == (
        "Your organisation had this desk signed out and 1 synced file removed; the server has it. 2 files that the server does"
        " not have just so stay in the folder. Ask your IT support why. Or sign in again: govsync login"
    )
    assert "No other file was in the folder." in ended(wiped=True, removed=3)


@pytest.mark.parametrize("state", [State.SYNCING, State.OFFLINE, State.PAUSED])
def test_where_no_change_is_known_of_none_is_counted(state):
    assert "0" not in status_sentence(status(state))
    assert "1 change" in status_sentence(status(state, up=1))


def test_no_template_has_a_fact_by_number():
    for texts in [*SENTENCES.values(), *_NARROWER.values()]:
        for text in texts:
            assert all(name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(text)), text
