"""Every key has a field of its own type, and no field is without a key."""

import msgspec

from govsync.settings.merge import merge
from govsync.settings.schema import SETTINGS
from govsync.settings.values import Values, values


def test_every_key_is_a_field_and_every_field_a_key():
    fields = {field.name for field in msgspec.structs.fields(Values)}
    assert fields == {setting.key.replace(".", "_") for setting in SETTINGS}


def test_the_values_are_those_that_won():
    effective, _ = merge([("user", {"hold.deletions": "7", "sync.ignore": "*.tmp", "app.autostart": "no"})])
    found = values(effective)
    assert (found.hold_deletions, found.sync_ignore, found.app_autostart) == (7, ("*.tmp",), False)
    assert found.hold_deletions_share == 0.5
