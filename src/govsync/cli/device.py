"""Commands about this device: sign-in, folder, the agent, its status, questions and settings."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from govsync.cli.output import (
    FAILED,
    KEPT_BACK,
    TIMED_OUT,
    end,
    failures,
    password_from_stdin,
    show_json,
    show_rows,
)
from govsync.control.client import ask
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.places import Places, places

START_S = 30.0
STOP_S = 10.0


def here() -> Places:
    """Answers the places of this home."""
    return places(os.environ)


def asked(command: str, timeout_s: float | None = 60, **arguments: object) -> Any:
    """Asks the running agent."""
    return ask(here().socket, command, timeout_s, **arguments)


def _running() -> bool:
    try:
        asked("status")
    except Failure as failure:
        if failure.code is Code.AGENT_NOT_RUNNING:
            return False
        raise
    return True


@click.command()
@click.option("--endpoint", required=True, help="The server's address.")
@click.option("--user", "login_name", help="The account's name (built-in accounts).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@failures
def login(endpoint: str, login_name: str | None, password_stdin: bool) -> None:
    """Registers this device and signs in.

    Example: govsync login --endpoint https://drive.example.gov --user anna --password-stdin
    """
    if login_name is None:
        raise Failure(Code.BAD_REQUEST, what="--user: sign-in in the browser is not offered by this version")
    password = (
        password_from_stdin() if password_stdin else click.prompt("Password", hide_input=True, err=True)
    )
    from govsync.agent.accounts import sign_in

    was_running = _running()
    if was_running:
        _stop()
    sign_in(here(), endpoint, login_name, password)
    if was_running:
        _start()


@click.command()
@failures
def logout() -> None:
    """Ends this device's session; all files stay. Example: govsync logout"""
    from govsync.agent.accounts import sign_out

    unsent = 0
    if _running():
        unsent = asked("status")["pending"]["up"]
        _stop()
    sign_out(here())
    click.echo(f"Signed out. Not sent yet: {unsent}. All files stay where they are.")


@click.group()
def folder() -> None:
    """The synced folder. Example: govsync folder set ~/GovSync"""


@folder.command("set")
@click.argument("path", type=click.Path(path_type=Path))
@failures
def folder_set(path: Path) -> None:
    """Chooses the synced folder. Example: govsync folder set ~/GovSync"""
    from govsync.agent.accounts import set_folder

    was_running = _running()
    if was_running:
        _stop()
    set_folder(here(), path)
    if was_running:
        _start()


@click.command()
@failures
def run() -> None:
    """Runs the agent in the foreground. Example: govsync run"""
    from govsync.agent.main import run_agent

    run_agent(here(), foreground=True)


def _start() -> None:
    if _running():
        return
    here().logs.mkdir(parents=True, exist_ok=True)
    with (here().logs / "start.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "govsync.cli.main", "run"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    limit = time.monotonic() + START_S
    while time.monotonic() < limit:
        if _running():
            return
        if child.poll() is not None:
            reason = (here().logs / "start.log").read_text(errors="replace").strip().splitlines()
            click.echo(reason[-1] if reason else "govsync: it ended at once", err=True)
            end(FAILED)
        time.sleep(0.02)
    raise Failure(Code.TIMED_OUT)


def _stop() -> None:
    asked("stop")
    limit = time.monotonic() + STOP_S
    while time.monotonic() < limit:
        if not _running():
            return
        time.sleep(0.02)
    raise Failure(Code.TIMED_OUT)


@click.command()
@failures
def start() -> None:
    """Starts the agent in the background. Example: govsync start"""
    _start()


@click.command()
@failures
def stop() -> None:
    """Stops the agent. Example: govsync stop"""
    _stop()


@click.command()
@failures
def restart() -> None:
    """Stops the agent and starts it again. Example: govsync restart"""
    if _running():
        _stop()
    _start()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def status(as_json: bool) -> None:
    """Says how this desk is. Example: govsync status --json"""
    found = asked("status")
    if as_json:
        show_json(found)
        return
    pending = found["pending"]
    click.echo(f"{found['state'].replace('_', ' ')}")
    rows = [
        {"what": "folder", "is": found["folder"]},
        {"what": "endpoint", "is": f"{found['endpoint']} as {found['account']}"},
        {"what": "pending", "is": f"{pending['up']} up, {pending['down']} down"},
        {
            "what": "problems",
            "is": f"{found['problems']} problems, {found['holds']} questions, {found['skipped']} left alone",
        },
        {"what": "last change", "is": found["last_change"] or "none yet"},
        {"what": "checked", "is": found["checked_at"] or "not yet"},
    ]
    show_rows(rows, ("what", "is"), "")


@click.command()
@click.option("--timeout", type=float, help="Give up after so many seconds.")
@failures
def wait(timeout: float | None) -> None:
    """Returns when everything is in sync: 0; 2 on time-out; 4 where something waits for a person.

    Example: govsync wait --timeout 60
    """
    found = asked("wait", None, timeout=timeout)
    end({"done": 0, "kept_back": KEPT_BACK, "timed_out": TIMED_OUT}[found])


@click.command()
@click.argument("duration", required=False)
@failures
def pause(duration: str | None) -> None:
    """Pauses, for a while or until `resume`. Example: govsync pause 2h"""
    asked("pause", seconds=None if duration is None else _seconds(duration))


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([smhd]?)", text.strip().lower())
    if found is None:
        raise click.BadParameter(f"{text!r} is no duration (90s, 30m, 2h, 1d)")
    return int(found[1]) * {"": 60, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]


@click.command()
@failures
def resume() -> None:
    """Goes on after a pause. Example: govsync resume"""
    asked("resume")


@click.command("sync-now")
@failures
def sync_now() -> None:
    """Looks at everything now. Example: govsync sync-now"""
    asked("sync_now")


def _listing(
    command: str, columns: tuple[str, ...], nothing: str, as_json: bool, **arguments: object
) -> None:
    rows = asked(command, 60, **arguments)
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, columns, nothing)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def problems(as_json: bool) -> None:
    """Lists what a person has to know or decide. Example: govsync problems"""
    _listing("problems", ("path", "message", "action"), "There are no problems.", as_json)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def holds(as_json: bool) -> None:
    """Lists questions that wait for an answer. Example: govsync holds"""
    _listing("holds", ("id", "kind", "count", "since"), "There are no questions.", as_json)


@click.command()
@click.argument("id", required=False)
@failures
def approve(id: str | None) -> None:
    """Lets a question's operations go. Example: govsync approve 3"""
    asked("approve", id=id)


@click.command()
@click.argument("id", required=False)
@failures
def reject(id: str | None) -> None:
    """Takes a question's operations back. Example: govsync reject 3"""
    asked("reject", id=id)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--limit", default=50, show_default=True, help="How many rows.")
@failures
def activity(as_json: bool, limit: int) -> None:
    """Lists what happened, newest first. Example: govsync activity --limit 20"""
    _listing("activity", ("at", "user", "detail", "path"), "Nothing has happened yet.", as_json, limit=limit)


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
@failures
def settings(ctx: click.Context, as_json: bool) -> None:
    """Lists every setting with its value and source. Example: govsync settings set hold.deletions 500"""
    if ctx.invoked_subcommand is not None:
        return
    found = _settings()
    if as_json:
        show_json(found)
    else:
        rows = [{"key": key, **each} for key, each in found.items()]
        show_rows(rows, ("key", "value", "source"), "")


def _settings() -> dict[str, dict[str, Any]]:
    from govsync.agent import home

    effective, _ = home.settings(here())
    return {key: msgspec.to_builtins(value) for key, value in effective.items()}


@settings.command("get")
@click.argument("key")
@failures
def settings_get(key: str) -> None:
    """Prints one setting's value. Example: govsync settings get hold.deletions"""
    found = _settings()
    if key not in found:
        raise Failure(Code.SETTING_UNKNOWN, name=key)
    value = found[key]["value"]
    click.echo(
        "\n".join(value)
        if isinstance(value, list)
        else str(value).lower()
        if isinstance(value, bool)
        else value
    )


@settings.command("set")
@click.argument("key")
@click.argument("value")
@failures
def settings_set(key: str, value: str) -> None:
    """Sets a setting. Example: govsync settings set network.upload_limit 5MB"""
    if _running():
        asked("set_setting", key=key, value=value)
    else:
        from govsync.agent import home

        home.set_setting(here(), key, value)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def doctor(as_json: bool) -> None:
    """Checks folder, disk, clock, certificate, proxy, endpoint, keyring, watcher. Example: govsync doctor"""
    from govsync.agent.doctor import examine

    rows = [msgspec.to_builtins(finding) for finding in examine(here(), os.environ)]
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, ("result", "check", "detail"), "")
    if any(row["result"] == "FAIL" for row in rows):
        end(FAILED)


COMMANDS = {
    "login": login, "logout": logout, "folder": folder, "run": run, "start": start, "stop": stop, "restart": restart,
    "status": status, "wait": wait, "pause": pause, "resume": resume, "sync-now": sync_now, "problems": problems,
    "holds": holds, "approve": approve, "reject": reject, "activity": activity, "settings": settings, "doctor": doctor,
}  # fmt: skip
