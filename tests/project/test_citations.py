"""Code and tests cite rules (R11) and invariants (I5) by number; docs/rules.md says what each number means."""

import re

from tests.project.sources import ROOT, committed_files

RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"^- \*\*([RI]\d+)\b", RULES, re.M))
CITED = re.compile(r"\b[RI]\d{1,2}\b")


def test_every_rule_and_invariant_is_explained_once():
    assert {f"R{number}" for number in range(1, 53)} | {f"I{number}" for number in range(1, 17)} == EXPLAINED
    assert len(re.findall(r"^- \*\*[RI]\d+\b", RULES, re.M)) == len(EXPLAINED)


def test_no_code_or_test_cites_a_number_that_nobody_explains():
    unknown = {
        f"{file.relative_to(ROOT)}: {number}"
        for file in committed_files()
        if file.suffix in {".py", ".md"} and file.name != "rules.md"
        for number in CITED.findall(file.read_text(encoding="utf-8"))
        if number not in EXPLAINED
    }
    assert unknown == set()
