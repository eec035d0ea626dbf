"""What IT support is sent of a desk, as one file: versions, settings, an examination, the state, the last lines of the log.

Names of files and folders are left out unless they are asked for, secrets always: neither is ever read for it. What is
taken over is listed here; whatever else a row, a fact or a line may hold stays on the desk.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

import govsync
from govsync.agent import home
from govsync.agent.doctor import ANSWER_S, Finding, examine
from govsync.agent.log import earlier
from govsync.control.client import ask
from govsync.control.messages import GetStatus, ListHolds, ListProblems, Request
from govsync.model.problems import Failure
from govsync.settings.merge import Effective
from govsync.system.machine import described
from govsync.system.places import Places
from govsync.text.findings import detail

MOST_LINES = 5_000
MOST_PROBLEMS = 10_000
LEFT_OUT = "…"

_FACTS = ("mebibytes", "kind", "endpoint", "seconds", "count", "state")
"""What findings tell without naming anything."""
_CHECKS = ("account", "keyring", "proxy")
"""The checks whose own words name nothing."""
_STATE = (
    "state", "pending", "problems", "holds", "skipped", "waiting", "rate", "paused", "online", "scanning", "checked_at",
    "last_change", "version", "transferring",
)  # fmt: skip
_OURS = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ [A-Z]+ govsync[.\w]* ")
_BEFORE_HOST = re.compile(r"(?<=://)[^/\s]*@")
_TRACE = re.compile(
    r"  \S+\.py:\d+ [\w.<>]+\Z|which led to\Z|[\w.]*(Error|Failure|Exception|Exit|Interrupt)\Z"
)
_CRASH = re.compile(
    r'Fatal Python error: |Current thread |Thread 0x|  File "[^"]+\.py", line \d+ in [\w.<>]+\Z'
)

Answer = TypeVar("Answer")


def write(places: Places, environment: Mapping[str, str], file: BinaryIO, names: bool) -> None:
    """Writes all of it into a file; with `names` of files and folders as well. A part that cannot be had says why."""
    parts: dict[str, Callable[[], Any]] = {
        "about.json": _about,
        "settings.json": lambda: _settings(home.settings(places)[0], names),
        "examination.json": lambda: [_finding(each, names) for each in examine(places, environment)],
        "state.json": lambda: _state(places, names),
    }
    with ZipFile(file, "w", ZIP_DEFLATED) as bundle:
        for name, make in parts.items():
            bundle.writestr(name, msgspec.json.format(msgspec.json.encode(_had(make)), indent=2))
        private = _private(places)
        bundle.writestr("agent.log", _discreet(_lines(places.logs, "agent.log"), (_OURS, _TRACE), private))
        bundle.writestr("crashes.log", _discreet(_lines(places.logs, "start.log"), (_CRASH,), private))


def _had(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Failure as failure:
        return {"failed": failure.code}


def _private(places: Places) -> dict[str, str]:
    """Answers which paths stand for themselves in no line, and what stands there instead; the longest first."""
    found = {str(Path.home()): "~", str(places.home): "<home>"}
    with suppress(Failure):  # A damaged home has no folder that could be named.
        found[home.load(places, bytes(16)).folder] = "<folder>"
    return {text: found[text] for text in sorted(filter(None, found), key=len, reverse=True)}


def _about() -> dict[str, Any]:
    names = (re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in metadata.requires("govsync") or ())
    found = {each.metadata["Name"].lower(): each.version for each in metadata.distributions()}
    parts = {name: found[name.lower()] for name in sorted(set(names)) if name.lower() in found}
    return {"govsync": govsync.__version__, "on": described(), "parts": parts}


def _settings(found: Mapping[str, Effective], names: bool) -> dict[str, Any]:
    return {key: {"value": _value(each.value, names), "source": each.source} for key, each in found.items()}


def _value(value: Any, names: bool) -> Any:
    """Answers a setting's value: of patterns, which may be names, only how many there are."""
    if isinstance(value, tuple) and not names:
        return len(value)
    return _address(value) if isinstance(value, str) else value


def _address(text: str) -> str:
    """Answers an address without a name and a password before it."""
    return _BEFORE_HOST.sub("", text)


def _finding(found: Finding, names: bool) -> dict[str, Any]:
    if names:
        return {"check": found.check, "result": found.result, "detail": _address(found.detail)}
    facts = {name: _address(fact) if name in _FACTS else LEFT_OUT for name, fact in found.facts.items()}
    own = found.detail if found.check in _CHECKS else LEFT_OUT
    text = detail(found.key, facts) if found.key else own
    return {"check": found.check, "result": found.result, "key": found.key, "detail": text}


def _state(places: Places, names: bool) -> dict[str, Any]:
    status = _ask(places, GetStatus())
    problems = _ask(places, ListProblems(limit=MOST_PROBLEMS))
    holds = _ask(places, ListHolds())
    every: dict[str, Any] = msgspec.to_builtins(status)
    every["endpoint"] = _address(status.endpoint)
    if names:
        return {**every, "problem_list": problems, "hold_list": holds}
    return {
        **{key: every[key] for key in (*_STATE, "endpoint")},
        "spaces": Counter(f"{each.kind}, {each.role}" for each in status.spaces),
        "notices": Counter(each.code for each in status.notices),
        "problem_list": Counter(each.code for each in problems),
        "hold_list": [{"kind": each.kind, "count": each.count, "since": each.since} for each in holds],
    }


def _ask(places: Places, request: Request[Answer]) -> Answer:
    return ask(places.socket, request, ANSWER_S)


def _lines(folder: Path, name: str) -> list[str]:
    """Answers the last lines of a log and of the files that were written before it."""
    found: list[str] = []
    for path in (folder / name, *earlier(folder / name)):
        if path.exists() and len(found) < MOST_LINES:
            found[:0] = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return found[-MOST_LINES:]


def _discreet(lines: list[str], forms: tuple[re.Pattern[str], ...], private: Mapping[str, str]) -> str:
    """Answers the lines that are known to name nothing; of others that they were there."""
    return "".join(f"{each}\n" for each in _taken(lines, forms, private))


def _taken(lines: list[str], forms: tuple[re.Pattern[str], ...], private: Mapping[str, str]) -> Iterator[str]:
    left_out = 0
    for line in lines:
        if not any(form.match(line) for form in forms):
            left_out += 1
            continue
        if left_out:
            yield f"({LEFT_OUT} {left_out})"
            left_out = 0
        for text, instead in private.items():
            line = line.replace(text, instead)
        yield line
    if left_out:
        yield f"({LEFT_OUT} {left_out})"
