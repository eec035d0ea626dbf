"""An agent that looks for newer versions at a real place: what it notes, when it looks, and which command it obeys."""

import json
import logging
import shlex
import sys
import threading
from pathlib import Path

import pytest

import govsync
from govsync.agent import doctor, home, updating
from govsync.agent.updating import Updates, noted
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import policy
from govsync.system.places import places
from tests.journeys.site import until
from tests.updates.conftest import operator
from tests.updates.place import KIND, Operator, fetch

__all__ = ["operator"]
DAY_MS = 86_400_000


class Desk:
    """A home whose machine's policy, and whose person, say where newer versions are."""

    def __init__(self, base: Path, operator: Operator) -> None:
        self.base, self.operator = base, operator
        self.places = places({"GOVSYNC_HOME": str(base / "home")})
        self.may, self.kind, self.ahead_ms = True, KIND, 0
        (base / "root.json").write_bytes(operator.root)
        self.policy(update_url=operator.mirror.url, update_root=str(base / "root.json"))

    def policy(self, **keys: object) -> None:
        policy.FOLDER.mkdir(exist_ok=True)
        file = policy.FOLDER / "updates.toml"
        before = file.read_text() if file.exists() else "[app]\n"
        file.write_text(before + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()))

    def updates(self, current: str = "0.1.0") -> Updates:
        return Updates(
            self.places, lambda: home.settings(self.places)[0], self.kind, current, fetch, lambda: self.may,
            lambda: int(self.operator.now.timestamp() * 1000) + self.ahead_ms, self,
        )  # fmt: skip

    def jitter(self) -> float:
        return 0.0

    def look(self, current: str = "0.1.0") -> str:
        self.updates(current).look()
        found = noted(self.places)
        assert found is not None
        return found.code or found.version

    def examined(self) -> tuple[str, str, str]:
        (finding,) = doctor._updates(self.places)
        return finding.result, finding.key, finding.detail


@pytest.fixture
def desk(tmp_path, monkeypatch, operator) -> Desk:
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    monkeypatch.setattr(doctor, "package_kind", lambda: KIND)
    return Desk(tmp_path, operator)


def test_what_is_found_is_noted_and_told_by_doctor(desk, operator, monkeypatch):
    assert desk.examined()[:2] == ("PASS", "not_looked")
    assert desk.look() == ""
    assert desk.examined()[:2] == ("PASS", "newest")
    operator.publish("99.0.0")
    assert desk.look() == "99.0.0"
    assert desk.examined() == (
        "WARN",
        "newer",
        f"version 99.0.0 is there (broad); this is {govsync.__version__}",
    )
    monkeypatch.setattr(govsync, "__version__", "99.0.0")
    assert desk.examined()[:2] == ("PASS", "newest")


def test_a_version_is_only_told_of_and_its_file_is_fetched_for_nobody(desk, operator):
    operator.publish("0.2.0")
    desk.look()
    assert not any(path.endswith(".deb") for path, _ in operator.mirror.asked)


def test_the_channel_of_the_settings_is_looked_at(desk, operator):
    operator.publish("0.3.0", channel="pilot")
    operator.publish("0.2.0")
    assert desk.look() == "0.2.0"
    home.set_setting(desk.places, "app.update_channel", "pilot")
    assert desk.examined()[:2] == ("PASS", "not_looked")
    assert desk.look() == "0.3.0"


def test_a_version_waits_as_long_as_the_settings_say(desk, operator):
    operator.publish("0.2.0")
    desk.policy(update_defer=7)
    assert desk.look() == ""
    desk.ahead_ms = 7 * DAY_MS
    assert desk.look() == "0.2.0"


@pytest.mark.parametrize(
    ("trouble", "what"),
    [
        (lambda desk: next((desk.operator.folder / "targets/broad").glob("*.json")).write_bytes(b"{}"), "content"),
        (lambda desk: (desk.base / "root.json").write_bytes(b""), "root"),
        (lambda desk: desk.policy(update_channel="pilot") or desk.operator.folder.joinpath("metadata/2.pilot.json").write_bytes(b"{"), "malformed"),
    ],
    ids=["list", "root", "statement"],
)  # fmt: skip
def test_trouble_is_noted_said_once_and_stops_nothing(desk, caplog, trouble, what):
    trouble(desk)
    for file in (desk.operator.folder / "targets/broad").glob("*.json"):
        if what == "content":
            file.write_bytes(b"{}")
    updates = desk.updates()
    with caplog.at_level(logging.WARNING, logger=updating.__name__):
        updates.look()
        updates.look()
    said = [record for record in caplog.records if record.name == updating.__name__]
    assert [record.args for record in said] == [(Code.UPDATE_REFUSED, {"what": what})]
    result, key, detail = desk.examined()
    assert (result, key) == ("WARN", Code.UPDATE_REFUSED)
    assert f"({what})" in detail


def test_a_root_of_trust_that_is_not_there_is_noted(desk):
    (desk.base / "root.json").unlink()
    assert desk.look() == Code.GONE


def test_nothing_is_asked_on_a_line_that_costs_nor_where_nobody_is_to_look(desk, operator):
    desk.may = False
    desk.updates().look()
    desk.may, desk.kind = True, None
    desk.updates().look()
    assert (operator.mirror.asked, noted(desk.places)) == ([], None)


def test_a_desk_whose_package_somebody_keeps_says_so(desk, monkeypatch):
    monkeypatch.setattr(doctor, "package_kind", lambda: None)
    assert desk.examined()[:2] == ("PASS", "kept")


def test_a_desk_without_a_place_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    (finding,) = doctor._updates(places({"GOVSYNC_HOME": str(tmp_path / "home")}))
    assert (finding.result, finding.key) == ("PASS", "no_updates")


def installer(base: Path, code: int = 0) -> list[str]:
    """A command that notes what it was given, a line each time."""
    script = f"import sys; open({str(base / 'given')!r}, 'a').write(open(sys.argv[1]).read() + chr(10)); sys.exit({code})"
    return [sys.executable, "-c", script]


def given(desk: Desk) -> list[str]:
    file = desk.base / "given"
    return file.read_text().splitlines() if file.exists() else []


def test_the_command_of_policy_is_given_each_version_once(desk, operator):
    desk.policy(update_command=installer(desk.base))
    operator.publish("0.2.0", b"two")
    desk.look()
    desk.look()
    assert given(desk) == ["two"]
    operator.publish("0.3.0", b"three")
    assert desk.look() == "0.3.0"
    assert given(desk) == ["two", "three"]


def test_a_command_under_which_this_process_begins_anew_is_not_given_the_version_again(
    desk, operator, monkeypatch
):
    desk.policy(update_command=installer(desk.base))
    operator.publish("0.2.0", b"two")

    def exchanged(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(updating, "_install", exchanged)
        with pytest.raises(SystemExit):
            desk.look()
    assert desk.look() == "0.2.0"
    assert given(desk) == []


def test_a_command_that_fails_is_noted_and_tried_again_at_the_next_look(desk, operator):
    desk.policy(update_command=installer(desk.base, code=7))
    operator.publish("0.2.0", b"two")
    desk.look()
    assert desk.examined()[:2] == ("WARN", Code.UPDATE_REFUSED)
    desk.look()
    assert given(desk) == ["two", "two"]


def test_a_command_is_given_no_file_of_other_bytes(desk, operator):
    desk.policy(update_command=installer(desk.base))
    operator.publish("0.2.0", b"two").write_bytes(b"bad")
    assert desk.look() == Code.UPDATE_REFUSED
    assert given(desk) == []


@pytest.mark.parametrize("key", ["update_command", "update_url", "update_root"])
def test_nobody_but_the_machine_s_policy_has_a_command_run(desk, operator, key):
    """Not a person's own settings, nor a place or a root of theirs, which would have policy's command install anything."""
    keys = {
        "update_command": installer(desk.base),
        "update_url": operator.mirror.url,
        "update_root": str(desk.base / "root.json"),
    }
    (policy.FOLDER / "updates.toml").unlink()
    desk.policy(**{name: value for name, value in keys.items() if name != key})
    mine = keys[key]
    home.set_setting(desk.places, f"app.{key}", mine if isinstance(mine, str) else shlex.join(mine))
    operator.publish("0.2.0", b"two")
    assert desk.look() == "0.2.0"
    assert given(desk) == []


def test_it_looks_when_it_is_woken_and_ends_when_it_is_asked_to(desk, operator):
    operator.publish("0.2.0")
    updates = desk.updates()
    updates.start()
    updates.wake()
    until(lambda: noted(desk.places) is not None, "a look")
    updates.stop()
    updates._thread.join(30)
    assert "updates" not in [thread.name for thread in threading.enumerate()]


def test_what_was_noted_by_another_time_is_nothing(desk):
    desk.places.home.mkdir(parents=True)
    (desk.places.home / "updates.json").write_bytes(b"\xff[")
    assert noted(desk.places) is None
    assert desk.look() == ""


def test_a_note_that_cannot_be_written_is_no_end(desk, monkeypatch, caplog):
    def full(*_: object) -> None:
        raise Failure(Code.DISK_FULL)

    monkeypatch.setattr(updating, "replace_file", full)
    updates = desk.updates()
    updates.start()
    updates.wake()
    until(lambda: any("disk_full" in record.getMessage() for record in caplog.records), "a word of it")
    assert updates._thread.is_alive()
    updates.stop()
    updates._thread.join(30)
