"""THE table of settings. A key is here only when it has an effect, and a test of it."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import msgspec

from govsync.model.codes import Code
from govsync.model.languages import Language
from govsync.model.problems import Failure

SYSTEM = "system"
"""The language that the system asks for."""

NONE = "none"
"""No proxy, whatever the system says."""
OFF, COUNTS = "off", "counts"
"""What a desk tells its server of itself."""
PAUSE, SYNC = "pause", "sync"
"""What happens on a metered line."""

Value = bool | int | float | str | tuple[str, ...]

_UNITS = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000,
          "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}  # fmt: skip

_COMMA = re.compile(r",(?=[0-9]{1,2}(?![0-9]))")
_SWITCHES = {
    **dict.fromkeys(("true", "on", "yes", "1"), True),
    **dict.fromkeys(("false", "off", "no", "0"), False),
}


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One key: its default, how a text becomes its value, what it means; a name that it had before is still read."""

    key: str
    default: Value
    parse: Callable[[str], Value]
    meaning: str
    renamed_from: str | None = None


def size(text: str) -> int:
    """Reads a size: a number with B, KB, MB, GB, KiB, MiB, GiB or nothing; raises ValueError.

    A comma before one or two digits is meant as a point, as many languages write it; before three it may mean thousands.
    """
    text = _COMMA.sub(".", text.strip().lower().replace(" ", ""))
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    value = float(number) * _UNITS[text[len(number) :]]
    if not 0 <= value < 1 << 60:
        raise ValueError(text)
    return int(value)


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1_000_000_000:
        raise ValueError(text)
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise ValueError(text)
    return value


def _switch(text: str) -> bool:
    return _SWITCHES[text.strip().lower()]


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.replace(",", "\n").splitlines() if line.strip())


def _language(text: str) -> str:
    tag = text.strip()
    return tag if tag == SYSTEM else Language(tag).value


def _address(text: str) -> str:
    text = text.strip().rstrip("/")
    if text and not text.startswith(("https://", "http://")):
        raise ValueError(text)
    return text


def _proxy(text: str) -> str:
    """Reads `system`, `none` or an address. One with a name and a password in it is refused: settings are shown."""
    text = text.strip().rstrip("/")
    if text in (SYSTEM, NONE):
        return text
    parts = urlsplit(text)
    plain = not (parts.path or parts.query or parts.fragment) and parts.username is None
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or parts.port == 0:
        raise ValueError(text)
    return text


def _on_metered(text: str) -> str:
    return {PAUSE: PAUSE, SYNC: SYNC}[text.strip()]


def _reports(text: str) -> str:
    return {OFF: OFF, COUNTS: COUNTS}[text.strip()]


SETTINGS: tuple[Setting, ...] = (
    Setting(key="endpoint.url", default="", parse=_address, meaning="The server's address that the first start proposes."),
    Setting(key="hold.deletions", default=200, parse=_count,
            meaning="So many files deleted within ten minutes are a question first."),
    Setting(key="hold.deletions_share", default=0.5, parse=_share,
            meaning="This share of a space's files (from 20 on) deleted within ten minutes is a question first."),
    Setting(key="hold.rewrites", default=1_000, parse=_count,
            meaning="So many files rewritten within ten minutes are a question first."),
    Setting(key="folder.minimum_free", default=1 << 30, parse=size,
            meaning="Downloads leave so much of the disk free."),
    Setting(key="network.upload_limit", default=0, parse=size, meaning="Bytes a second upwards; 0: no limit."),
    Setting(key="network.download_limit", default=0, parse=size, meaning="Bytes a second downwards; 0: no limit."),
    Setting(key="network.proxy", default=SYSTEM, parse=_proxy,
            meaning="The way to the server: system (what the environment names), none, or an address as in http://proxy:3128."),
    Setting(key="sync.on_metered", default=PAUSE, parse=_on_metered,
            meaning="While the system says that its line is metered: pause or sync."),
    Setting(key="sync.ignore", default=(), parse=_patterns,
            meaning="Patterns (as in .gitignore) of names that are not synced, besides the built-in ones."),
    Setting(key="privacy.health_reports", default=OFF, parse=_reports,
            meaning="What the desk tells its server of itself: off, or counts (version, system, state, number of problems by code, last in sync)."),
    Setting(key="app.autostart", default=True, parse=_switch, meaning="GovSync starts when the person signs in."),
    Setting(key="app.notifications", default=True, parse=_switch,
            meaning="The icon says so, once a day at most, when something waits for the person."),
    Setting(key="app.language", default=SYSTEM, parse=_language,
            meaning="The language of the window: system, en, ko, sr-Cyrl or sr-Latn."),
)  # fmt: skip


def find(name: str, table: Sequence[Setting] = SETTINGS) -> Setting:
    """Answers the setting of a name, or of the name that it had before; raises Failure(setting_unknown)."""
    for setting in table:
        if name in (setting.key, setting.renamed_from):
            return setting
    raise Failure(Code.SETTING_UNKNOWN, name=name)


def parse(setting: Setting, text: str) -> Value:
    """Reads a value; raises Failure(setting_bad)."""
    try:
        text.encode()  # What is no text at all could be kept in no file.
        return setting.parse(text)
    except (ValueError, KeyError, OverflowError) as error:
        raise Failure(Code.SETTING_BAD, name=setting.key, value=text) from error
