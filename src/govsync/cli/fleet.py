"""`govsync admin fleet` and `govsync admin device`: all devices as IT sees them, and what is ordered of one."""

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from govsync.cli.opening import changing, looking, where
from govsync.cli.output import FAILED, as_json, end, failures, show_json, show_rows

_device = click.argument("device", metavar="DEVICE")
"""A device, by its id or by a name that no other has."""


@click.command()
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for spreadsheets.")
@click.option("--state", metavar="STATE", help="Only devices in this state, as in the list.")
@click.option("--older-than", metavar="VERSION", help="Only those that told of an older version.")
@where
@failures
def fleet(
    as_json: bool,
    as_csv: bool,
    state: str | None,
    older_than: str | None,
    data: Path | None,
    database: str,
    blobs: str,
) -> None:
    """Lists all devices with their people; what a device did not tell is empty. Example: govsync admin fleet --csv"""
    from govsync.server import fleet as devices

    if as_json and as_csv:
        raise click.UsageError("--json or --csv, not both")
    with looking(data, database, blobs) as tx:
        rows = devices.devices(tx, state, older_than)
    if as_json:
        show_json(rows)
    elif as_csv:
        click.echo(devices.as_csv(rows), nl=False)
    else:
        shown = [{**msgspec.to_builtins(row), "problems": devices.counted(row.problems)} for row in rows]
        show_rows(shown, devices.Device.__struct_fields__, "There are no devices.")


@click.group()
def device() -> None:
    """A device of somebody's. Example: govsync admin device sign-out pc-4711"""


@device.command("sign-out")
@_device
@where
@failures
def device_sign_out(device: str, data: Path | None, database: str, blobs: str) -> None:
    """Ends a device's session at once; all files stay on it. Example: govsync admin device sign-out pc-4711"""
    from govsync.server import fleet

    with changing(data, database, blobs) as (server, tx):
        fleet.sign_out(server, tx, _one(fleet.named(tx, device), device))


@device.command("wipe")
@_device
@where
@failures
def device_wipe(device: str, data: Path | None, database: str, blobs: str) -> None:
    """Has a device take off what is safely on the server, the next time it asks, and signs it out; it keeps all else, and says
    how many files that are (`fleet`). Example: govsync admin device wipe pc-4711"""
    from govsync.server import fleet, wipes

    with changing(data, database, blobs) as (server, tx):
        hears = wipes.order(server, tx, _one(fleet.named(tx, device), device))
    if not hears:
        click.echo("The device is signed out: it asks for nothing, and would hear of no order.", err=True)
        end(FAILED)


@device.command("keep")
@_device
@where
@failures
def device_keep(device: str, data: Path | None, database: str, blobs: str) -> None:
    """Takes an order to wipe a device back that has not begun yet. Example: govsync admin device keep pc-4711"""
    from govsync.server import fleet, wipes

    with changing(data, database, blobs) as (server, tx):
        taken_back = wipes.keep(server, tx, _one(fleet.named(tx, device), device))
    if not taken_back:
        click.echo("There is no order for this device that has not begun.", err=True)
        end(FAILED)


def _one(found: Sequence[bytes], name: str) -> bytes:
    """Answers the device that is meant, or lets it be said which of several."""
    if len(found) > 1:
        raise click.UsageError(
            f"{len(found)} devices are called {name}; take an id: {', '.join(each.hex() for each in found[:10])}"
        )
    return found[0]
