"""Commands about this device: sign-in, folder, the agent, its status, questions and settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govsync.cli import home, parameters
from govsync.cli.home import asked, here
from govsync.cli.output import (
    DONE,
    FAILED,
    KEPT_BACK,
    TIMED_OUT,
    as_json,
    end,
    failures,
    password_from_stdin,
    plain,
    show_json,
    show_line,
    show_rows,
)
from govsync.control import messages
from govsync.control.messages import Waited
from govsync.model.activity import ProblemRow
from govsync.model.languages import Language
from govsync.model.status import State, Status
from govsync.settings.merge import Effective
from govsync.system.process import collect_seldom, environment
from govsync.text import sentences, units
from govsync.text.catalog import counted, said, speaking
from govsync.text.units import shown_name

if TYPE_CHECKING:
    from govsync.agent.doctor import Finding
    from govsync.system.assumptions import Tried


def _address(_: click.Context, __: click.Parameter, text: str | None) -> str:
    """Takes the address that is given, else the one of the settings, which a policy may have fixed."""
    if text is None:
        text = str(_settings()["endpoint.url"].value)
        if not text:
            raise click.UsageError("--endpoint is needed, since no setting names the server (endpoint.url)")
    if not text.startswith(("https://", "http://")):
        raise click.BadParameter(f"{text!r} does not begin with https://")
    return text


@click.command()
@click.option("--endpoint", callback=_address, help="The server's address; without it, that of endpoint.url.")
@click.option("--user", "login_name", required=True, help="The account's name (built-in accounts).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--folder-later", is_flag=True, help="Take no folder yet; `govsync folder set` chooses it.")
@failures
def login(endpoint: str, login_name: str, password_stdin: bool, folder_later: bool) -> None:
    """Registers this device and signs in.

    Example: govsync login --endpoint https://drive.example.gov --user anna --password-stdin
    """
    if password_stdin:
        password = password_from_stdin()
    else:
        password = click.prompt("Password", hide_input=True, err=True)
    from govsync.agent.accounts import sign_in

    with home.stopped():
        sign_in(here(), endpoint, login_name, password, folder_later)


@click.command()
@click.option(
    "--remove-files", is_flag=True, help="Remove the files that are safely on the endpoint; all others stay."
)
@failures
def logout(remove_files: bool) -> None:
    """Ends this device's session; all files stay, unless they are to be removed.

    Removed is only what the endpoint, asked at that moment, has just so; what is not sent yet stays, and is named.

    Example: govsync logout
    """
    from govsync.agent.accounts import sign_out

    unsent = asked(messages.GetStatus()).pending.up if home.is_running() else None
    with home.stopped():
        removed = sign_out(here(), remove_files)
    told = [] if unsent is None else [said("Not sent yet: {count}.", count=unsent)]
    if removed is None:
        click.echo(" ".join([said("Signed out."), *told, said("All files stay where they are.")]))
        return
    went = counted("{count} file was removed.", "{count} files were removed.", removed.count)
    stayed = [counted("{count} stays here.", "{count} stay here.", removed.left)] if removed.left else []
    click.echo(" ".join([said("Signed out."), *told, went, *stayed]))
    for path in removed.left_paths:
        click.echo(said("Stays: {path}", path=shown_name(path)))


@click.group()
def folder() -> None:
    """The synced folder. Example: govsync folder set ~/GovSync"""


@folder.command("set")
@click.argument("path", type=click.Path(path_type=Path))
@failures
def folder_set(path: Path) -> None:
    """Chooses the synced folder; what lies in it is kept and joined with what the server has.

    Example: govsync folder set ~/GovSync
    """
    from govsync.agent.accounts import set_folder
    from govsync.agent.neighbours import other_program

    with home.stopped():
        fitness = set_folder(here(), path)
    if fitness.network is not None:
        click.echo(said(sentences.WEAK_DISK, kind=fitness.network))
    other = other_program(path.expanduser().absolute())
    if other is not None:
        click.echo(said(sentences.OTHER_PROGRAM, program=other[0], folder=shown_name(str(other[1]))))


@click.command()
@failures
def run() -> None:
    """Runs the agent in the foreground. Example: govsync run"""
    collect_seldom()
    from govsync.agent.main import run_agent

    # Whoever asks the agent says its answers anew, in a language of their own.
    with speaking(Language.ENGLISH):
        run_agent(here(), log_to_terminal=environment().get("GOVSYNC_LOG") == "stderr")


@click.command()
@failures
def start() -> None:
    """Starts the agent in the background. Example: govsync start"""
    home.start()


@click.command()
@failures
def stop() -> None:
    """Stops the agent. Example: govsync stop"""
    home.stop()


@click.command()
@failures
def restart() -> None:
    """Stops the agent and starts it again. Example: govsync restart"""
    if home.is_running():
        home.stop()
    home.start()


@click.command()
@as_json
@failures
def status(as_json: bool) -> None:
    """Says how this desk is. Example: govsync status --json"""
    found = asked(messages.GetStatus())
    if as_json:
        show_json(found)
        return
    show_line(sentences.status_sentence(found), found.state)
    show_rows([{"what": what, "is": text} for what, text in _facts(found).items()], ("what", "is"), "")
    for notice in found.notices:
        click.echo(_notice(notice))


def _notice(notice: ProblemRow) -> str:
    return f"{shown_name(notice.path)}: {sentences.message(notice)} {sentences.todo(notice)}"


def _facts(found: Status) -> dict[str, str]:
    pending, rate = found.pending, found.rate
    changed = units.shown_moment(found.last_change, None) if found.last_change else said("none yet")
    checked = units.shown_moment(found.checked_at, None) if found.checked_at else said("not yet")
    over = found.session_over
    ended = {said("signed out"): units.shown_moment(over.at, None)} if over is not None else {}
    as_whom = said("{endpoint} as {account}", endpoint=found.endpoint, account=found.account)
    return {
        said("folder"): found.folder,
        said("endpoint"): as_whom if found.endpoint else said("none"),
        said("pending"): said(
            "{up} up ({size_up}), {down} down ({size_down})",
            up=pending.up, size_up=units.size(pending.bytes_up),
            down=pending.down, size_down=units.size(pending.bytes_down),
        ),
        said("rate"): said("{up}/s up, {down}/s down", up=units.size(rate.up), down=units.size(rate.down)),
        said("attention"): said(
            "{problems} problems, {holds} questions, {waiting} waiting, {skipped} left alone",
            problems=found.problems, holds=found.holds, waiting=found.waiting, skipped=found.skipped,
        ),
        said("last change"): changed,
        said("checked"): checked,
        **ended,
    }  # fmt: skip


@click.command()
@click.option("--timeout", type=click.FloatRange(min=0), help="Give up after so many seconds.")
@failures
def wait(timeout: float | None) -> None:
    """Returns when everything is in sync: 0; 2 on time-out; 4 where something waits for a person, or nobody is signed in.

    Also 4 where only documents are left that programs have kept open for more than 10 s; standard error names them.

    Example: govsync wait --timeout 60
    """
    ended = asked(messages.Wait(timeout_s=timeout), None)
    if ended is Waited.KEPT_BACK:
        found = asked(messages.GetStatus())
        if found.state is State.SIGNED_OUT:
            click.echo(sentences.status_sentence(found), err=True)
        for notice in found.notices:
            click.echo(_notice(notice), err=True)
    end({Waited.DONE: DONE, Waited.KEPT_BACK: KEPT_BACK, Waited.TIMED_OUT: TIMED_OUT}[ended])


@click.command()
@click.argument("duration", required=False, callback=parameters.duration)
@failures
def pause(duration: int | None) -> None:
    """Pauses, for a while or until `resume`. Example: govsync pause 2h"""
    asked(messages.Pause(seconds=duration))


@click.command()
@failures
def resume() -> None:
    """Goes on after a pause. Example: govsync resume"""
    asked(messages.Resume())


@click.command("sync-now")
@failures
def sync_now() -> None:
    """Looks at everything now. Example: govsync sync-now"""
    asked(messages.SyncNow())


@click.command()
@as_json
@failures
def problems(as_json: bool) -> None:
    """Lists what a person has to know or decide. Example: govsync problems"""
    rows = asked(messages.ListProblems())
    if as_json:
        show_json(rows)
    else:
        shown = [
            {"path": row.path, "is": sentences.message(row), "todo": sentences.todo(row)} for row in rows
        ]
        show_rows(shown, ("path", "is", "todo"), "There are no problems.")


@click.command()
@as_json
@failures
def holds(as_json: bool) -> None:
    """Lists questions that wait for an answer. Example: govsync holds"""
    rows = asked(messages.ListHolds())
    if as_json:
        show_json(rows)
        return
    shown = [{"id": row.id, "since": row.since, "question": sentences.question(row)} for row in rows]
    show_rows(shown, ("id", "since", "question"), "There are no questions.")
    for row in rows:
        for sent in row.sent:
            click.echo(
                said(
                    "Gone before the question: {path}. Bring it back: {command}",
                    path=shown_name(sent.path), command=sentences.way_back(row, sent),
                )
            )  # fmt: skip
    if rows:
        click.echo(said("Let them go: govsync approve ID. Take them back: govsync reject ID."))


@click.command()
@click.argument("id", required=False)
@failures
def approve(id: str | None) -> None:
    """Lets a question's operations go; without an ID, those of all. Example: govsync approve 3"""
    asked(messages.Approve(id=id))


@click.command()
@click.argument("id", required=False)
@failures
def reject(id: str | None) -> None:
    """Takes a question's operations back; without an ID, those of all. Example: govsync reject 3"""
    asked(messages.Reject(id=id))


@click.command()
@as_json
@click.option(
    "--limit",
    type=click.IntRange(1, messages.MOST_ROWS),
    default=50,
    show_default=True,
    help="How many rows.",
)
@click.option(
    "--shared",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="What the server tells of this shared folder: also who was given it, and links.",
)
@failures
def activity(as_json: bool, limit: int, shared: Path | None) -> None:
    """Lists what happened, newest first. Example: govsync activity --limit 20"""
    if shared is None:
        rows = asked(messages.ListActivity(limit=limit))
    else:
        rows = asked(messages.ListShareActivity(path=parameters.absolute(shared), limit=limit))
    if as_json:
        show_json(rows)
        return
    shown = [
        {
            "at": row.at,
            "who": row.user,
            "what": f"{sentences.happened(row)} {sentences.detail(row)}".strip(),
            "path": row.path,
        }
        for row in rows
    ]
    show_rows(shown, ("at", "who", "what", "path"), "Nothing has happened yet.")


@click.group(invoke_without_command=True)
@as_json
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
        rows = [
            {"key": key, "value": plain(each.value), "source": each.source} for key, each in found.items()
        ]
        show_rows(rows, ("key", "value", "source"), "")


def _settings() -> dict[str, Effective]:
    from govsync.agent.home import settings as effective

    return effective(here())[0]


@settings.command("get")
@click.argument("key")
@failures
def settings_get(key: str) -> None:
    """Prints one setting's value. Example: govsync settings get hold.deletions"""
    from govsync.settings.schema import find

    click.echo(plain(_settings()[find(key).key].value))


@settings.command("set")
@click.argument("key")
@click.argument("value")
@failures
def settings_set(key: str, value: str) -> None:
    """Sets a setting. Example: govsync settings set network.upload_limit 5MB"""
    if home.is_running():
        asked(messages.SetSetting(key=key, value=value))
    else:
        from govsync.agent.home import set_setting

        set_setting(here(), key, value)


@click.command()
@click.option(
    "--self-test",
    is_flag=True,
    help="Try what GovSync takes for granted of this system, in a temporary folder.",
)
@as_json
@failures
def doctor(self_test: bool, as_json: bool) -> None:
    """Checks folder, disk, clock, certificate, proxy, endpoint, keyring, watcher.

    With --self-test, what GovSync takes for granted of this system: a line each, and 4 where something is not so.

    Example: govsync doctor
    """
    found: Sequence[Finding | Tried]
    if self_test:
        from govsync.system.assumptions import try_all

        found = list(try_all())
    else:
        from govsync.agent.doctor import examine

        found = examine(here(), environment())
    if as_json:
        show_json(found)
    else:
        show_rows(found, ("result", "check", "detail"), "")
    if any(finding.result == "FAIL" for finding in found):
        end(KEPT_BACK if self_test else FAILED)


@click.command("support-bundle")
@click.argument("out", metavar="OUT.zip", type=click.Path(path_type=Path))
@click.option("--names", is_flag=True, help="Put names of files and folders into it, too.")
@failures
def support_bundle(out: Path, names: bool) -> None:
    """Writes what IT support needs into a file: no names of files, unless asked for, and no secrets.

    Versions, settings, what `doctor` finds, how the desk is, and the last lines of the log.

    Example: govsync support-bundle support.zip
    """
    from govsync.agent import support
    from govsync.system.durable import new_file

    target = Path(parameters.absolute(out))
    with new_file(target, 0o600) as file:
        support.write(here(), environment(), file, names)
    click.echo(said("Written: {path}", path=units.shown_name(str(target))))


COMMANDS = {
    "login": login, "logout": logout, "folder": folder, "run": run, "start": start, "stop": stop, "restart": restart,
    "status": status, "wait": wait, "pause": pause, "resume": resume, "sync-now": sync_now, "problems": problems,
    "holds": holds, "approve": approve, "reject": reject, "activity": activity, "settings": settings, "doctor": doctor,
    "support-bundle": support_bundle,
}  # fmt: skip
