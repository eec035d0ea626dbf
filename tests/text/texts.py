"""Finds every text in the sources that is said to people, and brings the files of translators up to it (`make texts`).

A text stands as a literal where it is said, or in a table whose type names `Text` or `Counted`; in a template of a page where
it is said there.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jinja2
import msgspec

from govsync.text import po
from govsync.text.po import Entry, entries

SOURCE = Path(po.__file__).parents[1]
LOCALE = po.LOCALE
_SAYS = {"said": (0,), "counted": (0, 1), "Counted": (0, 1), "show_rows": (2,)}
"""Which arguments of a call are texts."""
_SAYS_AS = {"Setting": "meaning"}
"""Of which call the argument of this name is one."""


@cache
def texts() -> dict[str, tuple[str, str]]:
    """Answers each text, with its form for many ("" where nothing is counted) and the file that says it first."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        where, source = str(file.relative_to(SOURCE)), file.read_text(encoding="utf-8")
        if any(name in source for name in (*_SAYS, *_SAYS_AS, "Text")):
            for one, many in _of_code(ast.parse(source)):
                found.setdefault(one, (many, where))
    for file in sorted(SOURCE.rglob("*.html")):
        where = str(file.relative_to(SOURCE))
        for one, many in _of_template(file.read_text(encoding="utf-8")):
            found.setdefault(one, (many, where))
    return {one: each for one, each in found.items() if one}


def _of_code(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.AnnAssign) and node.value is not None and _is_table(node.annotation):
            yield from _of_table(node.value)


def _of_call(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    yield from (
        (each.value.value, "")
        for each in call.keywords
        if each.arg == _SAYS_AS.get(name) and isinstance(each.value, ast.Constant)
    )
    places = _SAYS.get(name, ())
    arguments = [call.args[place] for place in places if place < len(call.args)]
    literals = [
        each.value for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    if places and len(literals) == len(places):
        yield literals[0], literals[1] if len(literals) == 2 else ""


def _is_table(annotation: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id in ("Text", "Counted") for each in ast.walk(annotation))


def _of_table(value: ast.expr) -> Iterator[tuple[str, str]]:
    """Every literal in a table, but for its keys, is a text; what is counted stands in a call."""
    if isinstance(value, ast.Dict):
        for each in value.values:
            yield from _of_table(each)
    elif isinstance(value, ast.Tuple):
        for each in value.elts:
            yield from _of_table(each)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value, ""


def _of_template(source: str) -> Iterator[tuple[str, str]]:
    for call in jinja2.Environment(autoescape=True).parse(source).find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name in ("said", "counted"):
            literals = [each.value for each in call.args if isinstance(each, jinja2.nodes.Const)]
            if literals:
                yield literals[0], literals[1] if call.node.name == "counted" else ""


def translations(name: str) -> dict[str, Entry]:
    """Answers what a file has, by text; its head by ""."""
    return {each.one: each for each in entries((LOCALE / name).read_text(encoding="utf-8"))}


def forms(head: Entry) -> int:
    """Answers in how many forms a language counts, as the head of its file says."""
    return int(head.forms[0].partition("nplurals=")[2][0])


def written(name: str) -> str:
    """Writes a file anew: all texts of the sources, in their order, and what is translated of them."""
    known = translations(name)
    head = known[""]
    blocks = [_block("", Entry("", "", head.forms))]
    for one, (many, where) in texts().items():
        count = forms(head) if many else 1
        old = known.get(one, Entry(one, many, ()))
        kept = old.forms if len(old.forms) == count else ("",) * count
        blocks.append(_block(where, Entry(one, many, kept)))
    return "\n".join(blocks)


def _block(where: str, entry: Entry) -> str:
    lines = [f"#: {where}"] if where else []
    lines.append(f"msgid {_quoted(entry.one)}")
    if entry.many:
        lines.append(f"msgid_plural {_quoted(entry.many)}")
        lines += [f"msgstr[{number}] {_quoted(form)}" for number, form in enumerate(entry.forms)]
    else:
        lines.append(f"msgstr {_quoted(entry.forms[0])}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Writes a text in quotation marks; one of several lines, such as the head, as many of them."""
    if "\n" not in text:
        return msgspec.json.encode(text).decode()
    return "\n".join(['""', *(msgspec.json.encode(line).decode() for line in text.splitlines(keepends=True))])


def main() -> None:
    """Brings all files up to the sources, and says what is left to translate."""
    for file in sorted(LOCALE.glob("*.po")):
        file.write_text(written(file.name), encoding="utf-8")
        left = [each.one for each in translations(file.name).values() if not all(each.forms)]
        print(f"{file.name}: {len(left)} of {len(texts())} texts to translate")


if __name__ == "__main__":
    main()
