"""`govsync admin`: organisations, people, and the health of the data; works while the server runs."""

from pathlib import Path

import click

from govsync.cli.fleet import device, fleet
from govsync.cli.opening import changing, looking, opened, where
from govsync.cli.output import FAILED, as_json, end, failures, password_from_stdin, show_json, show_rows


@click.group()
def admin() -> None:
    """Administers the endpoint's people and data.

    Example: govsync admin org add "Ministry of the Interior"
    """


@admin.group()
def org() -> None:
    """Organisations. Example: govsync admin org add NAME"""


@org.command("add")
@click.argument("name")
@where
@failures
def org_add(name: str, data: Path | None, database: str, blobs: str) -> None:
    """Adds an organisation. Example: govsync admin org add "Ministry of Health\""""
    from govsync.server import directory

    with changing(data, database, blobs) as (server, tx):
        directory.add_organisation(server, tx, name)


@org.command("share")
@click.argument("name")
@click.option(
    "--with",
    "shares_with",
    required=True,
    multiple=True,
    help="anyone, nobody, or ORG[,ORG…]; may be repeated.",
)
@where
@failures
def org_share(name: str, shares_with: tuple[str, ...], data: Path | None, database: str, blobs: str) -> None:
    """Decides with whom an organisation's people may share, and who may see them. Example: govsync admin org share Health
    --with "Interior,Foreign Affairs\""""
    from govsync.server import policy

    with changing(data, database, blobs) as (server, tx):
        policy.decide(server, tx, name, shares_with)


@org.group("policy")
def org_policy() -> None:
    """What an organisation fixes of its people's desks. Example: govsync admin org policy list Health"""


@org_policy.command("set")
@click.argument("name")
@click.argument("key")
@click.argument("value")
@where
@failures
def org_policy_set(name: str, key: str, value: str, data: Path | None, database: str, blobs: str) -> None:
    """Fixes a setting on the desks of an organisation's people; a policy of their machine beats it.

    Not every setting: none that says where files lie or where they go, and none that makes a guard weaker. Desks take it
    within seconds, or when they have a line again.

    Example: govsync admin org policy set Health network.upload_limit "2 MB"
    """
    from govsync.server import fixed

    with changing(data, database, blobs) as (server, tx):
        fixed.fix(server, tx, name, key, value)


@org_policy.command("unset")
@click.argument("name")
@click.argument("key")
@where
@failures
def org_policy_unset(name: str, key: str, data: Path | None, database: str, blobs: str) -> None:
    """Leaves a setting to the people again. Example: govsync admin org policy unset Health network.upload_limit"""
    from govsync.server import fixed

    with changing(data, database, blobs) as (server, tx):
        fixed.release(server, tx, name, key)


@org_policy.command("list")
@click.argument("name")
@as_json
@where
@failures
def org_policy_list(name: str, as_json: bool, data: Path | None, database: str, blobs: str) -> None:
    """Lists what an organisation fixes. Example: govsync admin org policy list Health --json"""
    from govsync.server import fixed

    with looking(data, database, blobs) as tx:
        rows = fixed.listed(tx, name)
    show_json(rows) if as_json else show_rows(
        [{"key": row.key, "value": row.value} for row in rows], ("key", "value"), "Nothing is fixed."
    )


@admin.group()
def division() -> None:
    """Divisions. Example: govsync admin division add "Ministry/Planning\""""


@division.command("add")
@click.argument("path")
@where
@failures
def division_add(path: str, data: Path | None, database: str, blobs: str) -> None:
    """Adds a division, with its team space. Example: govsync admin division add "Ministry/Planning\""""
    from govsync.server import directory

    with changing(data, database, blobs) as (server, tx):
        directory.add_division(server, tx, path)


@admin.group()
def user() -> None:
    """People. Example: govsync admin user list"""


@user.command("add")
@click.argument("login")
@click.option("--name", required=True, help="The person's name.")
@click.option("--org", "path", required=True, help="ORG[/DIVISION…]")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@where
@failures
def user_add(
    login: str, name: str, path: str, password_stdin: bool, data: Path | None, database: str, blobs: str
) -> None:
    """Adds a person. Example: govsync admin user add anna --name "Anna Kim" --org Ministry/Planning --password-stdin"""
    from govsync.server import accounts, directory

    password = (
        password_from_stdin() if password_stdin else click.prompt("Password", hide_input=True, err=True)
    )
    with changing(data, database, blobs) as (server, tx):
        added = directory.add_user(server, tx, login, name, path)
        accounts.set_password(server, tx, added, password)


@user.command("list")
@as_json
@where
@failures
def user_list(as_json: bool, data: Path | None, database: str, blobs: str) -> None:
    """Lists all people. Example: govsync admin user list --json"""
    from govsync.server import directory

    with looking(data, database, blobs) as tx:
        rows = directory.users(tx)
    columns = ("login", "name", "org", "state", "fleet")
    shown = [row | {"fleet": "looks after it" if row["fleet"] else ""} for row in rows]
    show_json(rows) if as_json else show_rows(shown, columns, "There is nobody yet.")


@user.command("disable")
@click.argument("login")
@where
@failures
def user_disable(login: str, data: Path | None, database: str, blobs: str) -> None:
    """Shuts a person out at once; nothing is deleted. Example: govsync admin user disable anna"""
    from govsync.server import directory

    with changing(data, database, blobs) as (server, tx):
        directory.set_user_state(server, tx, login, "disabled")


@user.command("fleet")
@click.argument("login")
@click.option("--on/--off", "has", required=True, default=None, help="Whether this person looks after it.")
@where
@failures
def user_fleet(login: str, has: bool, data: Path | None, database: str, blobs: str) -> None:
    """Lets a person look after the devices of their own organisation in the browser: see them, sign them out, have them wiped.
    Example: govsync admin user fleet kim --on"""
    from govsync.server import fleet_right

    with changing(data, database, blobs) as (server, tx):
        fleet_right.decide(server, tx, login, has)


@user.command("hand-over")
@click.argument("login")
@click.option("--to", required=True, metavar="LOGIN", help="Who manages it from then on.")
@where
@failures
def user_hand_over(login: str, to: str, data: Path | None, database: str, blobs: str) -> None:
    """Gives somebody else what a person shared who is not there any more, and lists it: every shared folder that is that
    person's, or that nobody else manages. Example: govsync admin user hand-over anna --to boris"""
    from govsync.server import handover

    with changing(data, database, blobs) as (server, tx):
        names = handover.hand_over(server, tx, login, to)
    click.echo("\n".join(names) if names else "There is nothing to hand over.")


@admin.group()
def group() -> None:
    """Groups. Example: govsync admin group add Budget"""


@group.command("add")
@click.argument("name")
@where
@failures
def group_add(name: str, data: Path | None, database: str, blobs: str) -> None:
    """Adds a group. Example: govsync admin group add Budget"""
    from govsync.server import directory

    with changing(data, database, blobs) as (server, tx):
        directory.add_group(server, tx, name)


@group.group("member")
def group_member() -> None:
    """Members of groups. Example: govsync admin group member add Budget anna"""


@group_member.command("add")
@click.argument("name")
@click.argument("login")
@where
@failures
def group_member_add(name: str, login: str, data: Path | None, database: str, blobs: str) -> None:
    """Adds a person to a group. Example: govsync admin group member add Budget anna"""
    from govsync.server import directory

    with changing(data, database, blobs) as (server, tx):
        directory.add_to_group(server, tx, name, login)


@admin.group()
def quota() -> None:
    """How much people and divisions may store. Example: govsync admin quota list"""


@quota.command("set")
@click.argument("whom", metavar="LOGIN|ORG/DIVISION")
@click.argument("size", metavar="SIZE|none")
@where
@failures
def quota_set(whom: str, size: str, data: Path | None, database: str, blobs: str) -> None:
    """Says how much may be stored that is charged to a person or a division; nothing that is stored already is removed.
    Example: govsync admin quota set anna 50GiB"""
    from govsync.server import quota as quotas
    from govsync.settings.schema import size as read

    try:
        quota_bytes = quotas.NONE if size.strip().lower() == "none" else read(size)
    except (ValueError, KeyError) as error:
        raise click.UsageError(f"not a size: {size}") from error
    if quota_bytes == quotas.NONE and size.strip().lower() != "none":
        raise click.UsageError("a quota is at least one byte; to have none, say none")
    with changing(data, database, blobs) as (server, tx):
        quotas.decide(server, tx, whom, quota_bytes)


@quota.command("list")
@as_json
@where
@failures
def quota_list(as_json: bool, data: Path | None, database: str, blobs: str) -> None:
    """Lists who has a quota, and how much of it is used. Example: govsync admin quota list --json"""
    from govsync.server import quota as quotas

    with looking(data, database, blobs) as tx:
        rows = quotas.limited(tx)
    columns = ("owner", "name", "used_bytes", "quota_bytes")
    show_json(rows) if as_json else show_rows(rows, columns, "Nobody has a quota.")


@admin.command()
@click.option(
    "--repair", is_flag=True, help="Ask damaged contents back from desks; nothing is ever destroyed."
)
@where
@failures
def check(repair: bool, data: Path | None, database: str, blobs: str) -> None:
    """Verifies every content, manifest and journal. Example: govsync admin check --data /srv/govsync"""
    from govsync.server.check import check as verify

    server = opened(data, database, blobs)
    found = verify(server, repair=repair)
    for damage in found:
        click.echo(f"{damage.what}  {damage.where}  {damage.advice}")
    if found:
        end(FAILED)
    click.echo("sound")


@admin.command()
@where
@failures
def collect(data: Path | None, database: str, blobs: str) -> None:
    """Removes contents that nothing needs any more. Example: govsync admin collect --data /srv/govsync"""
    from govsync.server.upkeep import tidy

    server = opened(data, database, blobs)
    done = tidy(server)
    click.echo(f"{done.chunks} pieces, {done.packs} packs, {done.size_bytes} bytes")


@admin.command()
@where
@failures
def restored(data: Path | None, database: str, blobs: str) -> None:
    """Says that this database is a restored copy: desks then unite with it. Example: govsync admin restored"""
    from govsync.server import epochs

    epochs.restored(opened(data, database, blobs))


admin.add_command(fleet)
admin.add_command(device)

COMMANDS = {"admin": admin}
