"""THE table of settings. A key is here only when it has an effect, and a test of it."""

from collections.abc import Callable, Sequence

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure

Value = bool | int | float | str | tuple[str, ...]

_UNITS = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000,
          "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}  # fmt: skip

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
    """Reads a size: a number with B, KB, MB, GB, KiB, MiB, GiB or nothing; raises ValueError."""
    text = text.strip().lower().replace(" ", "")
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


SETTINGS: tuple[Setting, ...] = (
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
    Setting(key="sync.ignore", default=(), parse=_patterns,
            meaning="Patterns (as in .gitignore) of names that are not synced, besides the built-in ones."),
    Setting(key="app.autostart", default=True, parse=_switch, meaning="GovSync starts when the person signs in."),
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
