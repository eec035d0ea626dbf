"""The fleet as IT lists it, and what is ordered of one device, from the command line to a real database."""

import json

from sqlalchemy import select

from govsync.protocol.session import DeviceInfo
from govsync.server import directory, fleet
from govsync.server.app import Options, open_server
from govsync.server.db import tables


def test_the_fleet_is_empty_at_first_and_says_so(admin):
    assert admin("fleet") == (0, "There are no devices.\n", "")
    assert admin("fleet", "--json") == (0, "[]\n", "")
    assert admin("fleet", "--csv").out.split() == [",".join(fleet.KEYS)]
    assert admin("fleet", "--csv", "--json").code == 64


def test_a_device_is_listed_and_signed_out_by_its_name_or_its_id(admin, tmp_path):
    admin("org", "add", "Ministry")
    options = ("--name", "Anna Kim", "--org", "Ministry", "--password-stdin")
    admin("user", "add", "anna", *options, stdin="a long password\n")
    server = open_server(Options(data=tmp_path / "data"))
    ids = [bytes([number]) * 16 for number in (1, 2, 3)]
    with server.database.begin() as tx:
        [anna] = tx.execute(select(tables.user.c.id)).scalars()
        for device, name in zip(ids, ("pc-1", "twin", "twin"), strict=True):
            directory.register_device(server, tx, anna, DeviceInfo(id=device, name=name, machine="m"))
    server.database.close()
    assert [row["name"] for row in json.loads(admin("fleet", "--json").out)] == ["pc-1", "twin", "twin"]
    assert admin("device", "sign-out", "pc-1") == (0, "", "")
    assert [row["device"] for row in json.loads(admin("fleet", "--state", "signed_out", "--json").out)] == [
        ids[0].hex()
    ]
    twice = admin("device", "sign-out", "twin")
    assert (twice.code, ids[1].hex() in twice.err, ids[2].hex() in twice.err) == (64, True, True)
    assert admin("device", "sign-out", ids[2].hex()) == (0, "", "")
    assert admin("fleet", "--state", "signed_out").out.count("signed_out") == 2
    assert admin("device", "sign-out", "nobody's").code == 1
    wiped = admin("device", "wipe", "pc-1")
    assert (wiped.code, wiped.out, wiped.err.count("\n")) == (1, "", 1)
    assert admin("device", "keep", ids[1].hex()).code == 1
    assert admin("device", "wipe", ids[1].hex()) == (0, "", "")
    assert [row["device"] for row in json.loads(admin("fleet", "--state", "wiping", "--json").out)] == [
        ids[1].hex()
    ]
    assert admin("device", "keep", ids[1].hex()) == (0, "", "")
    assert json.loads(admin("fleet", "--state", "wiping", "--json").out) == []
