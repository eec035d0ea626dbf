"""What IT support is sent: enough to help, and no name, token or password (docs/security.md)."""

import json
import stat
from zipfile import ZipFile

import msgspec
import pytest

from govsync.agent import doctor, support
from govsync.agent.doctor import Finding
from govsync.control import messages
from govsync.model.activity import HoldRow, ProblemRow
from govsync.model.status import SpaceStatus, Transfer
from tests.cli.test_device import AT, STATUS

NAME = "Dismissal"
"""Part of every name of a file or folder here."""
SECRETS = ("tok-3f9a", "hunter2", "correct horse")
PATIENCE_S = 100.0
"""The agent always answers; on a machine that has much else to do that may take longer than a person is kept waiting."""
STATE = msgspec.structs.replace(
    STATUS, folder=f"/home/kim/{NAME} of Kim", endpoint="https://kim:hunter2@drive.example.gov",
    spaces=(SpaceStatus(id="0a", name=NAME, kind="team", role="viewer", path=NAME),), transferring=1,
    transfers=(Transfer(path=f"{NAME}.docx", direction="up", done_bytes=1, size_bytes=2),),
    notices=(ProblemRow(id="1", code="busy", path=f"{NAME}.odt", message=NAME, action=NAME, since=AT, facts={"name": NAME}),),
)  # fmt: skip
ANSWERS = {
    messages.GetStatus: STATE,
    messages.ListProblems: [
        ProblemRow(id=str(number), code="quota", path=f"{NAME}/{number}", message=NAME, action="", since=AT)
        for number in range(3)
    ],
    messages.ListHolds: [HoldRow(id="7", kind="deletions", count=412, since=AT, paths=(f"{NAME}.xlsx",))],
}
AGENT_LOG = f"""\
2026-11-24 13:40:00,123 INFO govsync.agent.main GovSync 0.1.0 begins
2026-11-24 13:40:01,000 WARNING watchdog.observers lost {NAME}.docx
{NAME}.docx
2026-11-24 13:40:02,000 ERROR govsync.agent.workers a job of kind Read ended by a bug
FileNotFoundError
  /home/kim/lib/govsync/local/reader.py:7 read_files
which led to
RuntimeError
2026-11-24 13:40:03,000 WARNING govsync.agent.memory the database failed: store_damaged /home/kim/{NAME} of Kim
"""
START_LOG = f"""\
govsync: /home/kim/{NAME} of Kim is not there [gone]
Fatal Python error: Segmentation fault

Current thread 0x0000 (most recent call first):
  File "/usr/lib/govsync/agent/loop.py", line 3 in run
ValueError: {NAME}
"""


@pytest.fixture
def desk(home, agent, monkeypatch):
    for module in (doctor, support):
        monkeypatch.setattr(module, "ANSWER_S", PATIENCE_S)
    (home / "logs").mkdir(parents=True)
    (home / "logs" / "agent.log").write_text(AGENT_LOG)
    (home / "logs" / "start.log").write_text(START_LOG)
    (home / "settings.toml").write_text(
        f'[sync]\nignore = "{NAME}*\\n*.tmp"\n[endpoint]\nurl = "{STATE.endpoint}"\n[hold]\ndeletions = "{NAME}"\n'
    )
    (home / "credentials.json").write_text(json.dumps({"refresh": "tok-3f9a", "password": "correct horse"}))
    identity = {"device": "0" * 32, "name": "desk-7", "machine": "", "endpoint": "", "login": "kim"}
    (home / "device.json").write_text(json.dumps({**identity, "folder": STATE.folder, "root": "0" * 32}))
    agent(lambda request: ANSWERS[type(request)])
    return home


def parts(path) -> dict[str, str]:
    with ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def bundle(govsync, tmp_path, *options: str) -> dict[str, str]:
    target = tmp_path / "out.zip"
    assert govsync("support-bundle", str(target), *options) == (0, f"Written: {target}\n", "")
    return parts(target)


def test_it_holds_what_helps(govsync, desk, tmp_path):
    found = bundle(govsync, tmp_path)
    assert json.loads(found["about.json"])["govsync"]
    assert json.loads(found["settings.json"])["sync.ignore"] == {"value": 2, "source": "user"}
    state = json.loads(found["state.json"])
    assert (state["state"], state["pending"]["up"], state["transferring"]) == ("syncing", 2, 1)
    assert (state["problem_list"], state["notices"]) == ({"quota": 3}, {"busy": 1})
    assert state["hold_list"] == [{"kind": "deletions", "count": 412, "since": AT}]
    assert state["endpoint"] == "https://drive.example.gov"
    examined = {each["check"]: each["result"] for each in json.loads(found["examination.json"])}
    assert examined["folder"] == "FAIL"
    assert (examined["parts"], examined["settings"]) == ("PASS", "WARN")
    lines = found["agent.log"].splitlines()
    assert lines[:2] == ["2026-11-24 13:40:00,123 INFO govsync.agent.main GovSync 0.1.0 begins", "(… 2)"]
    assert "FileNotFoundError" in lines
    assert lines[-1].endswith("the database failed: store_damaged <folder>")
    assert "Segmentation fault" in found["crashes.log"]
    assert "loop.py" in found["crashes.log"]


def test_it_holds_no_name_of_a_file_no_token_and_no_password(govsync, desk, tmp_path):
    for name, text in bundle(govsync, tmp_path).items():
        assert NAME not in text, name
        assert [secret for secret in SECRETS if secret in text] == [], name
    assert stat.S_IMODE((tmp_path / "out.zip").stat().st_mode) == 0o600


def test_names_are_in_it_when_they_are_asked_for_and_secrets_never(govsync, desk, tmp_path):
    found = bundle(govsync, tmp_path, "--names")
    state = json.loads(found["state.json"])
    assert state["transfers"][0]["path"] == f"{NAME}.docx"
    assert [each["path"] for each in state["problem_list"]] == [f"{NAME}/{number}" for number in range(3)]
    assert json.loads(found["settings.json"])["sync.ignore"]["value"] == [f"{NAME}*", "*.tmp"]
    for name, text in found.items():
        assert [secret for secret in SECRETS if secret in text] == [], name


def test_a_file_that_is_there_stays_as_it_is(govsync, desk, tmp_path):
    (tmp_path / "mine.zip").write_text("mine")
    done = govsync("support-bundle", str(tmp_path / "mine.zip"))
    assert (done.code, done.out) == (1, "")
    assert "[exists" in done.err
    assert (tmp_path / "mine.zip").read_text() == "mine"


@pytest.mark.parametrize("damaged", [False, True])
def test_it_is_written_where_nothing_else_works(govsync, home, tmp_path, damaged):
    if damaged:
        home.mkdir()
        (home / "device.json").write_text("{")
    found = bundle(govsync, tmp_path)
    assert json.loads(found["state.json"]) == {"failed": "agent_not_running"}
    examined = json.loads(found["examination.json"])
    assert examined == {"failed": "store_damaged"} if damaged else len(examined) > 5
    assert json.loads(found["settings.json"])["hold.deletions"]["value"] == 200


def test_where_something_lies_is_told_only_with_the_names():
    found = Finding("folder", "PASS", f"/home/kim/{NAME}")
    assert support._finding(found, names=False)["detail"] == support.LEFT_OUT
    assert support._finding(found, names=True)["detail"] == f"/home/kim/{NAME}"
