"""The settings as the program uses them: one field a key, of the key's own type."""

from collections.abc import Mapping

import msgspec

from govsync.settings.merge import Effective


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """Holds every setting; a field is called like its key, with `_` for the dot. Sizes in bytes, rates in bytes/s."""

    endpoint_url: str
    endpoint_locked: bool
    folder_path: str
    folder_locked: bool
    hold_deletions: int
    hold_deletions_share: float
    hold_rewrites: int
    folder_minimum_free: int
    folder_known: tuple[str, ...]
    folder_known_daily: int
    network_upload_limit: int
    network_download_limit: int
    network_proxy: str
    network_ca_file: str
    sync_max_file_size: int
    sync_blocked_extensions: tuple[str, ...]
    sync_on_metered: str
    sync_spaces_default: str
    sync_ignore: tuple[str, ...]
    privacy_health_reports: str
    app_autostart: bool
    app_notifications: bool
    app_language: str
    app_show_tray: bool
    log_level: str
    log_keep_days: int
    app_update_url: str
    app_update_root: str
    app_update_channel: str
    app_update_defer: int
    app_update_command: tuple[str, ...]


def values(effective: Mapping[str, Effective]) -> Values:
    """Answers the values alone; a key that is missing, or of another type than its field, is a bug and raises."""
    return msgspec.convert({key.replace(".", "_"): each.value for key, each in effective.items()}, Values)
