"""THE table of settings. A key is here only when it has an effect, and a test of it."""

import re
import shlex
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
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
ALL, PERSONAL = "all", "personal"
"""Which spaces a desk takes by itself."""
PILOT, BROAD = "pilot", "broad"
"""Who takes a newer version first, and who when it has proved itself."""
DEFER_DAYS = (0, 90)
KNOWN = ("documents", "desktop", "pictures")
"""The folders of a person that can be brought into the synced one."""

DEFAULT_FOLDER = "~/GovSync"
LEVELS = ("error", "warning", "info", "debug")
FILES, DAYS = (1, 1_000_000_000), (1, 3_650)
LEAST_FILE_BYTES = 1 << 20
"""The endpoint may not keep smaller files than this from being sent."""
MOST_EXTENSIONS = 100
LEAST_RATE = 64 * 1024
"""Bytes a second below which the endpoint may not slow a desk down: it would never be done."""
MOST_FREE_BYTES = 100 << 30
"""So much of a disk the endpoint may have left free."""

Value = bool | int | float | str | tuple[str, ...]

_UNITS = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000,
          "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}  # fmt: skip

_WINDOWS_PATH = re.compile(r"""\s*["']?(?:[A-Za-z]:\\|\\\\)""")
_WHOLE_PATH = re.compile(r"~?/|~\Z|\{home\}|[A-Za-z]:[\\/]|\\\\")
_EXTENSION = re.compile(r"[^\s*?/\\\0]{1,20}")
_COMMA = re.compile(r",(?=[0-9]{1,2}(?![0-9]))")
_SWITCHES = {
    **dict.fromkeys(("true", "on", "yes", "1"), True),
    **dict.fromkeys(("false", "off", "no", "0"), False),
}


class Shape(StrEnum):
    """Says what a value is, for those who ask for one in a form."""

    SWITCH = "switch"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    LIST = "list"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One key: its default, how a text becomes its value, what it means; a name that it had before is still read.

    `choices` are all values of a choice, `numbers` the least and the most of a number. `endpoint` says of a value whether the endpoint's organisation may fix it; without it
    the endpoint has no say, as in whatever says where a desk's files lie and where they go. `locked_by` is the switch that
    keeps a person from changing the key.
    """

    key: str
    default: Value
    parse: Callable[[str], Value]
    meaning: str
    shape: Shape = Shape.TEXT
    choices: tuple[str, ...] = ()
    numbers: tuple[int, int] = (0, 0)
    endpoint: Callable[[Value], bool] | None = None
    locked_by: str | None = None
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


def _from_to(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return parse


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


def _place(text: str) -> str:
    """Reads an address, or nothing. One with a name and a password in it is refused: settings are shown."""
    address = _address(text)
    if address and (not urlsplit(address).hostname or urlsplit(address).username is not None):
        raise ValueError(text)
    return address


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


def _folder(text: str) -> str:
    """Reads a whole path, in which {home} and {user} may stand."""
    text = text.strip()
    plain = text.replace("{home}", "").replace("{user}", "")
    if not _WHOLE_PATH.match(text) or any(sign in plain for sign in "{}\0"):
        raise ValueError(text)
    return text


def _command(text: str) -> tuple[str, ...]:
    """Reads a command as a shell would, or a list of its words (an array of TOML, a line each)."""
    words = tuple(text.splitlines()) if "\n" in text else tuple(_words(text))
    if words and not Path(words[0]).is_absolute():
        raise ValueError(text)
    return words


def _words(text: str) -> shlex.shlex:
    """Answers the words of a line; where it begins with a path of Windows, a backslash is one."""
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    if _WINDOWS_PATH.match(text):
        words.escape = ""
    return words


def _file(text: str) -> str:
    """Reads a whole path, or nothing."""
    text = text.strip()
    if text and (not _WHOLE_PATH.match(text) or text[0] == "{" or "\0" in text):
        raise ValueError(text)
    return text


def _extensions(text: str) -> tuple[str, ...]:
    """Reads ends of names, as people write them: pst, .pst or *.pst; each is kept as it is compared."""
    found = tuple(each.removeprefix("*").removeprefix(".").casefold() for each in _patterns(text))
    if any(not each or not _EXTENSION.fullmatch(each) for each in found):
        raise ValueError(text)
    return found


def _known(text: str) -> tuple[str, ...]:
    """Reads names of a person's folders; whatever their order was, theirs is always the same."""
    found = {each.casefold() for each in _patterns(text)}
    if not found <= set(KNOWN):
        raise ValueError(text)
    return tuple(each for each in KNOWN if each in found)


def _one_of(*choices: str) -> Callable[[str], str]:
    return lambda text: {choice: choice for choice in choices}[text.strip()]


# What the endpoint may say of a key: never what makes a guard of the desk weaker, or brings it to a standstill.


def _any(_: Value) -> bool:
    return True


def _few(value: Value) -> bool:
    return isinstance(value, tuple) and len(value) <= MOST_EXTENSIONS


def _up_to(most: float) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, int | float) and value <= most


def _none_or_from(least: int) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, int) and (value == 0 or value >= least)


SETTINGS: tuple[Setting, ...] = (
    Setting(key="endpoint.url", default="", parse=_address, locked_by="endpoint.locked",
            meaning="The server's address, which the first start and the command line take."),
    Setting(key="endpoint.locked", default=False, parse=_switch, shape=Shape.SWITCH,
            meaning="Nobody signs in to another server than that of endpoint.url."),
    Setting(key="folder.path", default=DEFAULT_FOLDER, parse=_folder, locked_by="folder.locked",
            meaning="The synced folder that a first sign-in takes; {home} and {user} stand for the person's home and login name."),
    Setting(key="folder.locked", default=False, parse=_switch, shape=Shape.SWITCH,
            meaning="The synced folder is that of folder.path, and nobody chooses another."),
    Setting(key="hold.deletions", default=200, parse=_from_to(*FILES), shape=Shape.NUMBER, numbers=FILES, endpoint=_up_to(200),
            meaning="So many files deleted within ten minutes are a question first."),
    Setting(key="hold.deletions_share", default=0.5, parse=_share, endpoint=_up_to(0.5),
            meaning="This share of a space's files (from 20 on) deleted within ten minutes is a question first."),
    Setting(key="hold.rewrites", default=1_000, parse=_from_to(*FILES), shape=Shape.NUMBER, numbers=FILES, endpoint=_up_to(1_000),
            meaning="So many files rewritten within ten minutes are a question first."),
    Setting(key="folder.minimum_free", default=1 << 30, parse=size, endpoint=_up_to(MOST_FREE_BYTES),
            meaning="Downloads leave so much of the disk free."),
    Setting(key="folder.known", default=(), parse=_known, shape=Shape.LIST,
            meaning="Folders of the person that lie in the synced one: documents, desktop, pictures. One that is named no more is copied back."),
    Setting(key="folder.known_daily", default=0, parse=size,
            meaning="So much of them is brought in on one day, a folder whole; a larger one is the only one of its day. 0: no limit."),
    Setting(key="network.upload_limit", default=0, parse=size, endpoint=_none_or_from(LEAST_RATE),
            meaning="Bytes a second upwards; 0: no limit."),
    Setting(key="network.download_limit", default=0, parse=size, endpoint=_none_or_from(LEAST_RATE),
            meaning="Bytes a second downwards; 0: no limit."),
    Setting(key="network.proxy", default=SYSTEM, parse=_proxy,
            meaning="The way to the server: system (what the environment names), none, or an address as in http://proxy:3128."),
    Setting(key="network.ca_file", default="", parse=_file,
            meaning="A file of certificates (PEM) that are trusted for the server, besides those of the system."),
    Setting(key="sync.max_file_size", default=0, parse=size, endpoint=_none_or_from(LEAST_FILE_BYTES),
            meaning="Larger files are not sent, and their person is told; 0: any size."),
    Setting(key="sync.blocked_extensions", default=(), parse=_extensions, shape=Shape.LIST, endpoint=_few,
            meaning="Files whose names end so (pst, iso) are not sent, and their person is told."),
    Setting(key="sync.on_metered", default=PAUSE, parse=_one_of(PAUSE, SYNC), shape=Shape.CHOICE, choices=(PAUSE, SYNC),
            endpoint=_any, meaning="While the system says that its line is metered: pause or sync."),
    Setting(key="sync.spaces_default", default=ALL, parse=_one_of(ALL, PERSONAL), shape=Shape.CHOICE, choices=(ALL, PERSONAL),
            endpoint=_any, meaning="Which spaces come to this desk by themselves: all, or personal (those of teams and of others stay left out until the person chooses them)."),
    Setting(key="sync.ignore", default=(), parse=_patterns, shape=Shape.LIST,
            meaning="Patterns (as in .gitignore) of names that are not synced, besides the built-in ones."),
    Setting(key="privacy.health_reports", default=OFF, parse=_one_of(OFF, COUNTS), shape=Shape.CHOICE, choices=(OFF, COUNTS),
            meaning="What the desk tells its server of itself: off, or counts (version, system, state, number of problems by code, last in sync)."),
    Setting(key="app.autostart", default=True, parse=_switch, shape=Shape.SWITCH,
            meaning="GovSync starts when the person signs in."),
    Setting(key="app.notifications", default=True, parse=_switch, shape=Shape.SWITCH,
            meaning="The icon says so, once a day at most, when something waits for the person."),
    Setting(key="app.show_tray", default=True, parse=_switch, shape=Shape.SWITCH,
            meaning="The icon in the tray; without it GovSync syncs unseen, and its window is among the programs."),
    Setting(key="log.level", default="info", parse=_one_of(*LEVELS), shape=Shape.CHOICE, choices=LEVELS, endpoint=_any,
            meaning="What the log has: error, warning, info or debug, which has names of files."),
    Setting(key="log.keep_days", default=14, parse=_from_to(*DAYS), shape=Shape.NUMBER, numbers=DAYS, endpoint=_any,
            meaning="So many days the log is kept, and no more than some megabytes of it."),
    Setting(key="app.language", default=SYSTEM, parse=_language, shape=Shape.CHOICE,
            choices=(SYSTEM, *(language.value for language in Language)), endpoint=_any,
            meaning="The language of the window: system, en, ko, sr-Cyrl or sr-Latn."),
    Setting(key="app.update_url", default="", parse=_place,
            meaning="Where newer versions of GovSync are looked for; nothing: nowhere, whoever keeps the package brings them."),
    Setting(key="app.update_root", default="", parse=_file,
            meaning="The file with the root of trust of that place (root.json), without which nothing of it is believed."),
    Setting(key="app.update_channel", default=BROAD, parse=_one_of(BROAD, PILOT), shape=Shape.CHOICE, choices=(BROAD, PILOT),
            meaning="Which versions those are: broad, or pilot for those who try them first."),
    Setting(key="app.update_defer", default=0, parse=_from_to(*DEFER_DAYS), shape=Shape.NUMBER, numbers=DEFER_DAYS,
            meaning="So many days a version has to be in its channel before it is taken (0 to 90)."),
    Setting(key="app.update_command", default=(), parse=_command, shape=Shape.LIST,
            meaning="A program that installs a newer version, with its arguments; the file's path is added. Obeyed from policy alone."),
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


def parse_of_endpoint(setting: Setting, text: str) -> Value:
    """Reads a value that the endpoint's organisation says; raises Failure(setting_bad, setting_not_theirs)."""
    value = parse(setting, text)
    if setting.endpoint is None or not setting.endpoint(value):
        raise Failure(Code.SETTING_NOT_THEIRS, name=setting.key, value=text)
    return value
