"""Which source wins: policy, the endpoint, the person, what the installer was told, the default; and which one it was.

What a source says wrongly (an unknown key, a value that cannot be, one that is not the endpoint's to say) is told and passed
over: it never stops a desk.
"""

import tomllib
from collections.abc import Mapping, Sequence

import msgspec

from govsync.model.problems import Failure
from govsync.settings.schema import SETTINGS, Setting, Value, find, parse, parse_of_endpoint

POLICY, ENDPOINT, USER, INSTALLER, DEFAULT = "policy", "endpoint", "user", "installer", "default"
"""The sources, from the strongest to the weakest."""
FIXING = (POLICY, ENDPOINT)
"""Whose values nobody at the desk changes."""


class Effective(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key's value, where it comes from ("policy", "endpoint", "user", "installer", "default"), and by whom ("policy", "endpoint") it is
    kept from being changed, if by anybody (else JSON has no such key)."""

    value: Value
    source: str
    fixed: str = ""


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
    effective = {setting.key: Effective(setting.default, DEFAULT) for setting in table}
    wrong: list[Failure] = []
    for source, texts in reversed(sources):
        for name, text in texts.items():
            try:
                setting = find(name, table)
                if name == setting.key or setting.key not in texts:
                    value = (parse_of_endpoint if source == ENDPOINT else parse)(setting, text)
                    effective[setting.key] = Effective(value, source, source if source in FIXING else "")
            except Failure as failure:
                wrong.append(failure)
    return {setting.key: _locked(setting, effective) for setting in table}, wrong


def _locked(setting: Setting, effective: Mapping[str, Effective]) -> Effective:
    """Answers a key's value, which another key may keep from being changed."""
    own = effective[setting.key]
    lock = effective.get(setting.locked_by) if setting.locked_by is not None else None
    if own.fixed or lock is None or lock.value is not True:
        return own
    return msgspec.structs.replace(own, fixed=lock.fixed)
