"""Which source wins: policy, the endpoint, the person, what the installer was told, the default; and which one it was.

What a source says wrongly (an unknown key, a value that cannot be) is told and passed over: it never stops a desk.
"""

import tomllib
from collections.abc import Mapping, Sequence

import msgspec

from govsync.model.problems import Failure
from govsync.settings.schema import SETTINGS, Setting, Value, find, parse


class Effective(msgspec.Struct, frozen=True):
    """One key's value, and where it comes from ("policy", "endpoint", "user", "installer", "default")."""

    value: Value
    source: str


def read(text: str) -> tuple[dict[str, str], list[str]]:
    """Reads a TOML text into keys and texts, tables joined by dots; answers what it could not read."""
    flat: dict[str, str] = {}
    try:
        _flatten("", tomllib.loads(text), flat)
    except (ValueError, RecursionError) as error:  # All that tomllib raises: too long a number, too.
        return {}, [str(error)]
    return flat, []


def write(texts: Mapping[str, str]) -> str:
    """Writes keys and texts as a TOML text, from which `read` answers the same."""
    return "".join(f"{_quoted(key)} = {_quoted(text)}\n" for key, text in sorted(texts.items()))


def _quoted(text: str) -> str:
    """Writes a basic string of TOML: one of JSON, but for DEL, which TOML allows only by its number."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


def _flatten(prefix: str, table: Mapping[str, object], into: dict[str, str]) -> None:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            _flatten(f"{name}.", value, into)
        elif isinstance(value, list):
            into[name] = "\n".join(str(each) for each in value)
        else:
            into[name] = str(value).lower() if isinstance(value, bool) else str(value)


def merge(
    sources: Sequence[tuple[str, Mapping[str, str]]], table: Sequence[Setting] = SETTINGS
) -> tuple[dict[str, Effective], list[Failure]]:
    """Merges sources, given as (name, texts by key), the strongest first; answers every key, and what was wrong.

    A source that says a key by its old name and by its new one means the new one.
    """
    effective = {setting.key: Effective(setting.default, "default") for setting in table}
    wrong: list[Failure] = []
    for source, texts in reversed(sources):
        for name, text in texts.items():
            try:
                setting = find(name, table)
                if name == setting.key or setting.key not in texts:
                    effective[setting.key] = Effective(parse(setting, text), source)
            except Failure as failure:
                wrong.append(failure)
    return effective, wrong
