"""What docs/reliability.md says in numbers and lists: counted in the tests, so that it cannot say more than there is."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.days import DAYS
from tests.mutations.__main__ import EVERY

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
PAGE = ROOT / "docs" / "reliability.md"
_PART = re.compile(r"(<!-- derived: (\w+) -->\n).*?(<!-- end -->)", re.S)
_TESTS_NAMED = re.compile(r"`(tests/[\w/]+\.py|test_\w+\.py)`")


class Test(NamedTuple):
    """One test function; `day` and `part` where it plays one of the worst days."""

    path: str
    name: str
    journey: bool
    day: str
    part: str


@cache
def all_tests() -> tuple[Test, ...]:
    """Lists every test function of the project, in the order of its files."""
    return tuple(test for file in sorted(TESTS.rglob("test_*.py")) for test in _tests_in(file))


def _tests_in(file: Path) -> Iterator[Test]:
    path = file.relative_to(ROOT).as_posix()
    for node in _members(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            days = [
                found for each in node.decorator_list if isinstance(each, ast.Call) and (found := _day(each))
            ]
            for day, part in days or [("", "")]:
                yield Test(path, node.name, path.startswith("tests/journeys/"), day, part)


def _members(of: ast.Module | ast.ClassDef) -> Iterator[ast.stmt]:
    """What pytest looks at: what stands in a module or in a class, and not what a function is made of."""
    for node in of.body:
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _members(node)


def _day(call: ast.Call) -> tuple[str, str] | None:
    if ast.unparse(call.func) != "pytest.mark.day":
        return None
    return ast.literal_eval(call.args[0]), "".join(ast.literal_eval(each.value) for each in call.keywords)


def days() -> str:
    """Renders the table of the worst days, with the tests that play each."""
    played = [test for test in all_tests() if test.day]
    rows = ["| | the day | what must hold | played by |", "|---|---|---|---|"]
    for name, day in DAYS.items():
        by = [_link(test) for test in played if test.day == name]
        if day.waits_for:
            by.append(f"*{'the rest ' if by else ''}waits for {day.waits_for}*")
        rows.append(f"| **{name}** | {day.happens} | {day.holds} | {'<br>'.join(by)} |")
    return "\n".join(rows) + "\n"


def _link(test: Test) -> str:
    words = test.name.removeprefix("test_").replace("_", " ")
    part = f" ({test.part})" if test.part else ""
    return f"[{words}](../{test.path}){part}"


def numbers() -> str:
    """Renders how much there is of each kind of test."""
    tests = {(test.path, test.name): test for test in all_tests()}.values()
    rules = set(re.findall(r"^- \*\*([R]\d+)\b", (ROOT / "docs/rules.md").read_text(encoding="utf-8"), re.M))
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(TESTS.rglob("*.py")))
    cited = rules & set(re.findall(r"\bR\d{1,2}\b", text))
    regressions = (TESTS / "simulation/regressions.txt").read_text(encoding="utf-8").splitlines()
    checks = re.findall(
        r"^def (check_i\w+)", (TESTS / "simulation/checks.py").read_text(encoding="utf-8"), re.M
    )
    tried = re.findall(r"max_examples=(\d+)", (TESTS / "conftest.py").read_text(encoding="utf-8"))
    seconds = re.findall(
        r"GOVSYNC_SIMULATION_SECONDS \?= (\d+)", (ROOT / "Makefile").read_text(encoding="utf-8")
    )
    scenes = [test for test in tests if test.path.startswith("tests/simulation/")]
    return "\n".join(
        [
            "| what | how many |",
            "|---|---|",
            f"| test functions, of all kinds | {at_least(len(tests))} |",
            f"| journeys: real processes, folders and sockets, by the command line alone | {at_least(sum(test.journey for test in tests))} |",
            f"| scenes written line by line in a simulated world | {at_least(len(scenes))} |",
            f"| checks that each simulated world must pass when it is at rest | {len(checks)} |",
            f"| seconds of simulated worlds by chance in each `make test-all`, new ones each time | {', '.join(seconds)} |",
            f"| worlds that once failed, kept and played again | {sum(not row.startswith('#') and bool(row.strip()) for row in regressions)} |",
            f"| random examples tried of each Hypothesis test: `make test`, `make test-rest` | {', '.join(tried)} |",
            f"| guards of what is promised that `make mutants` takes away, each of which some test has to notice | {at_least(len(EVERY))} |",
            f"| rules of docs/rules.md that a test cites, of {len(rules)} | {len(cited)} |",
            f"| worst days played, of {len(DAYS)}; the others wait, in part or in full | {sum(not day.waits_for for day in DAYS.values())} |",
            "",
        ]
    )


def proofs() -> str:
    """Renders, for each invariant, how many tests lie in the files that docs/invariants.md names as its proof."""
    counts: dict[str, int] = {}
    for test in {(test.path, test.name) for test in all_tests()}:
        counts[test[0]] = counts.get(test[0], 0) + 1
    rows = [
        "| | promise | tests in the files that prove it | and in each simulated world |",
        "|---|---|---|---|",
    ]
    for line in (ROOT / "docs/invariants.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| **I"):
            _, name, words, proved, _, _ = line.split("|", 5)
            number = name.strip().strip("*")
            paths = {
                path for found in _TESTS_NAMED.findall(proved) for path in counts if path.endswith(found)
            }
            checked = " ".join(dict.fromkeys(f"`{check}`" for check in re.findall(r"`(check_\w+)", proved)))
            tests = at_least(sum(counts[path] for path in paths))
            rows.append(f"| **{number}** | {words.strip()} | {tests} | {checked or '–'} |")
    return "\n".join(rows) + "\n"


def at_least(count: int) -> str:
    """Rounds down, so that not every new test changes the page: never more than there are."""
    step = 10 if count < 100 else 10 ** (len(str(count)) - 1) // 2
    return f"{count - count % step} or more" if count >= step else str(count)


PARTS = {"days": days, "numbers": numbers, "proofs": proofs}


def page() -> str:
    """Answers docs/reliability.md with its derived parts as they are now."""
    return _PART.sub(
        lambda found: f"{found[1]}{PARTS[found[2]]()}{found[3]}", PAGE.read_text(encoding="utf-8")
    )
